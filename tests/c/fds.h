/* fds.h: descriptors as a test sees them: how many are open, whether one is readable, and none left to be had. */
#ifndef FDS_H
#define FDS_H

#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

/* Counts without opening one that it would count. */
static inline int fds_open(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

/* What poll says of it now. */
static inline short fd_state(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK(poll(&p, 1, 0) >= 0);
    return p.revents;
}

#define CHECK_READABLE(fd) CHECK_INT(fd_state(fd), POLLIN)
#define CHECK_QUIET(fd) CHECK_INT(fd_state(fd), 0)

/* Waits for it, as long as at a gate. */
static inline int fd_awaited(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, (int)check_deadline() * 1000);
}

#define CHECK_BECOMES_READABLE(fd) CHECK_INT(fd_awaited(fd), 1)

/* The lowest number that is free when so many others below it are taken. */
static inline int fds_free_above(unsigned others) {
    int lowest = dup(STDERR_FILENO);
    CHECK(lowest >= 0);
    int found = others == 0 ? lowest : fds_free_above(others - 1);
    close(lowest);
    return found;
}

/* Lets the program open no more than `left` descriptors from now on; returns the former limit. Among the numbers that are free, there may be
 * some that whoever has started the program has left open. */
static inline struct rlimit fds_limit(unsigned left) {
    struct rlimit former, now;
    int first_refused = fds_free_above(left);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &former), 0);
    now = former;
    now.rlim_cur = (rlim_t)first_refused;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &now), 0);
    return former;
}

static inline void fds_unlimit(struct rlimit former) {
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &former), 0);
}

#endif
