/* What the service manager, who is the test, is told all the same, whatever comes in between. Laws:
 *
 *   late             READY=1 reaches a manager whose socket is made only after it was said.
 *   busy             … and one that has too much to read at that moment.
 *   busy_at_the_end  … and so does STOPPING=1, though the program ends.
 *   in_order         What was kept comes in the order in which it was said.
 *   new_manager      A manager that is started again is told what comes then.
 *   interrupted      A send that is interrupted is made again.
 *   closed           The program may close all descriptors, and open files under their numbers, which are left alone.
 *   used_up          … or use them all up.
 *   locked_in        … or lock itself in by chroot.
 *   elsewhere        … or go to another directory, also if the socket's path is relative.
 *   not_passed_on    What the program executes hears nothing of the manager, its watchdog, and the trace.
 *   remembered       The next proc_main of the program still knows the manager, unless it is told otherwise.
 *   left_alone       A proc_main that is not to tell the manager leaves its name to the program.
 */
#include "child.h"
#include "fds.h"
#include "manager.h"
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* sendto and send of the library in this program: the next ones are interrupted, or find the manager's queue full. */
static atomic_int interruptions, refusals;

static bool is_left(atomic_int *count, int error) {
    errno = error;
    return *count > 0 && (*count)-- > 0;
}

ssize_t sendto(int fd, const void *bytes, size_t count, int flags, __CONST_SOCKADDR_ARG address,
               socklen_t size) {
    if (is_left(&interruptions, EINTR) || is_left(&refusals, EAGAIN))
        return -1;
    return syscall(SYS_sendto, fd, bytes, count, flags, address.__sockaddr__, size);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    return sendto(fd, bytes, count, flags, NULL, 0);
}

/* Reads away what is there. */
static void empty(manager *m) {
    while (manager_receive(m, MSG_DONTWAIT))
        ;
}

/* Hears that, after what nobody needs. */
static void hears(manager *m, const char *what) {
    while (strcmp(manager_hears(m), "x") == 0)
        ;
    CHECK_HAS(m->message, what);
}

static proc_error *be_ready_early(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    wait_until_others_sleep();
    manager_bind(user_data);
    hears(user_data, "READY=1\n");
    return NULL;
}

static void late(void) {
    manager m;
    manager_name(&m, false);
    CHECK_OK(manager_main(proc_new(be_ready_early, &m, NULL), 0));
    hears(&m, "STOPPING=1\n");
    manager_close(&m);
}

/* A program that runs this, which looks after all that the manager hears before the stop. */
static void ends_with_stop(proc_fn fn, bool is_abstract) {
    manager m;
    manager_listen(&m, is_abstract);
    CHECK_OK(manager_main(proc_new(fn, &m, NULL), 0));
    hears(&m, "STOPPING=1\n");
    manager_close(&m);
}

static proc_error *be_ready_while_busy(proc_cancel *cancel, void *user_data) {
    manager_fill(user_data);
    proc_ready(cancel);
    wait_until_others_sleep();
    refusals = 4;
    hears(user_data, "READY=1\n");
    CHECK(refusals == 0 || !order_is_seen()); /* It may be sending when they begin. */
    return NULL;
}

static void busy(void) { ends_with_stop(be_ready_while_busy, true); }

static proc_error *make_busy(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    manager_fill(user_data);
    return NULL;
}

static proc_error *say_and_make_busy(proc_cancel *cancel, void *user_data) {
    manager_fill(user_data);
    proc_ready(cancel);
    return NULL;
}

/* It reads only when all else is at rest. */
static void *read_at_last(void *user_data) {
    wait_until_others_sleep();
    hears(user_data, "=1\n");
    return NULL;
}

static void busy_at_the_end(void) {
    manager m;
    pthread_t reader;
    manager_listen(&m, true);
    pthread_create(&reader, NULL, read_at_last, &m);
    CHECK_OK(manager_main(proc_new(make_busy, &m, NULL), 0));
    pthread_join(reader, NULL);
    CHECK_HAS(m.message, "STOPPING=1\n");
    manager_close(&m);
}

static void in_order(void) {
    manager m;
    pthread_t reader;
    manager_listen(&m, true);
    pthread_create(&reader, NULL, read_at_last, &m);
    CHECK_OK(manager_main(proc_new(say_and_make_busy, &m, NULL), 0));
    pthread_join(reader, NULL);
    CHECK_HAS(m.message, "READY=1\n");
    hears(&m, "STOPPING=1\n");
    manager_close(&m);
}

static proc_error *outlive_the_manager(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    close(m->fd);
    unlink(m->name);
    manager_bind(m);
    proc_ready(cancel);
    hears(m, "READY=1\n");
    return NULL;
}

static void new_manager(void) { ends_with_stop(outlive_the_manager, false); }

static proc_error *be_interrupted(proc_cancel *cancel, void *user_data) {
    interruptions = 3;
    proc_ready(cancel);
    hears(user_data, "READY=1\n");
    CHECK_INT(interruptions, 0);
    return NULL;
}

static void interrupted(void) { ends_with_stop(be_interrupted, true); }

/* All but the manager's own, and the standard ones, are one end of a pair of ours then. */
static proc_error *take_all(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    int pair[2];
    char byte;
    wait_until_others_sleep();
    for (int fd = 3; fd < 1024; fd++)
        if (fd != m->fd)
            close(fd);
    CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    for (int i = 0; i < 8; i++)
        CHECK(dup(pair[1]) >= 0);
    proc_ready(cancel);
    hears(m, "READY=1\n");
    CHECK_INT(recv(pair[0], &byte, 1, MSG_DONTWAIT), -1);
    for (int fd = 3; fd < 1024; fd++)
        if (fd != m->fd)
            close(fd);
    return NULL;
}

