/* The echo server, written by hand: one thread accepts, and hands connections over to a pool of threads, as many as there may be
 * connections. With a descriptor by which they could be told to stop, they wait for that, too. */
#define _GNU_SOURCE
#include "pool.h"
#include "../echo.h"
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/time.h>

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t is_work;
    pthread_cond_t is_room;
    int waiting[256];
    int count;
};

static int stop = -1;

/* False: to stop, or silent for too long. */
static int await(int fd) {
    struct pollfd files[] = {{.fd = stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    return poll(files, 2, 60000) > 0 && files[0].revents == 0;
}

static void serve(int fd) {
    char data[4096];
    ssize_t got;
    while ((stop < 0 || await(fd)) && (got = recv(fd, data, sizeof data, 0)) > 0) {
        if (send(fd, data, (size_t)got, MSG_NOSIGNAL) != got)
            break;
    }
    close(fd);
}

static void *work(void *argument) {
    struct pool *pool = argument;
    for (;;) {
        pthread_mutex_lock(&pool->lock);
        while (pool->count == 0)
            pthread_cond_wait(&pool->is_work, &pool->lock);
        int fd = pool->waiting[--pool->count];
        pthread_mutex_unlock(&pool->lock);
        pthread_cond_signal(&pool->is_room);
        serve(fd);
    }
    return NULL;
}

static void hand_over(struct pool *pool, int fd) {
    pthread_mutex_lock(&pool->lock);
    while (pool->count == 256)
        pthread_cond_wait(&pool->is_room, &pool->lock);
    pool->waiting[pool->count++] = fd;
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_signal(&pool->is_work);
}

static int serve_all(int threads) {
    static struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
                               .is_work = PTHREAD_COND_INITIALIZER,
                               .is_room = PTHREAD_COND_INITIALIZER};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct timeval idle = {.tv_sec = 60};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    setsockopt(listener, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle);
    must(bind(listener, (struct sockaddr *)&address, size) == 0 &&
         listen(listener, SOMAXCONN) == 0);
    must(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    for (int i = 0; i < threads; i++) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, work, &pool) == 0);
    }
    dprintf(STDOUT_FILENO, "echo: 127.0.0.1:%d\n", ntohs(address.sin_port));
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;)
        hand_over(&pool, fd);
    return 1;
}

void echo(int n, int seconds) { load_echo(serve_all, n, seconds); }

void echo_stoppable(int n, int seconds) {
    stop = eventfd(0, EFD_CLOEXEC);
    load_echo(serve_all, n, seconds);
}
