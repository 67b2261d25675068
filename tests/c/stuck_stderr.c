/* Standard error may take nothing any more: what the library says there holds nobody up for more than some seconds. Laws:
 *
 *   soon_over    proc_exit_status returns though standard error is a pipe that is full and that nobody reads, one that others
 *                write to, who take the room that is seen there, a socket whose peer reads nothing, or a terminal that was
 *                stopped (Ctrl-S). What there is room for is written, in order, though more than that is said. A callback
 *                that is left in a forbidden way ends the program all the same.
 *   flags        The descriptor's flags are as before, and there is no other one.
 *   in_forked    While one thread is held up so, a child of fork can say something on a standard error of its own.
 */
#include "asleep.h"
#include "child.h"
#include "fds.h"
#include "leaf.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>

enum { AT_MOST = 8 }; /* seconds: the library says 2 */

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Fills it, and leaves it blocking. */
static void fill(int fd) {
    static const char junk[4096];
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    for (size_t size = sizeof junk; size > 0; size = size == 1 ? 0 : 1)
        while (write(fd, junk, size) > 0)
            ;
    fcntl(fd, F_SETFL, flags);
}

/* A full pipe; the other end stays open. */
static int full_pipe_end(int *reader) {
    int ends[2];
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    fill(ends[1]);
    *reader = ends[0];
    return ends[1];
}

/* Says something on that standard error. Checks report on the real one. */
static void check_soon_over(int fd, const char *text) {
    int real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    double begin = seconds();
    dup2(fd, STDERR_FILENO);
    int status = proc_exit_status(proc_error_new(EIO, text));
    dup2(real, STDERR_FILENO);
    close(real);
    CHECK_INT(status, 1);
    CHECK(seconds() - begin < AT_MOST);
}

static void full_pipe_role(void) {
    int reader;
    check_soon_over(full_pipe_end(&reader), "unheard");
}

static void *write_always(void *user_data) {
    static const char junk[4096];
    while (write(*(int *)user_data, junk, sizeof junk) > 0)
        ;
    return NULL;
}

static atomic_bool is_read;

static void *read_for_some_time(void *user_data) {
    char page[4096];
    for (size_t i = 0; i < check_scaled(3000); i++)
        CHECK(read(*(int *)user_data, page, sizeof page) > 0);
    is_read = false;
    return NULL;
}

static void contended_role(void) {
    int reader;
    int writer = full_pipe_end(&reader);
    pthread_t thread;
    for (int i = 0; i < 2; i++)
        pthread_create(&thread, NULL, write_always, &writer);
    is_read = true;
    pthread_create(&thread, NULL, read_for_some_time, &reader);
    while (is_read)
        check_soon_over(writer, "perhaps heard");
    check_soon_over(writer, "unheard");
    exit(check_failures > 0); /* the writers write for ever */
}

static void full_socket_role(void) {
    int ends[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fill(ends[1]);
    check_soon_over(ends[1], "unheard");
}

static int terminal(int *master) {
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0);
    int slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(slave >= 0 && isatty(slave));
    return slave;
}

static void stopped_role(void) {
    int master;
    int slave = terminal(&master);
    CHECK_INT(tcflow(slave, TCOOFF), 0);
    check_soon_over(slave, "unheard");
}

/* More than a terminal or a pipe takes at once. */
static char *much(void) {
    enum { LENGTH = 300 * 1000 };
    static char text[LENGTH + 1];
    for (int i = 0; i < LENGTH; i++)
        text[i] = (char)('a' + i % 26);
    return text;
}

static void check_part(int reader) {
    const char start[] = "child: abcdefghijklmnopqrstuvwxyz";
    char part[1000];
    ssize_t length = read(reader, part, sizeof part);
    CHECK(length > (ssize_t)sizeof start && memcmp(part, start, sizeof start - 1) == 0);
}

static void pipe_in_part_role(void) {
    int ends[2];
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    check_soon_over(ends[1], much());
    check_part(ends[0]);
}

static void terminal_in_part_role(void) {
    int master;
    check_soon_over(terminal(&master), much());
    check_part(master);
}

static void flags_role(void) {
    int master, slave = terminal(&master);
    int flags = fcntl(slave, F_GETFL), before = fds_open();
    check_soon_over(slave, "heard");
    CHECK_INT(fcntl(slave, F_GETFL), flags);
    CHECK_INT(fds_open(), before);
}

static proc_error *leave(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    pthread_exit(user_data);
}

static void escape_role(void) {
    int reader;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    dup2(full_pipe_end(&reader), STDERR_FILENO);
    proc_error_unref(proc_run(proc_new(leave, NULL, NULL), NULL));
}

static void *say_something(void *user_data) {
    proc_exit_status(proc_error_new(EIO, "unheard"));
    return user_data;
}

static void forking_role(void) {
    int reader, real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0), status = -1;
    pthread_t thread;
    dup2(full_pipe_end(&reader), STDERR_FILENO);
    pthread_create(&thread, NULL, say_something, NULL);
    wait_until_others_sleep();
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm((unsigned)check_deadline() / 3 + 1);
        dup2(real, STDERR_FILENO);
        _exit(proc_exit_status(proc_error_new(EIO, "of the child")));
    }
    waitpid(pid, &status, 0);
    dup2(real, STDERR_FILENO);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    _exit(check_failures > 0); /* nobody reads what the thread says */
}

static void check_aborted(child *c) {
    child_end(c);
    CHECK(WIFSIGNALED(c->status));
    CHECK_INT(WTERMSIG(c->status), SIGABRT);
}

/* All at the same time, since each takes its two seconds. */
static void soon_over(void) {
    static const char *const roles[] = {"full_pipe_role",    "contended_role",
                                        "full_socket_role",  "stopped_role",
                                        "pipe_in_part_role", "terminal_in_part_role"};
    enum { ROLES = sizeof roles / sizeof *roles };
    child children[ROLES], aborted = child_start("escape_role");
    for (int i = 0; i < ROLES; i++)
        children[i] = child_start(roles[i]);
    for (int i = 0; i < ROLES; i++)
        child_passes(&children[i]);
    check_aborted(&aborted);
}

static void flags(void) { child_run("flags_role"); }
static void in_forked(void) { child_run("forking_role"); }

CHECK_MAIN(CASE(soon_over), ROLE(full_pipe_role), ROLE(contended_role), ROLE(full_socket_role),
           ROLE(stopped_role), ROLE(pipe_in_part_role), ROLE(terminal_in_part_role),
           ROLE(escape_role), CASE(flags), ROLE(flags_role), CASE(in_forked), ROLE(forking_role))
