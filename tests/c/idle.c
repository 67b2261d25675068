/* Idle is idle: while all that runs only waits, no thread of the library does anything, the one that watches least of all. Each
 * case plays in a fresh program, which looks how often its other threads are switched to. Laws:
 *
 *   groups          Groups in groups, whose children are waited for by others that wait.
 *   more_kinds      Those with a limit, each, race and any, in one another.
 *   nursery         A nursery whose body and children wait, and one in a child of another one.
 *   full_nursery    One whose spawners wait for a place, and where somebody waits until no child is left.
 *   channels        Senders and receivers, some of them in a nursery in a group.
 *   promises        What awaits a promise.
 *
 *   rests           And a group of two in a program that rests otherwise has them switched to some times, not a hundred.
 */
#include "asleep.h"
#include "child.h"
#include "dumped.h"
#include "leaf.h"
#include "nursery.h"
#include <limits.h>

/* How often all other threads together were switched to in a fifth of a second: what ticks is so some thousand times. */
static unsigned long switches(void) {
    unsigned long before, after;
    wait_until_others_sleep();
    others_asleep(&before);
    usleep(200000);
    return others_asleep(&after) ? after - before : ULONG_MAX;
}

/* Where processors are busy, it may take a while until the library has seen that nothing is to do. */
static void check_idle(void) {
    unsigned long least = switches();
    for (int tries = 0; tries < 10 && least >= 50; tries++)
        least = switches();
    if (!CHECK(least < 50))
        fprintf(stderr, "  %lu switches\n", least);
}

/* Runs it until so many of its callbacks wait in that function, and looks whether all is idle then. */
static void check_waiting(proc_impl *impl, size_t waiting, const char *in) {
    char part[60];
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_job *job = proc_start(impl, cancel, NULL, NULL);
    snprintf(part, sizeof part, ", %s\n", in);
    free(dump_until(part, waiting));
    check_idle();
    proc_cancel_trigger(cancel, NULL);
    proc_error_unref(proc_job_join(job));
    proc_cancel_unref(cancel);
}

static leaf waits = {.until_cancelled = true};

static proc_impl *waiting(void) { return leaf_new(&waits); }

static void groups_role(void) {
    check_waiting(PROC_GROUP(PROC_GROUP(waiting(), waiting()), waiting()), 3, "proc_wait");
    check_waiting(PROC_GROUP(waiting(), proc_task("t", PROC_GROUP(waiting(), waiting()))), 3,
                  "proc_wait");
    proc_impl *deep = waiting();
    for (int i = 0; i < 10; i++)
        deep = i % 2 ? PROC_GROUP(deep, waiting()) : PROC_CONCURRENT(waiting(), deep);
    check_waiting(deep, 11, "proc_wait");
}

static proc_error *wait_at(proc_cancel *cancel, size_t index, void *user_data) {
    (void)index, (void)user_data;
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void more_kinds_role(void) {
    proc_impl *limited[] = {PROC_RACE(waiting(), PROC_ANY(waiting(), waiting())),
                            proc_each(3, 0, wait_at, NULL, NULL), succeeding(), succeeding()};
    check_waiting(proc_group_limit(2, limited, 4), 6, "proc_wait");
    check_waiting(PROC_GROUP(proc_each(100, 3, wait_at, NULL, NULL), waiting()), 4, "proc_wait");
}

/* Spawns so many that wait, and waits itself. */
static proc_error *spawn_and_wait(proc_nursery *nursery, proc_cancel *cancel, void *count) {
    for (size_t i = 0; i < (size_t)(uintptr_t)count; i++)
        CHECK_OK(proc_spawn(nursery, waiting()));
    leaf_wait_cancelled(cancel);
    return NULL;
}

static proc_impl *nursery_of(size_t count) {
    return proc_with_nursery(spawn_and_wait, (void *)(uintptr_t)count, NULL, NULL);
}

static proc_error *spawn_nurseries(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK_OK(proc_spawn(nursery, nursery_of(2)));
    CHECK_OK(proc_spawn(nursery, PROC_GROUP(nursery_of(1), waiting())));
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void nursery_role(void) {
    check_waiting(nursery_of(3), 4, "proc_wait");
    check_waiting(proc_with_nursery(spawn_nurseries, NULL, NULL, NULL), 7, "proc_wait");
}

static proc_error *spawn_too_many(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_OK(proc_spawn(nursery, waiting()));
    CHECK_OK(proc_spawn(nursery, nursery_of(1)));
    proc_error_unref(proc_spawn(nursery, waiting()));
    return NULL;
}

static proc_error *spawn_and_rest(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_OK(proc_spawn(nursery, PROC_GROUP(waiting(), waiting())));
    proc_nursery_wait(nursery, PROC_FOREVER);
    return NULL;
}

static void full_nursery_role(void) {
    static proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = 2;
    check_waiting(proc_with_nursery(spawn_too_many, NULL, NULL, &options), 1, "proc_spawn");
    check_waiting(proc_with_nursery(spawn_and_rest, NULL, NULL, NULL), 1, "proc_nursery_wait");
}

static proc_channel *channel;

static proc_error *receive(proc_cancel *cancel, void *user_data) {
    int item;
    (void)user_data;
    CHECK_INT(proc_channel_receive(channel, cancel, &item, PROC_FOREVER), -1);
    return NULL;
}

static proc_error *spawn_receivers(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    for (int i = 0; i < 3; i++)
        CHECK_OK(proc_spawn(nursery, proc_new(receive, NULL, NULL)));
    return receive(cancel, user_data);
}

static void channels_role(void) {
    channel = proc_channel_new(1, sizeof(int), NULL);
    proc_impl *receivers = proc_with_nursery(spawn_receivers, NULL, NULL, NULL);
    check_waiting(PROC_GROUP(receivers, proc_new(receive, NULL, NULL)), 5, "proc_channel_receive");
    proc_channel_unref(channel);
}

static proc_promise *promise;

static proc_error *spawn_awaiting(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)user_data;
    for (int i = 0; i < 3; i++)
        CHECK_OK(proc_spawn(nursery, PROC_GROUP(proc_await(promise), proc_await(promise))));
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void promises_role(void) {
    promise = proc_promise_new();
    check_waiting(proc_with_nursery(spawn_awaiting, NULL, NULL, NULL), 1, "proc_wait");
    proc_promise_unref(promise);
}

/* How often all other threads together were switched to because of a group of two, until all was at rest again. */
static unsigned long switches_for_two(void) {
    unsigned long before, after;
    const bool rested = others_asleep(&before);
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), succeeding()), NULL));
    usleep(5000);
    return others_asleep(&after) && rested ? after - before : ULONG_MAX;
}

static void rests_role(void) {
    unsigned long least = ULONG_MAX;
    for (int tries = 0; tries < 20 && least > 10; tries++) {
        const unsigned long switches = switches_for_two();
        least = switches < least ? switches : least;
    }
    if (!CHECK(least <= 20))
        fprintf(stderr, "  %lu switches\n", least);
}

IN_CHILD(groups)
IN_CHILD(more_kinds)
IN_CHILD(nursery)
IN_CHILD(full_nursery)
IN_CHILD(channels)
IN_CHILD(promises)
IN_CHILD(rests)

CHECK_MAIN(BOTH(groups), BOTH(more_kinds), BOTH(nursery), BOTH(full_nursery), BOTH(channels),
           BOTH(promises), BOTH(rests))
