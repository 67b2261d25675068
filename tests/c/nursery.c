/* proc_with_nursery, proc_spawn and what goes with them. Laws:
 *
 *   body_runs_here       The body runs on the caller's thread, and its destroy is called once.
 *   waits_for_children   It completes when the body has returned and no child is left.
 *   truly_concurrent     Children wait for each other, and the body for them, without any help of its.
 *   children_spawn       Children spawn children, also after the body has returned.
 *   others_spawn         So do other threads.
 *   count                Children count from when they are accepted until they have ended; the body does not.
 *   first_failure        The first failure, of the body or of a child, cancels all; errors in order of completion.
 *   echoes_once          Children that return the cause add nothing.
 *   by_hand              Cancelled by hand: nothing if all return NULL, else the cause once.
 *   cancelled_before     A body runs in a nursery that was cancelled from the start; a spawn fails with the cause, and the
 *                        child is released.
 *   released_unrun       Children that have not begun when the nursery is cancelled are released, and have no error.
 *   over                 After its end: EPIPE, also if it was cancelled; no children; a wait is over at once.
 *   handle               Its handle is that of all children, and is cancelled when it has ended.
 *   refused              Bad input is refused with its own error, and fails nothing.
 *   options              Bad input of its own.
 *   again                The same process runs again, and at the same time.
 *   one_after_another    Of one that was on the same thread before nothing is left in the next one, and nothing of the next one is in one that is
 *                        kept: failed, limited or not.
 *   in_its_task          A child is in the nursery's task, whoever spawns it.
 */
#include "nursery.h"

static proc_error *spawn_leaves(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    l->thread = pthread_self();
    for (int i = 0; i < 100; i++)
        CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    return NULL;
}

static proc_error *note_thread(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)nursery, (void)cancel;
    ((leaf *)user_data)->thread = pthread_self();
    return NULL;
}

static void body_runs_here(void) {
    leaf l = {0};
    CHECK_OK(proc_run(proc_with_nursery(note_thread, &l, leaf_destroy, NULL), NULL));
    CHECK(pthread_equal(l.thread, pthread_self()));
    CHECK_INT(l.destroyed, 1);
}

static void waits_for_children(void) {
    leaf l = {0};
    CHECK_OK(nursery_run(spawn_leaves, &l, NULL, NULL));
    CHECK_INT(l.runs, 100);
    CHECK_INT(l.destroyed, 100);
}

static proc_error *spawn_two_and_wait(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *both = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(&both[0])));
    CHECK_OK(proc_spawn(nursery, leaf_new(&both[1])));
    GATE_WAIT(both[1].opens);
    return NULL;
}

static void truly_concurrent(void) {
    gate a, b, end;
    gate_init(&a);
    gate_init(&b);
    gate_init(&end);
    leaf both[] = {{.started = &a, .waits = &b}, {.started = &b, .waits = &a, .opens = &end}};
    CHECK_OK(nursery_run(spawn_two_and_wait, both, NULL, NULL));
}

static proc_error *spawn_more(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    if (atomic_fetch_add(&n->runs, 1) < 100)
        for (int i = 0; i < 3; i++)
            CHECK_OK(proc_spawn(n->nursery, proc_new(spawn_more, n, NULL)));
    return NULL;
}

static proc_error *spawn_first(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    n->nursery = nursery;
    return proc_spawn(nursery, proc_new(spawn_more, n, NULL));
}

static void children_spawn(void) {
    nursed n = {0};
    CHECK_OK(nursery_run(spawn_first, &n, NULL, NULL));
    CHECK_INT(n.runs, 301);
}

enum { SPAWNERS = 4, EACH = 500 };

static void *spawn_from_outside(void *user_data) {
    nursed *n = user_data;
    for (int i = 0; i < EACH; i++)
        CHECK_OK(proc_spawn(n->nursery, proc_new(nursed_count, n, NULL)));
    return NULL;
}

static proc_error *let_others_spawn(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    pthread_t threads[SPAWNERS];
    ((nursed *)user_data)->nursery = nursery;
    for (int i = 0; i < SPAWNERS; i++)
        pthread_create(&threads[i], NULL, spawn_from_outside, user_data);
    for (int i = 0; i < SPAWNERS; i++)
        pthread_join(threads[i], NULL);
    return NULL;
}

