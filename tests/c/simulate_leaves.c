/* Simulation: what a run leaves behind of what this library has given the program. Laws:
 *
 *   each_kind       Whatever the program is to release fails the run with EBUSY if it does not, which says what it is; and not if it does.
 *   several         All that is left is told, by kind. Who has several references to a thing is to give all of them back.
 *   before          What was made before the run is not the run's, whether it is used in it, or released.
 *   across_runs     What is made in a run and kept for the next one is left behind.
 *   other_threads   A thread that is not in the run may release it.
 *   handed_over     What is handed over to the library is given back: errors in the place of others, and what a filter is given.
 *   after_a_cancel  What is only left when the run is cancelled by chance is found.
 *   own_failure     A run that fails anyway tells of that alone.
 */
#include "leaf.h"
#include "simulated.h"

#include <pthread.h>

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return proc_error_new(EIO, "a child");
}

static void do_nothing(void *user_data) { (void)user_data; }

static void *make_process(proc_cancel *cancel) {
    (void)cancel;
    return PROC_GROUP(succeeding(), proc_delay(1));
}

static void release_process(void *made) { proc_unref(made); }

static void *make_error(proc_cancel *cancel) {
    (void)cancel;
    return proc_error_wrap(proc_error_new(EIO, "bad"), "wrapped");
}

static void *make_outcome(proc_cancel *cancel) {
    return proc_run(proc_timeout(1, proc_delay(PROC_SECONDS(1))), cancel);
}

static void release_error(void *made) { proc_error_unref(made); }

/* Of another tree: so it does not hang below that of the run. */
static void *make_cancel(proc_cancel *cancel) {
    (void)cancel;
    return proc_cancel_new(NULL);
}

static void release_cancel(void *made) { proc_cancel_unref(made); }

static void *make_task(proc_cancel *cancel) { return proc_task_begin(cancel, "by hand"); }

static void release_task(void *made) { proc_task_end(made, NULL); }

static void *make_hook(proc_cancel *cancel) { return proc_on_cancel(cancel, do_nothing, NULL); }

static void release_hook(void *made) { proc_hook_remove(made); }

static void *make_job(proc_cancel *cancel) {
    proc_job *job = proc_start(succeeding(), cancel, NULL, NULL);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    return job;
}

static void release_job(void *made) { CHECK_OK(proc_job_join(made)); }

static proc_error *keep_nursery(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(proc_nursery **)user_data = proc_nursery_ref(nursery);
    return NULL;
}

static void *make_nursery(proc_cancel *cancel) {
    proc_nursery *nursery = NULL;
    CHECK_OK(proc_run(proc_with_nursery(keep_nursery, &nursery, NULL, NULL), cancel));
    return nursery;
}

static void release_nursery(void *made) { proc_nursery_unref(made); }

static void *make_channel(proc_cancel *cancel) {
    (void)cancel;
    return proc_channel_new(1, 1, NULL);
}

static void release_channel(void *made) { proc_channel_unref(made); }

static void *make_promise(proc_cancel *cancel) {
    (void)cancel;
    proc_promise *promise = proc_promise_new();
    CHECK(proc_promise_complete(promise, proc_error_new(EIO, "bad")));
    return promise;
}

static void release_promise(void *made) { proc_promise_unref(made); }

static void *make_queue(proc_cancel *cancel) {
    (void)cancel;
    return proc_queue_new();
}

static void release_queue(void *made) { proc_queue_unref(made); }

typedef struct kind {
    void *(*make)(proc_cancel *cancel);
    void (*release)(void *made);
    const char *left;
} kind;

static const kind kinds[] = {
    {make_process, release_process, "left 1 process behind"},
    {make_error, release_error, "left 1 error behind"},
    {make_outcome, release_error, "left 1 error behind"},
    {make_cancel, release_cancel, "left 1 cancel handle behind"},
    {make_task, release_task, "left 1 cancel handle behind"},
    {make_hook, release_hook, "left 1 hook behind"},
    {make_job, release_job, "left 1 job behind"},
    {make_nursery, release_nursery, "left 1 nursery behind"},
    {make_channel, release_channel, "left 1 channel behind"},
    {make_promise, release_promise, "left 1 promise behind"},
    {make_queue, release_queue, "left 1 queue behind"},
};

