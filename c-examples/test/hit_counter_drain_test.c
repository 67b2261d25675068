/* hit_counter_drain_test: what whoever spreads visitors over servers sees of a stop, and how a stop ends that hangs. */
#define _GNU_SOURCE
#include <sched.h>

#include "manager.h"
#include "rig.h"

static void start_with(struct server *server, char *option, char *value) {
    server_start(server, command, "--port", "0", "--state", state, "--slow-ms", "60000", option,
                 value, NULL);
    if (!CHECK(server->port > 0))
        abort();
}

static int health(const struct server *server) {
    return http_visit(server->port, "/healthz").status;
}

static void it_is_healthy_until_it_drains_and_serves_on(void) {
    struct server server;
    start_with(&server, "--drain-ms", "3600000");
    CHECK_INT(health(&server), 200);
    visit(&server, 1);
    kill(server.pid, SIGTERM);
    while (health(&server) == 200)
        ;
    CHECK_INT(health(&server), 503);
    visit(&server, 2);
    while (saved() != 2) /* or it could be killed while it saves, and leave half a file behind */
        sched_yield();
    server_force(&server, SIGTERM);
    CHECK_INT(server.status, 128 + SIGTERM);
}

static void it_stops_when_the_drain_time_is_over(void) {
    struct server server;
    start_with(&server, "--drain-ms", "1");
    visit(&server, 1);
    stop(&server, SIGTERM);
    CHECK_INT(saved(), 1);
}

static void the_grace_period_ends_a_stop_that_hangs_and_says_where(void) {
    struct server server;
    start_with(&server, "--grace-ms", "300");
    int slow = ask(&server, "/slow");
    let_it_read(&server);
    server_stop(&server, SIGTERM);
    close(slow);
    CHECK_INT(server.status, 128 + SIGTERM);
    CHECK_HAS(server.errors, "the grace period of 300ms is over");
    CHECK_HAS(server.errors, "task web");
}

static void it_says_when_it_serves_and_when_it_stops(void) {
    struct server server;
    manager m;
    manager_listen(&m, true);
    start(&server, "0");
    CHECK_HAS(manager_hears(&m), "READY=1\n");
    stop(&server, SIGTERM);
    CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
    manager_close(&m);
}

static void a_host_that_is_no_address_is_an_error(void) {
    struct server server;
    server_start(&server, command, "--host", "nowhere", NULL);
    CHECK_INT(server.status, 1);
    CHECK_STR(server.errors, "hit_counter: web: nowhere is no IPv4 address\n");
}

RIG_MAIN(CASE(it_is_healthy_until_it_drains_and_serves_on),
         CASE(it_stops_when_the_drain_time_is_over),
         CASE(the_grace_period_ends_a_stop_that_hangs_and_says_where),
         CASE(it_says_when_it_serves_and_when_it_stops),
         CASE(a_host_that_is_no_address_is_an_error))
