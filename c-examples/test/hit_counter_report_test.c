/* hit_counter_report_test: what the server says of itself, at /metrics and /debug/tree, and what it refuses there. */
#include "rig.h"

#include <sys/resource.h>

static struct http_page page;

static const char *ask_for(const struct server *server, const char *method, const char *path,
                           int status) {
    CHECK(http_fetch(client_connect(server->port), method, path, &page));
    CHECK_INT(page.status, status);
    return page.body;
}

static const char *metrics(const struct server *server) {
    ask_for(server, "GET", "/metrics", 200);
    CHECK_HAS(page.text, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    return page.body;
}

static const char *tree(const struct server *server, const char *query) {
    char path[64];
    snprintf(path, sizeof path, "/debug/tree%s", query);
    ask_for(server, "GET", path, 200);
    CHECK_HAS(page.text, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
    return page.body;
}

static const char *json(const struct server *server) {
    ask_for(server, "GET", "/debug/tree?format=json", 200);
    CHECK_HAS(page.text, "\r\nContent-Type: application/json\r\n");
    return page.body;
}

static long long number(const struct server *server, const char *name) {
    char line[64];
    snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr(metrics(server), line);
    return CHECK(at != NULL) ? atoll(at + strlen(line)) : -1;
}

/* The other two may begin a moment later than the one that serves; the fourth is the request that asks. */
static void wait_until_all_run(const struct server *server) {
    while (number(server, "procession_tasks_running") != 4)
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
    CHECK_HAS(page.body, "# TYPE procession_nurseries_running gauge\n");
    CHECK_HAS(page.body, "# TYPE procession_children_spawned_total counter\n");
    CHECK_HAS(page.body, "\nprocession_tasks_failed_total 0\n");
    CHECK_HAS(page.body, "\nprocession_cancellations_total 0\n");
    stop(&server, SIGTERM);
}

static void a_counter_grows_from_one_scrape_to_the_next_by_the_visits(void) {
    struct server server;
    start(&server, "0");
    wait_until_all_run(&server);
    long long hits = number(&server, "http_visitors_total");
    long long tasks = number(&server, "procession_tasks_started_total");
    visit(&server, 1);
    visit(&server, 2);
    CHECK_INT(number(&server, "http_visitors_total"), hits + 2);
    CHECK_INT(number(&server, "procession_tasks_started_total"), tasks + 4); /* a task each */
    stop(&server, SIGTERM);
    CHECK_INT(saved(), 2);
}

static void the_tree_names_every_task_and_who_waits(void) {
    struct server server;
    const char *text;
    start(&server, "0");
    wait_until_all_run(&server);
    do
        text = tree(&server, "");
    while (!strstr(text, " s, proc_wait\n"));
    CHECK_HAS(text, "proc_main, thread ");
    CHECK_HAS(text, "task web #");
    CHECK_HAS(text, "task statistics #");
    CHECK_HAS(text, "task flusher #");
    CHECK_HAS(tree(&server, "?format=text&other=ignored"), "task web #");
    stop(&server, SIGTERM);
}

/* Whatever writes the answer runs, in the task web. */
static bool has_running_handler(const char *text) {
    static const char handler[] = "{\"kind\":\"callback\",\"path\":\"web\",";
    const char *at = text;
    while ((at = strstr(at, handler)) != NULL) {
        const char *doing = strstr(at, "\"doing\":");
        if (doing && strncmp(doing, "\"doing\":\"running\",\"function\":", 28) == 0)
            return true;
        at++;
    }
    return false;
}

static void the_tree_shows_who_answers_the_request(void) {
    struct server server;
    start(&server, "0");
    const char *text = json(&server);
    CHECK_HAS(text, "{\"processes\":[{\"kind\":\"proc_main\",");
    CHECK_HAS(text, "\"kind\":\"task\",\"name\":\"web\",\"path\":\"web\"");
    CHECK(has_running_handler(text));
    stop(&server, SIGTERM);
}

static void who_looks_may_do_so_without_the_body_and_is_not_counted(void) {
    static const char *const looks[] = {"/metrics", "/debug/tree", "/debug/tree?format=json",
                                        "/healthz"};
    struct server server;
    start(&server, "0");
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        ask_for(&server, "GET", looks[i], 200);
        ask_for(&server, "HEAD", looks[i], 200);
        CHECK_HAS(page.text, "\r\nContent-Length: ");
        ask_for(&server, "POST", looks[i], 405);
        CHECK_HAS(page.text, "\r\nAllow: GET, HEAD\r\n");
    }
    ask_for(&server, "HEAD", "/", 405);
    CHECK_HAS(page.text, "\r\nAllow: GET\r\n");
    ask_for(&server, "HEAD", "/nowhere", 404);
    visit(&server, 1);
    stop(&server, SIGTERM);
}

static void a_format_that_is_not_known_is_refused(void) {
    struct server server;
    start(&server, "0");
    CHECK_STR(ask_for(&server, "GET", "/debug/tree?format=xml", 400),
              "The format is text or json.\n");
    ask_for(&server, "GET", "/debug/tree?format=", 400);
    ask_for(&server, "GET", "/debug/tree/", 404);
    stop(&server, SIGTERM);
}

/* On a connection that is there already, for the server cannot accept one. */
static void a_tree_that_cannot_be_had_is_an_error_that_says_why(void) {
    struct server server;
    struct rlimit before;
    start(&server, "0");
    int fd = ask(&server, "/healthz");
    CHECK_INT(http_receive(fd).status, 200);
    CHECK_INT(prlimit(server.pid, RLIMIT_NOFILE, NULL, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    CHECK_INT(prlimit(server.pid, RLIMIT_NOFILE, &none, NULL), 0);
    CHECK(http_fetch(fd, "GET", "/debug/tree", &page));
    CHECK_INT(page.status, 500);
    CHECK_STR(page.body, "memfd_create: Too many open files\n");
    CHECK_INT(prlimit(server.pid, RLIMIT_NOFILE, &before, NULL), 0);
    CHECK_HAS(tree(&server, ""), "task web");
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
    CHECK_HAS(tree(&server, ""), "task web");
    server_force(&server, SIGTERM);
    CHECK_INT(server.status, 128 + SIGTERM);
}

RIG_MAIN(CASE(metrics_tell_the_numbers_of_the_server_and_of_the_library),
         CASE(a_counter_grows_from_one_scrape_to_the_next_by_the_visits),
         CASE(the_tree_names_every_task_and_who_waits),
         CASE(the_tree_shows_who_answers_the_request),
         CASE(who_looks_may_do_so_without_the_body_and_is_not_counted),
         CASE(a_format_that_is_not_known_is_refused),
         CASE(a_tree_that_cannot_be_had_is_an_error_that_says_why),
         CASE(both_are_there_while_it_drains))
