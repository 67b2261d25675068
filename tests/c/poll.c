/* proc_poll: poll(2) and a handle. (Descriptors, too many and too few: poll_fds.c; what comes while it waits:
 * poll_wakes.c) Laws:
 *
 *   like_poll         Without a cancellation the result and all revents are those of poll, with and without a handle.
 *   only_revents      Nothing of the array but its revents is written, and nothing beside it.
 *   time_is_up        It returns 0 once the time is up, and not before, with no revents; zero looks and does not wait.
 *   cancelled         In a cancelled handle it fails with ECANCELED at once, whatever the time, also where files are ready;
 *                     all revents are then 0.
 *   no_files          Count 0 waits as proc_wait does, and needs no descriptor.
 *   no_handle         NULL is never cancelled: files and time count.
 *   bad_input         More than 10,000, or NULL with a count: EINVAL, and nothing is written.
 */
#include "fds.h"
#include "leaf.h"
#include <sys/eventfd.h>

enum { FILES = 7 };

typedef struct files {
    int pipe[2], full[2], hung_up[2], ready;
    struct pollfd array[1 + FILES + 1]; /* with a neighbour on each side */
} files;

static files open_files(void) {
    files f;
    char bytes[4096] = {0};
    CHECK(pipe2(f.pipe, O_NONBLOCK) == 0 && pipe2(f.full, O_NONBLOCK) == 0);
    CHECK(pipe2(f.hung_up, O_NONBLOCK) == 0);
    while (write(f.full[1], bytes, sizeof bytes) > 0)
        ;
    close(f.hung_up[1]);
    f.ready = eventfd(1, EFD_NONBLOCK);
    struct pollfd filled[1 + FILES + 1] = {
        {-7, 0x55, 0x55},
        {f.pipe[0], POLLIN, 0x55},           /* nothing to read */
        {f.pipe[1], POLLOUT | POLLIN, 0x55}, /* room to write */
        {-1, POLLIN, 0x55},                  /* left out */
        {f.full[1], POLLOUT, 0x55},          /* no room */
        {f.hung_up[0], 0, 0x55},             /* POLLHUP, unasked */
        {1 << 20, POLLIN, 0x55},             /* POLLNVAL */
        {f.ready, POLLIN | POLLPRI, 0x55},
        {-7, 0x55, 0x55},
    };
    memcpy(f.array, filled, sizeof filled);
    return f;
}

static void close_files(files *f) {
    const int all[] = {f->pipe[0], f->pipe[1], f->full[0], f->full[1], f->hung_up[0], f->ready};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        CHECK_INT(close(all[i]), 0);
}

/* Compares what both say of each part of the array. */
static void check_like_poll(proc_cancel *cancel, files *f) {
    struct pollfd expected[1 + FILES + 1];
    for (nfds_t first = 0; first <= FILES; first++)
        for (nfds_t count = 0; first + count <= FILES; count++)
            for (int64_t time = count == 0 ? 0 : -1; time <= 1; time++) {
                memcpy(expected, f->array, sizeof expected);
                int ready = poll(expected + 1 + first, count, 0);
                if (ready == 0 && time < 0)
                    continue;
                CHECK_INT(proc_poll(cancel, f->array + 1 + first, count, time), ready);
                CHECK(memcmp(f->array, expected, sizeof expected) == 0);
            }
}

static void like_poll(void) {
    files f = open_files();
    proc_cancel *cancel = proc_cancel_new(NULL);
    check_like_poll(cancel, &f);
    check_like_poll(NULL, &f);
    CHECK_INT(proc_poll(cancel, f.array + 1, FILES, PROC_FOREVER), 4);
    proc_cancel_unref(cancel);
    close_files(&f);
}

