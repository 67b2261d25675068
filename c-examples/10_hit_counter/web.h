/* web.h: data that the serving files share. Only the thread of the web process uses it. */
#ifndef WEB_H
#define WEB_H

#include <microhttpd.h>
#include <procession.h>
#include <stdbool.h>

#include "counter.h"
#include "options.h"

struct client; /* clients.h */

struct web {
    const struct options *options;
    struct counter *counter;
    struct MHD_Daemon *daemon;
    proc_cancel *cancel;       /* of the process */
    bool stopping;             /* answers say "Connection: close" */
    struct client *clients;    /* every open connection */
    struct client *slow_first; /* requests to /slow, in the order in which they are due */
    struct client **slow_last;
};

#endif