static void others_spawn(void) {
    nursed n = {0};
    CHECK_OK(nursery_run(let_others_spawn, &n, NULL, NULL));
    CHECK_INT(n.runs, SPAWNERS * EACH);
}

static proc_error *count_them(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    CHECK_INT(proc_nursery_count(nursery), 0);
    for (size_t i = 1; i <= 3; i++) {
        CHECK_OK(proc_spawn(nursery, leaf_new(l)));
        CHECK_INT(proc_nursery_count(nursery), i);
    }
    gate_open(l->waits);
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK_INT(proc_nursery_count(nursery), 0);
    CHECK_INT(l->destroyed, 3);
    return NULL;
}

static void count(void) {
    gate go;
    gate_init(&go);
    leaf l = {.waits = &go};
    CHECK_OK(nursery_run(count_them, &l, NULL, NULL));
    CHECK_INT(proc_nursery_count(NULL), 0);
}

static proc_error *spawn_and_fail(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *both = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(&both[0])));
    GATE_WAIT(both[0].started);
    if (!both[1].fails)
        return proc_error_new(71, "the body");
    CHECK_OK(proc_spawn(nursery, leaf_new(&both[1])));
    leaf_wait_cancelled(cancel);
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), 72);
    return NULL;
}

static void first_failure(void) {
    gate started;
    gate_init(&started);
    leaf both[] = {{.started = &started, .until_cancelled = true, .fails = "late", .code = 73},
                   {0}};
    CHECK_FAILS(nursery_run(spawn_and_fail, both, NULL, NULL), 71, "2 errors:\n- the body\n- late");
    gate_init(&started);
    both[1].fails = "child", both[1].code = 72;
    CHECK_FAILS(nursery_run(spawn_and_fail, both, NULL, NULL), 72, "2 errors:\n- child\n- late");
}

static void echoes_once(void) {
    gate started;
    gate_init(&started);
    leaf both[] = {{.started = &started, .until_cancelled = true}, {0}};
    CHECK_FAILS(nursery_run(spawn_and_fail, both, NULL, NULL), 71, "the body");
    gate_init(&started);
    both[1].fails = "child", both[1].code = 72;
    CHECK_FAILS(nursery_run(spawn_and_fail, both, NULL, NULL), 72, "child");
}

static proc_error *trigger_it(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    GATE_WAIT_FOR(l->started, 2);
    proc_cancel_trigger(proc_nursery_cancel(nursery), proc_error_new(74, "by hand"));
    CHECK(proc_cancelled(cancel));
    return NULL;
}

static proc_error *wait_and_succeed(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    leaf_wait_cancelled(cancel);
    return NULL;
}

static proc_error *trigger_well(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_OK(proc_spawn(nursery, proc_new(wait_and_succeed, NULL, NULL)));
    proc_cancel_trigger(proc_nursery_cancel(nursery), proc_error_new(74, "by hand"));
    return NULL;
}

static void by_hand(void) {
    gate started;
    gate_init(&started);
    leaf l = {.started = &started, .until_cancelled = true};
    CHECK_OK(nursery_run(trigger_well, NULL, NULL, NULL));
    CHECK_FAILS(nursery_run(trigger_it, &l, NULL, NULL), 74, "by hand");
}

static proc_error *spawn_in_vain(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    CHECK(proc_cancelled(cancel));
    CHECK_FAILS(proc_spawn(nursery, leaf_new(l)), 77, "early");
    CHECK_FAILS(proc_try_spawn(nursery, leaf_new(l)), 77, "early");
    CHECK_INT(l->destroyed, 2);
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    l->started = NULL;
    return NULL;
}

static void cancelled_before(void) {
    gate unused;
    leaf l = {.started = &unused};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    CHECK_OK(nursery_run(spawn_in_vain, &l, cancel, NULL));
    CHECK(!l.started);
    CHECK_INT(l.runs, 0);
    proc_cancel_unref(cancel);
}

