/* uses.h: uses of everything that the library does, each of which checks that it does. They run in any number of threads at
 * the same time, in any process.
 */
#ifndef USES_H
#define USES_H

#include "fds.h"
#include "leaf.h"
#include <sys/mman.h>

enum { USES_THREADS = 3 };

static inline proc_error *use_meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, USES_THREADS);
    return NULL;
}

static inline proc_error *use_wait(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK(proc_wait(cancel, PROC_FOREVER));
    return proc_cancel_error(cancel);
}

/* Members that wait for each other, and members that are cancelled because one fails. */
static inline void use_trees(void) {
    gate all;
    gate_init(&all);
    proc_impl *meet = proc_new(use_meet, &all, NULL), *wait = proc_new(use_wait, NULL, NULL);
    CHECK_OK(proc_run(proc_task("meet", PROC_GROUP(proc_ref(meet), proc_ref(meet), meet)), NULL));
    CHECK_FAILS(proc_run(proc_task("t", PROC_GROUP(proc_ref(wait), wait, failing("broken"))), NULL),
                EIO, "t: broken");
    CHECK_FAILS(proc_run(PROC_CONCURRENT(failing("x"), failing("x")), NULL), EIO,
                "2 errors:\n- x\n- x");
}

static inline void use_count(void *user_data) { atomic_fetch_add((atomic_int *)user_data, 1); }

/* Jobs that end, and one that is cancelled. */
static inline void use_jobs(void) {
    atomic_int done = 0;
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_job *soon = proc_start(succeeding(), NULL, use_count, &done);
    proc_job *late = proc_start(proc_new(use_wait, NULL, NULL), cancel, use_count, &done);
    CHECK_BECOMES_READABLE(proc_job_fd(soon));
    CHECK_OK(proc_job_join(soon));
    CHECK(!proc_job_wait(late, 0));
    proc_cancel_trigger(cancel, proc_error_new(77, "over"));
    CHECK_FAILS(proc_job_join(late), 77, "over");
    CHECK_INT(done, 2);
    proc_cancel_unref(cancel);
}

/* Handles below each other, with a hook and a descriptor. */
static inline void use_cancels(void) {
    atomic_int runs = 0;
    proc_cancel *above = proc_cancel_new(NULL), *below = proc_cancel_new(above);
    proc_hook *hook = proc_on_cancel(below, use_count, &runs);
    int fd = proc_cancel_fd(below);
    CHECK_QUIET(fd);
    proc_cancel_trigger(above, proc_error_new(77, "over"));
    CHECK_READABLE(fd);
    CHECK_INT(proc_error_code(proc_cancel_cause(below)), 77);
    CHECK_INT(runs, 1);
    proc_hook_remove(hook);
    proc_cancel_unref(above);
    proc_cancel_unref(below);
}

static inline proc_error *use_poll(proc_cancel *cancel, void *user_data) {
    struct pollfd file = {.fd = *(int *)user_data, .events = POLLIN};
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
    return proc_cancel_error(cancel);
}

static inline proc_error *use_read(proc_cancel *cancel, void *user_data) {
    char byte;
    CHECK_INT(proc_read(cancel, *(int *)user_data, &byte, 1, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
    return proc_cancel_error(cancel);
}

/* Waiting, which a cancellation on another thread ends. */
static inline void use_waits(void) {
    int ends[2];
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    CHECK_FAILS(
        proc_run(PROC_GROUP(proc_new(use_poll, &ends[0], NULL), proc_new(use_wait, NULL, NULL),
                            proc_new(use_read, &ends[0], NULL), failing("over")),
                 NULL),
        EIO, "over");
    close(ends[0]);
    close(ends[1]);
}

/* The tree that runs now, as text. */
static inline void uses_dump(char *text, size_t size) {
    int fd = memfd_create("dump", MFD_CLOEXEC);
    CHECK_OK(proc_dump(fd, PROC_DUMP_JSON));
    CHECK_INT(ftruncate(fd, 0), 0);
    CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
    CHECK_OK(proc_dump(fd, PROC_DUMP_TEXT));
    ssize_t length = pread(fd, text, size - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    close(fd);
}

static inline proc_error *use_dump_here(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    char text[1 << 14];
    uses_dump(text, sizeof text);
    CHECK_HAS(text, "dumper");
    return NULL;
}

static inline void use_dumps(void) {
    CHECK_OK(proc_run(proc_task("dumper", proc_new(use_dump_here, NULL, NULL)), NULL));
}

static void (*const uses[])(void) = {use_trees, use_jobs, use_cancels, use_waits, use_dumps};
enum { USES = sizeof uses / sizeof *uses };

static inline void use_all(void) {
    for (int i = 0; i < USES; i++)
        uses[i]();
}

#endif