static void only_revents(void) {
    files f = open_files();
    struct pollfd before[1 + FILES + 1];
    proc_cancel *cancel = proc_cancel_new(NULL);
    memcpy(before, f.array, sizeof before);
    for (int cancelled = 0; cancelled <= 1; cancelled++) {
        if (cancelled)
            proc_cancel_trigger(cancel, NULL);
        CHECK_INT(proc_poll(cancel, f.array + 1, FILES, 0), cancelled ? -1 : 4);
        for (int i = 0; i < 1 + FILES + 1; i++) {
            bool beside = i == 0 || i == 1 + FILES;
            CHECK(f.array[i].fd == before[i].fd && f.array[i].events == before[i].events);
            CHECK((f.array[i].revents == 0x55) == beside);
        }
    }
    proc_cancel_unref(cancel);
    close_files(&f);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void time_is_up(void) {
    const int64_t times[] = {0, 1, 999, PROC_MS(1), PROC_MS(20)};
    proc_cancel *cancel = proc_cancel_new(NULL);
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    for (int i = 0; i < 5 * 4; i++) {
        struct pollfd file = {ends[0], POLLIN, 0x55};
        bool none = i / 5 & 1, no_handle = i / 5 & 2;
        int64_t start = now();
        CHECK_INT(proc_poll(no_handle ? NULL : cancel, &file, none ? 0 : 1, times[i % 5]), 0);
        CHECK(now() - start >= times[i % 5]);
        CHECK_INT(file.revents, none ? 0x55 : 0);
    }
    close(ends[0]);
    close(ends[1]);
    proc_cancel_unref(cancel);
}

static void check_cancelled(proc_cancel *cancel, struct pollfd *array, nfds_t count) {
    const int64_t times[] = {0, 1, PROC_SECONDS(3600), INT64_MAX, PROC_FOREVER, INT64_MIN};
    for (int i = 0; i < 6; i++) {
        errno = 0;
        for (nfds_t j = 0; j < count; j++)
            array[j].revents = 0x55;
        CHECK_INT(proc_poll(cancel, array, count, times[i]), -1);
        CHECK_INT(errno, ECANCELED);
        for (nfds_t j = 0; j < count; j++)
            CHECK_INT(array[j].revents, 0);
    }
}

static void cancelled(void) {
    files f = open_files();
    proc_cancel *cancel = proc_cancel_new(NULL), *before = proc_cancel_new(cancel);
    CHECK_INT(proc_poll(before, f.array + 1, FILES, 0), 4);
    proc_cancel_trigger(cancel, NULL);
    check_cancelled(cancel, f.array + 1, FILES);
    check_cancelled(before, f.array + 1, FILES);
    check_cancelled(cancel, f.array + 1, 1);
    check_cancelled(cancel, NULL, 0);
    proc_cancel_unref(before);
    proc_cancel_unref(cancel);
    close_files(&f);
}

static void no_files(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int open = fds_open();
    struct rlimit former = fds_limit(0);
    CHECK_INT(proc_poll(cancel, NULL, 0, 0), 0);
    CHECK_INT(proc_poll(cancel, NULL, 0, PROC_MS(1)), 0);
    proc_cancel_trigger(cancel, NULL);
    check_cancelled(cancel, NULL, 0);
    fds_unlimit(former);
    CHECK_INT(fds_open(), open);
    proc_cancel_unref(cancel);
}

static void no_handle(void) {
    struct pollfd file = {eventfd(1, 0), POLLIN, 0};
    CHECK_INT(proc_poll(NULL, &file, 1, PROC_FOREVER), 1);
    CHECK_INT(file.revents, POLLIN);
    CHECK_INT(proc_poll(NULL, NULL, 0, 0), 0);
    CHECK_INT(proc_poll(NULL, NULL, 0, PROC_MS(1)), 0);
    close(file.fd);
}

enum { MOST = 10000 };

static void check_bad(proc_cancel *cancel, struct pollfd *array, nfds_t count) {
    const int64_t times[] = {0, PROC_MS(1), PROC_FOREVER};
    for (int i = 0; i < 3; i++) {
        errno = 0;
        CHECK_INT(proc_poll(cancel, array, count, times[i]), -1);
        CHECK_INT(errno, EINVAL);
    }
}

static void bad_input(void) {
    struct pollfd file = {STDERR_FILENO, POLLOUT, 0x55};
    proc_cancel *cancel = proc_cancel_new(NULL);
    for (int null = 0; null <= 1; null++) {
        proc_cancel *given = null ? NULL : cancel;
        check_bad(given, NULL, 1);
        check_bad(given, NULL, MOST + 1);
        check_bad(given, &file, MOST + 1);
        check_bad(given, &file, (nfds_t)-1);
        check_bad(given, &file, (nfds_t)1 << 32);
    }
    proc_cancel_trigger(cancel, NULL);
    check_bad(cancel, NULL, 1);
    check_bad(cancel, &file, MOST + 1);
    CHECK_INT(file.revents, 0x55);
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(like_poll), CASE(only_revents), CASE(time_is_up), CASE(cancelled), CASE(no_files),
           CASE(no_handle), CASE(bad_input))
