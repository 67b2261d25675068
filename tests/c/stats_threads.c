/* proc_get_stats, of threads. Each case plays in a fresh program. Laws:
 *
 *   threads         As many threads were made and denied as pthread_create says; at most so many at the same time.
 *   parked          Threads that are parked are idle; those that are let go are not there any more.
 *   helpers         Each thread that came to help is counted, and in what needs none, none is.
 *   never_fall      Whoever asks again and again, while threads run, come and go, never sees a total fall, nor more failures or
 *                   running ones than beginnings.
 */
#include "child.h"
#include "interpose.h"
#include "meet.h"
#include "stats.h"
#include "tasks.h"

/* A thread that was made has begun when it is counted. */
static proc_stats look_when_begun(void) {
    proc_stats stats = look();
    for (int tries = 0; stats.threads_created_total < (uint64_t)threads_created; tries++) {
        if (!CHECK(tries < 1000000))
            break;
        sched_yield();
        stats = look();
    }
    return stats;
}

static void threads_role(void) {
    let_go_at_once();
    check_works();
    proc_stats stats = look_when_begun();
    CHECK_INT((long long)stats.threads_created_total, threads_created);
    CHECK_INT((long long)stats.threads_denied_total, 0);
    CHECK(stats.threads_peak >= THREADS - 1 && stats.threads_peak <= (uint64_t)threads_created);
    wait_for_tasks(1);
    threads_left = 0;
    proc_error_unref(proc_run(meeting(leaf_succeed, NULL, NULL), NULL));
    stats = look();
    CHECK(threads_denied > 0);
    CHECK_INT((long long)stats.threads_denied_total, threads_denied);
    CHECK_INT((long long)stats.threads_created_total, threads_created);
    CHECK_INT((long long)stats.threads_live, 0);
    CHECK(stats.threads_peak >= THREADS - 1);
}

static void wait_until_idle(uint64_t threads) {
    for (int tries = 0; look().threads_idle != threads; tries++) {
        if (!CHECK(tries < 1000000))
            break;
        sched_yield();
    }
}

/* The one that watches is never parked. */
static void parked_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_FOREVER;
    config.max_idle_threads = 2;
    CHECK_OK(proc_configure(&config));
    check_works();
    wait_until_idle(2);
    wait_for_tasks(2 + 1 + 1);
    proc_stats stats = look();
    CHECK_INT((long long)stats.threads_idle, 2);
    CHECK_INT((long long)stats.threads_live, 2 + 1);
}

static void helpers_role(void) {
    CHECK_OK(proc_run(PROC_SEQUENCE(succeeding(), PROC_GROUP(succeeding())), NULL));
    proc_stats stats = look();
    CHECK(stats.helpers_total == 0 && stats.fan_outs_total == 0);
    CHECK_INT(threads_created, 0);
    for (int i = 1; i <= 3; i++) {
        check_works();
        stats = look();
        CHECK_INT((long long)stats.fan_outs_total, i);
        CHECK(stats.helpers_total >= (uint64_t)(i * (THREADS - 1)));
    }
}

static atomic_bool enough;

/* Threads of the program come and go, too. */
static void *come_and_go(void *user_data) {
    while (!enough) {
        int times = 3;
        pthread_t thread;
        run_trees(&times);
        CHECK_INT(pthread_create(&thread, NULL, run_trees, &times), 0);
        pthread_join(thread, NULL);
    }
    return user_data;
}

static void *meet_again(void *user_data) {
    while (!enough)
        check_works();
    return user_data;
}

static void never_fall_role(void) {
    pthread_t threads[3];
    proc_stats before = look();
    let_go_at_once();
    CHECK_INT(pthread_create(&threads[0], NULL, come_and_go, NULL), 0);
    CHECK_INT(pthread_create(&threads[1], NULL, come_and_go, NULL), 0);
    CHECK_INT(pthread_create(&threads[2], NULL, meet_again, NULL), 0);
    for (size_t looks = check_scaled(20000); looks > 0; looks--) {
        proc_stats now = look();
        check_order(&before, &now);
        before = now;
    }
    enough = true;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK(look().processes_running == 0 && look().tasks_running == 0);
}

IN_CHILD(threads)
IN_CHILD(parked)
IN_CHILD(helpers)
IN_CHILD(never_fall)

CHECK_MAIN(BOTH(threads), BOTH(parked), BOTH(helpers), BOTH(never_fall))
