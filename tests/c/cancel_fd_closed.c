/* proc_cancel_fd in a program that closes descriptors which are not its own, as daemons close all. Laws:
 *
 *   errors_only       If the descriptor was closed, cancelling and releasing its handle work, and proc_wait does.
 *   asked_again       … and asking again gives another one, which works, also after the cancellation.
 *   reused            A file of the program that got the number is neither written to, shut down nor closed, whatever it
 *                     is: by the cancellation, by asking again, and by the release of the handle.
 *   reused_by_ours    … also if it is the descriptor of another handle.
 *   other_end         If only the end that is the library's was closed, or replaced, asking again gives another one, which works.
 *   close_all         All of that holds when the program closes everything, over and over, while handles come and go.
 *   sockets_forbidden Where the system forbids sockets of the family, as a hardened service may, there is still one.
 */
#include "fds.h"
#include "forbidden_call.h"
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void errors_only(void) {
    for (int cancelled = 0; cancelled <= 1; cancelled++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        CHECK_INT(close(proc_cancel_fd(cancel)), 0);
        if (cancelled) {
            proc_cancel_trigger(cancel, NULL);
            CHECK(proc_cancelled(cancel) && proc_wait(cancel, PROC_FOREVER));
        }
        proc_cancel_unref(cancel);
    }
}

static void asked_again(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int open = fds_open();
    close(proc_cancel_fd(cancel));
    int again = proc_cancel_fd(cancel);
    CHECK_QUIET(again);
    CHECK_INT(proc_cancel_fd(cancel), again);
    proc_cancel_trigger(cancel, NULL);
    CHECK_READABLE(again);
    close(again);
    CHECK_READABLE(proc_cancel_fd(cancel));
    proc_cancel_unref(cancel);
    CHECK_INT(fds_open(), open);
}

/* A file of the program, and how it tells that nobody has touched it. */
typedef struct file {
    int fd;
    int other; /* end, if it is a pipe or a socket */
    struct stat was;
} file;

enum { KINDS = 5, NUMBERS = 64 };

static file open_file(int kind) {
    file f = {.other = -1};
    int ends[2] = {-1, -1};
    FILE *temporary = NULL;
    switch (kind) {
    case 0:
        CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        break;
    case 1:
        CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
        break;
    case 2:
        CHECK_INT(pipe(ends), 0);
        break;
    case 3:
        ends[0] = eventfd(0, EFD_NONBLOCK);
        break;
    default:
        temporary = tmpfile();
        ends[0] = dup(fileno(temporary));
        fclose(temporary);
    }
    f.fd = ends[0];
    f.other = ends[1];
    CHECK_INT(fstat(f.fd, &f.was), 0);
    return f;
}

/* It is there, it is the same, and what is sent to it arrives. */
static void check_untouched(const file *f) {
    struct stat now;
    char byte = 0;
    CHECK_INT(fstat(f->fd, &now), 0);
    CHECK(now.st_dev == f->was.st_dev && now.st_ino == f->was.st_ino);
    CHECK_INT(now.st_size, 0);
    if (!S_ISREG(now.st_mode))
        CHECK_QUIET(f->fd);
    if (f->other >= 0) {
        CHECK_INT(write(f->other, "x", 1), 1);
        CHECK_INT(read(f->fd, &byte, 1), 1);
        CHECK_INT(byte, 'x');
    }
}

static void close_file(const file *f) {
    CHECK_INT(close(f->fd), 0);
    if (f->other >= 0)
        CHECK_INT(close(f->other), 0);
}

/* The file takes the number of the handle's descriptor, as by chance. */
static file take_number(proc_cancel *cancel, int kind) {
    int fd = proc_cancel_fd(cancel);
    file f = open_file(kind);
    CHECK_INT(dup2(f.fd, fd), fd);
    close(f.fd);
    f.fd = fd;
    return f;
}

static void reused(void) {
    for (int i = 0; i < KINDS * 4; i++) {
        bool cancelled = i / KINDS & 1, asked = i / KINDS & 2;
        proc_cancel *cancel = proc_cancel_new(NULL);
        file f = take_number(cancel, i % KINDS);
        if (cancelled)
            proc_cancel_trigger(cancel, NULL);
        check_untouched(&f);
        int again = asked ? proc_cancel_fd(cancel) : -1;
        CHECK(again != f.fd);
        if (asked)
            CHECK_INT(fd_state(again), cancelled ? POLLIN : 0);
        check_untouched(&f);
        proc_cancel_unref(cancel);
        check_untouched(&f);
        close_file(&f);
    }
}

