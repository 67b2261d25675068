#define _GNU_SOURCE
#include "http_client.h"

#include "client.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool http_get(int fd, const char *path) {
    char text[128];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    return client_send(fd, text);
}

/* How long the whole answer is, once its head is there; 0 before. */
static size_t answer_size(const char *text) {
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "\r\nContent-Length:");
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - text) + 4;
    return length && length < end ? head + strtoul(length + 17, NULL, 10) : head;
}

static struct http_reply whole(const char *text) {
    const char *body = strstr(text, "\r\n\r\n") + 4;
    const char *closing = strcasestr(text, "\r\nConnection: close\r\n");
    struct http_reply reply = {.outcome = HTTP_WRONG, .close = closing && closing < body};
    int used = 0;
    sscanf(text, "HTTP/1.1 %d", &reply.status);
    bool understood = sscanf(body, "You are visitor number %lu.\n%n", &reply.number, &used) == 1;
    if (reply.status == 200 && understood && body[used] == '\0')
        reply.outcome = HTTP_FULL;
    return reply;
}

/* HTTP_FULL: the text is one whole answer. */
static enum http_outcome receive(int fd, char *text, size_t most) {
    size_t have = 0, size = 0;
    while (have < most - 1 && (size == 0 || have < size)) {
        ssize_t got = recv(fd, text + have, most - 1 - have, 0);
        if (got <= 0)
            return have ? HTTP_TRUNCATED : HTTP_REFUSED;
        have += (size_t)got;
        text[have] = '\0';
        size = answer_size(text);
    }
    return have == size ? HTTP_FULL : HTTP_WRONG;
}

struct http_reply http_receive(int fd) {
    char text[4096] = "";
    enum http_outcome outcome = receive(fd, text, sizeof text);
    return outcome == HTTP_FULL ? whole(text) : (struct http_reply){.outcome = outcome};
}

static void read_page(struct http_page *page) {
    page->body = strstr(page->text, "\r\n\r\n") + 4;
    page->status = 0;
    page->type[0] = '\0';
    sscanf(page->text, "HTTP/1.1 %d", &page->status);
    const char *type = strcasestr(page->text, "\r\nContent-Type: ");
    if (type && type < page->body)
        sscanf(type + 16, "%63[^\r]", page->type);
}

bool http_fetch(int port, const char *path, const char *accept, struct http_page *page) {
    char text[256];
    int fd = http_connect(port);
    if (fd < 0)
        return false;
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: %s\r\n\r\n", path,
             accept);
    bool whole = http_send(fd, text) && receive(fd, page->text, sizeof page->text) == HTTP_FULL;
    close(fd);
    if (whole)
        read_page(page);
    return whole;
}

struct http_reply http_visit(int port, const char *path) {
    struct http_reply reply = {.outcome = HTTP_REFUSED};
    int fd = client_connect(port);
    if (fd < 0)
        return reply;
    if (http_get(fd, path))
        reply = http_receive(fd);
    close(fd);
    return reply;
}
