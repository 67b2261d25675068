/* 13_echo_server: what a client sends comes back. Each connection is a child of a nursery, spawned as it comes.
 *
 *     cc 13_echo_server.c -o 13_echo_server $(pkg-config --cflags --libs procession) && ./13_echo_server [MOST [IDLE]]
 *
 * It prints its address: try `nc 127.0.0.1 PORT`. At most MOST connections (256) are served at a time, further ones wait in
 * the kernel; one that is silent for IDLE seconds (60) is closed. On SIGINT or SIGTERM all are, and it exits with 0. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <procession.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int served;

static void hang_up(void *fd) { shutdown((int)(intptr_t)fd, SHUT_RDWR); } /* recv and send end */
static void release(void *fd) { close((int)(intptr_t)fd); }

static proc_error *echo(proc_cancel *cancel, void *user_data) {
    const int fd = (int)(intptr_t)user_data;
    char data[4096];
    ssize_t got, sent = 0;
    proc_hook *hook = proc_on_cancel(cancel, hang_up, user_data);
    do
        got = recv(fd, data, sizeof data, 0);
    while (got > 0 ? (sent = send(fd, data, got, MSG_NOSIGNAL)) == got : got && errno == EINTR);
    int reason = got < 0 || sent < 0 ? errno : 0; /* EAGAIN: it was silent for too long */
    proc_hook_remove(hook);
    bool failed = reason && reason != EAGAIN && reason != ECONNRESET && reason != EPIPE;
    return failed ? proc_error_new(reason, NULL) : NULL;
}

static proc_error *serve(proc_nursery *nursery, proc_cancel *cancel, void *listener) {
    struct pollfd next = {.fd = (int)(intptr_t)listener, .events = POLLIN};
    proc_error *error = NULL;
    while (!error && proc_poll(cancel, &next, 1, PROC_FOREVER) > 0) {
        intptr_t fd = accept4(next.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && ++served) /* where there are MOST, this waits until one has ended */
            error = proc_spawn(nursery, proc_task("client", proc_new(echo, (void *)fd, release)));
        else if (errno != EAGAIN && errno != ECONNABORTED)
            error = proc_errno("accept");
    }
    return error ? error : proc_cancelled(cancel) ? proc_cancel_error(cancel) : proc_errno("poll");
}

static proc_error *log_failure(proc_error *error, void *unused) {
    fprintf(stderr, "%s\n", proc_error_message(error));
    proc_error_unref(error);
    return unused; /* NULL: the others are served further */
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct timeval idle = {.tv_sec = argc > 2 ? atoi(argv[2]) : 60};
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = argc > 1 ? strtoul(argv[1], NULL, 10) : 256;
    options.on_failure = log_failure;
    intptr_t listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle); /* of its connections */
    setsockopt(listener, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, SOMAXCONN) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return proc_exit_status(proc_errno("listen"));
    dprintf(STDOUT_FILENO, "echo: 127.0.0.1:%d\n", ntohs(address.sin_port));
    proc_error *error = proc_main(proc_with_nursery(serve, (void *)listener, release, &options));
    printf("echo: stopped after %d connections\n", served);
    return proc_exit_status(error);
}
