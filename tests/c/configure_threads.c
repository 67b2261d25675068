/* What proc_configure makes of the threads of the library. Each case plays in a fresh program. Laws:
 *
 *   stack_size       A callback has as much stack as was asked for, so it can use 90% of it; the smallest size too.
 *   deepest_tree     In the smallest one the deepest tree runs.
 *   hooks            on_thread_start is called once on each thread of the library, before anything else, and on_thread_stop
 *                    once on each that ends, after everything else: also on the two that run no callbacks.
 *   leaving_hook     A hook that does not return ends the program, with a message.
 *   idle_timeout     A thread without work is let go when its time is up, and the library works on.
 *   kept             If that is never, threads stay and are used again.
 *   max_idle         No more threads without work are kept than was said: also none.
 *   prefix           Threads bear the prefix, and in a task as much of its name as there is room for; never a caller's.
 */
#include "asleep.h"
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include "meet.h"
#include "tasks.h"

/* Writes to as many bytes of the stack, down from a place on it. */
static __attribute__((noinline)) size_t use_stack(const volatile char *top, size_t bytes) {
    volatile char block[4096];
    for (size_t i = 0; i < sizeof block; i += 512)
        block[i] = (char)i;
    size_t used = (size_t)(top - block);
    return used >= bytes ? used : use_stack(top, bytes) + (size_t)block[0];
}

/* How much there is below a place on it. */
static size_t stack_below(const volatile char *top) {
    pthread_attr_t attributes;
    void *lowest;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    return (size_t)(top - (char *)lowest);
}

static size_t stack_asked;

static proc_error *use_most(proc_cancel *cancel, void *user_data) {
    volatile char top = 0;
    meet(cancel, user_data);
    if (!on_library())
        return NULL;
    CHECK(stack_below(&top) >= stack_asked);
    CHECK(use_stack(&top, stack_asked / 10 * 9) >= stack_asked / 10 * 9);
    return NULL;
}

static void use_most_of(size_t size) {
    proc_config config = PROC_CONFIG_INIT;
    config.stack_size = stack_asked = size;
    CHECK_OK(proc_configure(&config));
    CHECK_OK(proc_run(meeting(use_most, NULL, "diver"), NULL));
}

static void smallest_role(void) { use_most_of(PROC_MIN_STACK_SIZE); }
static void large_role(void) { use_most_of(16 << 20); }

static void stack_size(void) {
    child_run("smallest_role");
    child_run("large_role");
}

static atomic_int dived;

static proc_error *run_deepest(proc_cancel *cancel, void *user_data) {
    meet(cancel, NULL);
    if (!on_library())
        return NULL;
    dived++;
    return proc_run(proc_ref(user_data), cancel);
}

static void deepest_tree_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    leaf l = {0};
    proc_impl *tree = leaf_new(&l);
    for (int i = 0; i < PROC_MAX_DEPTH; i++)
        tree = PROC_GROUP(leaf_new(&l), tree);
    config.stack_size = PROC_MIN_STACK_SIZE;
    CHECK_OK(proc_configure(&config));
    CHECK_OK(proc_run(meeting(run_deepest, tree, NULL), NULL));
    CHECK(dived >= THREADS - 1);
    CHECK_INT(l.runs, dived * (PROC_MAX_DEPTH + 1));
    proc_unref(tree);
}

typedef struct told {
    atomic_int started;
    atomic_int stopped;
} told;

/* What has happened to this thread. */
static _Thread_local enum { NEW, STARTED, STOPPED } state;

static void start_thread(void *user_data) {
    CHECK(state == NEW && proc_current() == NULL);
    state = STARTED;
    ((told *)user_data)->started++;
}

static void stop_thread(void *user_data) {
    CHECK(state == STARTED && proc_current() == NULL);
    state = STOPPED;
    ((told *)user_data)->stopped++;
}

static proc_error *check_started(proc_cancel *cancel, void *user_data) {
    meet(cancel, user_data);
    CHECK(state == (on_library() ? STARTED : NEW));
    return NULL;
}

static void hooks_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    told t = {0};
    config.idle_timeout_ns = PROC_AT_ONCE;
    config.on_thread_start = start_thread;
    config.on_thread_stop = stop_thread;
    config.user_data = &t;
    CHECK_OK(proc_configure(&config));
    CHECK_OK(proc_main(meeting(check_started, NULL, NULL)));
    wait_for_tasks(1);
    CHECK(threads_created >= 1 + 1 + THREADS - 1); /* who listens, who watches, who helps */
    CHECK(t.started == threads_created && t.stopped == threads_created);
    CHECK_OK(proc_run(meeting(check_started, NULL, "task"), NULL));
    wait_for_tasks(1);
    CHECK(t.started == threads_created && t.stopped == threads_created);
    CHECK(state == NEW);
}

