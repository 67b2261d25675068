/* clients.h: one struct for each open connection. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "web.h"

struct client {
    struct MHD_Connection *connection;
    int fd;
    proc_cancel *request; /* the task of the request that is being answered; NULL: idle */
    bool due;             /* a request to /slow whose time has come */
    uint64_t received;    /* how many bytes had come when the last request was read */
    int64_t since;        /* milliseconds: when it fell idle or, if slow, when its answer is due */
    struct client *next, **link;
    struct client *slow_next;
};

struct client *client_of(struct MHD_Connection *connection);
void client_begins_request(struct web *web, struct client *client);
void client_notify(void *web, struct MHD_Connection *connection, void **context,
                   enum MHD_ConnectionNotificationCode what);
void client_request_completed(void *web, struct MHD_Connection *connection, void **request,
                              enum MHD_RequestTerminationCode why);
void clients_close_idle(struct web *web);

#endif
