/* 13_echo_server: sends back what a client sends. Each connection is a child of a nursery, spawned when it is accepted.
 *
 *     cc 13_echo_server.c -o 13_echo_server $(pkg-config --cflags --libs procession) && ./13_echo_server [MOST [IDLE]]
 *
 * It prints its address: try `nc 127.0.0.1 PORT`. It serves at most MOST connections (256) at a time; more wait in the
 * kernel. It closes a connection that is silent for IDLE seconds (60), and all on SIGINT or SIGTERM, then exits with 0. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <procession.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int served;
static int64_t idle_ns;

static void release(void *fd) { close((int)(intptr_t)fd); }

static proc_error *echo(proc_cancel *cancel, void *user_data) {
    const int fd = (int)(intptr_t)user_data;
    char data[4096];
    ssize_t got = 0, sent = 0;
    while (sent >= 0 && (got = proc_read(cancel, fd, data, sizeof data, idle_ns)) > 0)
        sent = proc_write_all(cancel, fd, data, (size_t)got, idle_ns);
    if (sent >= 0 && got == 0)
        return NULL;
    bool is_silent = errno == ETIMEDOUT, has_gone = errno == ECONNRESET || errno == EPIPE;
    return is_silent || has_gone || proc_cancelled(cancel) ? NULL : proc_errno("echo");
}

static proc_error *serve(proc_nursery *nursery, proc_cancel *cancel, void *listener) {
    proc_error *error = NULL;
    while (!error) {
        intptr_t fd = proc_accept(cancel, (int)(intptr_t)listener, PROC_FOREVER);
        if (fd < 0)
            return proc_cancelled(cancel) ? proc_cancel_error(cancel) : proc_errno("accept");
        served++; /* with MOST connections, proc_spawn waits until one has ended */
        error = proc_spawn(nursery, proc_task("client", proc_new(echo, (void *)fd, release)));
    }
    return error;
}

static proc_error *log_failure(proc_error *error, void *unused) {
    fprintf(stderr, "%s\n", proc_error_message(error));
    proc_error_unref(error);
    return unused; /* NULL: the other connections go on */
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    idle_ns = PROC_SECONDS(argc > 2 ? atoi(argv[2]) : 60);
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = argc > 1 ? strtoul(argv[1], NULL, 10) : 256;
    options.on_failure = log_failure;
    intptr_t listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, SOMAXCONN) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return proc_exit_status(proc_errno("listen"));
    dprintf(STDOUT_FILENO, "echo: 127.0.0.1:%d\n", ntohs(address.sin_port));
    proc_error *error = proc_main(proc_with_nursery(serve, (void *)listener, release, &options));
    printf("echo: stopped after %d connections\n", served);
    return proc_exit_status(error);
}
