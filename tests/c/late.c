/* Every function may be called from any thread at any time: also when a thread or the program is about to end. Each case plays in
 * a child program. Laws:
 *
 *   exit_inside        exit in a callback, on a thread of the library, ends the program with that status.
 *   at_exit            A function registered with atexit may run processes.
 *   thread_ends        The destructor of a thread's own data may run processes.
 *   left_running       The main function may return while threads of the library are parked.
 */
#include "child.h"
#include "leaf.h"

static void check_runs(void) {
    gate a, b;
    gate_init(&a);
    gate_init(&b);
    leaf first = {.started = &a, .waits = &b}, second = {.started = &b, .waits = &a, .fails = "x"};
    CHECK_FAILS(proc_run(PROC_GROUP(leaf_new(&first), proc_task("t", leaf_new(&second))), NULL),
                EIO, "t: x");
    CHECK_OK(proc_main(succeeding()));
}

static pthread_t main_thread;

static proc_error *exit_on_library(proc_cancel *cancel, void *user_data) {
    GATE_MEET((gate *)user_data, 2);
    if (!pthread_equal(pthread_self(), main_thread))
        exit(3);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void exit_role(void) {
    gate both;
    gate_init(&both);
    main_thread = pthread_self();
    proc_impl *impl = proc_new(exit_on_library, &both, NULL);
    proc_error_unref(proc_run(PROC_CONCURRENT(proc_ref(impl), impl), NULL));
}

static void exit_inside(void) {
    child c = child_start("exit_role");
    child_end(&c);
    CHECK(WIFEXITED(c.status));
    CHECK_INT(WEXITSTATUS(c.status), 3);
    CHECK_STR(c.text, "");
}

static void run_at_exit(void) {
    check_runs();
    if (atomic_load(&check_failures) != 0)
        _exit(1);
}

static void at_exit_role(void) {
    CHECK_INT(atexit(run_at_exit), 0);
    check_runs();
}

static void at_exit(void) { child_run("at_exit_role"); }

static pthread_key_t key;

static void run_at_thread_end(void *user_data) {
    check_runs();
    gate_open(user_data);
}

static void *own_data(void *user_data) {
    pthread_setspecific(key, user_data);
    check_runs();
    return NULL;
}

static void thread_role(void) {
    pthread_t thread;
    gate done;
    gate_init(&done);
    pthread_key_create(&key, run_at_thread_end);
    CHECK_INT(pthread_create(&thread, NULL, own_data, &done), 0);
    pthread_join(thread, NULL);
    CHECK_INT((long long)done.opened, 1);
}

static void thread_ends(void) { child_run("thread_role"); }

static void parked_role(void) { check_runs(); }

static void left_running(void) {
    for (int i = 0; i < 20; i++)
        child_run("parked_role");
}

CHECK_MAIN(CASE(exit_inside), ROLE(exit_role), CASE(at_exit), ROLE(at_exit_role), CASE(thread_ends),
           ROLE(thread_role), CASE(left_running), ROLE(parked_role))
