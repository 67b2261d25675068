/* A callback must return. Laws (the boundary, and rule 5: never undefined, never silent):
 *
 *   on_main         pthread_exit out of a callback ends the program, with a message that names the process's path.
 *   on_library      … also on a thread of the library.
 *   cancelled       … also if the thread is made to leave by pthread_cancel.
 *   no_path         … also if no task is around the callback.
 *   nested_run      The path goes on through a callback's own proc_run.
 *   in_hook         The same holds for a hook: its path is that of the process whose handle it is on, whoever cancels that.
 *   in_forked       A callback that returns in a child that it forked ends that child so, and the parent goes on.
 */
#include "child.h"
#include "leaf.h"

static proc_error *leave(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_exit(NULL);
}

static proc_error *be_cancelled(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_cancel(pthread_self());
    pthread_testcancel();
    return NULL;
}

static proc_impl *path_to(proc_fn fn) {
    proc_impl *request = proc_task("request", proc_new(fn, NULL, NULL));
    return proc_task("web", PROC_SEQUENCE(succeeding(), proc_trace_region("r", request)));
}

/* The caller's thread may run either child, and only the other one leaves. */
static pthread_t main_thread;
static gate both;

static proc_error *leave_unless_main(proc_cancel *cancel, void *user_data) {
    GATE_MEET(&both, 2);
    if (pthread_equal(pthread_self(), main_thread)) {
        while (pause() == -1)
            ;
    }
    return leave(cancel, user_data);
}

static void on_main_role(void) { proc_error_unref(proc_run(path_to(leave), NULL)); }

static void on_library_role(void) {
    main_thread = pthread_self();
    gate_init(&both);
    proc_error_unref(
        proc_run(PROC_GROUP(path_to(leave_unless_main), path_to(leave_unless_main)), NULL));
}

static void cancelled_role(void) { proc_error_unref(proc_main(path_to(be_cancelled))); }

static void no_path_role(void) {
    proc_error_unref(proc_run(PROC_GROUP(proc_new(leave, NULL, NULL)), NULL));
}

static proc_error *run_inner(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    return proc_run(PROC_GROUP(proc_task("inner", proc_new(leave, NULL, NULL))), cancel);
}

static void nested_run_role(void) {
    proc_error_unref(proc_run(proc_task("web", proc_new(run_inner, NULL, NULL)), NULL));
}

static void leave_hook(void *user_data) { leave(NULL, user_data); }

static proc_cancel *hooked;

static proc_error *hook_own(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    hooked = proc_cancel_ref(cancel);
    proc_on_cancel(cancel, leave_hook, NULL);
    return NULL;
}

static void in_hook_role(void) {
    CHECK_OK(proc_run(path_to(hook_own), NULL));
    proc_cancel_trigger(hooked, NULL);
}

/* One after the other, so that their messages do not mix. While one forks, the other is at a gate or at the mutex: a
 * sanitizer's allocator does not care for fork, so that the child hangs if another thread of the parent is in malloc.
 * In the child nothing else may end it with SIGABRT. */
static proc_error *fork_and_return(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    int status = 0;
    GATE_MEET(&both, 2);
    pthread_mutex_lock(&turn);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm((unsigned)check_deadline() / 3 + 1); /* before the test gives up */
        return NULL;
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    pthread_mutex_unlock(&turn);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    GATE_MEET(&both, 4); /* both have forked */
    return proc_error_new(EIO, "parent");
}

static void in_forked_role(void) {
    pid_t parent = getpid();
    gate_init(&both);
    proc_impl *forking = proc_new(fork_and_return, NULL, NULL);
    proc_impl *flush = PROC_SEQUENCE(proc_task("flush", forking));
    proc_impl *web = proc_task("web", PROC_CONCURRENT(proc_ref(flush), flush));
    proc_error *error = proc_run(web, NULL);
    if (getpid() != parent) /* It should have ended. */
        _exit(1);
    CHECK_FAILS(error, EIO, "web: 2 errors:\n- flush: parent\n- flush: parent");
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), succeeding()), NULL));
}

/* It is aborted, and has said why. */
static void check_ends(const char *role, const char *outer, const char *inner) {
    child c = child_start(role);
    child_end(&c);
    CHECK(WIFSIGNALED(c.status));
    CHECK_INT(WTERMSIG(c.status), SIGABRT);
    CHECK_HAS(c.text, "callback");
    const char *at = strstr(c.text, outer);
    CHECK(at != NULL && strstr(at, inner) != NULL);
}

static void on_main(void) { check_ends("on_main_role", "web", "request"); }
static void on_library(void) { check_ends("on_library_role", "web", "request"); }
static void cancelled(void) { check_ends("cancelled_role", "web", "request"); }
static void no_path(void) { check_ends("no_path_role", "", ""); }
static void in_hook(void) { check_ends("in_hook_role", "web", "request"); }
static void nested_run(void) { check_ends("nested_run_role", "web/inner ", ""); }

static void in_forked(void) {
    child c = child_start("in_forked_role");
    child_passes(&c);
    CHECK_HAS(c.text, "callback");
    const char *first = strstr(c.text, "web/flush ");
    CHECK(first != NULL && strstr(first + 1, "web/flush ") != NULL);
}

CHECK_MAIN(CASE(on_main), ROLE(on_main_role), CASE(on_library), ROLE(on_library_role),
           CASE(cancelled), ROLE(cancelled_role), CASE(no_path), ROLE(no_path_role),
           CASE(nested_run), ROLE(nested_run_role), CASE(in_hook), ROLE(in_hook_role),
           CASE(in_forked), ROLE(in_forked_role))
