/* proc_read and proc_write_all on descriptors that need a way of their own, and where the system knows fewer ways. Laws:
 *
 *   no_flag         Where the system has no flag by which a call does not wait (before Linux 6.4), as much passes, and of several
 *                   that wait each hears of its own cancellation,
 *   no_proc         … and also if there is no /proc to open a pipe or a terminal again, but for what others take.
 *   lines           A terminal gives lines as they are typed, and its end; what it writes is translated as it does that.
 *   hung_up         The end of a terminal whose other side is gone is that of read: 0, or EIO.
 *   datagrams       Datagrams stay whole: what has no room is cut, as by read; an empty one reads as 0.
 *   counters        Descriptors of events and timers are read and waited for.
 *   read_empty      After a socket was read empty, what comes is read, also without time to wait, and its end; and that takes no descriptor.
 *   was_socket      … and so is what has its number then, whatever it is.
 *   fails_at_once   What cannot be read fails at once, each time, also if its number was that of such a socket.
 *   files_of_others If another process has the same open file, it sees no flags change, not even meanwhile.
 */
#include "asleep.h"
#include "dumped.h"
#include "ends.h"
#include "fds.h"
#include "leaf.h"
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

/* What the library calls. Defined by their names for the linker: the C library's header may have them inline. */
ssize_t preadv2_here(int fd, const struct iovec *parts, int count, off_t at,
                     int flags) __asm__("preadv2");
ssize_t pwritev2_here(int fd, const struct iovec *parts, int count, off_t at,
                      int flags) __asm__("pwritev2");
int open_here(const char *path, int flags, ...) __asm__("open64");

static bool has_no_flag, has_no_proc; /* as if */

ssize_t preadv2_here(int fd, const struct iovec *parts, int count, off_t at, int flags) {
    if (has_no_flag) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return syscall(SYS_preadv2, fd, parts, count, at, 0, flags);
}

ssize_t pwritev2_here(int fd, const struct iovec *parts, int count, off_t at, int flags) {
    if (has_no_flag) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return syscall(SYS_pwritev2, fd, parts, count, at, 0, flags);
}

