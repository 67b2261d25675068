/* The default stack of threads is what the system, or who starts the program, has set it to. Laws:
 *
 *   deepest_groups     The deepest tree of groups of two runs on a library thread, though the default is 256 KiB.
 *   deepest_alone      So does that of groups of one, all of it on one thread.
 */
#include "child.h"
#include "leaf.h"
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

static void groups_role(void) { with_small_stack("small_groups"); }
static void alone_role(void) { with_small_stack("small_alone"); }

static void deepest_groups(void) { child_run("groups_role"); }
static void deepest_alone(void) { child_run("alone_role"); }

CHECK_MAIN(CASE(deepest_groups), ROLE(groups_role), ROLE(small_groups), CASE(deepest_alone),
           ROLE(alone_role), ROLE(small_alone))
