/* 13_echo_server: what a client sends comes back. Each connection is a job, and proc_poll is where everybody waits.
 *
 *     cc 13_echo_server.c -o 13_echo_server $(pkg-config --cflags --libs procession) && ./13_echo_server
 *
 * It serves on a free port of 127.0.0.1, which it prints: try `nc 127.0.0.1 PORT`. On SIGINT or SIGTERM it closes every
 * connection and exits with 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <procession.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 256 }; /* connections at a time; of three descriptors each, so that 1024 are enough */

struct server {
    proc_cancel *scope; /* of the connections: they end with the server, whatever ends that */
    int open, served;
    struct connection {
        int fd;
        proc_job *job; /* NULL: the place is free */
    } connections[MOST];
    struct pollfd fds[MOST + 1]; /* those of the jobs, -1 where is none; the listener */
};

static proc_error *echo(proc_cancel *cancel, void *user_data) {
    const int fd = *(const int *)user_data;
    char buffer[4096];
    size_t sent = 0, received = 0;
    for (;;) {
        bool sends = sent < received;
        struct pollfd socket = {.fd = fd, .events = sends ? POLLOUT : POLLIN};
        if (proc_poll(cancel, &socket, 1, PROC_FOREVER) < 0)
            return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("poll");
        ssize_t size = sends ? send(fd, buffer + sent, received - sent, MSG_NOSIGNAL)
                             : recv(fd, buffer, sizeof buffer, 0);
        if (size == 0 || (size < 0 && (errno == ECONNRESET || errno == EPIPE)))
            return NULL; /* the client has hung up */
        if (size < 0 && errno != EAGAIN)
            return proc_errno(sends ? "send" : "recv");
        if (size > 0 && sends)
            sent += (size_t)size;
        else if (size > 0)
            sent = 0, received = (size_t)size;
    }
}

/* There is a free place. False if it could not be seen when the job is complete. */
static bool start(struct server *server, int fd) {
    int place = 0;
    while (server->connections[place].job)
        place++;
    struct connection *connection = &server->connections[place];
    proc_impl *process = proc_task("connection", proc_new(echo, &connection->fd, NULL));
    connection->fd = fd;
    connection->job = proc_start(process, server->scope, NULL, NULL);
    server->fds[place] = (struct pollfd){.fd = proc_job_fd(connection->job), .events = POLLIN};
    server->open++;
    server->served++;
    return server->fds[place].fd >= 0;
}

/* Waits for the job. Only then is the descriptor closed, since nobody uses it any more. */
static void finish(struct server *server, int place) {
    struct connection *connection = &server->connections[place];
    proc_error *error = proc_job_join(connection->job);
    if (error && !proc_cancelled(server->scope))
        fprintf(stderr, "%s\n", proc_error_message(error)); /* the others are served further */
    proc_error_unref(error);
    close(connection->fd);
    connection->job = NULL;
    server->fds[place].fd = -1;
    server->open--;
}

static bool accept_one(struct server *server) {
    int fd = accept4(server->fds[MOST].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return errno == EAGAIN || errno == ECONNABORTED; /* then it has gone away again */
    return start(server, fd);
}

/* Returns at the cancellation, or when something fails. */
static proc_error *serve_clients(proc_cancel *cancel, struct server *server) {
    struct pollfd *listener = &server->fds[MOST];
    while (proc_poll(cancel, server->fds, MOST + 1, PROC_FOREVER) > 0) {
        for (int place = 0; place < MOST; place++)
            if (server->connections[place].job && server->fds[place].revents)
                finish(server, place);
        if (listener->revents && !accept_one(server))
            break;
        listener->events = server->open < MOST ? POLLIN : 0; /* full: others wait in the kernel */
    }
    return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("serve");
}

static int listen_on_loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, SOMAXCONN) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        printf("echo: 127.0.0.1:%d\n", ntohs(address.sin_port));
        return fd;
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static proc_error *serve(proc_cancel *cancel, void *user_data) {
    struct server *server = user_data;
    int listener = listen_on_loopback();
    if (listener < 0)
        return proc_errno("listen");
    for (int place = 0; place < MOST; place++)
        server->fds[place].fd = -1;
    server->fds[MOST] = (struct pollfd){.fd = listener, .events = POLLIN};
    server->scope = proc_cancel_new(cancel);
    proc_error *error = serve_clients(cancel, server);
    close(listener);
    proc_cancel_trigger(server->scope, NULL); /* now all jobs end, also if the server has failed */
    for (int place = 0; place < MOST; place++)
        if (server->connections[place].job)
            finish(server, place);
    proc_cancel_unref(server->scope);
    printf("echo: stopped after %d connections\n", server->served);
    return error;
}

int main(void) {
    static struct server server;
    setvbuf(stdout, NULL, _IOLBF, 0);
    return proc_exit_status(proc_main(proc_task("echo", proc_new(serve, &server, NULL))));
}