int open_here(const char *path, int flags, ...) {
    if (has_no_proc && strncmp(path, "/proc/self/fd/", 14) == 0) {
        errno = ENOENT;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

typedef struct waiter {
    ends *ends;
    bool writes;
    proc_cancel *cancel;
    proc_job *job;
    ssize_t result;
    atomic_bool over;
} waiter;

static proc_error *wait_there(proc_cancel *cancel, void *user_data) {
    static const char much[1 << 20];
    waiter *w = user_data;
    char byte;
    (void)cancel;
    w->result = w->writes ? proc_write_all(w->cancel, w->ends->writing, much, sizeof much, -1)
                          : proc_read(w->cancel, w->ends->reading, &byte, 1, -1);
    CHECK(w->result >= 0 || errno == ECANCELED);
    w->over = true;
    return NULL;
}

enum { WAITERS = 3 };

/* Each is cancelled by itself; before that, if they read, one gets a byte. */
static void check_waits(ends *e, bool writes) {
    waiter waiters[WAITERS];
    int got = 0;
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (waiter){.ends = e, .writes = writes, .cancel = proc_cancel_new(NULL)};
        waiters[i].job = proc_start(proc_new(wait_there, &waiters[i], NULL), NULL, NULL, NULL);
    }
    free(dump_until(writes ? ", proc_write_all\n" : ", proc_read\n", WAITERS));
    wait_until_others_sleep();
    if (!writes)
        CHECK_INT(proc_write_all(NULL, e->writing, "x", 1, PROC_FOREVER), 1);
    while (!writes && !waiters[0].over && !waiters[1].over && !waiters[2].over)
        sched_yield();
    for (int i = 0; i < WAITERS; i++) {
        proc_cancel_trigger(waiters[i].cancel, NULL);
        CHECK_OK(proc_job_join(waiters[i].job));
        got += waiters[i].result > 0;
        proc_cancel_unref(waiters[i].cancel);
    }
    CHECK_INT(got, !writes);
}

static void check_all_pass(void) {
    FOR_EACH_ENDS(e) {
        int open = fds_open(), reading = fcntl(e.reading, F_GETFL),
            writing = fcntl(e.writing, F_GETFL);
        char got[8] = "";
        CHECK_FAILED(proc_read(NULL, e.reading, got, sizeof got, PROC_MS(1)), ETIMEDOUT);
        ends_pass_much(&e, check_scaled(1 << 18));
        for (size_t i = check_scaled(10); i > 0; i--)
            check_waits(&e, false);
        ends_fill(&e);
        check_waits(&e, true);
        CHECK_INT(fds_open(), open);
        CHECK(fcntl(e.reading, F_GETFL) == reading && fcntl(e.writing, F_GETFL) == writing);
        if (e.kind < SOCKET) {
            CHECK_FAILED(proc_read(NULL, e.writing, got, sizeof got, PROC_FOREVER), EBADF);
            CHECK_FAILED(proc_write_all(NULL, e.reading, got, sizeof got, PROC_FOREVER), EBADF);
        }
    }
}

static void no_flag(void) {
    has_no_flag = true;
    check_all_pass();
    has_no_flag = false;
}

static void no_proc(void) {
    has_no_flag = has_no_proc = true;
    check_all_pass();
    has_no_flag = has_no_proc = false;
}

/* A terminal as people use it: lines, echo, a translated end of line. */
static ends open_cooked(void) {
    struct termios cooked;
    ends e = ends_open(TERMINAL, true);
    tcgetattr(e.reading, &cooked);
    cooked.c_iflag |= ICRNL;
    cooked.c_oflag |= OPOST | ONLCR;
    cooked.c_lflag |= ICANON;
    cooked.c_cc[VEOF] = 4;
    CHECK_INT(tcsetattr(e.reading, TCSANOW, &cooked), 0);
    return e;
}

static void lines(void) {
    ends e = open_cooked();
    char got[16] = "";
    CHECK_INT(proc_write_all(NULL, e.writing, "half", 4, PROC_FOREVER), 4);
    CHECK_FAILED(proc_read(NULL, e.reading, got, sizeof got, PROC_MS(1)), ETIMEDOUT);
    CHECK_INT(proc_write_all(NULL, e.writing, " a line\rmore\r", 13, PROC_FOREVER), 13);
    CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, PROC_FOREVER), 12);
    CHECK_STR(got, "half a line\n");
    CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, PROC_FOREVER), 5);
    CHECK_INT(proc_write_all(NULL, e.writing, "\4", 1, PROC_FOREVER), 1);
    CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, PROC_FOREVER), 0);
    CHECK_FAILED(proc_read(NULL, e.reading, got, sizeof got, 0), ETIMEDOUT);
    CHECK_INT(proc_write_all(NULL, e.reading, "a\n", 2, PROC_FOREVER), 2);
    memset(got, 0, sizeof got);
    CHECK_INT(proc_read(NULL, e.writing, got, sizeof got, PROC_FOREVER), 3);
    CHECK_STR(got, "a\r\n");
    ends_close(&e);
}

static void hung_up(void) {
    for (int i = 0; i < 4; i++) {
        ends e = ends_open(i / 2 ? TERMINAL : MASTER, i % 2);
        char byte;
        close(e.writing);
        e.writing = -1;
        ssize_t got = proc_read(NULL, e.reading, &byte, 1, PROC_FOREVER);
        CHECK(got == 0 || (got == -1 && errno == EIO));
        if (e.kind == TERMINAL)
            CHECK_FAILED(proc_write_all(NULL, e.reading, "x", 1, PROC_FOREVER), EIO);
        ends_close(&e);
    }
}

