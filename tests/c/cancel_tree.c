/* The tree of cancel handles, and who comes first. Laws:
 *
 *   cancels_below      Cancelling one cancels all below it, with the same cause; not what is above or beside it.
 *   born_cancelled     A handle made below a cancelled one is cancelled.
 *   own_cause_stays    A handle that was cancelled before the one above it keeps its cause.
 *   outlives_parent    A handle below another outlives it; released handles are no longer cancelled.
 *   one_winner         If many threads cancel at once, one cause wins, and all see it.
 *   made_meanwhile     … and so do handles that are made and released below it while it is cancelled.
 */
#include "leaf.h"

static void check_cancelled_by(proc_cancel *cancel, int code, const char *message) {
    CHECK(proc_cancelled(cancel));
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), code);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), message);
}

static void cancels_below(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *middle = proc_cancel_new(root), *beside = proc_cancel_new(root);
    proc_cancel *low = proc_cancel_new(middle), *lowest = proc_cancel_new(low);
    proc_cancel_trigger(middle, proc_error_new(71, "middle"));
    CHECK(!proc_cancelled(root) && !proc_cancelled(beside));
    check_cancelled_by(low, 71, "middle");
    CHECK(proc_cancel_cause(lowest) == proc_cancel_cause(middle));
    proc_cancel_trigger(root, NULL);
    CHECK(proc_cancelled(root) && proc_cancelled(beside));
    check_cancelled_by(middle, 71, "middle");
    proc_cancel *all[] = {root, middle, beside, low, lowest};
    for (int i = 0; i < 5; i++)
        proc_cancel_unref(all[i]);
}

static void born_cancelled(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel_trigger(root, proc_error_new(71, "early"));
    proc_cancel *below = proc_cancel_new(root);
    proc_cancel *lowest = proc_cancel_new(below);
    check_cancelled_by(lowest, 71, "early");
    CHECK(proc_cancel_cause(lowest) == proc_cancel_cause(root));
    proc_cancel_unref(root);
    proc_cancel_unref(below);
    check_cancelled_by(lowest, 71, "early");
    proc_cancel_unref(lowest);
}

static void own_cause_stays(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *below = proc_cancel_new(root);
    proc_cancel_trigger(below, proc_error_new(71, "below"));
    proc_cancel_trigger(root, proc_error_new(72, "root"));
    check_cancelled_by(below, 71, "below");
    check_cancelled_by(root, 72, "root");
    proc_cancel_unref(root);
    proc_cancel_unref(below);
}

static void outlives_parent(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *below = proc_cancel_new(root), *released = proc_cancel_new(root);
    CHECK(proc_cancel_ref(below) == below);
    proc_cancel_unref(below);
    proc_cancel_unref(released);
    proc_cancel_trigger(root, proc_error_new(71, "root"));
    proc_cancel_unref(root);
    check_cancelled_by(below, 71, "root");
    proc_cancel_unref(below);
    root = proc_cancel_new(NULL);
    below = proc_cancel_new(root);
    proc_cancel_unref(root);
    CHECK(!proc_cancelled(below));
    proc_cancel_trigger(below, NULL);
    CHECK(proc_cancelled(below));
    proc_cancel_unref(below);
}

enum { THREADS = 8 };

typedef struct race {
    gate start;
    proc_cancel *cancel;
    atomic_int next;
    const proc_error *seen[THREADS];
} race;

static proc_error *cancel_at_once(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    race *r = user_data;
    int me = atomic_fetch_add(&r->next, 1);
    GATE_MEET(&r->start, THREADS);
    proc_cancel_trigger(r->cancel, proc_errorf(100 + me, "thread %d", me));
    CHECK(proc_cancelled(r->cancel));
    r->seen[me] = proc_cancel_cause(r->cancel);
    return NULL;
}

static void one_winner(void) {
    size_t rounds = check_scaled(100);
    for (size_t round = 0; round < rounds; round++) {
        race r = {.cancel = proc_cancel_new(NULL)};
        gate_init(&r.start);
        proc_cancel *below = proc_cancel_new(r.cancel);
        proc_impl *impls[THREADS];
        for (int i = 0; i < THREADS; i++)
            impls[i] = proc_new(cancel_at_once, &r, NULL);
        CHECK_OK(proc_run(proc_concurrent(impls, THREADS), NULL));
        for (int i = 0; i < THREADS; i++)
            CHECK(r.seen[i] != NULL && r.seen[i] == proc_cancel_cause(r.cancel));
        CHECK(proc_cancel_cause(below) == proc_cancel_cause(r.cancel));
        proc_cancel_unref(below);
        proc_cancel_unref(r.cancel);
    }
}

/* Makes and releases handles until the one above is cancelled, and looks at the last ones. */
static proc_error *make_until_cancelled(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    race *r = user_data;
    gate_open(&r->start);
    for (bool late = false; !late;) {
        late = proc_cancelled(r->cancel);
        proc_cancel *below = proc_cancel_new(r->cancel);
        proc_cancel *lowest = proc_cancel_new(below);
        proc_cancel_unref(below);
        CHECK(!late || proc_cancelled(lowest));
        if (proc_cancelled(r->cancel))
            leaf_wait_cancelled(lowest);
        proc_cancel_unref(lowest);
    }
    return NULL;
}

static proc_error *cancel_meanwhile(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    race *r = user_data;
    GATE_WAIT_FOR(&r->start, THREADS - 1);
    proc_cancel_trigger(r->cancel, NULL);
    return NULL;
}

static void made_meanwhile(void) {
    size_t rounds = check_scaled(30);
    for (size_t round = 0; round < rounds; round++) {
        race r = {.cancel = proc_cancel_new(NULL)};
        gate_init(&r.start);
        proc_impl *impls[THREADS] = {proc_new(cancel_meanwhile, &r, NULL)};
        for (int i = 1; i < THREADS; i++)
            impls[i] = proc_new(make_until_cancelled, &r, NULL);
        CHECK_OK(proc_run(proc_concurrent(impls, THREADS), NULL));
        proc_cancel_unref(r.cancel);
    }
}

CHECK_MAIN(CASE(cancels_below), CASE(born_cancelled), CASE(own_cause_stays), CASE(outlives_parent),
           CASE(one_winner), CASE(made_meanwhile))
