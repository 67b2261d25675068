#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int client_connect(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd < 0 || (errno != ECONNREFUSED && errno != ECONNRESET)) {
        perror("client_connect");
        abort();
    }
    close(fd);
    return -1;
}

bool client_send(int fd, const char *text) {
    size_t size = strlen(text);
    return send(fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;
}

bool client_closed(int fd) {
    char byte;
    return recv(fd, &byte, 1, 0) <= 0;
}