static void datagrams(void) {
    const int kinds[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    for (int i = 0; i < 2; i++) {
        int pair[2];
        char got[8] = "";
        CHECK_INT(socketpair(AF_UNIX, kinds[i] | SOCK_CLOEXEC, 0, pair), 0);
        CHECK_INT(proc_write_all(NULL, pair[0], "abcdef", 6, PROC_FOREVER), 6);
        CHECK_INT(proc_write_all(NULL, pair[0], "gh", 2, PROC_FOREVER), 2);
        CHECK_INT(proc_read(NULL, pair[1], got, 3, PROC_FOREVER), 3);
        CHECK_STR(got, "abc");
        CHECK_INT(proc_read(NULL, pair[1], got, 8, PROC_FOREVER), 2);
        CHECK_INT(send(pair[0], "", 0, 0), 0);
        CHECK_INT(proc_read(NULL, pair[1], got, 8, PROC_FOREVER), 0);
        CHECK_FAILED(proc_read(NULL, pair[1], got, 8, 0), ETIMEDOUT);
        close(pair[0]), close(pair[1]);
    }
}

static void counters(void) {
    int event = eventfd(3, EFD_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    int watch = inotify_init1(IN_CLOEXEC);
    uint64_t got = 0;
    char told[4096];
    CHECK_INT(proc_read(NULL, event, &got, sizeof got, PROC_FOREVER), 8);
    CHECK_INT((long long)got, 3);
    CHECK_FAILED(proc_read(NULL, event, &got, sizeof got, PROC_MS(1)), ETIMEDOUT);
    got = 5;
    CHECK_INT(proc_write_all(NULL, event, &got, sizeof got, PROC_FOREVER), 8);
    CHECK_INT(proc_read(NULL, event, &got, sizeof got, PROC_FOREVER), 8);
    CHECK_FAILED(proc_read(NULL, timer, &got, sizeof got, PROC_MS(1)), ETIMEDOUT);
    timerfd_settime(timer, 0, &(struct itimerspec){.it_value.tv_nsec = 1}, NULL);
    CHECK_INT(proc_read(NULL, timer, &got, sizeof got, PROC_FOREVER), 8);
    CHECK_FAILED(proc_read(NULL, watch, told, sizeof told, PROC_MS(1)), ETIMEDOUT);
    CHECK(inotify_add_watch(watch, "/dev/null", IN_OPEN) >= 0);
    close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(proc_read(NULL, watch, told, sizeof told, PROC_FOREVER) > 0);
    close(event), close(timer), close(watch);
}

/* Looks at the flags of both descriptors until it is told to end, and tells whether they have changed. It ends by a signal: what it
 * has of this program is no leak. */
static pid_t watch_flags(ends *e, int end) {
    int reading = fcntl(e->reading, F_GETFL), writing = fcntl(e->writing, F_GETFL);
    pid_t child = fork();
    if (child != 0)
        return child;
    struct pollfd ended = {.fd = end, .events = POLLIN};
    bool same = true;
    while (poll(&ended, 1, 0) == 0)
        same =
            same && fcntl(e->reading, F_GETFL) == reading && fcntl(e->writing, F_GETFL) == writing;
    raise(same ? SIGKILL : SIGSTKFLT);
    _exit(1);
}

static void files_of_others(void) {
    FOR_EACH_ENDS(e) {
        int end[2], status = 0;
        CHECK_INT(pipe2(end, O_CLOEXEC), 0);
        pid_t child = watch_flags(&e, end[0]);
        CHECK(child > 0);
        ends_pass_much(&e, check_scaled(1 << 16));
        check_waits(&e, false);
        CHECK_INT(write(end[1], "", 1), 1);
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        close(end[0]), close(end[1]);
    }
}

/* Then this thread takes the number for that of a socket in which there is nothing. */
static void read_until_empty(ends *e) {
    char got[8];
    CHECK_INT(proc_write_all(NULL, e->writing, "x", 1, PROC_FOREVER), 1);
    CHECK_INT(proc_read(NULL, e->reading, got, sizeof got, PROC_FOREVER), 1);
}

static void read_without_descriptors(ends *e) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    char got[8];
    CHECK_INT(proc_write_all(NULL, e->writing, "y", 1, PROC_FOREVER), 1);
    struct rlimit former = fds_limit(0);
    CHECK_INT(proc_read(cancel, e->reading, got, sizeof got, PROC_FOREVER), 1);
    CHECK_FAILED(proc_read(cancel, e->reading, got, sizeof got, PROC_FOREVER), EMFILE);
    fds_unlimit(former);
    proc_cancel_unref(cancel);
}

static void read_empty(void) {
    for (int blocking = 0; blocking < 2; blocking++) {
        ends e = ends_open(SOCKET, blocking);
        char got[8] = "";
        read_until_empty(&e);
        CHECK_FAILED(proc_read(NULL, e.reading, got, sizeof got, 0), ETIMEDOUT);
        CHECK_INT(proc_write_all(NULL, e.writing, "abc", 3, PROC_FOREVER), 3);
        CHECK_INT(proc_read(NULL, e.reading, got, 2, 0), 2);
        CHECK_INT(proc_read(NULL, e.reading, got, 2, 0), 1);
        read_without_descriptors(&e);
        close(e.writing);
        e.writing = -1;
        CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, 0), 0);
        CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, PROC_FOREVER), 0);
        ends_close(&e);
    }
}

