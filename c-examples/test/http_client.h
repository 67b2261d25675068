/* http_client.h: a blocking HTTP client that tells exactly what became of each request. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>

enum http_outcome {
    HTTP_FULL,      /* status 200 and every byte of the body */
    HTTP_REFUSED,   /* no connection, or closed before the first byte of an answer */
    HTTP_TRUNCATED, /* closed in the middle of an answer */
    HTTP_WRONG      /* another status, or not HTTP */
};

struct http_reply {
    enum http_outcome outcome;
    int status;           /* of HTTP; 0: there was no whole answer */
    bool close;           /* the server said that it closes the connection */
    unsigned long number; /* the visitor's number in the body */
};

/* false: the connection is closed. */
bool http_get(int fd, const char *path);

struct http_reply http_receive(int fd);

/* A whole visit on a connection of its own. */
struct http_reply http_visit(int port, const char *path);

/* An answer to anything else than a visit. */
struct http_page {
    int status;
    char text[32768]; /* all of it, the head too */
    const char *body; /* in it */
};

/* Asks on a connection, the last thing on it, and closes it. false: there was no whole answer. */
bool http_fetch(int fd, const char *method, const char *path, struct http_page *page);

#endif