static void leave(void *user_data) {
    (void)user_data;
    pthread_exit(NULL);
}

static void leaving_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.on_thread_start = leave;
    CHECK_OK(proc_configure(&config));
    check_works();
}

static void leaving_hook(void) {
    child c = child_start("leaving_role");
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGABRT);
    CHECK_HAS(c.text, "was left by an exception, by pthread_exit");
}

static void configure_idle(size_t max_idle_threads, int64_t idle_timeout_ns) {
    proc_config config = PROC_CONFIG_INIT;
    config.max_idle_threads = max_idle_threads;
    config.idle_timeout_ns = idle_timeout_ns;
    CHECK_OK(proc_configure(&config));
}

static void idle_timeout_role(void) {
    configure_idle(SIZE_MAX, PROC_MS(1));
    for (int i = 0; i < 3; i++) {
        int created = threads_created;
        check_works();
        CHECK(threads_created > created);
        wait_for_tasks(1);
    }
}

static void kept_role(void) {
    configure_idle(SIZE_MAX, PROC_FOREVER);
    for (int i = 0; i < 10; i++) {
        check_works();
        wait_until_others_sleep();
        CHECK_INT(tasks_now(), 1 + threads_created);
    }
    /* If each time others were made, there were 50. More than once would do may have been sent. */
    CHECK(threads_created < 10 * (THREADS - 1) / 2);
}

/* Beside them there are this thread and the one that watches. */
static void keeps_so_many(size_t many) {
    configure_idle(many, PROC_FOREVER);
    for (int i = 0; i < 3; i++) {
        check_works();
        wait_for_tasks((int)many + 1 + 1);
        wait_until_others_sleep();
        CHECK_INT(tasks_now(), (int)many + 1 + 1);
    }
}

static void max_idle_role(void) { keeps_so_many(2); }

static void no_idle_role(void) { keeps_so_many(0); }

/* The names of all threads, and which one a thread bears in a callback. */
static char name_wanted[16];

static proc_error *check_name(proc_cancel *cancel, void *user_data) {
    char name[16];
    meet(cancel, user_data);
    pthread_getname_np(pthread_self(), name, sizeof name);
    CHECK_STR(name, on_library() ? name_wanted : "main");
    return NULL;
}

static void check_names(const char *task_type, const char *wanted) {
    strcpy(name_wanted, wanted);
    CHECK_OK(proc_run(meeting(check_name, NULL, task_type), NULL));
}

static void prefix_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    char prefix[] = "web";
    pthread_setname_np(pthread_self(), "main");
    config.thread_name_prefix = prefix;
    CHECK_OK(proc_configure(&config));
    memset(prefix, 'x', sizeof prefix); /* It was copied. */
    check_names(NULL, "web");
    check_names("parse", "web/parse");
    check_names("elevenbytes", "web/elevenbytes");
    check_names("twelve bytes", "web/welve bytes");
    check_names("a long name of a task", "web/e of a task");
    check_names("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC",
                "web/\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC");
    check_names("", "web");
    check_names(NULL, "web");
}

static void long_prefix_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    pthread_setname_np(pthread_self(), "main");
    config.thread_name_prefix = "ten bytes!";
    CHECK_OK(proc_configure(&config));
    check_names("handler", "ten bytes!/dler");
    check_names(NULL, "ten bytes!");
}

static void empty_prefix_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    pthread_setname_np(pthread_self(), "main");
    config.thread_name_prefix = "";
    CHECK_OK(proc_configure(&config));
    check_names("handler", "handler");
    check_names(NULL, "procession");
}

static void prefix(void) {
    child_run("prefix_role");
    child_run("long_prefix_role");
    child_run("empty_prefix_role");
}

IN_CHILD(deepest_tree)
IN_CHILD(hooks)
IN_CHILD(idle_timeout)
IN_CHILD(kept)
IN_CHILD(max_idle)
IN_CHILD(no_idle)

CHECK_MAIN(CASE(stack_size), ROLE(smallest_role), ROLE(large_role), BOTH(deepest_tree), BOTH(hooks),
           CASE(leaving_hook), ROLE(leaving_role), BOTH(idle_timeout), BOTH(kept), BOTH(max_idle),
           BOTH(no_idle), CASE(prefix), ROLE(prefix_role), ROLE(long_prefix_role),
           ROLE(empty_prefix_role))