/* What is never ready for that which fails: a listener, and the end of a pipe that is only written to. */
static void fails_at_once(void) {
    char byte;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), pipe_ends[2];
    struct sockaddr_un none = {.sun_family = AF_UNIX}; /* The system chooses one. */
    CHECK(bind(listener, (struct sockaddr *)&none, sizeof none.sun_family) == 0);
    CHECK(listen(listener, 1) == 0);
    CHECK_FAILED(proc_read(NULL, listener, &byte, 1, PROC_FOREVER), EINVAL);
    CHECK_FAILED(proc_read(NULL, listener, &byte, 1, PROC_FOREVER), EINVAL);
    close(listener);

    ends socket = ends_open(SOCKET, true);
    CHECK_INT(pipe(pipe_ends), 0);
    for (int is_short = 0; is_short < 2; is_short++) {
        int former = dup(socket.reading);
        read_until_empty(&socket);
        CHECK_INT(dup2(pipe_ends[1], socket.reading), socket.reading);
        CHECK_FAILED(proc_read(NULL, socket.reading, &byte, 1, is_short ? 0 : PROC_FOREVER), EBADF);
        CHECK_INT(dup2(former, socket.reading), socket.reading);
        close(former);
    }
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    ends_close(&socket);
}

static void was_socket(void) {
    FOR_EACH_ENDS(e) {
        ends socket = ends_open(SOCKET, true);
        char byte = 0;
        read_until_empty(&socket);
        CHECK_INT(dup2(e.writing, socket.reading), socket.reading);
        CHECK_INT(proc_write_all(NULL, socket.reading, "ab", 2, PROC_FOREVER), 2);
        ends_close(&socket);
        socket = ends_open(SOCKET, true);
        read_until_empty(&socket);
        CHECK_INT(dup2(e.reading, socket.reading), socket.reading);
        CHECK_INT(proc_read(NULL, socket.reading, &byte, 1, PROC_FOREVER), 1);
        CHECK_INT(byte, 'a');
        CHECK_INT(proc_read(NULL, socket.reading, &byte, 1, 0), 1);
        CHECK_FAILED(proc_read(NULL, socket.reading, &byte, 1, 0), ETIMEDOUT);
        ends_close(&socket);
    }
    ends socket = ends_open(SOCKET, true);
    char byte;
    read_until_empty(&socket);
    close(socket.reading);
    CHECK_FAILED(proc_read(NULL, socket.reading, &byte, 1, PROC_FOREVER), EBADF);
    CHECK_FAILED(proc_write_all(NULL, socket.reading, "x", 1, PROC_FOREVER), EBADF);
    int directory = open("/", O_RDONLY | O_DIRECTORY);
    CHECK_INT(dup2(directory, socket.reading), socket.reading);
    CHECK_FAILED(proc_read(NULL, socket.reading, &byte, 1, PROC_FOREVER), EISDIR);
    close(directory);
    ends_close(&socket);
}

CHECK_MAIN(CASE(no_flag), CASE(no_proc), CASE(lines), CASE(hung_up), CASE(datagrams),
           CASE(counters), CASE(read_empty), CASE(was_socket), CASE(fails_at_once),
           CASE(files_of_others))
