/* What only waits, where no thread can be had for anything: it needs none. Each case plays in a fresh program, with no thread for the
 * library, and with one only, which watches and can send nobody. Laws:
 *
 *   ends              Delays, timeouts and promises end as they would otherwise, in whatever begins all children at once.
 *   in_turn           With a limit, the next one begins when one has ended; one that fails cancels a group, and what has not begun
 *                     by then never does.
 *   beside_one        What runs, as the only one, runs beside what has begun before, and hears of its failure.
 *   body_rests        A body in proc_nursery_wait is told when the last one has ended; with a time, also that they have not yet.
 *   body_waits        A body in proc_wait hears of the failure of a child when its time is up.
 *   takes_places      With a limit, who waits in proc_spawn for a place gets it when one has ended.
 *   from_outside      A thread of the program that spawns does not wait for what it has spawned.
 *   others_fail       What has to run fails with EAGAIN, and a group's others hear of that.
 *   on_failure        on_failure is asked about a child whose time is up.
 */
#include "child.h"
#include "interpose.h"
#include "nursery.h"
#include "pending.h"

static const int64_t HOUR = PROC_SECONDS(3600);

static void ends(void) {
    EACH_KIND(kind) {
        awaits a = awaits_new(1);
        proc_promise_complete(a.promises[0], NULL);
        proc_impl *impls[] = {proc_delay(PROC_MS(1)), proc_task("task", a.impls[0]),
                              proc_delay(PROC_MS(2))};
        CHECK_OK(proc_run(kinds[kind](impls, 3), NULL));
        awaits_free(&a);
        awaits times = awaits_new(1);
        proc_impl *limited[] = {proc_delay(PROC_MS(1)),
                                proc_task("task", proc_timeout(PROC_MS(2), times.impls[0]))};
        CHECK_FAILS(proc_run(kinds[kind](limited, 2), NULL), ETIMEDOUT,
                    "task: timed out after 2 ms");
        awaits_free(&times);
    }
}

enum { MANY = 6 };

static void delays_new(proc_impl **impls) {
    for (int i = 0; i < MANY; i++)
        impls[i] = proc_delay(PROC_MS(1));
}

static void in_turn(void) {
    for (size_t limit = 1; limit <= MANY; limit++) {
        proc_impl *impls[MANY];
        delays_new(impls);
        CHECK_OK(proc_run(proc_group_limit(limit, impls, MANY), NULL));
        delays_new(impls);
        CHECK_OK(proc_run(proc_concurrent_limit(limit, impls, MANY), NULL));
        proc_impl *failing[] = {proc_delay(PROC_MS(1)),
                                proc_timeout(PROC_MS(1), proc_delay(PROC_FOREVER)),
                                proc_delay(PROC_FOREVER)};
        CHECK_FAILS(proc_run(proc_group_limit(limit, failing, 3), NULL), ETIMEDOUT,
                    "timed out after 1 ms");
    }
}

static proc_error *spawn_and_rest(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(1))));
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(3))));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK_INT(proc_nursery_count(nursery), 0);
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(1))));
    CHECK_OK(proc_spawn(nursery, proc_timeout(HOUR, proc_delay(PROC_FOREVER))));
    CHECK(!proc_nursery_wait(nursery, PROC_MS(300)));
    CHECK_INT(proc_nursery_count(nursery), 1);
    return proc_error_new(7, "seven");
}

static void body_rests(void) {
    CHECK_FAILS(nursery_run(spawn_and_rest, NULL, NULL, NULL), 7, "seven");
}

static proc_error *spawn_and_wait(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(1))));
    CHECK_OK(proc_spawn(nursery, proc_timeout(PROC_MS(2), proc_delay(PROC_FOREVER))));
    CHECK(proc_wait(cancel, PROC_FOREVER));
    return NULL;
}

static void body_waits(void) {
    CHECK_FAILS(nursery_run(spawn_and_wait, NULL, NULL, NULL), ETIMEDOUT, "timed out after 2 ms");
}

static proc_error *spawn_many(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    for (int i = 0; i < 5; i++)
        CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(1))));
    return NULL;
}

static void takes_places(void) {
    proc_nursery_options options = limited(2);
    CHECK_OK(nursery_run(spawn_many, NULL, NULL, &options));
}

static void *spawn_elsewhere(void *nursery) {
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(1))));
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_FOREVER)));
    return NULL;
}

static proc_error *have_spawned(proc_nursery *nursery, proc_cancel *cancel, void *threads) {
    pthread_t thread;
    (void)cancel;
    threads_left = 1;
    CHECK_INT(pthread_create(&thread, NULL, spawn_elsewhere, nursery), 0);
    threads_left = *(int *)threads;
    pthread_join(thread, NULL);
    return proc_error_new(7, "seven");
}

static void from_outside(void) {
    int threads = threads_left;
    CHECK_FAILS(nursery_run(have_spawned, &threads, NULL, NULL), 7, "seven");
}

static proc_error *block(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void others_fail(void) {
    proc_impl *impls[] = {proc_new(block, NULL, NULL), proc_delay(PROC_FOREVER),
                          proc_new(block, NULL, NULL)};
    proc_error *error = proc_run(in_nursery(impls, 3), NULL);
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
}

static void beside_one(void) {
    for (size_t limit = 0; limit <= 3; limit++) {
        if (limit == 1)
            continue;
        proc_impl *impls[] = {proc_timeout(PROC_MS(2), proc_delay(PROC_FOREVER)),
                              proc_new(block, NULL, NULL)};
        CHECK_FAILS(proc_run(proc_group_limit(limit, impls, 2), NULL), ETIMEDOUT,
                    "timed out after 2 ms");
    }
}

static proc_error *ask(proc_error *error, void *times) {
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    proc_error_unref(error);
    ++*(int *)times;
    return NULL;
}

static proc_error *spawn_timed(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    for (int i = 0; i < 3; i++)
        CHECK_OK(proc_spawn(nursery, proc_timeout(PROC_MS(1), proc_delay(PROC_FOREVER))));
    return NULL;
}

static void on_failure(void) {
    int times = 0;
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.on_failure = ask;
    options.user_data = &times;
    CHECK_OK(nursery_run(spawn_timed, NULL, NULL, &options));
    CHECK_INT(times, 3);
}

#define DENIED(law)                                                                                \
    static void law##_none(void) {                                                                 \
        threads_left = 0;                                                                          \
        law();                                                                                     \
    }                                                                                              \
    static void law##_one(void) {                                                                  \
        threads_left = 1;                                                                          \
        law();                                                                                     \
    }                                                                                              \
    static void law##_denied(void) {                                                               \
        child_run(#law "_none");                                                                   \
        child_run(#law "_one");                                                                    \
    }
DENIED(ends)
DENIED(in_turn)
DENIED(beside_one)
DENIED(body_rests)
DENIED(body_waits)
DENIED(takes_places)
DENIED(from_outside)
DENIED(others_fail)
DENIED(on_failure)

#define EACH(law) {#law, law##_denied, false, false}, ROLE(law##_none), ROLE(law##_one)
CHECK_MAIN(EACH(ends), EACH(in_turn), EACH(beside_one), EACH(body_rests), EACH(body_waits),
           EACH(takes_places), EACH(from_outside), EACH(others_fail), EACH(on_failure))
