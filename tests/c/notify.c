/* What proc_main_with tells the service manager, who is the test. Laws:
 *
 *   path             READY=1 when somebody says so, and STOPPING=1 when the process has completed by itself, each once and
 *                    in this order, through a socket that has a path.
 *   abstract         … or an abstract one.
 *   at_the_signal    STOPPING=1 comes at the signal, before the cancellation, and once.
 *   status           Each message says how many tasks run.
 *   watchdog         WATCHDOG=1 comes again and again, from the start, while the program drains too, and until it ends.
 *   other_watchdog   … unless the watchdog is another process's, or there is none.
 *   after_a_failure  A process that fails stops, too; nobody was ready.
 *   silent           Without NOTIFY_SOCKET, with an empty one, or without `notify`, no socket is made.
 *   nobody_there     A socket that is not there, and a name that is none, are told on standard error, once.
 *   full             A manager that does not read holds up nothing for long.
 */
#include "child.h"
#include "manager.h"
#include <sys/syscall.h>

static atomic_int sockets_made;

int socket(int domain, int type, int protocol) {
    sockets_made++;
    return (int)syscall(SYS_socket, domain, type, protocol);
}

static proc_error *be_ready(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    proc_ready(cancel);
    CHECK_STR(manager_hears(user_data), "READY=1\nSTATUS=0 tasks running\n");
    manager_hears_nothing(user_data);
    return NULL;
}

static void check_ready_and_stopping(bool is_abstract) {
    manager m;
    manager_listen(&m, is_abstract);
    CHECK_OK(manager_main(proc_new(be_ready, &m, NULL), 0));
    CHECK_STR(manager_hears(&m), "STOPPING=1\nSTATUS=0 tasks running\n");
    manager_hears_nothing(&m);
    manager_close(&m);
}

static void path(void) { check_ready_and_stopping(false); }
static void abstract(void) { check_ready_and_stopping(true); }

static proc_error *be_stopped(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    proc_ready(cancel);
    CHECK_HAS(manager_hears(m), "READY=1\n");
    kill(getpid(), SIGTERM);
    CHECK_STR(manager_hears(m), "STOPPING=1\nSTATUS=1 task running\n");
    CHECK(proc_draining(cancel) && !proc_cancelled(cancel));
    manager_hears_nothing(m);
    return NULL;
}

static void at_the_signal(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_OK(manager_main(proc_task("t", proc_new(be_stopped, &m, NULL)), PROC_FOREVER));
    manager_hears_nothing(&m);
    manager_close(&m);
}

enum { TASKS = 7 };

typedef struct tasks {
    manager m;
    gate running, go_on;
} tasks;

static proc_error *stay(proc_cancel *cancel, void *user_data) {
    tasks *t = user_data;
    gate_open(&t->running);
    GATE_WAIT(&t->go_on);
    (void)cancel;
    return NULL;
}

static proc_error *be_ready_among(proc_cancel *cancel, void *user_data) {
    tasks *t = user_data;
    GATE_WAIT_FOR(&t->running, TASKS);
    proc_ready(cancel);
    CHECK_STR(manager_hears(&t->m), "READY=1\nSTATUS=8 tasks running\n");
    gate_open(&t->go_on);
    return NULL;
}

static void status(void) {
    tasks t;
    proc_impl *impls[TASKS + 1];
    gate_init(&t.running);
    gate_init(&t.go_on);
    manager_listen(&t.m, true);
    for (int i = 0; i < TASKS; i++)
        impls[i] = proc_task("stays", PROC_SEQUENCE(proc_new(stay, &t, NULL)));
    impls[TASKS] = proc_new(be_ready_among, &t, NULL);
    CHECK_OK(manager_main(proc_task("all", proc_concurrent(impls, TASKS + 1)), 0));
    CHECK_STR(manager_hears(&t.m), "STOPPING=1\nSTATUS=0 tasks running\n");
    manager_close(&t.m);
}

static void hear_beats(manager *m) {
    for (int i = 0; i < 3; i++)
        CHECK_HAS(manager_hears(m), "WATCHDOG=1\nSTATUS=");
}

