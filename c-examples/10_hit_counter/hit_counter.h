/* hit_counter.h: what the files of 10_hit_counter share. Read main.c first. */
#ifndef HIT_COUNTER_H
#define HIT_COUNTER_H

#include <limits.h>
#include <microhttpd.h>
#include <procession.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* options.c: what the command line says. */
struct options {
    const char *state; /* the file that keeps the count */
    const char *host;  /* an IPv4 address */
    uint16_t port;     /* 0: any free one */
    int slow_ms;       /* how long an answer to /slow takes */
    int drain_ms;      /* between the signal and the stop */
    int grace_ms;      /* after that; -1: for ever */
};
void options_parse(struct options *options, int argc, char **argv);

/* counter.c: the count, and the file that keeps it. */
struct counter {
    _Atomic uint64_t hits; /* written by the web process alone, read by all */
    uint64_t saved;        /* what the file holds for sure */
    char directory[PATH_MAX];
    const char *path;
};
proc_error *counter_load(struct counter *counter, const char *path);
proc_error *counter_save(struct counter *counter);

/* web.c: the process that serves. Everything below belongs to its thread. */
struct web {
    const struct options *options;
    struct counter *counter;
    struct MHD_Daemon *daemon;
    proc_cancel *cancel;       /* of the process */
    int wake_fd;               /* readable once the process is cancelled */
    bool stopping;             /* answers say "Connection: close" */
    struct client *clients;    /* every open connection */
    struct client *slow_first; /* whose answer is not due yet, in the order in which they are */
    struct client **slow_last;
};
proc_impl *web_process(struct web *web);

/* listener.c: the socket that connections come from. */
proc_error *listener_open(const char *host, uint16_t port, int *fd);
uint16_t listener_port(int fd);
void listener_drain(int fd, struct MHD_Daemon *daemon);

/* clients.c: one for every open connection. */
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
int64_t now_ms(void);

/* answers.c: what a request gets. */
enum MHD_Result answer(void *web, struct MHD_Connection *connection, const char *url,
                       const char *method, const char *version, const char *upload,
                       size_t *upload_size, void **request);
enum MHD_Result answer_with(struct web *web, struct MHD_Connection *connection, unsigned status,
                            const char *type, struct MHD_Response *response);
enum MHD_Result send_text(struct web *web, struct MHD_Connection *connection, unsigned status,
                          const char *text);
void answers_resume_due(struct web *web);

/* reports.c: what the server does, for who watches it. */
enum MHD_Result report_metrics(struct web *web, struct MHD_Connection *connection);
enum MHD_Result report_tree(struct web *web, struct MHD_Connection *connection);

#endif
