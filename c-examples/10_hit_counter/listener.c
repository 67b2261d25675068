/* listener.c: the listening socket. */
#define _GNU_SOURCE
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_held(void) { return proc_listen_fds(NULL, NULL, 0) > 0; }

/* With the service manager's socket no client is refused while the server restarts: clients wait in its queue. */
static bool take_held(int *fd) {
    if (proc_listen_fds(NULL, fd, 1) < 1)
        return false;
    fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) | O_NONBLOCK);
    return true;
}

proc_error *listener_open(const char *host, uint16_t port, int *fd) {
    if (take_held(fd))
        return NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    char name[16];
    snprintf(name, sizeof name, "port %u", port);
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return proc_errorf(EINVAL, "%s is no IPv4 address", host);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return proc_errno("socket");
    /* Closed connections of a server that has just stopped must not block the port for the next server. */
    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(*fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(*fd, SOMAXCONN) == 0)
        return NULL;
    proc_error *error = proc_errno(name);
    close(*fd);
    return error;
}

uint16_t listener_port(int fd) {
    struct sockaddr_in address = {0};
    getsockname(fd, (struct sockaddr *)&address, &(socklen_t){sizeof address});
    return ntohs(address.sin_port);
}

/* Closing a listening socket resets the connections that wait in its queue, and their clients may have sent requests.
 * So they are all accepted first. The kernel refuses one that comes between the last accept and the close: none of its
 * bytes was read, so the client may safely try again. If the manager holds the socket, they wait for the next server. */
void listener_drain(int fd, struct MHD_Daemon *daemon) {
    for (int client; !is_held() && (client = proc_accept(NULL, fd, 0)) >= 0;) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        MHD_add_connection(daemon, client, (struct sockaddr *)&address, sizeof address);
    }
    close(fd);
}
