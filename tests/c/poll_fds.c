/* proc_poll and descriptors: many files, none to be had, and closed ones. Laws:
 *
 *   many              1 to 10,000 files.
 *   none_left         If the handle's descriptor cannot be made: EMFILE. Later it works.
 *   closed            It works in a program that has closed the handle's descriptor, also if another file has its number.
 *   closed_meanwhile  … also if that happens in the moment before the wait begins.
 *   closed_before     … and a wait of any length that has begun afterwards is ended by the cancellation.
 */
#include "dumped.h"
#include "fds.h"
#include "leaf.h"
#include <sys/eventfd.h>
#include <sys/syscall.h>

/* What the library calls to wait. Defined by its name for the linker: the C library's header may have it inline. */
int ppoll_here(struct pollfd *fds, nfds_t count, const struct timespec *time,
               const sigset_t *mask) __asm__("ppoll");

static void (*before_wait)(void); /* once */

int ppoll_here(struct pollfd *fds, nfds_t count, const struct timespec *time,
               const sigset_t *mask) {
    struct timespec left;
    if (time)
        left = *time; /* the kernel writes to it */
    if (before_wait) {
        void (*once)(void) = before_wait;
        before_wait = NULL;
        once();
    }
    return (int)syscall(SYS_ppoll, fds, count, time ? &left : NULL, mask, _NSIG / 8);
}

static void check_cancelled(proc_cancel *cancel, struct pollfd *array, nfds_t count) {
    errno = 0;
    CHECK_INT(proc_poll(cancel, array, count, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
    for (nfds_t i = 0; i < count && CHECK_INT(array[i].revents, 0); i++)
        ;
}

enum { MOST = 10000 };

static void check_count(proc_cancel *cancel, struct pollfd *array, nfds_t count, nfds_t ready) {
    for (nfds_t i = 0; i < count; i++)
        array[i].revents = 0x55;
    CHECK_INT(proc_poll(cancel, array, count, 0), (long long)ready);
    for (nfds_t i = 0; i < count; i++)
        if (array[i].revents != (i < count - ready ? 0 : POLLIN)) {
            CHECK_INT(array[i].revents, i < count - ready ? 0 : POLLIN);
            break;
        }
}

/* As many files as the system gives this program, up to the most; all are quiet but the last. */
static void many(void) {
    static struct pollfd array[MOST];
    proc_cancel *cancel = proc_cancel_new(NULL);
    struct rlimit limit, former;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &former), 0);
    limit = former;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int quiet = eventfd(0, 0), ready = eventfd(1, 0);
    nfds_t count = 0;
    CHECK(proc_cancel_fd(cancel) >= 0);
    for (int fd; count < MOST && (fd = dup(count < MOST - 1 ? quiet : ready)) >= 0; count++)
        array[count] = (struct pollfd){fd, POLLIN, 0};
    if (count < MOST)
        printf("many: %d files instead of %d, which is all that this system gives\n", (int)count,
               MOST);
    const nfds_t counts[] = {1, 2, 14, 15, 16, 17, 1000, 1023, 1024, 1025, MOST - 1, MOST};
    for (int i = 0; i < 12; i++)
        if (counts[i] <= count)
            check_count(cancel, array, counts[i], counts[i] == MOST);
    CHECK_INT(dup2(ready, array[count - 1].fd), array[count - 1].fd);
    check_count(cancel, array, count, 1);
    check_count(NULL, array, count, 1);
    proc_cancel_trigger(cancel, NULL);
    check_cancelled(cancel, array, count);
    for (nfds_t i = 0; i < count; i++)
        close(array[i].fd);
    close(quiet);
    close(ready);
    proc_cancel_unref(cancel);
    setrlimit(RLIMIT_NOFILE, &former);
}