static proc_error *cancel_at_once(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    for (int i = 0; i < 1000; i++)
        CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    proc_cancel_trigger(cancel, proc_error_new(75, "stop"));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER) || proc_cancelled(cancel));
    return NULL;
}

static void released_unrun(void) {
    int unrun = 0;
    for (int i = 0; i < 20; i++) {
        leaf l = {0};
        CHECK_OK(nursery_run(cancel_at_once, &l, NULL, NULL));
        CHECK_INT(l.destroyed, 1000);
        unrun += 1000 - l.runs;
    }
    CHECK(unrun > 0);
}

static proc_error *keep(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(proc_nursery **)user_data = proc_nursery_ref(nursery);
    return NULL;
}

static void check_over(proc_nursery *nursery) {
    leaf l = {0};
    CHECK_FAILS(proc_spawn(nursery, leaf_new(&l)), EPIPE, "proc_spawn: the nursery has completed");
    CHECK_FAILS(proc_try_spawn(nursery, leaf_new(&l)), EPIPE,
                "proc_try_spawn: the nursery has completed");
    CHECK_INT(l.destroyed, 2);
    CHECK_INT(l.runs, 0);
    CHECK_INT(proc_nursery_count(nursery), 0);
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK(proc_cancelled(proc_nursery_cancel(nursery)));
    proc_nursery_unref(nursery);
}

static void over(void) {
    proc_nursery *nursery = NULL;
    CHECK_OK(nursery_run(keep, &nursery, NULL, NULL));
    CHECK_STR(proc_error_message(proc_cancel_cause(proc_nursery_cancel(nursery))),
              "the nursery has ended");
    check_over(nursery);
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    CHECK_OK(nursery_run(keep, &nursery, cancel, NULL));
    check_over(nursery);
    proc_cancel_unref(cancel);
}

static proc_error *same_handle(proc_cancel *cancel, void *user_data) {
    CHECK(cancel == proc_nursery_cancel(user_data));
    CHECK(cancel == proc_current());
    return NULL;
}

static proc_error *compare_handles(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    CHECK(cancel == proc_nursery_cancel(nursery));
    CHECK(cancel == proc_current());
    return proc_spawn(nursery, proc_new(same_handle, nursery, NULL));
}

static void handle(void) {
    proc_cancel *kept = NULL, *around = proc_cancel_new(NULL);
    CHECK_OK(nursery_run(compare_handles, &kept, around, NULL));
    CHECK(kept != around);
    CHECK(!proc_cancelled(around));
    CHECK_INT(proc_error_code(proc_cancel_cause(kept)), ECANCELED);
    proc_cancel_unref(kept);
    proc_cancel_unref(around);
    CHECK(!proc_nursery_cancel(NULL));
}

static proc_error *spawn_bad(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    CHECK_FAILS(proc_spawn(nursery, NULL), EINVAL, "proc_spawn: impl is NULL");
    CHECK_FAILS(proc_try_spawn(nursery, NULL), EINVAL, "proc_try_spawn: impl is NULL");
    CHECK_FAILS(proc_spawn(NULL, leaf_new(l)), EINVAL, "proc_spawn: nursery is NULL");
    CHECK_INT(l->destroyed, 1);
    CHECK_FAILS(proc_spawn(nursery, PROC_GROUP(leaf_new(l), NULL)), EINVAL,
                "proc_group: impls[1] is NULL");
    CHECK_INT(l->destroyed, 2);
    proc_impl *deep = leaf_new(l);
    for (int i = 0; i < PROC_MAX_DEPTH - 1; i++)
        deep = PROC_SEQUENCE(deep);
    CHECK_OK(proc_spawn(nursery, proc_ref(deep)));
    CHECK_FAILS(proc_spawn(nursery, PROC_SEQUENCE(deep)), ELOOP,
                "proc_spawn: impl is nested 1000 deep (PROC_MAX_DEPTH) already");
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static void refused(void) {
    leaf l = {0};
    CHECK_OK(nursery_run(spawn_bad, &l, NULL, NULL));
    CHECK_INT(l.runs, 1);
    CHECK(!proc_nursery_wait(NULL, PROC_FOREVER));
    CHECK(!proc_nursery_ref(NULL));
    proc_nursery_unref(NULL);
}

static void options(void) {
    leaf l = {0};
    CHECK_FAILS(proc_run(proc_with_nursery(NULL, &l, leaf_destroy, NULL), NULL), EINVAL,
                "proc_with_nursery: body is NULL");
    CHECK_INT(l.destroyed, 1);
    proc_nursery_options wrong = {0};
    CHECK_FAILS(
        proc_run(proc_with_nursery(note_thread, &l, leaf_destroy, &wrong), NULL), EINVAL,
        "proc_with_nursery: options->size is 0, which is not the size of any version of it");
    CHECK_INT(l.destroyed, 2);
}

static void again(void) {
    leaf l = {0};
    proc_impl *impl = proc_with_nursery(spawn_leaves, &l, NULL, NULL);
    CHECK_OK(proc_run(proc_ref(impl), NULL));
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(impl), proc_ref(impl), impl), NULL));
    CHECK_INT(l.runs, 400);
}

