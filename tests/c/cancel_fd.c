/* proc_cancel_fd: a descriptor for event loops. (When others close it: cancel_fd_closed.c) Laws:
 *
 *   one_a_handle      A handle has one, the same however often it is asked for, and it opens two; others have others.
 *   one_for_threads   … also if threads ask at the same moment.
 *   flags             It is close-on-exec and does not block.
 *   quiet_before      It is not readable before the cancellation, and reading it gives EAGAIN at once.
 *   readable_for_good It is readable after it, for poll, select and epoll, and stays so, whatever is read from it.
 *   end_of_file       Reading it then gives the end of the file, also to who blocks there by a duplicate; to event loops it is a stream.
 *   asked_late        … also if it was asked for when the handle was cancelled already.
 *   from_above        … also if the cancellation came from above.
 *   wakes             It wakes who waits in poll or in epoll, level- or edge-triggered, for ever.
 *   at_once           A cancellation that comes as the descriptor is asked for is not missed.
 *   closed_with_it    It is closed with the handle, cancelled or not.
 *   none_left         Out of descriptors: -1 and EMFILE; nothing is broken, and it works when there are some again.
 *   bad_input         NULL: -1 and EINVAL.
 */
#include "asleep.h"
#include "fds.h"
#include "leaf.h"
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

static void one_a_handle(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *below = proc_cancel_new(cancel);
    int open = fds_open(), fd = proc_cancel_fd(cancel);
    CHECK(fd >= 0);
    for (int i = 0; i < 100; i++)
        CHECK_INT(proc_cancel_fd(cancel), fd);
    CHECK_INT(fds_open(), open + 2);
    CHECK(proc_cancel_fd(below) != fd);
    CHECK_INT(fds_open(), open + 4);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(proc_cancel_fd(cancel), fd);
    proc_cancel_unref(below);
    proc_cancel_unref(cancel);
    CHECK_INT(fds_open(), open);
}

enum { THREADS = 4 };

typedef struct asking {
    gate start;
    proc_cancel *cancel;
    atomic_int next;
    int fds[THREADS];
} asking;

static proc_error *ask(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    asking *a = user_data;
    GATE_MEET(&a->start, THREADS);
    a->fds[a->next++] = proc_cancel_fd(a->cancel);
    return NULL;
}

static void one_for_threads(void) {
    size_t rounds = check_scaled(300);
    for (size_t round = 0; round < rounds; round++) {
        asking a = {.cancel = proc_cancel_new(NULL)};
        int open = fds_open();
        gate_init(&a.start);
        proc_impl *impls[THREADS];
        for (int i = 0; i < THREADS; i++)
            impls[i] = proc_new(ask, &a, NULL);
        CHECK_OK(proc_run(proc_concurrent(impls, THREADS), NULL));
        for (int i = 0; i < THREADS; i++)
            CHECK(a.fds[i] >= 0 && a.fds[i] == a.fds[0]);
        CHECK_INT(fds_open(), open + 2);
        proc_cancel_unref(a.cancel);
    }
}

static void flags(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int fd = proc_cancel_fd(cancel);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    proc_cancel_unref(cancel);
}

static void quiet_before(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    char byte;
    int fd = proc_cancel_fd(cancel);
    CHECK_QUIET(fd);
    CHECK(read(fd, &byte, 1) == -1 && errno == EAGAIN);
    CHECK_QUIET(fd);
    proc_cancel_unref(cancel);
}

static bool selected(int fd) {
    fd_set readable;
    struct timeval no_time = {0};
    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    return select(fd + 1, &readable, NULL, NULL, &no_time) == 1 && FD_ISSET(fd, &readable);
}

/* A new epoll that watches it. */
static int epoll_of(int fd, uint32_t how) {
    struct epoll_event event = {.events = EPOLLIN | how};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK_INT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    return epoll;
}

