/* listening.h: sockets that listen, of TCP and AF_UNIX, and who connects to them. Those who did are kept, and closed with it. */
#ifndef LISTENING_H
#define LISTENING_H

#include "ends.h"
#include <netinet/in.h>
#include <sys/un.h>

enum { TCP, LOCAL, LISTENING_KINDS };
enum { LISTENING_MOST = 400 };

typedef struct listening {
    bool blocking; /* the sockets that connect, too */
    int fd;
    struct sockaddr_storage address;
    socklen_t size;
    pthread_mutex_t mutex;
    int clients[LISTENING_MOST];
    int count;
} listening;

/* One client may wait to be accepted; or two: the kernel's own reckoning. */
static inline listening listening_open(int kind, bool blocking) {
    listening l = {
        .blocking = blocking, .mutex = PTHREAD_MUTEX_INITIALIZER, .size = sizeof l.address};
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX}; /* the kernel chooses a name */
    l.fd = socket(kind == TCP ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(kind == TCP ? bind(l.fd, (struct sockaddr *)&inet, sizeof inet)
                          : bind(l.fd, (struct sockaddr *)&local, sizeof local.sun_family),
              0);
    CHECK_INT(listen(l.fd, 0), 0);
    CHECK_INT(getsockname(l.fd, (struct sockaddr *)&l.address, &l.size), 0);
    ends_set_blocking(l.fd, blocking);
    return l;
}

/* A socket of its kind, which is closed with it. */
static inline int listening_socket(listening *l) {
    int how = SOCK_STREAM | SOCK_CLOEXEC | (l->blocking ? 0 : SOCK_NONBLOCK);
    int fd = socket(l->address.ss_family, how, 0);
    pthread_mutex_lock(&l->mutex);
    CHECK(fd >= 0 && l->count < LISTENING_MOST);
    l->clients[l->count++] = fd;
    pthread_mutex_unlock(&l->mutex);
    return fd;
}

/* -1, or the socket. */
static inline int listening_connect(listening *l, proc_cancel *cancel, int64_t timeout_ns) {
    int fd = listening_socket(l);
    return proc_connect(cancel, fd, (struct sockaddr *)&l->address, l->size, timeout_ns) ? -1 : fd;
}

/* Until there is no room for further ones. */
static inline void listening_fill(listening *l) {
    int64_t time = l->address.ss_family == AF_UNIX ? 0 : PROC_MS(100);
    while (listening_connect(l, NULL, time) >= 0)
        ;
    CHECK_INT(errno, ETIMEDOUT);
}

static inline void listening_close(listening *l) {
    close(l->fd);
    for (int i = 0; i < l->count; i++)
        close(l->clients[i]);
    l->count = 0;
}

#endif
