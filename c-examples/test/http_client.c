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

struct http_reply http_receive(int fd) {
    char text[4096] = "";
    size_t have = 0, size = 0;
    while (have < sizeof text - 1 && (size == 0 || have < size)) {
        ssize_t got = recv(fd, text + have, sizeof text - 1 - have, 0);
        if (got <= 0)
            return (struct http_reply){.outcome = have ? HTTP_TRUNCATED : HTTP_REFUSED};
        have += (size_t)got;
        text[have] = '\0';
        size = answer_size(text);
    }
    return have == size ? whole(text) : (struct http_reply){.outcome = HTTP_WRONG};
}

/* Until the server closes the connection. */
static size_t receive_all(int fd, char *text, size_t most) {
    size_t have = 0;
    for (ssize_t got; have < most - 1 && (got = recv(fd, text + have, most - 1 - have, 0)) > 0;)
        have += (size_t)got;
    text[have] = '\0';
    return have;
}

/* What the head says is there, but for the body where none was asked for. */
static bool read_page(struct http_page *page, size_t size, bool head_only) {
    char *end = strstr(page->text, "\r\n\r\n");
    if (end == NULL)
        return false;
    page->body = end + 4;
    size_t expected = head_only ? (size_t)(page->body - page->text) : answer_size(page->text);
    return sscanf(page->text, "HTTP/1.1 %d", &page->status) == 1 && size == expected;
}

bool http_fetch(int fd, const char *method, const char *path, struct http_page *page) {
    char text[256];
    *page = (struct http_page){.body = page->text};
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
             method, path);
    size_t size = client_send(fd, text) ? receive_all(fd, page->text, sizeof page->text) : 0;
    close(fd);
    return read_page(page, size, strcmp(method, "HEAD") == 0);
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