static int epoll_look(int epoll, int milliseconds) {
    struct epoll_event event;
    return epoll_wait(epoll, &event, 1, milliseconds);
}

static void check_for_good(int fd) {
    int level = epoll_of(fd, 0), edge = epoll_of(fd, EPOLLET);
    CHECK_INT(epoll_look(edge, 0), 1);
    for (int i = 0; i < 3; i++) {
        char bytes[100];
        CHECK_READABLE(fd);
        CHECK(selected(fd));
        CHECK_INT(epoll_look(level, 0), 1);
        CHECK(read(fd, bytes, sizeof bytes) <= 0);
    }
    close(level);
    close(edge);
}

static void readable_for_good(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int fd = proc_cancel_fd(cancel), level = epoll_of(fd, 0), edge = epoll_of(fd, EPOLLET);
    CHECK(!selected(fd));
    CHECK(epoll_look(level, 0) == 0 && epoll_look(edge, 0) == 0);
    proc_cancel_trigger(cancel, NULL);
    CHECK(epoll_look(level, 0) == 1 && epoll_look(level, 0) == 1);
    CHECK_INT(epoll_look(edge, 0), 1);
    check_for_good(fd);
    close(level);
    close(edge);
    proc_cancel_unref(cancel);
}

/* As those do that only wait by reading. */
static proc_error *read_to_end(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    char byte;
    CHECK_INT(read(*(int *)user_data, &byte, 1), 0);
    return NULL;
}

static void end_of_file(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int copy = dup(proc_cancel_fd(cancel)), type = 0;
    struct sockaddr_storage peer;
    socklen_t size = sizeof type, peer_size = sizeof peer;
    CHECK_INT(getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &size), 0);
    CHECK_INT(type, SOCK_STREAM);
    CHECK_INT(getpeername(copy, (struct sockaddr *)&peer, &peer_size), 0);
    CHECK_INT(fcntl(copy, F_SETFL, 0), 0);
    proc_job *reader = proc_start(proc_new(read_to_end, &copy, NULL), NULL, NULL, NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_OK(proc_job_join(reader));
    proc_cancel_unref(cancel);
    CHECK_OK(read_to_end(NULL, &copy));
    close(copy);
}

static void asked_late(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    check_for_good(proc_cancel_fd(cancel));
    proc_cancel *below = proc_cancel_new(cancel);
    check_for_good(proc_cancel_fd(below));
    proc_cancel_unref(below);
    proc_cancel_unref(cancel);
}

static void from_above(void) {
    proc_cancel *root = proc_cancel_new(NULL), *below = proc_cancel_new(root);
    int above = proc_cancel_fd(root), fd = proc_cancel_fd(below);
    proc_cancel_trigger(below, NULL);
    CHECK_QUIET(above);
    CHECK_READABLE(fd);
    proc_cancel_unref(below);
    below = proc_cancel_new(root);
    fd = proc_cancel_fd(below);
    proc_cancel_trigger(root, NULL);
    check_for_good(above);
    check_for_good(fd);
    proc_cancel_unref(below);
    proc_cancel_unref(root);
}

typedef struct watch {
    gate *ready;
    proc_cancel *cancel;
    int epoll; /* negative: poll */
} watch;

static proc_error *wait_there(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    watch *w = user_data;
    int milliseconds = (int)check_deadline() * 1000;
    struct pollfd p = {.fd = proc_cancel_fd(w->cancel), .events = POLLIN};
    gate_open(w->ready);
    CHECK_INT(w->epoll < 0 ? poll(&p, 1, milliseconds) : epoll_look(w->epoll, milliseconds), 1);
    CHECK(proc_cancelled(w->cancel));
    return NULL;
}

static proc_error *cancel_when_ready(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    watch *w = user_data;
    GATE_WAIT_FOR(w->ready, 3);
    proc_cancel_trigger(w->cancel, NULL);
    return NULL;
}

