/* server.h: the server, or another program under test: a child process, which does not outlive the test. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct server {
    pid_t pid;
    int port;   /* 0: it did not start to serve */
    int status; /* its exit status once it has ended; 128 + N if signal N ended it */
    char first_line[128];
    char last_line[128]; /* of those after the first, once it has ended */
    char errors[16384];  /* what it said on standard error, once it has ended */
    FILE *out;
    FILE *err;
};

/* Starts COMMAND with the arguments, up to a NULL. */
void server_launch(struct server *server, char *const *command, ...) __attribute__((sentinel));

/* The same, and waits until it serves or ends. */
void server_start(struct server *server, char *const *command, ...) __attribute__((sentinel));

/* Waits until it has said this on standard error: true; or has ended, which is left to server_join. */
bool server_says(const struct server *server, const char *text);

/* Waits until it has ended, with all that it said. */
void server_join(struct server *server);

/* Sends the signal, and waits. */
void server_stop(struct server *server, int signal_number);

/* Sends the signal again and again, to a server that was told to stop already, until that ends it. */
void server_force(struct server *server, int signal_number);

#endif
