/* echo_test: both echo servers send back what they are sent, to any number of clients; they keep nothing of those that are
 * gone; a stop closes every connection, whatever its client does; and no message comes back in part because of it.
 *
 * That no descriptor is left when the server ends is seen by fds_at_exit.c, which is in the server. */
#include "echo_rig.h"

#include <poll.h>
#include <sys/resource.h>

/* From now on, for the server too, which needs up to three for each connection at a time. */
static void limit_descriptors(rlim_t most) {
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Most clients end with a reset. That leaves no port of theirs in TIME_WAIT, of which there would be too many otherwise. */
static void reset(int fd) {
    struct linger at_once = {.l_onoff = 1};
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

/* Says that it has no more to send; then the server closes too. */
static void part(int fd) {
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    CHECK(client_closed(fd));
    close(fd);
}

static void visit(const struct server *server, size_t number) {
    char text[64];
    int fd = connect_to(server);
    snprintf(text, sizeof text, "hello %zu\n", number);
    echo(fd, text);
    if (number % 10 == 0)
        part(fd);
    else
        reset(fd);
}

/* With so few descriptors it could not serve that many if it kept one of a client that is gone. */
static void many_one_after_the_other_and_a_stop_with_100_open(void) {
    enum { OPEN = 100 };
    struct server server;
    int fds[OPEN];
    size_t visits = check_scaled(10000);
    limit_descriptors(3 * OPEN + 50);
    start(&server, NULL);
    for (size_t i = 0; i < visits; i++)
        visit(&server, i);
    for (int i = 0; i < OPEN; i++)
        echo(fds[i] = connect_to(&server), "still there\n");
    stop(&server, visits + OPEN);
    for (int i = 0; i < OPEN; i++) {
        CHECK(client_closed(fds[i]));
        close(fds[i]);
    }
}

/* More than the places of 13_echo_server: the others wait until some are gone. */
static void three_hundred_at_once_are_all_served(void) {
    enum { CLIENTS = 300 };
    struct server server;
    int fds[CLIENTS];
    start(&server, NULL);
    for (int i = 0; i < CLIENTS; i++)
        CHECK(client_send(fds[i] = connect_to(&server), "me too\n"));
    for (int i = 0; i < CLIENTS; i++) {
        comes_back(fds[i], "me too\n");
        part(fds[i]);
    }
    stop(&server, CLIENTS);
}

static void fill(char *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 2654435761U >> 16);
}

/* Sends all of it, and takes what comes back meanwhile; returns how much came. */
static size_t exchange(int fd, const char *data, char *back, size_t size) {
    size_t sent = 0, received = 0;
    ssize_t now = 1;
    while (now > 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN | (sent < size ? POLLOUT : 0)};
        CHECK_INT(poll(&p, 1, -1), 1);
        if (p.revents & POLLOUT) {
            now = send(fd, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            CHECK(now > 0);
            sent += now > 0 ? (size_t)now : 0;
            if (sent == size)
                CHECK_INT(shutdown(fd, SHUT_WR), 0);
        } else {
            now = recv(fd, back + received, size - received + 1, 0);
            received += now > 0 ? (size_t)now : 0;
        }
        CHECK(received <= sent);
    }
    CHECK_INT(now, 0);
    return received;
}

static void what_no_buffer_holds_comes_back_as_it_was(void) {
    enum { SIZE = 1 << 22 };
    static char data[SIZE], back[SIZE + 1];
    struct server server;
    start(&server, NULL);
    int fd = connect_to(&server);
    fill(data, SIZE);
    CHECK_INT(exchange(fd, data, back, SIZE), SIZE);
    CHECK(memcmp(data, back, SIZE) == 0);
    close(fd);
    stop(&server, 1);
}

/* It sends until nothing more fits in anywhere: the server cannot send back, and takes no more. */
static void a_client_that_does_not_read_does_not_hold_up_the_stop(void) {
    static char data[1 << 16];
    struct server server;
    start(&server, NULL);
    int fd = connect_to(&server), other = connect_to(&server);
    do
        echo(other, "and I?\n"); /* others are served all the while */
    while (send(fd, data, sizeof data, MSG_NOSIGNAL | MSG_DONTWAIT) > 0);
    stop(&server, 2);
    CHECK(client_closed(other));
    while (!client_closed(fd))
        ;
    close(fd);
    close(other);
}

/* What 64 clients do at the same time, each one connection after the other, until the server is gone. */
enum { RUSH = 64, MESSAGE = 1024 };

struct rush {
    const struct server *server;
    size_t until_stop; /* when so many have been served, the server is told to stop */
    atomic_size_t begun, served, closed, halved;
};

/* Sends a message of its own: 1, it came back; 0, nothing did, since the server has closed the connection; -1, a part. */
static int exchange_message(int fd, size_t number) {
    char data[MESSAGE], back[MESSAGE];
    memset(data, (char)number, sizeof data);
    memcpy(data, &number, sizeof number);
    if (send(fd, data, sizeof data, MSG_NOSIGNAL) != sizeof data)
        return 0;
    ssize_t size = recv(fd, back, sizeof back, MSG_WAITALL);
    return size == sizeof back && memcmp(data, back, sizeof back) == 0 ? 1 : size > 0 ? -1 : 0;
}

/* One message, or two or three. */
static int exchange_messages(int fd, size_t number) {
    int outcome = 1;
    for (size_t i = 0; outcome == 1 && i <= number % 3; i++)
        outcome = exchange_message(fd, number + i);
    return outcome;
}

static void record(struct rush *rush, int outcome) {
    if (outcome < 0)
        atomic_fetch_add(&rush->halved, 1);
    else if (outcome == 0)
        atomic_fetch_add(&rush->closed, 1);
    else if (atomic_fetch_add(&rush->served, 1) + 1 == rush->until_stop)
        kill(rush->server->pid, SIGTERM);
}

static proc_error *rush_in(proc_cancel *cancel, void *user_data) {
    struct rush *rush = user_data;
    (void)cancel;
    for (int fd; (fd = client_connect(rush->server->port)) >= 0; reset(fd))
        record(rush, exchange_messages(fd, atomic_fetch_add(&rush->begun, 1)));
    return NULL;
}

/* Every connection that the server had is one that a client saw: served, or closed before its message came back. */
static void stop_amid_a_rush(size_t visits) {
    struct server server;
    struct rush rush = {.server = &server, .until_stop = visits};
    proc_impl *clients[RUSH];
    size_t connections = 0;
    start(&server, NULL);
    for (int i = 0; i < RUSH; i++)
        clients[i] = proc_new(rush_in, &rush, NULL);
    CHECK_OK(proc_run(proc_concurrent(clients, RUSH), NULL));
    server_join(&server);
    CHECK_INT(server.status, 0);
    CHECK_STR(server.errors, "");
    CHECK_INT(sscanf(server.last_line, "echo: stopped after %zu connections", &connections), 1);
    CHECK_INT(rush.halved, 0);
    CHECK(rush.served >= visits && rush.served <= connections);
    CHECK(connections <= rush.served + rush.closed);
}

/* 20,000 connections, and ten stops in the middle of them. */
static void a_stop_amid_a_rush_leaves_nothing_half_served(void) {
    for (size_t lives = check_scaled(10); lives > 0; lives--)
        stop_amid_a_rush(check_scaled(2000));
}

RIG_MAIN(CASE(many_one_after_the_other_and_a_stop_with_100_open),
         CASE(three_hundred_at_once_are_all_served),
         CASE(what_no_buffer_holds_comes_back_as_it_was),
         CASE(a_client_that_does_not_read_does_not_hold_up_the_stop),
         CASE(a_stop_amid_a_rush_leaves_nothing_half_served))
