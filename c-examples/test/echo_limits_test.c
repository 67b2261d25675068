/* echo_limits_test: 13_echo_server serves so many at a time, and closes who is silent for too long. */
#include "echo_rig.h"

#include <poll.h>

/* In so many milliseconds. */
static bool has_something(int fd, int timeout_ms) {
    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_ms) == 1;
}

/* The same, also where what was sent before has not been read: it is reset if the server has not read all either. */
static bool is_closed(int fd, int timeout_ms) {
    return poll(&(struct pollfd){.fd = fd, .events = POLLRDHUP}, 1, timeout_ms) == 1;
}

static void start_with(struct server *server, char *most, char *idle) {
    server_start(server, command, most, idle, (char *)NULL);
    if (!CHECK(server->port > 0))
        abort();
}

static void the_third_of_two_waits_until_one_has_gone(void) {
    struct server server;
    start_with(&server, "2", "600");
    int one = connect_to(&server), other = connect_to(&server), third = connect_to(&server);
    CHECK(client_send(third, "and I?\n"));
    for (int i = 0; i < 100; i++) {
        echo(one, "one\n");
        echo(other, "other\n");
    }
    CHECK(!has_something(third, 0));
    close(other);
    comes_back(third, "and I?\n");
    echo(one, "still there\n");
    stop(&server, 3);
    close(one);
    close(third);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Two are silent: one from the start, one that does not read when all buffers are full. */
static void who_is_silent_is_closed_and_who_talks_is_not(void) {
    static char data[1 << 16];
    struct server server;
    start_with(&server, "256", "1");
    double begin = now();
    int silent = connect_to(&server), stuck = connect_to(&server), talks = connect_to(&server);
    do
        echo(talks, "fill\n");
    while (send(stuck, data, sizeof data, MSG_NOSIGNAL | MSG_DONTWAIT) > 0);
    while (!has_something(silent, 10))
        echo(talks, "hello\n");
    CHECK(client_closed(silent));
    CHECK(now() - begin >= 1);
    while (!is_closed(stuck, 10)) {
        echo(talks, "hello\n");
        /* The buffers may have been full for a moment only. And if it is closed, and that waits behind what is not read, this is answered by a reset. */
        send(stuck, data, sizeof data, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    echo(talks, "still there\n");
    stop(&server, 3);
    close(silent);
    close(stuck);
    close(talks);
}

RIG_MAIN(CASE(the_third_of_two_waits_until_one_has_gone),
         CASE(who_is_silent_is_closed_and_who_talks_is_not))