/* The number that asking opens beside the one that it returns. */
static int opened_beside(proc_cancel *cancel) {
    bool was[NUMBERS];
    for (int fd = 0; fd < NUMBERS; fd++)
        was[fd] = fcntl(fd, F_GETFD) != -1;
    int asked = proc_cancel_fd(cancel), beside = -1;
    for (int fd = 0; fd < NUMBERS; fd++)
        if (fd != asked && !was[fd] && fcntl(fd, F_GETFD) != -1)
            beside = fd;
    return beside;
}

static void other_end(void) {
    for (int replaced = 0; replaced <= 1; replaced++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        int open = fds_open(), beside = opened_beside(cancel);
        file f = {-1, -1, {0}};
        if (replaced) {
            f = open_file(3);
            CHECK_INT(dup2(f.fd, beside), beside);
            CHECK_INT(close(f.fd), 0);
            f.fd = beside;
        } else {
            CHECK_INT(close(beside), 0);
        }
        int again = proc_cancel_fd(cancel);
        CHECK_QUIET(again);
        CHECK_INT(proc_cancel_fd(cancel), again);
        proc_cancel_trigger(cancel, NULL);
        CHECK_READABLE(again);
        proc_cancel_unref(cancel);
        if (replaced) {
            check_untouched(&f);
            close_file(&f);
        }
        CHECK_INT(fds_open(), open);
    }
}

static void reused_by_ours(void) {
    proc_cancel *first = proc_cancel_new(NULL), *second = proc_cancel_new(NULL);
    int fd = proc_cancel_fd(first);
    close(fd);
    CHECK_INT(proc_cancel_fd(second), fd);
    proc_cancel_trigger(first, NULL);
    CHECK_QUIET(fd);
    CHECK_READABLE(proc_cancel_fd(first));
    proc_cancel_unref(first);
    CHECK_INT(proc_cancel_fd(second), fd);
    proc_cancel_trigger(second, NULL);
    CHECK_READABLE(fd);
    proc_cancel_unref(second);
}

enum { HANDLES = 8 };

static void close_all_role(void) {
    proc_cancel *handles[HANDLES] = {NULL};
    size_t rounds = check_scaled(500);
    for (size_t round = 0; round < rounds; round++) {
        int ends[2];
        for (int i = 0; i < HANDLES; i++) {
            proc_cancel_unref(handles[i]);
            handles[i] = proc_cancel_new(i % 2 ? handles[i - 1] : NULL);
            CHECK(proc_cancel_fd(handles[i]) > STDERR_FILENO);
        }
        for (int fd = STDERR_FILENO + 1; fd < NUMBERS; fd++)
            close(fd);
        CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        proc_cancel_trigger(handles[round % HANDLES], NULL);
        CHECK_INT(fd_state(proc_cancel_fd(handles[1])), proc_cancelled(handles[1]) ? POLLIN : 0);
        CHECK_QUIET(ends[0]);
        CHECK_QUIET(ends[1]);
    }
    for (int i = 0; i < HANDLES; i++)
        proc_cancel_unref(handles[i]);
}

static void close_all(void) { child_run("close_all_role"); }

static void sockets_forbidden_role(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int open = fds_open();
    /* As systemd's RestrictAddressFamilies does it: socketpair() does not fail. */
    if (!forbid_call(SYS_socket, EAFNOSUPPORT))
        return;
    CHECK(socket(AF_UNIX, SOCK_STREAM, 0) == -1);
    int fd = proc_cancel_fd(cancel);
    CHECK_QUIET(fd);
    CHECK_INT(fds_open(), open + 2);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    proc_cancel_trigger(cancel, NULL);
    CHECK_READABLE(fd);
    proc_cancel_unref(cancel);
    CHECK_INT(fds_open(), open);
}

static void sockets_forbidden(void) { play_forbidden("sockets_forbidden_role"); }

CHECK_MAIN(CASE(errors_only), CASE(asked_again), CASE(reused), CASE(reused_by_ours),
           CASE(other_end), CASE(close_all), ROLE(close_all_role), CASE(sockets_forbidden),
           ROLE(sockets_forbidden_role))
