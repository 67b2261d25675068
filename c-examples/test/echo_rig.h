/* echo_rig.h: what the tests of the echo servers have in common: the real server, in a process of its own.
 *
 *     PROGRAM CASE SERVER [ARGUMENT...]      SERVER may be "valgrind ... 13_echo_server"
 */
#ifndef ECHO_RIG_H
#define ECHO_RIG_H

#define _GNU_SOURCE
#include "check.h"
#include "client.h"
#include "server.h"
#include <sys/socket.h>

static char **command;

/* A file, or NULL, comes after the command. */
static inline void start(struct server *server, char *file) {
    server_start(server, command, file, (char *)NULL);
    if (!CHECK(server->port > 0))
        abort(); /* nothing can be asked of it, and its process is gone */
}

/* It ends because of the signal, which is no failure, and tells how many connections it had. */
static inline void stop(struct server *server, size_t connections) {
    char text[128];
    server_stop(server, SIGTERM);
    snprintf(text, sizeof text, "echo: stopped after %zu connections\n", connections);
    CHECK_STR(server->last_line, text);
    CHECK_STR(server->errors, "");
    CHECK_INT(server->status, 0);
}

static inline int connect_to(const struct server *server) {
    int fd = client_connect(server->port);
    CHECK(fd >= 0);
    return fd;
}

static inline void comes_back(int fd, const char *text) {
    char back[64] = "";
    size_t size = strlen(text);
    CHECK(size < sizeof back && recv(fd, back, size, MSG_WAITALL) == (ssize_t)size);
    CHECK_STR(back, text);
}

static inline void echo(int fd, const char *text) {
    CHECK(client_send(fd, text));
    comes_back(fd, text);
}

#define RIG_MAIN(...)                                                                              \
    int main(int argc, char **argv) {                                                              \
        static const check_case cases[] = {__VA_ARGS__};                                           \
        command = argv + 2;                                                                        \
        return argc < 3 ? 2 : check_main(cases, sizeof cases / sizeof *cases, argv[1]);            \
    }

#endif
