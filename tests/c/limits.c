/* proc_concurrent_limit and proc_group_limit. Laws:
 *
 *   in_order              Children begin in order; with a limit of 1 one after the other, on the caller's thread.
 *   at_most               At no time do more run than the limit allows.
 *   at_least              While fewer run and one has not begun, the next begins: so many meet as the limit allows.
 *   handed_on             Who ends makes room for the next at once, while others go on.
 *   waits_for_begun       A child may wait for one before it.
 *   none                  A limit of 0 is none, and one that is larger than the count: all meet.
 *   all_errors            A failure does not keep the children of proc_concurrent_limit from beginning.
 *   failure_stops         After a failure in proc_group_limit nothing begins any more, and those that run are cancelled.
 *   cancelled_before      Cancelled from the start, nothing begins: the cause, once.
 *   cancelled_within      Cancelled from above meanwhile: what has begun is waited for, the rest not begun: the cause, once.
 *   enough                A child that cancels its group's handle and succeeds: the rest does not begin, and all succeeds.
 *   empty                 No children succeed at once.
 *   bad_input             What is wrong with an element is told with its index; all are released.
 *   shown                 The dump shows it as what it is, with all that has not begun.
 */
#include "dumped.h"
#include "leaf.h"

typedef proc_impl *make(size_t limit, proc_impl *const *impls, size_t count);

static make *const both[] = {proc_concurrent_limit, proc_group_limit};
#define FOR_BOTH(f) for (make *const *f = both; f < both + 2; f++)

enum { MANY = 40, LIMIT = 4 };

typedef struct counted {
    atomic_int begun, running, most, out_of_order, elsewhere;
    gate meet;
    int meeting; /* how many of each wave meet */
    pthread_t caller;
} counted;

typedef struct numbered {
    counted *all;
    int index;
} numbered;

static proc_error *count_run(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    numbered *me = user_data;
    counted *all = me->all;
    int running = ++all->running, most = all->most;
    if (all->begun++ != me->index)
        all->out_of_order++;
    all->elsewhere += !pthread_equal(pthread_self(), all->caller);
    while (running > most && !atomic_compare_exchange_weak(&all->most, &most, running))
        ;
    if (all->meeting)
        GATE_MEET(&all->meet, (size_t)(me->index / all->meeting + 1) * (size_t)all->meeting);
    all->running--;
    return NULL;
}

static void run_counted(make *f, size_t limit, counted *all) {
    numbered numbers[MANY];
    proc_impl *impls[MANY];
    gate_init(&all->meet);
    all->caller = pthread_self();
    for (int i = 0; i < MANY; i++) {
        numbers[i] = (numbered){all, i};
        impls[i] = proc_new(count_run, &numbers[i], NULL);
    }
    CHECK_OK(proc_run(f(limit, impls, MANY), NULL));
    CHECK_INT(all->begun, MANY);
}

static void in_order(void) {
    FOR_BOTH(f) {
        counted all = {0};
        run_counted(*f, 1, &all);
        CHECK_INT(all.out_of_order, 0);
        CHECK_INT(all.most, 1);
        CHECK_INT(all.elsewhere, 0);
    }
}

static void at_most(void) {
    size_t rounds = check_scaled(50);
    for (size_t round = 0; round < rounds; round++)
        FOR_BOTH(f) {
            counted all = {.meeting = LIMIT / 2};
            run_counted(*f, LIMIT, &all);
            CHECK(all.most <= LIMIT);
        }
}

static void at_least(void) {
    FOR_BOTH(f) {
        counted all = {.meeting = LIMIT};
        run_counted(*f, LIMIT, &all);
        CHECK_INT(all.most, LIMIT);
    }
}

static void handed_on(void) {
    FOR_BOTH(f) {
        gate last;
        gate_init(&last);
        leaf waiting = {.waits = &last}, passing = {0}, opening = {.opens = &last};
        proc_impl *impls[MANY];
        for (int i = 0; i < MANY; i++)
            impls[i] = leaf_new(i == 0 ? &waiting : i == MANY - 1 ? &opening : &passing);
        CHECK_OK(proc_run((*f)(2, impls, MANY), NULL));
        CHECK_INT(passing.runs, MANY - 2);
    }
}

static void waits_for_begun(void) {
    FOR_BOTH(f) {
        gate go;
        gate_init(&go);
        leaf first = {.opens = &go}, second = {.waits = &go};
        proc_impl *impls[] = {leaf_new(&first), leaf_new(&second)};
        CHECK_OK(proc_run((*f)(1, impls, 2), NULL));
    }
}

static void none(void) {
    FOR_BOTH(f) {
        counted all = {.meeting = MANY}, more = {.meeting = MANY};
        run_counted(*f, 0, &all);
        run_counted(*f, MANY + 1, &more);
        CHECK_INT(all.most, MANY);
        CHECK_INT(more.most, MANY);
    }
}