/* Something that is made in a run, and released in it, or after it. */
typedef struct thing {
    const kind *kind;
    bool is_left;
    void *made;
} thing;

static proc_error *make_it(proc_cancel *cancel, void *user_data) {
    thing *t = user_data;
    void *made = t->kind->make(cancel);
    CHECK(made != NULL);
    t->made = t->is_left ? made : NULL;
    if (!t->is_left)
        t->kind->release(made);
    return NULL;
}

static proc_impl *making_it(void *user_data) {
    return PROC_GROUP(proc_task("t", proc_new(make_it, user_data, NULL)), succeeding());
}

static void each_kind(void) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        thing left = {&kinds[i], true, NULL}, released = {&kinds[i], false, NULL};
        CHECK_SIMULATION(simulate_seed(making_it, &left, 1), EBUSY, kinds[i].left);
        kinds[i].release(left.made);
        for (uint64_t seed = 1; seed <= 5; seed++)
            CHECK_OK(simulate_seed(making_it, &released, seed));
    }
}

typedef struct things {
    proc_error *errors[2];
    proc_channel *channel;
    proc_queue *queue;
} things;

static proc_error *leave_several(proc_cancel *cancel, void *user_data) {
    things *t = user_data;
    *t = (things){{make_error(cancel), make_outcome(cancel)}, make_channel(cancel), NULL};
    t->queue = make_queue(cancel);
    proc_queue_ref(t->queue);
    proc_queue_unref(t->queue);
    return NULL;
}

static proc_impl *leaving_several(void *user_data) {
    return proc_new(leave_several, user_data, NULL);
}

static void several(void) {
    things t;
    CHECK_SIMULATION(simulate_seed(leaving_several, &t, 1), EBUSY,
                     "the process has completed, and left 2 errors, 1 channel and 1 queue behind");
    for (int i = 0; i < 2; i++)
        proc_error_unref(t.errors[i]);
    proc_channel_unref(t.channel);
    proc_queue_unref(t.queue);
}

/* Made before. */
typedef struct made_before {
    proc_channel *used, *released;
    proc_error *error;
} made_before;

static proc_error *use_made_before(proc_cancel *cancel, void *user_data) {
    made_before *m = user_data;
    proc_channel_unref(m->released);
    proc_channel *mine = proc_channel_ref(m->used);
    CHECK_INT(proc_channel_send(mine, cancel, "x", 0), 0);
    proc_channel_unref(mine);
    proc_error_unref(m->error);
    return NULL;
}

static proc_impl *using_made_before(void *user_data) {
    return proc_new(use_made_before, user_data, NULL);
}

static void before(void) {
    made_before m = {proc_channel_new(1, 1, NULL), proc_channel_new(1, 1, NULL),
                     proc_error_new(EIO, "of before")};
    CHECK_OK(simulate_seed(using_made_before, &m, 1));
    proc_channel_unref(m.used);
}

static proc_impl *keeping_one(void *user_data) {
    proc_channel **kept = user_data;
    proc_channel_unref(*kept);
    *kept = proc_channel_new(1, 1, NULL);
    return succeeding();
}

static void across_runs(void) {
    proc_channel *kept = proc_channel_new(1, 1, NULL);
    for (int i = 0; i < 2; i++)
        CHECK_SIMULATION(simulate_seed(keeping_one, &kept, 1), EBUSY, "left 1 channel behind");
    proc_channel_unref(kept);
}

static void *release_on_thread(void *data) {
    proc_channel_unref(data);
    return NULL;
}

