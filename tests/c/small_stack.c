/* The default stack of threads is what the system, or who starts the program, has set it to. Laws:
 *
 *   deepest_groups     The deepest tree of groups of two runs on a library thread, though the default is 256 KiB.
 *   deepest_alone      So does that of groups of one, all of it on one thread.
 *   deepest_scopes     … and that of processes that clean up after others, of shields and of values.
 *   smallest           A thread of the program with the smallest stack that there may be can run each kind of process.
 */
#include "child.h"
#include "leaf.h"
#include <limits.h>
#include <poll.h>
#include <sys/resource.h>

enum { SMALL = 256 * 1024 };

/* Runs this program again, in a role, with a small stack for each thread that does not ask for another size. */
static void with_small_stack(const char *role) {
    struct rlimit small = {.rlim_cur = SMALL, .rlim_max = SMALL};
    CHECK_INT(setrlimit(RLIMIT_STACK, &small), 0);
    child_exec("child", role, STDOUT_FILENO, STDERR_FILENO);
}

typedef struct diver {
    proc_impl *tree;
    pthread_t caller;
    gate both;
    atomic_int dived;
} diver;

/* One of the two at least is on a thread of the library, and only there is the tree run. (The caller's thread comes too late
 * for both if it is held up.)
 */
static proc_error *dive(proc_cancel *cancel, void *user_data) {
    diver *d = user_data;
    GATE_MEET(&d->both, 2);
    if (pthread_equal(pthread_self(), d->caller))
        return NULL;
    d->dived++;
    return proc_run(proc_ref(d->tree), cancel);
}

static int check_dive(proc_impl *tree) {
    pthread_attr_t attributes;
    size_t size = 0;
    pthread_getattr_default_np(&attributes);
    pthread_attr_getstacksize(&attributes, &size);
    CHECK_INT((long long)size, SMALL);
    diver d = {.tree = tree, .caller = pthread_self()};
    gate_init(&d.both);
    CHECK_OK(proc_run(PROC_GROUP(proc_new(dive, &d, NULL), proc_new(dive, &d, NULL)), NULL));
    CHECK(d.dived >= 1);
    proc_unref(tree);
    return d.dived;
}

static void small_groups(void) {
    leaf l = {0};
    proc_impl *tree = leaf_new(&l);
    for (int i = 0; i < PROC_MAX_DEPTH; i++)
        tree = PROC_GROUP(leaf_new(&l), tree);
    int dived = check_dive(tree);
    CHECK_INT(l.runs, dived * (PROC_MAX_DEPTH + 1));
}

static void small_alone(void) {
    leaf l = {0};
    proc_impl *tree = leaf_new(&l);
    for (int i = 0; i < PROC_MAX_DEPTH; i++)
        tree = PROC_GROUP(tree);
    int dived = check_dive(tree);
    CHECK_INT(l.runs, dived);
}

static proc_impl *scope_of(int kind, proc_impl *impl) {
    static const proc_key key = {"key"};
    switch (kind) {
    case 0:
        return proc_finally(succeeding(), impl);
    case 1:
        return proc_shield(PROC_SECONDS(1), impl);
    default:
        return proc_with_value(&key, NULL, NULL, impl);
    }
}

static void small_scopes(void) {
    for (int kind = 0; kind < 3; kind++) {
        leaf l = {0};
        proc_impl *tree = leaf_new(&l);
        for (int i = 0; i < PROC_MAX_DEPTH; i++)
            tree = scope_of(kind, tree);
        int dived = check_dive(tree);
        CHECK_INT(l.runs, dived);
    }
}

/* Each has ended, or ends at once, since the handle is cancelled. */
static proc_impl *of_each_kind(int kind) {
    proc_impl *const two[] = {succeeding(), succeeding()};
    switch (kind) {
    case 0:
        return proc_concurrent(two, 2);
    case 1:
        return proc_group(two, 2);
    case 2:
        return proc_sequence(two, 2);
    case 3:
        return proc_task("task", proc_concurrent(two, 2));
    case 4:
        return proc_trace_region("region", proc_concurrent(two, 2));
    case 5:
        return proc_service("service", proc_concurrent(two, 2));
    case 6:
        return proc_finally(proc_concurrent(two, 2), succeeding());
    case 7:
        return proc_shield(PROC_SECONDS(1), proc_concurrent(two, 2));
    default:
        return proc_on_signal(SIGUSR1, proc_concurrent(two, 2));
    }
}

enum { KINDS = 9 };

static void *run_each(void *cancel) {
    struct pollfd none = {.fd = -1};
    for (int kind = 0; kind < KINDS; kind++)
        CHECK_OK(proc_run(of_each_kind(kind), cancel));
    CHECK_OK(proc_main(of_each_kind(1)));
    CHECK_INT(proc_poll(cancel, &none, 1, 0), -1);
    CHECK(proc_wait(cancel, 0));
    CHECK_INT(proc_exit_status(proc_error_new(EIO, "this is to be said")), 1);
    return NULL;
}

static void smallest_role(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    pthread_attr_init(&attributes);
    CHECK_INT(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN), 0);
    pthread_create(&thread, &attributes, run_each, cancel);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    proc_cancel_unref(cancel);
}

static void smallest(void) { child_run("smallest_role"); }

static void groups_role(void) { with_small_stack("small_groups"); }
static void alone_role(void) { with_small_stack("small_alone"); }
static void scopes_role(void) { with_small_stack("small_scopes"); }

static void deepest_groups(void) { child_run("groups_role"); }
static void deepest_alone(void) { child_run("alone_role"); }
static void deepest_scopes(void) { child_run("scopes_role"); }

CHECK_MAIN(CASE(deepest_groups), ROLE(groups_role), ROLE(small_groups), CASE(deepest_alone),
           ROLE(alone_role), ROLE(small_alone), CASE(deepest_scopes), ROLE(scopes_role),
           ROLE(small_scopes), CASE(smallest), ROLE(smallest_role))
