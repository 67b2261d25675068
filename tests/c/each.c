/* proc_each: a group of one callback and many indices. Laws:
 *
 *   every_index           Each index is run once.
 *   in_order              With a limit of 1 in order, on the caller's thread.
 *   at_most               At no time do more run than the limit allows, and so many meet.
 *   truly_concurrent      With no limit all run at the same time, truly.
 *   held_up               With no limit, those that wait for all others hold none of them back.
 *   named                 A failed child is named by its index, in its error and in the cause; the code is its own.
 *   named_in_tasks        … inside of what it ran in, and wrapped.
 *   failure_stops         After a failure nothing begins any more.
 *   echo                  Children that pass on the cause add nothing to it.
 *   cancelled_before      Cancelled from the start, no index is run: the cause, once.
 *   cancelled_within      Cancelled from above meanwhile, the rest is not begun: the cause, once.
 *   endless               A count of SIZE_MAX runs until it has enough, with a limit and without one.
 *   empty                 No indices succeed at once.
 *   bad_input             No callback: EINVAL, which names it; the data is released.
 *   released              The data is released once, after the last run and the last reference.
 *   again                 The same process runs several times, and at the same time.
 *   shown                 The dump calls it each.
 */
#include "dumped.h"
#include "leaf.h"

enum { MANY = 100000, LIMIT = 4, MEETING = 40 };

typedef struct table {
    atomic_uchar *runs;
    atomic_size_t total, out_of_order, elsewhere, running, most;
    size_t meeting;
    gate meet;
    pthread_t caller;
    size_t fails_at; /* if not 0 */
    bool others_wait;
    proc_cancel *cancels;
    size_t cancels_at;
    const proc_error *cause;
    atomic_int destroyed;
} table;

static proc_error *run_index(proc_cancel *cancel, size_t index, void *user_data) {
    table *t = user_data;
    size_t running = ++t->running, most = t->most;
    t->out_of_order += t->total++ != index;
    t->elsewhere += !pthread_equal(pthread_self(), t->caller);
    if (t->runs)
        t->runs[index]++;
    while (running > most && !atomic_compare_exchange_weak(&t->most, &most, running))
        ;
    if (t->meeting)
        GATE_MEET(&t->meet, (index / t->meeting + 1) * t->meeting);
    if (t->cancels && index == t->cancels_at)
        proc_cancel_trigger(t->cancels, proc_error_new(77, "from above"));
    t->running--;
    if (t->fails_at && index == t->fails_at)
        return proc_error_new(77, "fails");
    if (t->others_wait) {
        leaf_wait_cancelled(cancel);
        t->cause = proc_cancel_cause(cancel);
        return proc_cancel_error(cancel);
    }
    return NULL;
}

static void table_destroyed(void *user_data) { ((table *)user_data)->destroyed++; }

static proc_impl *each(size_t count, size_t limit, table *t) {
    t->caller = pthread_self();
    gate_init(&t->meet);
    return proc_each(count, limit, run_index, t, table_destroyed);
}

static void every_index(void) {
    size_t count = check_scaled(MANY);
    for (size_t limit = 0; limit <= LIMIT; limit++) {
        table t = {.runs = calloc(count, sizeof *t.runs)};
        CHECK_OK(proc_run(each(count, limit, &t), NULL));
        CHECK_INT((long long)t.total, (long long)count);
        size_t wrong = 0;
        for (size_t i = 0; i < count; i++)
            wrong += t.runs[i] != 1;
        CHECK_INT((long long)wrong, 0);
        CHECK(limit == 0 || t.most <= limit);
        free(t.runs);
    }
}

static void in_order(void) {
    table t = {0};
    CHECK_OK(proc_run(each(1000, 1, &t), NULL));
    CHECK_INT((long long)(t.out_of_order + t.elsewhere), 0);
    CHECK_INT((long long)t.most, 1);
}

static void at_most(void) {
    for (size_t round = 0; round < check_scaled(50); round++) {
        table t = {.meeting = LIMIT};
        CHECK_OK(proc_run(each(LIMIT * 10, LIMIT, &t), NULL));
        CHECK_INT((long long)t.most, LIMIT);
    }
}

static void truly_concurrent(void) {
    table t = {.meeting = MEETING};
    CHECK_OK(proc_run(each(MEETING, 0, &t), NULL));
}

typedef struct held {
    size_t others;
    atomic_size_t over;
    gate all;
} held;

enum { WAITERS = 5 };

/* The first one of each part, and the last one. */
static proc_error *wait_for_others(proc_cancel *cancel, size_t index, void *user_data) {
    (void)cancel;
    held *h = user_data;
    bool is_last = index + 1 == h->others + WAITERS;
    if (is_last || (index % (h->others / (WAITERS - 1)) == 0 && index < h->others))
        GATE_WAIT(&h->all);
    else if (++h->over == h->others)
        gate_open(&h->all);
    return NULL;
}

