/* hit_counter_load_test: a stop under the load of 64 clients. What is counted was answered, what was answered is counted,
 * and nothing is lost. */
#include "rig.h"

/* What 64 clients do at the same time, while one of them stops the server. */
enum { CLIENTS = 64, VISITS_BEFORE_THE_STOP = 6000 };

struct load {
    const struct server *server;
    atomic_long outcomes[4];
    atomic_long kept, closed; /* answers after which the connection stays, or not */
};

static void record(struct load *load, const struct http_reply *reply) {
    atomic_fetch_add(&load->outcomes[reply->outcome], 1);
    atomic_fetch_add(reply->close ? &load->closed : &load->kept, 1);
    if (reply->outcome == HTTP_FULL && reply->number == VISITS_BEFORE_THE_STOP)
        kill(load->server->pid, SIGTERM);
}

static proc_error *visit_and_leave(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct load *load = user_data;
    struct http_reply reply;
    do {
        reply = http_visit(load->server->port, "/");
        record(load, &reply);
    } while (reply.outcome == HTTP_FULL);
    return NULL;
}

static proc_error *visit_and_stay(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct load *load = user_data;
    struct http_reply reply;
    int fd = client_connect(load->server->port);
    do {
        reply = (struct http_reply){.outcome = HTTP_REFUSED};
        if (fd >= 0 && http_get(fd, "/"))
            reply = http_receive(fd);
        record(load, &reply);
    } while (reply.outcome == HTTP_FULL && !reply.close);
    close(fd);
    return NULL;
}

static void a_stop_under_load_loses_nothing(void) {
    struct server server;
    struct load load = {.server = &server};
    start(&server, "0");
    proc_impl *clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = proc_new(i % 2 ? visit_and_stay : visit_and_leave, &load, NULL);
    CHECK_OK(proc_run(proc_concurrent(clients, CLIENTS), NULL));
    server_join(&server);
    printf("answered %ld (%ld while stopping), refused %ld, truncated %ld, wrong %ld\n",
           load.outcomes[HTTP_FULL], load.closed, load.outcomes[HTTP_REFUSED],
           load.outcomes[HTTP_TRUNCATED], load.outcomes[HTTP_WRONG]);
    CHECK_INT(server.status, 0);
    CHECK_STR(server.errors, "");
    CHECK_INT(load.outcomes[HTTP_TRUNCATED], 0);
    CHECK_INT(load.outcomes[HTTP_WRONG], 0);
    CHECK(load.outcomes[HTTP_FULL] >= VISITS_BEFORE_THE_STOP);
    CHECK_INT(saved(), load.outcomes[HTTP_FULL]);
    start(&server, "0");
    visit(&server, (unsigned long)load.outcomes[HTTP_FULL] + 1);
    stop(&server, SIGTERM);
}

RIG_MAIN(CASE(a_stop_under_load_loses_nothing))
