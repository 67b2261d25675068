/* client.h: what every client of a server under test does: blocking, on a connection of its own. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>

/* A connection to 127.0.0.1, or -1 when it is refused. */
int client_connect(int port);

/* false: the connection is closed. */
bool client_send(int fd, const char *text);

/* Waits until the server closes a connection on which nothing more comes: true, or false if something does come. */
bool client_closed(int fd);

#endif
