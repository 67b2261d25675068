/* fork under load: 1,000 children of several threads, while trees, jobs, hooks, cancellations and dumps run in others. Laws
 * (architecture, fork):
 *
 *   child     Each child, wherever it was forked (by a thread of the program's, in a callback on one of those and on one of
 *             the library's, in a hook, in on_done), can use everything in the library, in bounded time. It sees none of the
 *             parent's processes.
 *   parent    What runs in the parent is not touched by that. No child's cancellation is seen there: neither in a handle, nor
 *             in its descriptor, nor by its hook.
 */
#include "forks.h"
#include "uses.h"

enum { FORKERS = 4, CHILDREN = 1000 };

static atomic_bool enough;

/* One that forks, with a handle that nobody else uses. */
typedef struct forker {
    proc_cancel *cancel;
    int fd;
    atomic_int hook_runs;
    pthread_t thread;
} forker;

static void be_child(void *user_data) {
    forker *f = user_data;
    char text[1 << 14];
    uses_dump(text, sizeof text);
    CHECK(!strstr(text, "parents"));
    CHECK(!proc_current());
    use_all();
    proc_cancel_trigger(f->cancel, NULL);
    CHECK_INT(f->hook_runs, 1);
    CHECK_QUIET(f->fd);
    CHECK_READABLE(proc_cancel_fd(f->cancel));
}

static void fork_here(void *user_data) {
    forker *f = user_data;
    forks_run(be_child, f);
    CHECK(!proc_cancelled(f->cancel));
    CHECK_INT(f->hook_runs, 0);
    CHECK_QUIET(f->fd);
}

static proc_error *fork_in_callback(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    fork_here(user_data);
    return NULL;
}

static proc_error *cancel_hooked(proc_cancel *cancel, void *user_data) {
    proc_hook *hook = proc_on_cancel(cancel, fork_here, user_data);
    proc_cancel_trigger(cancel, NULL);
    proc_hook_remove(hook);
    return NULL;
}

enum { PLACES = 6 };

static void fork_at(int place, forker *f) {
    proc_impl *forking = proc_task("parents", proc_new(fork_in_callback, f, NULL));
    proc_impl *hooking = proc_task("parents", proc_new(cancel_hooked, f, NULL));
    switch (place % PLACES) {
    case 0:
        fork_here(f);
        break;
    case 1:
        CHECK_OK(proc_run(PROC_GROUP(proc_ref(forking), succeeding()), NULL));
        break;
    case 2:
        CHECK_OK(proc_job_join(proc_start(proc_ref(forking), NULL, NULL, NULL)));
        break;
    case 3:
        CHECK_OK(proc_run(proc_ref(hooking), NULL));
        break;
    case 4:
        CHECK_OK(proc_job_join(proc_start(proc_ref(hooking), NULL, NULL, NULL)));
        break;
    default:
        CHECK_OK(proc_job_join(proc_start(succeeding(), NULL, fork_here, f)));
    }
    proc_unref(forking);
    proc_unref(hooking);
}

static void *fork_many(void *user_data) {
    forker *f = user_data;
    f->cancel = proc_cancel_new(NULL);
    f->fd = proc_cancel_fd(f->cancel);
    proc_hook *hook = proc_on_cancel(f->cancel, use_count, &f->hook_runs);
    for (size_t i = check_scaled(CHILDREN) / FORKERS; i > 0; i--)
        fork_at((int)i, f);
    proc_hook_remove(hook);
    proc_cancel_unref(f->cancel);
    return NULL;
}

static void *load(void *use) {
    while (!enough)
        (*(void (*const *)(void))use)();
    return NULL;
}

static void under_load(void) {
    pthread_t loads[USES];
    forker forkers[FORKERS] = {0};
    proc_cancel *end = proc_cancel_new(NULL);
    proc_impl *wait = proc_new(use_wait, NULL, NULL);
    proc_impl *all = PROC_GROUP(proc_ref(wait), proc_ref(wait), wait);
    proc_job *parents = proc_start(proc_task("parents", all), end, NULL, NULL);
    for (int i = 0; i < USES; i++)
        CHECK_INT(pthread_create(&loads[i], NULL, load, (void *)&uses[i]), 0);
    for (int i = 0; i < FORKERS; i++)
        CHECK_INT(pthread_create(&forkers[i].thread, NULL, fork_many, &forkers[i]), 0);
    for (int i = 0; i < FORKERS; i++)
        pthread_join(forkers[i].thread, NULL);
    enough = true;
    for (int i = 0; i < USES; i++)
        pthread_join(loads[i], NULL);
    CHECK(!proc_job_wait(parents, 0));
    proc_cancel_trigger(end, proc_error_new(99, "the end"));
    CHECK_FAILS(proc_job_join(parents), 99, "parents: the end");
    proc_cancel_unref(end);
}

CHECK_MAIN(CASE(under_load))
