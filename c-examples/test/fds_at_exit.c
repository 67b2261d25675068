/* fds_at_exit: linked into a program, makes it fail if it ends with more descriptors open than it began with.
 *
 * Pipes are not counted: libuv keeps one for signals until after the end of the program. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1024 };

static int at_start;

static int count(void) {
    int open = 0;
    for (int fd = 0; fd < MOST; fd++) {
        char name[40], what[PATH_MAX];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(name, what, sizeof what);
        open += size >= 0 && strncmp(what, "pipe:", 5) != 0;
    }
    return open;
}

static __attribute__((constructor)) void begin(void) { at_start = count(); }

static __attribute__((destructor)) void end(void) {
    int open = count() - at_start;
    if (open == 0)
        return;
    fprintf(stderr, "fds_at_exit: %d more than at the start\n", open);
    _exit(99);
}
