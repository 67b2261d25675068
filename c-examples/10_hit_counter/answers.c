/* answers.c: answers to requests. / counts and answers at once, /slow after a delay; /healthz says whether to send
 * requests here; /metrics and /debug/tree are in reports.c; every other path is 404.
 *
 * A request is counted when its answer is queued, so every counted request is answered, and every answered request is
 * counted. All of this runs in the thread of the web process.
 */
#define _GNU_SOURCE
#include "answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "clock.h"
#include "reports.h"
#include "responses.h"

/* A visit is counted, and answered with its number. An answer to HEAD has no body, so HEAD is refused here. */
static bool is_visit(const char *url) { return strcmp(url, "/") == 0 || strcmp(url, "/slow") == 0; }

/* libmicrohttpd sends no body in an answer to HEAD. */
static bool is_allowed(const char *method, const char *url) {
    return strcmp(method, "GET") == 0 || (strcmp(method, "HEAD") == 0 && !is_visit(url));
}

static enum MHD_Result refuse_method(struct web *web, struct MHD_Connection *connection,
                                     const char *url) {
    struct MHD_Response *response = text_response("That cannot be done here.\n");
    if (response)
        MHD_add_response_header(response, "Allow", is_visit(url) ? "GET" : "GET, HEAD");
    return respond(web, connection, MHD_HTTP_METHOD_NOT_ALLOWED, PLAIN_TEXT, response);
}

static enum MHD_Result count_and_answer(struct web *web, struct MHD_Connection *connection) {
    char text[64];
    uint64_t hits = web->counter->hits + 1;
    snprintf(text, sizeof text, "You are visitor number %" PRIu64 ".\n", hits);
    enum MHD_Result queued = respond_text(web, connection, MHD_HTTP_OK, text);
    if (queued == MHD_YES)
        web->counter->hits = hits;
    return queued;
}

/* For load balancers: from the stop signal on, they should send requests to other servers. Requests that still come are
 * served until the drain time is over. */
static enum MHD_Result tell_health(struct web *web, struct MHD_Connection *connection) {
    if (proc_draining(web->cancel))
        return respond_text(web, connection, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping\n");
    if (!proc_healthy())
        return respond_text(web, connection, MHD_HTTP_SERVICE_UNAVAILABLE, "late\n");
    return respond_text(web, connection, MHD_HTTP_OK, "ok\n");
}

/* The connection is suspended until its answer is due, and the others go on. All delays are equal, so the first request
 * is due first. */
static enum MHD_Result wait_for_answer(struct web *web, struct client *client) {
    client->since = now_ms() + web->options->slow_ms;
    client->slow_next = NULL;
    if (web->slow_first == NULL)
        web->slow_last = &web->slow_first;
    *web->slow_last = client;
    web->slow_last = &client->slow_next;
    MHD_suspend_connection(client->connection);
    return MHD_YES;
}

void answers_resume_due(struct web *web) {
    int64_t now = now_ms();
    for (struct client *client; (client = web->slow_first) && client->since <= now;) {
        web->slow_first = client->slow_next;
        client->due = true;
        MHD_resume_connection(client->connection); /* calls answer() again */
    }
}

static enum MHD_Result answer_request(struct web *web, struct client *client, const char *url,
                                      const char *method) {
    struct MHD_Connection *connection = client->connection;
    if (!is_allowed(method, url))
        return refuse_method(web, connection, url);
    if (strcmp(url, "/") == 0)
        return count_and_answer(web, connection);
    if (strcmp(url, "/healthz") == 0)
        return tell_health(web, connection);
    if (strcmp(url, "/metrics") == 0)
        return report_metrics(web, connection);
    if (strcmp(url, "/debug/tree") == 0)
        return report_tree(web, connection);
    if (strcmp(url, "/slow") != 0)
        return respond_text(web, connection, MHD_HTTP_NOT_FOUND, "There is nothing here.\n");
    return client->due ? count_and_answer(web, connection) : wait_for_answer(web, client);
}

/* libmicrohttpd calls this when it has the headers, for each part of a body, and when the request is complete. A trace shows
 * the request as a task, with regions where this thread was busy with it. */
enum MHD_Result answer(void *user_data, struct MHD_Connection *connection, const char *url,
                       const char *method, const char *version, const char *upload,
                       size_t *upload_size, void **request) {
    (void)version;
    (void)upload;
    struct web *web = user_data;
    struct client *client = client_of(connection);
    if (client == NULL)
        return MHD_NO; /* out of memory */
    if (*request == NULL) {
        *request = client;
        client_begins_request(web, client);
        proc_trace_logf(client->request, "http", "%s %s", method, url);
        return MHD_YES;
    }
    if (*upload_size > 0) { /* ignores the body */
        *upload_size = 0;
        return MHD_YES;
    }
    proc_region *region = proc_region_begin(client->request, "answer");
    enum MHD_Result result = answer_request(web, client, url, method);
    proc_region_end(region);
    return result;
}
