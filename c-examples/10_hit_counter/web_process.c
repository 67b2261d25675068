/* web_process.c: the process that serves. Its own loop drives libmicrohttpd, so one thread does all work on connections, and
 * "no more connections" and "no client waits for an answer" need no locks. The loop waits in proc_poll, which the
 * cancellation ends. libmicrohttpd reads the requests, and writes the answers.
 */
#define _GNU_SOURCE
#include "web_process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "answers.h"
#include "clients.h"
#include "clock.h"
#include "listener.h"

/* How long the stop waits for clients that do not finish the request that they have begun. This time begins when no
 * answer of /slow is pending any more. */
enum { STOP_LIMIT_MS = 5000, ALIVE_MS = 20000 };

static int poll_timeout(struct web *web, int most) {
    unsigned long long wanted;
    if (MHD_get_timeout(web->daemon, &wanted) == MHD_YES && wanted < (unsigned)most)
        most = (int)wanted;
    if (web->slow_first) {
        int64_t left = web->slow_first->since - now_ms();
        most = left < 0 ? 0 : left < most ? (int)left : most;
    }
    return most;
}

/* Waits for events until the timeout or the cancellation, and handles them. */
static void serve_once(struct web *web, proc_cancel *cancel, int timeout_ms) {
    int epoll_fd = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd events = {.fd = epoll_fd, .events = POLLIN};
    proc_poll(cancel, &events, 1, PROC_MS(poll_timeout(web, timeout_ms)));
    proc_alive(web->cancel, PROC_MS(ALIVE_MS)); /* /healthz and the watchdog depend on it */
    answers_resume_due(web);
    MHD_run(web->daemon);
}

/* Accepts no new connections, answers every request, and waits until no connection is left. */
static void stop(struct web *web) {
    web->stopping = true;
    listener_drain(MHD_quiesce_daemon(web->daemon), web->daemon);
    int64_t limit = now_ms() + STOP_LIMIT_MS;
    while (web->clients && now_ms() < limit) {
        clients_close_idle(web);
        serve_once(web, NULL, 10);
        if (web->slow_first)
            limit = now_ms() + STOP_LIMIT_MS;
    }
    MHD_stop_daemon(web->daemon);
}

static struct MHD_Daemon *start(struct web *web, int listener) {
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer, web,
                            MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, 1000u,
                            MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_NOTIFY_CONNECTION,
                            client_notify, web, MHD_OPTION_NOTIFY_COMPLETED,
                            client_request_completed, web, MHD_OPTION_END);
}

proc_error *web_serve(proc_cancel *cancel, void *user_data) {
    struct web *web = user_data;
    int listener;
    proc_error *error = listener_open(web->options->host, web->options->port, &listener);
    if (error)
        return error;
    web->daemon = start(web, listener);
    if (web->daemon == NULL) /* MHD_start_daemon has closed the listener */
        return proc_error_new(EIO, "libmicrohttpd does not start");
    web->cancel = cancel;
    proc_ready(cancel);
    printf("hit_counter: serving http://%s:%u/ from %" PRIu64 " hits on\n", web->options->host,
           listener_port(listener), web->counter->hits);
    while (!proc_cancelled(cancel))
        serve_once(web, cancel, ALIVE_MS / 2);
    stop(web);
    return NULL;
}