static void closed_role(void) { ends_with_stop(take_all, true); }

static void closed(void) { child_run("closed_role"); }

static proc_error *use_all_up(proc_cancel *cancel, void *user_data) {
    struct rlimit former = fds_limit(0);
    CHECK_INT(dup(STDERR_FILENO), -1);
    proc_ready(cancel);
    hears(user_data, "READY=1\n");
    kill(getpid(), SIGTERM);
    hears(user_data, "STOPPING=1\n");
    fds_unlimit(former);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void used_up_role(void) {
    manager m;
    manager_listen(&m, false);
    CHECK_OK(manager_main(proc_new(use_all_up, &m, NULL), 0));
    manager_close(&m);
}

static void used_up(void) { child_run("used_up_role"); }

static proc_error *lock_in(proc_cancel *cancel, void *user_data) {
    bool is_in = chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0;
    if (!is_in)
        child_tell('n');
    proc_ready(cancel);
    hears(user_data, "READY=1\n");
    return NULL;
}

static void locked_in_role(void) {
    manager m;
    if (geteuid() != 0)
        unshare(CLONE_NEWUSER);
    manager_listen(&m, false);
    CHECK_OK(manager_main(proc_new(lock_in, &m, NULL), 0));
    hears(&m, "STOPPING=1\n");
    _exit(atomic_load(&check_failures) !=
          0); /* LeakSanitizer would look into /proc, which is not there. */
}

static void locked_in(void) {
    child c = child_start("locked_in_role");
    if (child_event(&c) == 'n')
        printf("%s: not checked: this system allows no chroot\n", check_case_name);
    child_passes(&c);
    char path[64];
    snprintf(path, sizeof path, "/tmp/procession.%d.1", c.pid);
    CHECK_INT(unlink(path), 0);
}

static proc_error *go_elsewhere(proc_cancel *cancel, void *user_data) {
    CHECK_INT(chdir("/"), 0);
    proc_ready(cancel);
    hears(user_data, "READY=1\n");
    return NULL;
}

static void elsewhere_role(void) {
    manager m;
    CHECK_INT(chdir("/tmp"), 0);
    manager_listen(&m, false);
    char relative[sizeof m.name];
    snprintf(relative, sizeof relative, ".%s", m.name + strlen("/tmp"));
    setenv("NOTIFY_SOCKET", relative, 1);
    CHECK_OK(manager_main(proc_new(go_elsewhere, &m, NULL), 0));
    hears(&m, "STOPPING=1\n");
    manager_close(&m);
}

static void elsewhere(void) { child_run("elsewhere_role"); }

static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                    "PROCESSION_TRACE"};
enum { NAMES = sizeof names / sizeof *names };

/* What the program executes. */
static void executed_role(void) {
    for (int i = 0; i < NAMES; i++)
        CHECK(getenv(names[i]) == NULL);
    CHECK_STR(getenv("OTHER"), "value");
}

static proc_error *execute(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    child_run("executed_role");
    proc_ready(cancel);
    return NULL;
}

static void not_passed_on_role(void) {
    manager m;
    manager_listen(&m, true);
    setenv("WATCHDOG_USEC", "1000000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    setenv("PROCESSION_TRACE", "/dev/null", 1);
    setenv("OTHER", "value", 1);
    CHECK_OK(manager_main(proc_new(execute, NULL, NULL), 0));
    hears(&m, "READY=1\n");
    hears(&m, "STOPPING=1\n");
    manager_close(&m);
}

static void not_passed_on(void) { child_run("not_passed_on_role"); }

static proc_error *say_ready(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_ready(cancel);
    return NULL;
}

static void hears_of_both(manager *m) {
    hears(m, "READY=1\n");
    hears(m, "STOPPING=1\n");
}

static void remembered_role(void) {
    manager first, second;
    manager_listen(&first, true);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(manager_main(proc_new(say_ready, NULL, NULL), 0));
        hears_of_both(&first);
    }
    manager_listen(&second, true);
    CHECK_OK(manager_main(proc_new(say_ready, NULL, NULL), 0));
    hears_of_both(&second);
    setenv("NOTIFY_SOCKET", "", 1);
    CHECK_OK(manager_main(proc_new(say_ready, NULL, NULL), 0));
    manager_hears_nothing(&first);
    manager_hears_nothing(&second);
    close(first.fd);
    manager_close(&second);
}

static void remembered(void) { child_run("remembered_role"); }

static void left_alone_role(void) {
    manager m;
    manager_listen(&m, true);
    setenv("WATCHDOG_USEC", "1000000000", 1);
    CHECK_OK(proc_main(proc_new(say_ready, NULL, NULL)));
    CHECK_STR(getenv("NOTIFY_SOCKET"), m.name);
    CHECK_STR(getenv("WATCHDOG_USEC"), "1000000000");
    CHECK_OK(manager_main(proc_new(say_ready, NULL, NULL), 0));
    CHECK(getenv("NOTIFY_SOCKET") == NULL);
    empty(&m);
    manager_close(&m);
}

static void left_alone(void) { child_run("left_alone_role"); }

CHECK_MAIN(CASE(late), CASE(busy), CASE(busy_at_the_end), CASE(in_order), CASE(new_manager),
           CASE(interrupted), CASE(closed), ROLE(closed_role), CASE(used_up), ROLE(used_up_role),
           CASE(locked_in), ROLE(locked_in_role), CASE(elsewhere), ROLE(elsewhere_role),
           CASE(not_passed_on), ROLE(not_passed_on_role), ROLE(executed_role), CASE(remembered),
           ROLE(remembered_role), CASE(left_alone), ROLE(left_alone_role))
