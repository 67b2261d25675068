/* rig.h: what the tests of the hit counter have in common: the real server, in a process and a directory of its own.
 *
 *     PROGRAM CASE SERVER [ARGUMENT...]      SERVER may be "valgrind ... hit_counter"
 */
#ifndef RIG_H
#define RIG_H

#define _GNU_SOURCE
#include "check.h"
#include "client.h"
#include "http_client.h"
#include "server.h"

static char **command;
static char state[64];

static inline void start(struct server *server, char *slow_ms) {
    server_start(server, command, "--port", "0", "--state", state, "--slow-ms", slow_ms, NULL);
    if (!CHECK(server->port > 0))
        abort(); /* nothing can be asked of it, and its process is gone */
}

static inline void stop(struct server *server, int signal_number) {
    server_stop(server, signal_number);
    CHECK_INT(server->status, 0);
    CHECK_STR(server->errors, "");
}

static inline void write_state(const char *text) {
    FILE *file = fopen(state, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* -1: there is no file. */
static inline long saved(void) {
    char text[64] = "";
    FILE *file = fopen(state, "r");
    if (file == NULL)
        return -1;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    CHECK(size >= 2 && text[size - 1] == '\n');
    return atol(text);
}

static inline void visit(const struct server *server, unsigned long number) {
    struct http_reply reply = http_visit(server->port, "/");
    CHECK_INT(reply.outcome, HTTP_FULL);
    CHECK_INT(reply.number, number);
}

static inline int ask(const struct server *server, const char *path) {
    int fd = client_connect(server->port);
    CHECK(fd >= 0 && http_get(fd, path));
    return fd;
}

/* The server goes through its connections in turn: when it answers this one, it has read what was sent before. */
static inline void let_it_read(const struct server *server) {
    CHECK_INT(http_visit(server->port, "/").outcome, HTTP_FULL);
}

#define RIG_MAIN(...)                                                                              \
    int main(int argc, char **argv) {                                                              \
        static const check_case cases[] = {__VA_ARGS__};                                           \
        return argc < 3 ? 2 : rig_main(cases, sizeof cases / sizeof *cases, argv);                 \
    }

static inline int rig_main(const check_case *cases, size_t count, char **argv) {
    char directory[] = "/tmp/hit_counter_test.XXXXXX";
    if (mkdtemp(directory) == NULL) {
        perror("mkdtemp");
        return 1;
    }
    snprintf(state, sizeof state, "%s/state", directory);
    command = argv + 2;
    int status = check_main(cases, count, argv[1]);
    unlink(state);
    /* A directory that is not empty now is a mistake of the server's, which leaves nothing but its state file. */
    return rmdir(directory) == 0 ? status : 1;
}

#endif
