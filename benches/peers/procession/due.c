/* Many children that are blocked, each with a deadline: all come at one moment, or none for an hour. */
#include "../futex.h"
#include "workloads.h"

enum { REST_MS = 200 };

static const int64_t an_hour = PROC_SECONDS(3600);

struct crowd {
    unsigned size;
    /* Whether their deadlines come; else somebody cancels the handle above them. */
    bool is_due;
    proc_cancel *above;
    atomic_uint here;
    atomic_uint waiting;
    double over_at;
};

/* Until all are here: so all have the same moment. */
static void meet_crowd(struct crowd *crowd) {
    if (atomic_fetch_add(&crowd->here, 1) + 1 == crowd->size) {
        crowd->over_at = now_ns() + REST_MS * 1e6;
        atomic_fetch_add(&crowd->here, 1);
        futex_wake(&crowd->here, INT_MAX);
    }
    for (unsigned here; (here = atomic_load(&crowd->here)) <= crowd->size;)
        futex_wait(&crowd->here, here);
}

static proc_error *wait_with_deadline(proc_cancel *cancel, void *user_data) {
    struct crowd *crowd = user_data;
    meet_crowd(crowd);
    int64_t left = crowd->is_due ? (int64_t)(crowd->over_at - now_ns()) : an_hour;
    proc_cancel *own = proc_cancel_new_timeout(cancel, left);
    atomic_fetch_add(&crowd->waiting, 1);
    proc_wait(own, PROC_FOREVER);
    proc_cancel_unref(own);
    return NULL;
}

/* One more child, which is blocked as well, until the moment. */
static proc_error *end_them(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct crowd *crowd = user_data;
    meet_crowd(crowd);
    for (double left; (left = crowd->over_at - now_ns()) > 0;)
        rest_ms((long)(left / 1e6) + 1);
    if (atomic_load(&crowd->waiting) + 1 < crowd->size)
        skip("a thousand children do not come to rest in time");
    if (!crowd->is_due) {
        crowd->over_at = now_ns();
        proc_cancel_trigger(crowd->above, NULL);
    }
    return NULL;
}

static void join(int n, int repetitions, bool is_due) {
    for (int i = 0; i < repetitions; i++) {
        struct crowd crowd = {
            .size = (unsigned)n + 1, .is_due = is_due, .above = proc_cancel_new(NULL)};
        proc_impl *children[2] = {group_of(n, wait_with_deadline, &crowd),
                                  proc_new(end_them, &crowd, NULL)};
        proc_error_unref(proc_run(proc_group(children, 2), crowd.above));
        print_figure((now_ns() - crowd.over_at) / n);
        proc_cancel_unref(crowd.above);
    }
}

/* From the moment when all are due until the group has returned. */
void due(int n, int repetitions) { join(n, repetitions, true); }

/* From the cancellation of what is above them until the group has returned. */
void due_by_hand(int n, int repetitions) { join(n, repetitions, false); }
