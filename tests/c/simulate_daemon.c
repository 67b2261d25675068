/* Simulation of what a daemon is made of. Laws:
 *
 *   stopped          A simulated SIGTERM cancels proc_main_with in virtual time: what stops well is success.
 *   at_any_moment    It may come before, while and after the program is up: no run fails.
 *   second_signal    A second signal ends the run, not the program.
 *   grace            So does the end of the grace period.
 *   unheard          A signal to which nobody listens fails the run.
 *   on_signal        proc_on_signal hears of it.
 *   hooks            Hooks of a deadline run on time.
 *   nursery          Children of a nursery with a limit run, each once, in many orders; a spawn that would wait for ever is EDEADLK.
 *   promises         What awaits a promise goes on when it is complete; completion and cancellation meet.
 *   jobs             A job is joined.
 *   queue            A queue is run.
 *   several          Several simulations at once, from several threads: each has its own result.
 *   beside           A program that runs beside is not disturbed.
 *   forks            A child of fork that a callback makes is not in the run.
 */
#include "simulated.h"
#include <sys/wait.h>

static proc_error *stop_well(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    CHECK(proc_wait(cancel, PROC_FOREVER));
    if (user_data)
        *(int64_t *)user_data = proc_now();
    proc_yield();
    return proc_cancel_error(cancel);
}

typedef struct stop {
    int64_t first, second;
    int64_t grace_ns;
    proc_fn callback;
    int64_t stopped;
} stop;

static proc_error *be_main(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    stop *s = user_data;
    if (s->first >= 0)
        proc_simulate_signal(SIGTERM, s->first);
    if (s->second >= 0)
        proc_simulate_signal(SIGTERM, s->second);
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = s->grace_ns;
    return proc_main_with(
        proc_task("service", PROC_GROUP(proc_new(s->callback, &s->stopped, NULL),
                                        proc_new(s->callback, &s->stopped, NULL))),
        &options);
}

static proc_impl *daemon_of(void *user_data) { return proc_new(be_main, user_data, NULL); }

static void stopped(void) {
    for (uint64_t seed = 1; seed <= 30; seed++) {
        stop s = {PROC_SECONDS(5), -1, PROC_FOREVER, stop_well, 0};
        CHECK_OK(simulate_seed(daemon_of, &s, seed));
        CHECK_INT(s.stopped, PROC_SECONDS(5));
    }
}

static void at_any_moment(void) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        stop s = {0, -1, PROC_SECONDS(1), stop_well, 0};
        proc_error *error = simulate_seed(daemon_of, &s, seed);
        /* If it comes before proc_main_with does, nobody listens. */
        CHECK(error == NULL || strstr(proc_error_message(error), "nobody listens"));
        proc_error_unref(error);
    }
}

static proc_error *hang_on(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    proc_cancel *own = proc_cancel_new(NULL);
    proc_wait(own, PROC_SECONDS(1000000));
    proc_cancel_unref(own);
    return NULL;
}

static void second_signal(void) {
    stop s = {PROC_SECONDS(5), PROC_SECONDS(10), PROC_FOREVER, hang_on, 0};
    proc_error *error = simulate_seed(daemon_of, &s, 1);
    CHECK_HAS(proc_error_message(error), "after 10 s");
    CHECK_SIMULATION(error, EINTR, "the program was ended: SIGTERM");
}

static void grace(void) {
    stop s = {PROC_SECONDS(5), -1, PROC_SECONDS(3), hang_on, 0};
    fprintf(stderr, "(what follows until the next line is expected)\n");
    proc_error *error = simulate_seed(daemon_of, &s, 1);
    CHECK_HAS(proc_error_message(error), "after 8 s");
    CHECK_SIMULATION(error, EINTR, "the program was ended: SIGTERM");
}

static proc_error *be_signalled(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_simulate_signal(SIGHUP, PROC_SECONDS(1));
    return proc_wait(cancel, PROC_SECONDS(2)) ? proc_cancel_error(cancel) : NULL;
}

static proc_impl *signalled(void *user_data) { return proc_new(be_signalled, user_data, NULL); }

static void unheard(void) {
    CHECK_SIMULATION(simulate_seed(signalled, NULL, 1), EINTR, "SIGHUP came, and nobody listens");
}

static proc_error *reload(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(int64_t *)user_data = proc_now();
    return NULL;
}

static proc_impl *reloading(void *user_data) {
    return PROC_RACE(proc_on_signal(SIGHUP, proc_new(reload, user_data, NULL)),
                     proc_new(be_signalled, user_data, NULL));
}

static void on_signal(void) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int64_t reloaded = 0;
        CHECK_OK(simulate_seed(reloading, &reloaded, seed));
        CHECK_INT(reloaded, PROC_SECONDS(1));
    }
}

static void note_time(void *user_data) { *(int64_t *)user_data = proc_now(); }

static proc_error *have_hook(proc_cancel *cancel, void *user_data) {
    proc_cancel *timed = proc_cancel_new_timeout(cancel, PROC_SECONDS(7));
    proc_hook *hook = proc_on_cancel(timed, note_time, user_data);
    CHECK(!proc_wait(cancel, PROC_SECONDS(20)));
    proc_hook_remove(hook);
    proc_cancel_unref(timed);
    return NULL;
}

static proc_impl *hooked(void *user_data) { return proc_new(have_hook, user_data, NULL); }

