/* web.h: what the files that serve share. All of it belongs to the thread of the web process. */
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
    struct client *slow_first; /* whose answer is not due yet, in the order in which they are */
    struct client **slow_last;
};

#endif