static void wakes(void) {
    size_t rounds = check_scaled(300);
    for (size_t round = 0; round < rounds; round++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        gate ready;
        gate_init(&ready);
        int fd = proc_cancel_fd(cancel), level = epoll_of(fd, 0), edge = epoll_of(fd, EPOLLET);
        watch in_poll = {&ready, cancel, -1}, in_level = {&ready, cancel, level},
              in_edge = {&ready, cancel, edge};
        CHECK_OK(proc_run(PROC_CONCURRENT(proc_new(wait_there, &in_poll, NULL),
                                          proc_new(wait_there, &in_level, NULL),
                                          proc_new(wait_there, &in_edge, NULL),
                                          proc_new(cancel_when_ready, &in_poll, NULL)),
                          NULL));
        close(level);
        close(edge);
        proc_cancel_unref(cancel);
    }
}

static proc_error *cancel_at_once(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    watch *w = user_data;
    GATE_MEET(w->ready, 2);
    proc_cancel_trigger(w->cancel, NULL);
    return NULL;
}

static proc_error *ask_at_once(proc_cancel *cancel, void *user_data) {
    watch *w = user_data;
    GATE_MEET(w->ready, 2);
    return wait_there(cancel, w);
}

static void at_once(void) {
    size_t rounds = check_scaled(1000);
    for (size_t round = 0; round < rounds; round++) {
        gate ready;
        gate_init(&ready);
        watch w = {&ready, proc_cancel_new(NULL), -1};
        CHECK_OK(proc_run(
            PROC_CONCURRENT(proc_new(cancel_at_once, &w, NULL), proc_new(ask_at_once, &w, NULL)),
            NULL));
        proc_cancel_unref(w.cancel);
    }
}

static void closed_with_it(void) {
    int open = fds_open();
    for (int cancelled = 0; cancelled <= 1; cancelled++) {
        proc_cancel *root = proc_cancel_new(NULL), *cancel = proc_cancel_new(root);
        CHECK(proc_cancel_fd(cancel) >= 0);
        if (cancelled)
            proc_cancel_trigger(root, NULL);
        CHECK_INT(fds_open(), open + 2);
        proc_cancel_unref(cancel);
        CHECK_INT(fds_open(), open);
        proc_cancel_unref(root);
    }
}

static void none_left(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *other = proc_cancel_new(cancel);
    int fd = proc_cancel_fd(other);
    int between = fcntl(STDERR_FILENO, F_DUPFD, fds_free_above(1)); /* The numbers are no row. */
    struct rlimit former = fds_limit(1);                            /* one is not enough */
    for (int i = 0; i < 3; i++) {
        errno = 0;
        CHECK_INT(proc_cancel_fd(cancel), -1);
        /* Under valgrind, socketpair succeeds then, and what it gives is closed. */
        CHECK_INT(errno, order_is_seen() ? EMFILE : EBADF);
        CHECK_INT(proc_cancel_fd(other), fd);
    }
    CHECK(!proc_cancelled(cancel));
    fds_unlimit(former);
    former = fds_limit(2);
    int late = proc_cancel_fd(cancel);
    fds_unlimit(former);
    CHECK_QUIET(late);
    proc_cancel_trigger(cancel, NULL);
    CHECK_READABLE(late);
    CHECK_READABLE(fd);
    close(between);
    proc_cancel_unref(other);
    proc_cancel_unref(cancel);
}

static void bad_input(void) {
    errno = 0;
    CHECK_INT(proc_cancel_fd(NULL), -1);
    CHECK_INT(errno, EINVAL);
}

CHECK_MAIN(CASE(one_a_handle), CASE(one_for_threads), CASE(flags), CASE(quiet_before),
           CASE(readable_for_good), CASE(end_of_file), CASE(asked_late), CASE(from_above),
           CASE(wakes), CASE(at_once), CASE(closed_with_it), CASE(none_left), CASE(bad_input))