static void none_left(void) {
    struct pollfd file = {eventfd(1, 0), POLLIN, 0x55};
    proc_cancel *cancel = proc_cancel_new(NULL);
    struct rlimit former = fds_limit(0);
    for (int i = 0; i < 3; i++) {
        errno = 0;
        CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), -1);
        CHECK_INT(errno, EMFILE);
        CHECK_INT(file.revents, 0x55);
    }
    CHECK_INT(proc_poll(NULL, &file, 1, PROC_FOREVER), 1);
    fds_unlimit(former);
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), 1);
    former = fds_limit(0);
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), 1); /* It has one now. */
    proc_cancel_trigger(cancel, NULL);
    check_cancelled(cancel, &file, 1);
    fds_unlimit(former);
    proc_cancel_unref(cancel);
    cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    former = fds_limit(0);
    check_cancelled(cancel, &file, 1); /* To be cancelled needs none. */
    fds_unlimit(former);
    proc_cancel_unref(cancel);
    close(file.fd);
}

static void closed(void) {
    int quiet = eventfd(0, 0), ready = eventfd(1, 0);
    const int takes_number[] = {-1, quiet, ready};
    for (int i = 0; i < 3; i++) {
        struct pollfd file = {quiet, POLLIN, 0x55};
        proc_cancel *cancel = proc_cancel_new(NULL);
        int fd = proc_cancel_fd(cancel);
        close(fd);
        if (takes_number[i] >= 0)
            CHECK_INT(dup2(takes_number[i], fd), fd);
        CHECK_INT(proc_poll(cancel, &file, 1, PROC_MS(1)), 0);
        CHECK_INT(file.revents, 0);
        proc_cancel_trigger(cancel, NULL);
        check_cancelled(cancel, &file, 1);
        proc_cancel_unref(cancel);
        if (takes_number[i] >= 0)
            CHECK_INT(close(fd), 0);
    }
    close(quiet);
    close(ready);
}

static int replaced_fd, replaced_by;
static atomic_int replacements;

static void replace(void) {
    replacements++;
    if (replaced_by >= 0)
        CHECK_INT(dup2(replaced_by, replaced_fd), replaced_fd);
    else
        CHECK_INT(close(replaced_fd), 0);
}

static void closed_meanwhile(void) {
    int ready = eventfd(1, 0);
    const int takes_number[] = {-1, ready};
    for (int i = 0; i < 2 * 2; i++) {
        bool file_too = i / 2;
        struct pollfd file = {eventfd(file_too, 0), POLLIN, 0x55};
        proc_cancel *cancel = proc_cancel_new(NULL);
        replaced_fd = proc_cancel_fd(cancel);
        replaced_by = takes_number[i % 2];
        replacements = 0;
        before_wait = replace;
        CHECK_INT(proc_poll(cancel, &file, 1, PROC_MS(1)), file_too);
        CHECK_INT(replacements, 1);
        CHECK_INT(file.revents, file_too ? POLLIN : 0);
        proc_cancel_trigger(cancel, NULL);
        check_cancelled(cancel, &file, 1);
        proc_cancel_unref(cancel);
        if (replaced_by >= 0)
            CHECK_INT(close(replaced_fd), 0);
        close(file.fd);
    }
    close(ready);
}

static proc_error *poll_for_ever(proc_cancel *cancel, void *user_data) {
    struct pollfd file = {*(int *)user_data, POLLIN, 0x55};
    check_cancelled(cancel, &file, 1);
    return NULL;
}

/* Cancelled at once, or only when it has noticed, and has another descriptor. */
static void closed_before(void) {
    int quiet = eventfd(0, 0);
    const int takes_number[] = {-1, quiet};
    for (int i = 0; i < 2 * 2; i++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        int fd = proc_cancel_fd(cancel), number = takes_number[i % 2];
        CHECK_INT(number < 0 ? close(fd) : dup2(number, fd), number < 0 ? 0 : fd);
        proc_job *job = proc_start(proc_new(poll_for_ever, &quiet, NULL), cancel, NULL, NULL);
        free(dump_until(", proc_poll\n", 1));
        for (int open = fds_open(); i / 2 && number >= 0 && fds_open() == open;)
            ;
        proc_cancel_trigger(cancel, NULL);
        CHECK_OK(proc_job_join(job));
        proc_cancel_unref(cancel);
        if (number >= 0)
            CHECK_INT(close(fd), 0);
    }
    close(quiet);
}

CHECK_MAIN(CASE(many), CASE(none_left), CASE(closed), CASE(closed_meanwhile), CASE(closed_before))