static proc_error *be_watched(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    hear_beats(m);
    proc_ready(cancel);
    manager_hears_until(m, "READY=1\n");
    hear_beats(m);
    kill(getpid(), SIGTERM);
    manager_hears_until(m, "STOPPING=1\n");
    hear_beats(m);
    leaf_wait_cancelled(cancel);
    hear_beats(m);
    return NULL;
}

static void watchdog(void) {
    manager m;
    char own[20];
    snprintf(own, sizeof own, "%d", getpid());
    for (int i = 0; i < 2; i++) {
        manager_listen(&m, true);
        setenv("WATCHDOG_USEC", "20000", 1);
        if (i == 1)
            setenv("WATCHDOG_PID", own, 1);
        CHECK_OK(manager_main(proc_task("t", proc_new(be_watched, &m, NULL)), PROC_MS(50)));
        manager_close(&m);
    }
}

static void check_unwatched(const char *time, const char *process) {
    manager m;
    manager_listen(&m, true);
    setenv("WATCHDOG_USEC", time, 1);
    setenv("WATCHDOG_PID", process, 1);
    CHECK_OK(manager_main(proc_new(be_ready, &m, NULL), 0));
    CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
    manager_close(&m);
}

static void other_watchdog(void) {
    check_unwatched("2", "1");
    check_unwatched("2", "nonsense");
    check_unwatched("nonsense", "");
    check_unwatched("0", "");
    check_unwatched("", "");
}

static void after_a_failure(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_FAILS(manager_main(failing("fails"), 0), EIO, "fails");
    CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
    manager_hears_nothing(&m);
    manager_close(&m);
}

static proc_error *say_ready(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_ready(cancel);
    return NULL;
}

static void check_silent(void) {
    sockets_made = 0;
    CHECK_OK(manager_main(proc_new(say_ready, NULL, NULL), 0));
    CHECK_INT(sockets_made, 0);
}

static void silent_role(void) {
    manager m;
    check_silent();
    manager_listen(&m, true);
    sockets_made = 0;
    setenv("WATCHDOG_USEC", "2", 1);
    CHECK_OK(proc_main(proc_new(say_ready, NULL, NULL)));
    CHECK_INT(sockets_made, 0);
    setenv("NOTIFY_SOCKET", "", 1);
    check_silent();
    manager_hears_nothing(&m);
    manager_close(&m);
}

static void silent(void) { child_run("silent_role"); }

static void nobody_role(void) { CHECK_OK(manager_main(proc_new(say_ready, NULL, NULL), 0)); }

static void check_nobody(const char *name, const char *reason) {
    setenv("NOTIFY_SOCKET", name, 1);
    child c = child_start("nobody_role");
    child_passes(&c);
    char expected[200];
    snprintf(expected, sizeof expected, "procession: NOTIFY_SOCKET is %s: %s\n", name, reason);
    CHECK_STR(c.text, expected);
    unsetenv("NOTIFY_SOCKET");
}

static void nobody_there(void) {
    check_nobody("/nowhere/at/all", "No such file or directory (os error 2)");
    check_nobody("@procession.nobody", "Connection refused (os error 111)");
    check_nobody("notify", "neither a path nor the name of an abstract socket");
    check_nobody("vsock:2:1234", "neither a path nor the name of an abstract socket");
}

static void full_role(void) {
    manager m;
    manager_listen(&m, true);
    manager_fill(&m);
    CHECK_OK(manager_main(proc_new(say_ready, NULL, NULL), 0));
    manager_close(&m);
}

static void full(void) {
    child c = child_start("full_role");
    child_passes(&c);
    CHECK_HAS(c.text, "procession: NOTIFY_SOCKET is @");
}

CHECK_MAIN(CASE(path), CASE(abstract), CASE(at_the_signal), CASE(status), CASE(watchdog),
           CASE(other_watchdog), CASE(after_a_failure), CASE(silent), ROLE(silent_role),
           CASE(nobody_there), ROLE(nobody_role), CASE(full), ROLE(full_role))
