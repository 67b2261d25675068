/* hit_counter_test: starting, counting, answering, and what is refused. */
#include "rig.h"

#include <sys/stat.h>

static void the_count_goes_on_after_a_restart(void) {
    struct server server;
    unsigned long number = 0;
    for (int run = 0; run < 3; run++) {
        start(&server, "0");
        visit(&server, ++number);
        visit(&server, ++number);
        stop(&server, run % 2 ? SIGINT : SIGTERM);
        CHECK_INT(saved(), (long)number);
    }
}

static void a_server_without_visitors_keeps_the_count(void) {
    struct server server;
    write_state("41"); /* as a text editor may leave it, without a newline */
    start(&server, "0");
    CHECK_HAS(server.first_line, " 41 ");
    visit(&server, 42);
    stop(&server, SIGTERM);
    start(&server, "0");
    stop(&server, SIGTERM);
    CHECK_INT(saved(), 42);
}

static void a_taken_port_is_an_error_with_name_port_and_reason(void) {
    struct server first, second;
    char port[16], message[128];
    start(&first, "0");
    visit(&first, 1);
    snprintf(port, sizeof port, "%d", first.port);
    server_start(&second, command, "--port", port, "--state", state, NULL);
    snprintf(message, sizeof message, "hit_counter: web: port %s: Address already in use\n", port);
    CHECK_INT(second.status, 1);
    CHECK_STR(second.errors, message);
    visit(&first, 2);
    stop(&first, SIGTERM);
    CHECK_INT(saved(), 2);
}

static void a_client_that_goes_away_does_no_harm(void) {
    struct server server;
    start(&server, "100");
    close(ask(&server, "/slow"));
    close(ask(&server, "/"));
    int half = client_connect(server.port);
    CHECK(client_send(half, "GET /sl"));
    close(half);
    let_it_read(&server);
    stop(&server, SIGTERM);
    CHECK(saved() >= 1 && saved() <= 3);
}

static void only_get_is_served_and_only_known_pages(void) {
    struct server server;
    start(&server, "0");
    CHECK_INT(http_visit(server.port, "/favicon.ico").outcome, HTTP_WRONG);
    int fd = client_connect(server.port);
    CHECK(client_send(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"));
    CHECK_INT(http_receive(fd).outcome, HTTP_WRONG);
    CHECK(http_get(fd, "/"));
    CHECK_INT(http_receive(fd).number, 1);
    close(fd);
    stop(&server, SIGTERM);
    CHECK_INT(saved(), 1);
}

static void a_count_that_cannot_be_saved_is_an_error(void) {
    struct server server;
    char directory[80], moved[96], file[96];
    snprintf(directory, sizeof directory, "%s.directory", state);
    snprintf(moved, sizeof moved, "%s.moved", directory);
    snprintf(file, sizeof file, "%s/state", directory);
    CHECK_INT(mkdir(directory, 0700), 0);
    server_start(&server, command, "--port", "0", "--state", file, NULL);
    CHECK_INT(rename(directory, moved), 0);
    visit(&server, 1);
    server_stop(&server, SIGTERM);
    CHECK_INT(server.status, 1);
    CHECK_HAS(server.errors, "hit_counter: save: state file ");
    CHECK_HAS(server.errors, ": make a new one: No such file or directory\n");
    CHECK_INT(rmdir(moved), 0);
}

static void refused(int status, const char *message, char *option, char *value) {
    struct server server;
    server_start(&server, command, option, value, NULL);
    CHECK_INT(server.port, 0);
    CHECK_INT(server.status, status);
    CHECK_HAS(server.errors, message);
}

static void bad_options_exit_with_2(void) {
    refused(2, "--port: '65536' is not a number from 0 to 65535", "--port", "65536");
    refused(2, "--port: '80x' is not", "--port", "80x");
    refused(2, "--port: '' is not", "--port", "");
    refused(2, "--slow-ms: '-1' is not", "--slow-ms", "-1");
    refused(2, "--state: the name is empty", "--state", "");
    refused(2, "unexpected argument 'more'", "more", NULL);
    refused(2, "usage: hit_counter", "--nonsense", NULL);
}

static void a_state_file_that_is_no_count_is_left_alone(void) {
    static const char *const wrong[] = {"",     "\n",  "12 13\n",  "-1\n",
                                        "0x1f", "007", "12\n13\n", "99999999999999999999999\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[64] = "";
        write_state(wrong[i]);
        refused(1, "does not hold exactly one number", "--state", state);
        FILE *file = fopen(state, "r");
        CHECK(file && fread(text, 1, sizeof text - 1, file) == strlen(wrong[i]));
        fclose(file);
        CHECK_STR(text, wrong[i]);
    }
    refused(1, "hit_counter: state file /tmp: read: Is a directory", "--state", "/tmp");
    refused(1, "No such file or directory", "--state", "/nowhere/at/all");
}

RIG_MAIN(CASE(the_count_goes_on_after_a_restart), CASE(a_server_without_visitors_keeps_the_count),
         CASE(a_taken_port_is_an_error_with_name_port_and_reason),
         CASE(a_client_that_goes_away_does_no_harm), CASE(only_get_is_served_and_only_known_pages),
         CASE(a_count_that_cannot_be_saved_is_an_error), CASE(bad_options_exit_with_2),
         CASE(a_state_file_that_is_no_count_is_left_alone))
