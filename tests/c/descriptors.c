/* The library opens no file descriptor: a daemon that closes all of them, in whatever moment, closes none of its. Laws:
 *
 *   interposed       (The tests of this file see calls of open.)
 *   fan_out          The first fan-out of a program, with all threads that it needs, opens none.
 *   under_main       … also under proc_main.
 */
#include "child.h"
#include "leaf.h"
#include <sys/syscall.h>

/* Defined by their names for the linker: the C library's header may have them as macros or inline. */
int open_here(const char *path, int flags, mode_t mode) __asm__("open");
int open64_here(const char *path, int flags, mode_t mode) __asm__("open64");
int openat_here(int directory, const char *path, int flags, mode_t mode) __asm__("openat");
int openat64_here(int directory, const char *path, int flags, mode_t mode) __asm__("openat64");

static atomic_int opened;

int openat_here(int directory, const char *path, int flags, mode_t mode) {
    opened++;
    return (int)syscall(SYS_openat, directory, path, flags, mode);
}

int openat64_here(int directory, const char *path, int flags, mode_t mode) {
    return openat_here(directory, path, flags, mode);
}

int open_here(const char *path, int flags, mode_t mode) {
    return openat_here(AT_FDCWD, path, flags, mode);
}

int open64_here(const char *path, int flags, mode_t mode) {
    return openat_here(AT_FDCWD, path, flags, mode);
}

enum { CHILDREN = 5, DESCRIPTORS = 1024 };

typedef struct descriptors {
    bool is_open[DESCRIPTORS];
} descriptors;

static descriptors look(void) {
    descriptors now;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        now.is_open[fd] = fcntl(fd, F_GETFD) != -1;
    return now;
}

static descriptors before;

static void check_same(void) {
    descriptors now = look();
    CHECK(memcmp(&now, &before, sizeof now) == 0);
    CHECK_INT(opened, 0);
}

static gate all;

/* When they have met, all threads that the library has are there, and the one that sent them too. */
static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_MEET(&all, CHILDREN);
    check_same();
    return NULL;
}

static proc_impl *meeting(void) {
    proc_impl *impls[CHILDREN];
    gate_init(&all);
    before = look();
    for (int i = 0; i < CHILDREN; i++)
        impls[i] = proc_new(meet, NULL, NULL);
    return proc_group(impls, CHILDREN);
}

static void interposed(void) {
    int fd = open("/dev/null", O_RDONLY);
    CHECK(fd >= 0 && opened == 1);
    descriptors with = look();
    close(fd);
    descriptors without = look();
    CHECK(with.is_open[fd] && !without.is_open[fd]);
    opened = 0;
}

static void fan_out_role(void) {
    CHECK_OK(proc_run(meeting(), NULL));
    check_same();
}

static void under_main_role(void) {
    CHECK_OK(proc_main(meeting()));
    check_same();
}

static void fan_out(void) { child_run("fan_out_role"); }
static void under_main(void) { child_run("under_main_role"); }

CHECK_MAIN(CASE(interposed), CASE(fan_out), ROLE(fan_out_role), CASE(under_main),
           ROLE(under_main_role))