static void all_errors(void) {
    proc_impl *impls[] = {failing("a"), failing("b"), failing("c")};
    CHECK_FAILS(proc_run(proc_concurrent_limit(1, impls, 3), NULL), EIO,
                "3 errors:\n- a\n- b\n- c");
}

static void failure_stops(void) {
    gate started;
    gate_init(&started);
    leaf waiting = {.started = &started, .until_cancelled = true};
    leaf fails = {.waits = &started, .fails = "fails", .code = 77}, late = {0};
    proc_impl *impls[MANY] = {leaf_new(&waiting), leaf_new(&fails)};
    for (int i = 2; i < MANY; i++)
        impls[i] = leaf_new(&late);
    CHECK_FAILS(proc_run(proc_group_limit(2, impls, MANY), NULL), 77, "fails");
    CHECK_INT(late.runs, 0);
    CHECK_INT(late.destroyed, MANY - 2);
    proc_impl *one[] = {failing("alone"), leaf_new(&late)};
    CHECK_FAILS(proc_run(proc_group_limit(1, one, 2), NULL), EIO, "alone");
    CHECK_INT(late.runs, 0);
}

static void cancelled_before(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    FOR_BOTH(f) for (size_t count = 1; count < 4; count++) {
        leaf l = {0};
        proc_impl *impls[] = {leaf_new(&l), leaf_new(&l), leaf_new(&l)};
        for (size_t i = count; i < 3; i++)
            proc_unref(impls[i]);
        CHECK_FAILS(proc_run((*f)(2, impls, count), cancel), 77, "early");
        CHECK_INT(l.runs, 0);
    }
    proc_cancel_unref(cancel);
}

static proc_error *cancel_it(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(user_data, proc_error_new(77, "from above"));
    CHECK(proc_cancelled(cancel));
    return NULL;
}

static void cancelled_within(void) {
    FOR_BOTH(f) for (int echoing = 0; echoing < 2; echoing++) {
        gate started;
        gate_init(&started);
        proc_cancel *cancel = proc_cancel_new(NULL);
        leaf begun = {.started = &started, .until_cancelled = true}, late = {0};
        leaf after = {.waits = &started};
        proc_impl *cancels = PROC_SEQUENCE(leaf_new(&after), proc_new(cancel_it, cancel, NULL));
        proc_impl *impls[] = {echoing ? leaf_new(&begun) : succeeding(), cancels, leaf_new(&late),
                              leaf_new(&late)};
        if (!echoing)
            gate_open(&started);
        CHECK_FAILS(proc_run((*f)(echoing ? 2 : 1, impls, 4), cancel), 77, "from above");
        CHECK_INT(late.runs, 0);
        proc_cancel_unref(cancel);
    }
}

static proc_error *have_enough(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    return NULL;
}

static void enough(void) {
    leaf late = {0};
    proc_impl *impls[] = {succeeding(), proc_new(have_enough, NULL, NULL), leaf_new(&late)};
    CHECK_OK(proc_run(proc_group_limit(1, impls, 3), NULL));
    CHECK_INT(late.runs, 0);
}

static void empty(void) {
    FOR_BOTH(f) {
        CHECK_OK(proc_run((*f)(0, NULL, 0), NULL));
        CHECK_OK(proc_run((*f)(3, NULL, 0), NULL));
    }
}

static void bad_input(void) {
    leaf l = {0};
    proc_impl *impls[] = {leaf_new(&l), NULL};
    CHECK_FAILS(proc_run(proc_group_limit(2, impls, 2), NULL), EINVAL,
                "proc_group_limit: impls[1] is NULL");
    CHECK_FAILS(proc_run(proc_concurrent_limit(2, NULL, 2), NULL), EINVAL,
                "proc_concurrent_limit: impls is NULL, but count is 2");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 1);
}

static proc_error *look(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    CHECK_DUMPED(user_data);
    CHECK_DUMPED("2 not yet started");
    return NULL;
}

static void shown(void) {
    static const char *const words[] = {"concurrent", "group"};
    for (int i = 0; i < 2; i++) {
        proc_impl *impls[] = {proc_new(look, (void *)words[i], NULL), succeeding(), succeeding()};
        CHECK_OK(proc_run(both[i](1, impls, 3), NULL));
    }
}

CHECK_MAIN(CASE(in_order), CASE(at_most), CASE(at_least), CASE(handed_on), CASE(waits_for_begun),
           CASE(none), CASE(all_errors), CASE(failure_stops), CASE(cancelled_before),
           CASE(cancelled_within), CASE(enough), CASE(empty), CASE(bad_input), CASE(shown))
