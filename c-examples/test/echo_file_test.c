/* echo_file_test: 14_libuv_echo has written down what it sends back, and does not send back what it cannot write down. */
#include "echo_rig.h"

static char path[] = "/tmp/echo_file_test.XXXXXX";

static void holds(const char *text) {
    char content[256] = "";
    FILE *file = fopen(path, "r");
    CHECK(file && fread(content, 1, sizeof content - 1, file) > 0 && fclose(file) == 0);
    CHECK_STR(content, text);
}

/* What is in the file already stays. */
static void what_comes_back_is_in_the_file(void) {
    struct server server;
    int made = mkstemp(path);
    CHECK(made >= 0 && write(made, "before\n", 7) == 7 && close(made) == 0);
    start(&server, path);
    int one = connect_to(&server), other = connect_to(&server);
    echo(one, "first\n");
    holds("before\nfirst\n");
    echo(other, "second\n");
    holds("before\nfirst\nsecond\n");
    echo(one, "third\n");
    stop(&server, 2);
    holds("before\nfirst\nsecond\nthird\n");
    close(one);
    close(other);
    CHECK_INT(unlink(path), 0);
}

/* The failure of one write stops the server, and all learn of it. */
static void a_full_disk_ends_the_server(void) {
    struct server server;
    start(&server, "/dev/full");
    int idle = connect_to(&server), fd = connect_to(&server);
    CHECK(client_send(fd, "no room\n"));
    CHECK(client_closed(fd));
    CHECK(client_closed(idle));
    server_join(&server);
    CHECK_INT(server.status, 1);
    CHECK_STR(server.errors,
              "14_libuv_echo: echo: write-down: /dev/full: No space left on device\n");
    close(fd);
    close(idle);
}

static void a_file_that_cannot_be_opened_is_an_error(void) {
    struct server server;
    server_start(&server, command, "/", (char *)NULL);
    CHECK_INT(server.port, 0);
    CHECK_INT(server.status, 1);
    CHECK_STR(server.errors, "14_libuv_echo: /: Is a directory\n");
}

static void a_file_must_be_named(void) {
    struct server server;
    server_start(&server, command, (char *)NULL);
    CHECK_INT(server.port, 0);
    CHECK_INT(server.status, 2);
    CHECK_STR(server.errors, "usage: 14_libuv_echo FILE\n");
}

RIG_MAIN(CASE(what_comes_back_is_in_the_file), CASE(a_full_disk_ends_the_server),
         CASE(a_file_that_cannot_be_opened_is_an_error), CASE(a_file_must_be_named))