static proc_error *have_it_released(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_t thread;
    proc_channel *channel = proc_channel_new(1, 1, NULL);
    CHECK_INT(pthread_create(&thread, NULL, release_on_thread, channel), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    return NULL;
}

static proc_impl *having_it_released(void *user_data) {
    return proc_new(have_it_released, user_data, NULL);
}

static void other_threads(void) { CHECK_OK(simulate_seed(having_it_released, NULL, 1)); }

static proc_error *in_its_place(proc_error *error, void *user_data) {
    (void)user_data;
    proc_error_unref(error);
    return proc_error_new(EPROTO, "another one");
}

static proc_error *pass_it_on(proc_error *error, void *user_data) {
    (void)user_data;
    return error;
}

static proc_error *forgotten;

static proc_error *forget_it(proc_error *error, void *user_data) {
    (void)user_data;
    forgotten = error;
    return NULL;
}

static proc_error *spawn_failing(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return proc_spawn(nursery, proc_new(fail, NULL, NULL));
}

typedef proc_error *filter_fn(proc_error *error, void *user_data);

static proc_error *run_filtered(proc_cancel *cancel, void *user_data) {
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.on_failure = *(filter_fn *const *)user_data;
    proc_error *errors[2];
    errors[0] = proc_run(proc_with_nursery(spawn_failing, NULL, NULL, &options), cancel);
    errors[1] = proc_run(proc_new(fail, NULL, NULL), cancel);
    proc_error *both = proc_error_merge(errors, 2);
    CHECK(both != NULL);
    proc_error_unref(both);
    return NULL;
}

static proc_impl *running_filtered(void *user_data) {
    return proc_new(run_filtered, user_data, NULL);
}

static void handed_over(void) {
    filter_fn *filters[] = {in_its_place, pass_it_on, forget_it};
    for (uint64_t seed = 1; seed <= 10; seed++) {
        CHECK_OK(simulate_seed(running_filtered, &filters[0], seed));
        CHECK_OK(simulate_seed(running_filtered, &filters[1], seed));
    }
    CHECK_SIMULATION(simulate_seed(running_filtered, &filters[2], 1), EBUSY, "left 1 error behind");
}

static proc_error *forget_if_cancelled(proc_cancel *cancel, void *user_data) {
    proc_channel *channel = proc_channel_new(1, 1, NULL);
    if (proc_wait(cancel, PROC_SECONDS(1))) {
        *(proc_channel **)user_data = channel;
        return proc_cancel_error(cancel);
    }
    proc_channel_unref(channel);
    return NULL;
}

static proc_impl *forgetting_if_cancelled(void *user_data) {
    return proc_new(forget_if_cancelled, user_data, NULL);
}

static void after_a_cancel(void) {
    proc_channel *channel = NULL;
    proc_simulation options = PROC_SIMULATION_INIT;
    options.runs = 200;
    CHECK_OK(proc_simulate(forgetting_if_cancelled, &channel, &options));
    options.cancel_permille = 100;
    CHECK_SIMULATION(proc_simulate(forgetting_if_cancelled, &channel, &options), EBUSY,
                     "left 1 channel behind");
    proc_channel_unref(channel);
}

static proc_error *leave_and_fail(proc_cancel *cancel, void *user_data) {
    *(proc_channel **)user_data = proc_channel_new(1, 1, NULL);
    return fail(cancel, user_data);
}

static proc_impl *leaving_and_failing(void *user_data) {
    return proc_new(leave_and_fail, user_data, NULL);
}

static void own_failure(void) {
    proc_channel *left = NULL;
    proc_error *error = simulate_seed(leaving_and_failing, &left, 1);
    proc_channel_unref(left);
    CHECK(strstr(proc_error_message(error), "behind") == NULL);
    CHECK_SIMULATION(error, EIO, "a child");
}

CHECK_MAIN(CASE(each_kind), CASE(several), CASE(before), CASE(across_runs), CASE(other_threads),
           CASE(handed_over), CASE(after_a_cancel), CASE(own_failure))
