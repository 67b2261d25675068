/* echo.h: the load of an echo server: so many clients, each of which sends 1 KiB and waits for it to come back, again and again.
 *
 * Server and load are processes of their own. The server prints its address to standard output, and ends by SIGTERM.
 */
#ifndef ECHO_H
#define ECHO_H

#include "bench.h"
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ECHO_SIZE = 1024 };

struct client {
    int fd;
    int missing;
};

static inline void must(int succeeded) {
    if (succeeded)
        return;
    perror("echo");
    exit(1);
}

/* What the server prints, in a process of its own; its number goes to `server`. */
static inline FILE *start_server(int (*serve)(int), int connections, pid_t *server) {
    int output[2];
    must(pipe(output) == 0);
    fflush(stdout);
    *server = fork();
    must(*server >= 0);
    if (*server == 0) {
        dup2(output[1], STDOUT_FILENO);
        _exit(serve(connections));
    }
    close(output[1]);
    return fdopen(output[0], "r");
}

static inline int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static inline void ask(struct client *client) {
    static char data[ECHO_SIZE];
    must(send(client->fd, data, ECHO_SIZE, MSG_NOSIGNAL) == ECHO_SIZE);
    client->missing = ECHO_SIZE;
}

/* Whether the answer is complete. */
static inline int take_answer(struct client *client) {
    char data[ECHO_SIZE];
    ssize_t got = recv(client->fd, data, (size_t)client->missing, 0);
    must(got > 0);
    client->missing -= (int)got;
    return client->missing == 0;
}

static inline long requests_until(double end, int epoll) {
    long requests = 0;
    while (now_ns() < end) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (take_answer(client)) {
                requests++;
                ask(client);
            }
        }
    }
    return requests;
}

/* Nanoseconds a request. The first tenth of the time is the warm-up. */
static inline void load_echo(int (*serve)(int), int n, int seconds) {
    pid_t server;
    FILE *output = start_server(serve, n, &server);
    int port;
    must(fscanf(output, "echo: 127.0.0.1:%d", &port) == 1);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct client *clients = calloc((size_t)n, sizeof *clients);
    for (int i = 0; i < n; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        clients[i].fd = connect_to(port);
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &event) == 0);
        ask(&clients[i]);
    }
    requests_until(now_ns() + seconds * 1e8, epoll);
    double start = now_ns();
    long requests = requests_until(start + seconds * 1e9, epoll);
    print_figure((now_ns() - start) / (double)requests);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

#endif