typedef struct one {
    bool keeps, fails;
    proc_nursery *kept;
    leaf leaf;
} one;

static proc_error *spawn_ten(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    one *o = user_data;
    CHECK(!proc_cancelled(cancel));
    CHECK(proc_nursery_cancel(nursery) == cancel);
    CHECK_INT(proc_nursery_count(nursery), 0);
    o->kept = o->keeps ? proc_nursery_ref(nursery) : NULL;
    for (int i = 0; i < 10; i++)
        CHECK_OK(proc_spawn(nursery, i == 5 ? proc_delay(1000) : leaf_new(&o->leaf)));
    return o->fails ? proc_error_new(7, "the body") : NULL;
}

static void one_after_another(void) {
    one all[24] = {0};
    for (int i = 0; i < 24; i++) {
        one *o = &all[i];
        proc_nursery_options options = limited(i % 4 < 2 ? 0 : 3);
        o->keeps = i % 2;
        o->fails = i % 3 == 2;
        proc_error *error = nursery_run(spawn_ten, o, NULL, &options);
        CHECK_INT(proc_error_code(error), o->fails ? 7 : 0);
        CHECK(o->fails || o->leaf.runs == 9);
        CHECK_INT(o->leaf.destroyed, 9);
        proc_error_unref(error);
    }
    for (int i = 1; i < 24; i += 2)
        check_over(all[i].kept);
}

static proc_error *tell_task(proc_cancel *cancel, void *user_data) {
    *(uint64_t *)user_data = proc_trace_task_id(cancel);
    return NULL;
}

typedef struct in_task {
    proc_nursery *nursery;
    uint64_t here, child;
} in_task;

static void *spawn_teller(void *user_data) {
    in_task *in = user_data;
    CHECK_OK(proc_spawn(in->nursery, proc_new(tell_task, &in->child, NULL)));
    return NULL;
}

static proc_error *spawn_through_thread(proc_nursery *nursery, proc_cancel *cancel,
                                        void *user_data) {
    in_task *in = user_data;
    pthread_t thread;
    in->nursery = nursery;
    in->here = proc_trace_task_id(cancel);
    pthread_create(&thread, NULL, spawn_teller, in);
    pthread_join(thread, NULL);
    return NULL;
}

static void in_its_task(void) {
    in_task in = {0};
    proc_impl *impl = proc_with_nursery(spawn_through_thread, &in, NULL, NULL);
    CHECK_OK(proc_run(proc_task("t", impl), NULL));
    CHECK(in.here != 0);
    CHECK_INT(in.child, in.here);
}

CHECK_MAIN(CASE(body_runs_here), CASE(waits_for_children), CASE(truly_concurrent),
           CASE(children_spawn), CASE(others_spawn), CASE(count), CASE(first_failure),
           CASE(echoes_once), CASE(by_hand), CASE(cancelled_before), CASE(released_unrun),
           CASE(over), CASE(handle), CASE(refused), CASE(options), CASE(again),
           CASE(one_after_another), CASE(in_its_task))