static void hooks(void) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int64_t struck = 0;
        CHECK_OK(simulate_seed(hooked, &struck, seed));
        CHECK_INT(struck, PROC_SECONDS(7));
    }
}

static proc_error *count_one(proc_cancel *cancel, void *user_data) {
    proc_wait(cancel, PROC_MS(1));
    ++*(int *)user_data;
    return NULL;
}

static proc_error *spawn_ten(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 10; i++) {
        proc_error *error = proc_spawn(nursery, proc_new(count_one, user_data, NULL));
        if (error)
            return error;
    }
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK_INT(*(int *)user_data, 10);
    return NULL;
}

static proc_error *spawn_another(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_spawn(user_data, proc_delay(PROC_SECONDS(1)));
}

static proc_error *fill_it(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return proc_spawn(nursery, proc_new(spawn_another, nursery, NULL));
}

static proc_nursery_fn nursery_body;

static proc_impl *with_nursery(void *user_data) {
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = nursery_body == fill_it ? 1 : 3;
    *(int *)user_data = 0;
    return proc_with_nursery(nursery_body, user_data, NULL, &options);
}

static void nursery(void) {
    int count = 0;
    nursery_body = spawn_ten;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        CHECK_OK(simulate_seed(with_nursery, &count, seed));
        CHECK_INT(count, 10);
    }
    nursery_body = fill_it;
    for (uint64_t seed = 1; seed <= 10; seed++)
        CHECK_SIMULATION(simulate_seed(with_nursery, &count, seed), EDEADLK, "proc_spawn: ");
}

static proc_error *complete_it(proc_cancel *cancel, void *user_data) {
    proc_wait(cancel, PROC_SECONDS(5));
    CHECK(proc_promise_complete(user_data, NULL));
    return NULL;
}

static void release_promise(void *user_data) { proc_promise_unref(user_data); }

static proc_impl *promised(void *user_data) {
    (void)user_data;
    proc_promise *promise = proc_promise_new();
    return PROC_CONCURRENT(proc_timeout(PROC_SECONDS(5), proc_await(promise)), proc_await(promise),
                           proc_new(complete_it, promise, release_promise));
}

static void promises(void) {
    int timed_out = 0, succeeded = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        proc_error *error = simulate_seed(promised, NULL, seed);
        CHECK(error == NULL || proc_error_is(error, ETIMEDOUT));
        timed_out += error != NULL;
        succeeded += error == NULL;
        proc_error_unref(error);
    }
    CHECK(timed_out + succeeded == 60);
}

static proc_error *join_a_job(proc_cancel *cancel, void *user_data) {
    proc_job *job = proc_start(proc_new(count_one, user_data, NULL), cancel, NULL, NULL);
    CHECK(!proc_job_wait(job, 0) || true);
    return proc_job_join(job);
}

static proc_impl *joining(void *user_data) { return proc_new(join_a_job, user_data, NULL); }

static void jobs(void) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int count = 0;
        CHECK_OK(simulate_seed(joining, &count, seed));
        CHECK_INT(count, 1);
    }
}

static proc_error *run_queue(proc_cancel *cancel, void *user_data) {
    size_t ran = 0;
    while (ran < 2)
        ran += proc_queue_run(user_data, cancel, PROC_FOREVER);
    return NULL;
}

static int queued;

static proc_impl *with_queue(void *user_data) {
    queued = 0;
    return PROC_CONCURRENT(proc_on_queue(user_data, proc_new(count_one, &queued, NULL)),
                           proc_on_queue(user_data, proc_new(count_one, &queued, NULL)),
                           proc_new(run_queue, user_data, NULL));
}

static void queue(void) {
    proc_queue *q = proc_queue_new();
    for (uint64_t seed = 1; seed <= 30; seed++) {
        CHECK_OK(simulate_seed(with_queue, q, seed));
        CHECK_INT(queued, 2);
    }
    proc_queue_unref(q);
}

static void *simulate_a_lot(void *result) {
    int count = 0;
    for (uint64_t seed = 1; seed <= 20; seed++)
        CHECK_OK(simulate_seed(joining, &count, seed));
    *(int *)result = count;
    return NULL;
}

static void several(void) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int counts[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, simulate_a_lot, &counts[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(pthread_join(threads[i], NULL), 0);
        CHECK_INT(counts[i], 20);
    }
}

static void beside(void) {
    pthread_t thread;
    int count = 0, here = 0;
    CHECK_INT(pthread_create(&thread, NULL, simulate_a_lot, &count), 0);
    for (int i = 0; i < 50; i++)
        CHECK_OK(proc_run(PROC_CONCURRENT(proc_new(count_one, &here, NULL), proc_delay(1000),
                                          proc_timeout(PROC_SECONDS(30), proc_delay(1000))),
                          NULL));
    CHECK_INT(here, 50);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_INT(count, 20);
}

static proc_error *fork_within(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pid_t child = fork();
    if (child == 0)
        _exit(proc_simulated() || proc_now() == 0 ? 1 : 0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK(proc_simulated());
    return NULL;
}

static proc_impl *forking(void *user_data) { return proc_new(fork_within, user_data, NULL); }

static void forks(void) { CHECK_OK(simulate_seed(forking, NULL, 1)); }

CHECK_MAIN(CASE(stopped), CASE(at_any_moment), CASE(second_signal), CASE(grace), CASE(unheard),
           CASE(on_signal), CASE(hooks), CASE(nursery), CASE(promises), CASE(jobs), CASE(queue),
           CASE(several), CASE(beside), CASE(forks))
