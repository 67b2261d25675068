/* hit_counter_stop_test: at a stop, a request is answered in full or refused before it is read, and a client that says
 * nothing does not hold it up. */
#include "rig.h"

#include <poll.h>
#include <sys/wait.h>

static void answered_while_stopping(int fd) {
    struct http_reply reply = http_receive(fd);
    CHECK_INT(reply.outcome, HTTP_FULL);
    CHECK(reply.close);
    CHECK(client_closed(fd));
    close(fd);
}

static void idle_connections_do_not_hold_up_the_stop(void) {
    struct server server;
    start(&server, "0");
    int silent = client_connect(server.port);
    int idle = ask(&server, "/");
    struct http_reply reply = http_receive(idle);
    CHECK_INT(reply.outcome, HTTP_FULL);
    CHECK(!reply.close);
    stop(&server, SIGTERM);
    CHECK(client_closed(idle) && client_closed(silent));
    close(idle);
    close(silent);
    CHECK_INT(saved(), 1);
}

/* The slow answer would be due after a minute: whoever waited for it would run out of time here. */
static void idle_connections_are_closed_before_slow_requests_end(void) {
    struct server server;
    start(&server, "60000");
    int slow = ask(&server, "/slow");
    int idle = ask(&server, "/");
    CHECK_INT(http_receive(idle).outcome, HTTP_FULL);
    kill(server.pid, SIGTERM);
    CHECK(client_closed(idle));
    CHECK_INT(poll(&(struct pollfd){.fd = slow, .events = POLLIN}, 1, 0), 0);
    close(idle);
    close(slow);
    server_stop(&server, SIGKILL);
    CHECK_INT(server.status, 128 + SIGKILL);
}

/* Returns whether the stop came before the first of the answers. */
static bool stop_before_slow_answers(char *slow_ms) {
    enum { SLOW = 8 };
    struct server server;
    int fds[SLOW], while_stopping = 0;
    long before = saved() < 0 ? 0 : saved();
    start(&server, slow_ms);
    for (int i = 0; i < SLOW; i++)
        fds[i] = ask(&server, "/slow");
    let_it_read(&server);
    kill(server.pid, SIGTERM);
    for (int i = 0; i < SLOW; i++) {
        struct http_reply reply = http_receive(fds[i]);
        CHECK_INT(reply.outcome, HTTP_FULL);
        CHECK(client_closed(fds[i]));
        close(fds[i]);
        while_stopping += reply.close;
    }
    server_join(&server);
    CHECK_INT(server.status, 0);
    CHECK_INT(saved(), before + SLOW + 1);
    return while_stopping == SLOW;
}

/* On a busy machine the slow answers may be too fast: then the same is done with slower ones. */
static void slow_requests_in_flight_are_answered(void) {
    CHECK(stop_before_slow_answers("500") || stop_before_slow_answers("3000") ||
          stop_before_slow_answers("20000"));
}

static void a_request_begun_before_the_stop_may_end_after_it(void) {
    struct server server;
    start(&server, "0");
    int idle = client_connect(server.port);
    int begun = client_connect(server.port);
    CHECK(client_send(begun, "GET / HT"));
    let_it_read(&server);
    kill(server.pid, SIGTERM);
    CHECK(client_closed(idle)); /* now it has looked which connections are idle */
    CHECK(client_send(begun, "TP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    answered_while_stopping(begun);
    close(idle);
    server_join(&server);
    CHECK_INT(server.status, 0);
    CHECK_INT(saved(), 2);
}

/* While the server is held still, the kernel makes connections in its name and keeps what they send. */
static void connections_in_the_queue_are_answered(void) {
    enum { WAITING = 50 };
    struct server server;
    int fds[WAITING], status;
    start(&server, "0");
    kill(server.pid, SIGSTOP);
    waitpid(server.pid, &status, WUNTRACED);
    for (int i = 0; i < WAITING; i++)
        fds[i] = ask(&server, "/");
    kill(server.pid, SIGTERM);
    kill(server.pid, SIGCONT);
    for (int i = 0; i < WAITING; i++) {
        CHECK_INT(http_receive(fds[i]).outcome, HTTP_FULL);
        close(fds[i]);
    }
    server_join(&server);
    CHECK_INT(server.status, 0);
    CHECK_INT(saved(), WAITING);
}

RIG_MAIN(CASE(idle_connections_do_not_hold_up_the_stop),
         CASE(idle_connections_are_closed_before_slow_requests_end),
         CASE(slow_requests_in_flight_are_answered),
         CASE(a_request_begun_before_the_stop_may_end_after_it),
         CASE(connections_in_the_queue_are_answered))
