/* ends.h: what is written at one end is read at the other: pipes, named ones, sockets, terminals in both directions; each with
 * descriptors that are blocking and such that are not. FOR_EACH_ENDS(e) is a loop over all of them, which are closed after each round.
 */
#ifndef ENDS_H
#define ENDS_H

#include "check.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

enum { PIPE, NAMED_PIPE, SOCKET, TERMINAL, MASTER, ENDS_KINDS }; /* what is read from */

typedef struct ends {
    int kind;
    bool blocking;
    int reading, writing; /* -1: closed */
} ends;

/* The result is -1, and errno that. */
#define CHECK_FAILED(call, code)                                                                   \
    (errno = 0, CHECK_INT((call), -1),                                                             \
     check_int(errno, (code), "errno of " #call, __FILE__, __LINE__))

/* Both are open for reading and writing. Bytes pass it as they are. */
static inline void ends_terminal(int *master, int *terminal) {
    struct termios raw;
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0);
    *terminal = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK_INT(tcgetattr(*terminal, &raw), 0);
    cfmakeraw(&raw);
    CHECK_INT(tcsetattr(*terminal, TCSANOW, &raw), 0);
}

static inline void ends_named_pipe(int fds[2]) {
    char directory[] = "/tmp/procession_XXXXXX", path[sizeof directory + 5];
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/pipe", directory);
    CHECK_INT(mkfifo(path, 0600), 0);
    fds[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    fds[1] = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fds[0] >= 0 && fds[1] >= 0);
    unlink(path);
    rmdir(directory);
}

static inline void ends_set_blocking(int fd, bool blocking) {
    int flags = fcntl(fd, F_GETFL) & ~O_NONBLOCK;
    CHECK_INT(fcntl(fd, F_SETFL, flags | (blocking ? 0 : O_NONBLOCK)), 0);
}

static inline ends ends_open(int kind, bool blocking) {
    int fds[2] = {-1, -1};
    switch (kind) {
    case PIPE:
        CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
        break;
    case NAMED_PIPE:
        ends_named_pipe(fds);
        break;
    case SOCKET:
        CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        break;
    case TERMINAL:
        ends_terminal(&fds[1], &fds[0]);
        break;
    default:
        ends_terminal(&fds[0], &fds[1]);
    }
    ends_set_blocking(fds[0], blocking);
    ends_set_blocking(fds[1], blocking);
    return (ends){kind, blocking, fds[0], fds[1]};
}

static inline void ends_close(ends *e) {
    if (e->reading >= 0)
        close(e->reading);
    if (e->writing >= 0)
        close(e->writing);
    e->reading = e->writing = -1;
}

#define FOR_EACH_ENDS(e)                                                                           \
    for (int round = 0; round < 2 * ENDS_KINDS; round++)                                           \
        for (ends e = ends_open(round / 2, round % 2); e.kind >= 0; ends_close(&e), e.kind = -1)

/* Reads what there is, without waiting. */
static inline size_t ends_drain(ends *e) {
    static _Thread_local char got[1 << 16];
    size_t size = 0;
    ssize_t part;
    while ((part = proc_read(NULL, e->reading, got, sizeof got, 0)) > 0)
        size += (size_t)part;
    CHECK_INT(part, -1);
    CHECK_INT(errno, ETIMEDOUT);
    return size;
}

/* Until it takes no more. */
static inline void ends_fill(ends *e) {
    static const char much[1 << 22];
    CHECK_FAILED(proc_write_all(NULL, e->writing, much, sizeof much, 0), ETIMEDOUT);
}

/* Where a byte of so much data is, and so which one it is. */
static inline char ends_byte(size_t at) { return (char)(at * 7 + at / 251); }

/* So much as is to pass. */
typedef struct ends_much {
    ends *ends;
    char *bytes;
    size_t size;
} ends_much;

static inline proc_error *ends_write_much(proc_cancel *cancel, void *user_data) {
    ends_much *m = user_data;
    CHECK_INT(proc_write_all(cancel, m->ends->writing, m->bytes, m->size, PROC_FOREVER),
              (long long)m->size);
    return NULL;
}

static inline proc_error *ends_read_much(proc_cancel *cancel, void *user_data) {
    ends_much *m = user_data;
    char got[5000];
    size_t at = 0;
    while (at < m->size) {
        ssize_t part = proc_read(cancel, m->ends->reading, got, sizeof got, PROC_FOREVER);
        if (!CHECK(part > 0 && memcmp(got, m->bytes + at, (size_t)part) == 0))
            abort();
        at += (size_t)part;
    }
    return NULL;
}

/* Writes so much at one end, and reads it at the other. */
static inline void ends_pass_much(ends *e, size_t size) {
    if (e->kind == TERMINAL && e->blocking && size > 1 << 14)
        size = 1 << 14; /* A master is written to byte by byte. */
    ends_much m = {e, malloc(size), size};
    for (size_t i = 0; i < size; i++)
        m.bytes[i] = ends_byte(i);
    CHECK_OK(proc_run(
        PROC_CONCURRENT(proc_new(ends_write_much, &m, NULL), proc_new(ends_read_much, &m, NULL)),
        NULL));
    free(m.bytes);
}

#endif
