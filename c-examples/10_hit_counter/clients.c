/* clients.c: one struct for every open connection, so that the stop knows which of them are waiting for an answer. */
#define _GNU_SOURCE
#include "clients.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"

/* At the stop, how long to wait for another request of a client that was just answered: it may be on its way. */
enum { QUIET_MS = 200 };

/* The number of bytes that the client has sent, read or not, as the kernel counts them. */
static uint64_t bytes_received(const struct client *client) {
    struct tcp_info info = {0};
    getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &(socklen_t){sizeof info});
    return info.tcpi_bytes_received;
}

/* Only peeks: bytes that proc_read reads would be lost to libmicrohttpd. */
static bool has_hung_up(const struct client *client) {
    char byte;
    return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

struct client *client_of(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void client_open(struct web *web, struct MHD_Connection *connection, void **context) {
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return; /* answer() refuses it */
    *client = (struct client){.connection = connection,
                              .fd = fd,
                              .since = now_ms(),
                              .next = web->clients,
                              .link = &web->clients};
    if (client->next)
        client->next->link = &client->next;
    web->clients = *context = client;
}

void client_notify(void *web, struct MHD_Connection *connection, void **context,
                   enum MHD_ConnectionNotificationCode what) {
    struct client *client = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        client_open(web, connection, context);
    } else if (client) {
        *client->link = client->next;
        if (client->next)
            client->next->link = client->link;
        free(client);
    }
}

/* Each request is a task: a trace shows how long it took, and what it waited for. */
void client_begins_request(struct web *web, struct client *client) {
    client->request = proc_task_begin(web->cancel, "request");
    client->received = bytes_received(client);
}

void client_request_completed(void *web, struct MHD_Connection *connection, void **request,
                              enum MHD_RequestTerminationCode why) {
    (void)web;
    (void)connection;
    struct client *client = *request;
    if (client == NULL)
        return;
    proc_error *error = NULL;
    if (why != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        error = proc_error_new(ECONNABORTED, "the connection ended before the answer");
    proc_task_end(client->request, error);
    proc_error_unref(error);
    client->request = NULL;
    client->due = false;
    client->since = now_ms();
}

static bool is_idle(const struct client *client, int64_t now) {
    bool quiet = now - client->since >= QUIET_MS && bytes_received(client) == client->received;
    return !client->request && (quiet || has_hung_up(client));
}

/* Closes the connections without a request. Only their reading end is shut down: bytes that came at the last moment are
 * still read and answered, so no request is lost between the check and the close. */
void clients_close_idle(struct web *web) {
    int64_t now = now_ms();
    for (struct client *client = web->clients; client; client = client->next)
        if (is_idle(client, now))
            shutdown(client->fd, SHUT_RD);
}
