/* hit_counter_report_test: what the server says of itself, at /metrics and /debug/tree. */
#include "rig.h"

static struct http_page page;

static const char *fetch(const struct server *server, const char *path, const char *accept,
                         const char *type) {
    CHECK(http_fetch(server->port, path, accept, &page));
    CHECK_INT(page.status, 200);
    CHECK_STR(page.type, type);
    return page.body;
}

static const char *metrics(const struct server *server) {
    return fetch(server, "/metrics", "*/*", "text/plain; version=0.0.4; charset=utf-8");
}

static const char *tree(const struct server *server, const char *query, const char *accept) {
    char path[64];
    snprintf(path, sizeof path, "/debug/tree%s", query);
    return fetch(server, path, accept, "text/plain; charset=utf-8");
}

static const char *json(const struct server *server, const char *query, const char *accept) {
    char path[64];
    snprintf(path, sizeof path, "/debug/tree%s", query);
    return fetch(server, path, accept, "application/json");
}

/* The other two may begin a moment later than the one that serves. */
static void wait_until_all_run(const struct server *server) {
    while (!strstr(metrics(server), "\nprocession_tasks_running 3\n"))
        ;
}

static void metrics_tell_the_numbers_of_the_server_and_of_the_library(void) {
    struct server server;
    write_state("41");
    start(&server, "0");
    visit(&server, 42);
    wait_until_all_run(&server);
    CHECK_HAS(page.body, "# TYPE http_visitors_total counter\nhttp_visitors_total 42\n");
    CHECK_HAS(page.body, "# TYPE procession_tasks_running gauge\n");
    CHECK_HAS(page.body, "# TYPE procession_threads_created_total counter\n");
    CHECK_HAS(page.body, "\nprocession_tasks_failed_total 0\n");
    CHECK_HAS(page.body, "\nprocession_cancellations_total 0\n");
    visit(&server, 43); /* the pages were no visits */
    stop(&server, SIGTERM);
}

static void the_tree_names_every_task_and_who_waits(void) {
    struct server server;
    start(&server, "0");
    wait_until_all_run(&server);
    const char *text;
    do
        text = tree(&server, "", "text/html, */*");
    while (!strstr(text, " s, proc_wait\n"));
    CHECK_HAS(text, "proc_main, thread ");
    CHECK_HAS(text, "task web, thread ");
    CHECK_HAS(text, "task statistics, thread ");
    CHECK_HAS(text, "task flusher, thread ");
    CHECK_HAS(tree(&server, "?format=text", "application/json"), "task web, thread ");
    stop(&server, SIGTERM);
}

static void the_tree_is_json_for_who_asks_for_it(void) {
    struct server server;
    start(&server, "0");
    wait_until_all_run(&server);
    CHECK_HAS(json(&server, "?format=json", "*/*"), "{\"processes\":[");
    CHECK_HAS(page.body, "\"kind\":\"task\",\"name\":\"web\"");
    CHECK_HAS(json(&server, "", "text/html;q=0.5, application/json"), "\"name\":\"flusher\"");
    stop(&server, SIGTERM);
}

static void both_are_there_while_it_drains(void) {
    struct server server;
    server_start(&server, command, "--port", "0", "--state", state, "--drain-ms", "3600000", NULL);
    CHECK(server.port > 0);
    kill(server.pid, SIGTERM);
    while (http_visit(server.port, "/healthz").status == 200)
        ;
    CHECK_HAS(metrics(&server), "http_visitors_total 0\n");
    CHECK_HAS(tree(&server, "", "*/*"), "task web");
    server_stop(&server, SIGTERM);
    CHECK_INT(server.status, 128 + SIGTERM);
}

RIG_MAIN(CASE(metrics_tell_the_numbers_of_the_server_and_of_the_library),
         CASE(the_tree_names_every_task_and_who_waits), CASE(the_tree_is_json_for_who_asks_for_it),
         CASE(both_are_there_while_it_drains))