static void held_up(void) {
    held h = {.others = 4 * check_scaled(MANY / 4)};
    gate_init(&h.all);
    CHECK_OK(proc_run(proc_each(h.others + WAITERS, 0, wait_for_others, &h, NULL), NULL));
    CHECK_INT((long long)h.over, (long long)h.others);
}

static void named(void) {
    table t = {.fails_at = 17}, w = {.fails_at = 1, .others_wait = true};
    CHECK_FAILS(proc_run(each(100, 1, &t), NULL), 77, "[17]: fails");
    proc_error *error = proc_run(each(2, 0, &w), NULL);
    CHECK_STR(proc_error_message(error), "[1]: fails");
    CHECK(w.cause == error);
    CHECK_STR(proc_error_message(proc_error_cause(error)), "fails");
    proc_error_unref(error);
}

static void named_in_tasks(void) {
    table t = {.fails_at = 3};
    CHECK_FAILS(proc_run(proc_task("import", each(5, 2, &t)), NULL), 77, "import: [3]: fails");
}

static void failure_stops(void) {
    table t = {.fails_at = 17}, two = {.fails_at = 17};
    proc_error_unref(proc_run(each(MANY, 1, &t), NULL));
    CHECK_INT((long long)t.total, 18);
    proc_error_unref(proc_run(each(SIZE_MAX, 2, &two), NULL));
    CHECK(two.total >= 18);
}

static void echo(void) {
    for (size_t limit = 0; limit < 9; limit += 8) {
        table t = {.fails_at = 7, .others_wait = true};
        CHECK_FAILS(proc_run(each(8, limit, &t), NULL), 77, "[7]: fails");
    }
}

static void cancelled_before(void) {
    table t = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    for (size_t count = 1; count < 4; count++)
        CHECK_FAILS(proc_run(each(count, 2, &t), cancel), 77, "early");
    CHECK_INT((long long)t.total, 0);
    proc_cancel_unref(cancel);
}

static void cancelled_within(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    table t = {.cancels = cancel, .cancels_at = 9};
    CHECK_FAILS(proc_run(each(MANY, 1, &t), cancel), 77, "from above");
    CHECK_INT((long long)t.total, 10);
    proc_cancel_unref(cancel);
}

static proc_error *until_enough(proc_cancel *cancel, size_t index, void *user_data) {
    atomic_size_t *total = user_data;
    ++*total;
    if (index == 1000)
        proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    return NULL;
}

static void endless(void) {
    for (size_t limit = 0; limit <= 2; limit += 2) {
        atomic_size_t total = 0;
        CHECK_OK(proc_run(proc_each(SIZE_MAX, limit, until_enough, &total, NULL), NULL));
        CHECK(total > 1000);
    }
}

static void empty(void) {
    table t = {0};
    CHECK_OK(proc_run(each(0, 0, &t), NULL));
    CHECK_OK(proc_run(each(0, 5, &t), NULL));
    CHECK_INT(t.destroyed, 2);
}

static void bad_input(void) {
    table t = {0};
    CHECK_FAILS(proc_run(proc_each(3, 0, NULL, &t, table_destroyed), NULL), EINVAL,
                "proc_each: fn is NULL");
    CHECK_INT(t.destroyed, 1);
}

static void released(void) {
    table t = {0};
    proc_impl *impl = each(100, 0, &t);
    CHECK_OK(proc_run(proc_ref(impl), NULL));
    CHECK_INT(t.destroyed, 0);
    CHECK_OK(proc_run(impl, NULL));
    CHECK_INT(t.destroyed, 1);
}

static void again(void) {
    table t = {0};
    proc_impl *impl = each(1000, 3, &t);
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(impl), proc_ref(impl), impl), NULL));
    CHECK_INT((long long)t.total, 3000);
    CHECK_INT(t.destroyed, 1);
}

static proc_error *look(proc_cancel *cancel, size_t index, void *user_data) {
    (void)cancel, (void)user_data;
    if (index == 0) {
        CHECK_DUMPED("each, thread");
        CHECK_DUMPED("2 not yet started");
    }
    return NULL;
}

static void shown(void) { CHECK_OK(proc_run(proc_each(3, 1, look, NULL, NULL), NULL)); }

CHECK_MAIN(CASE(every_index), CASE(in_order), CASE(at_most), CASE(truly_concurrent), CASE(held_up),
           CASE(named), CASE(named_in_tasks), CASE(failure_stops), CASE(echo),
           CASE(cancelled_before), CASE(cancelled_within), CASE(endless), CASE(empty),
           CASE(bad_input), CASE(released), CASE(again), CASE(shown))
