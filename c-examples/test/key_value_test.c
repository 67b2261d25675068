/* key_value_test: of 19_key_value_server: what it has acknowledged is there after a restart, whatever ends it.
 *
 *     PROGRAM CASE SERVER [ARGUMENT...]      SERVER may be "valgrind ... 19_key_value_server"
 */
#define _GNU_SOURCE
#include "client.h"
#include "own_directory.h"
#include "server.h"
#include <signal.h>
#include <sys/socket.h>

enum { CLIENTS = 64 };

static void start(struct server *server, char *drain_ms, char *grace_ms) {
    server_start(server, command, "data", drain_ms, grace_ms, (char *)NULL);
    if (!CHECK(server->port > 0))
        abort(); /* nothing can be asked of it, and its process is gone */
}

static void stop(struct server *server) {
    server_stop(server, SIGTERM);
    CHECK_INT(server->status, 0);
}

/* One line, without its end; false: the connection is closed. */
static bool ask(int fd, const char *question, char *answer, size_t size) {
    size_t length = 0;
    if (!client_send(fd, question))
        return false;
    while (length + 1 < size && recv(fd, answer + length, 1, 0) == 1 && answer[length] != '\n')
        length++;
    bool is_whole = answer[length] == '\n';
    answer[length] = '\0';
    return is_whole;
}

static void expect(int fd, const char *question, const char *expected) {
    char answer[128] = "";
    CHECK(ask(fd, question, answer, sizeof answer));
    CHECK_STR(answer, expected);
}

/* What the clients do at the same time, each until the server has closed its connection. */
struct rush {
    struct server server;
    void (*end)(struct server *server);
    int until_end; /* when so many are acknowledged */
    atomic_int all;
    int acknowledged[CLIENTS];
};

struct writer {
    struct rush *rush;
    int number;
};

static proc_error *write_numbers(proc_cancel *cancel, void *user_data) {
    const struct writer *writer = user_data;
    struct rush *rush = writer->rush;
    int fd = client_connect(rush->server.port);
    char question[64], answer[64] = "";
    (void)cancel;
    for (int i = 1; fd >= 0; i++) {
        snprintf(question, sizeof question, "SET client.%d %d\n", writer->number, i);
        if (!ask(fd, question, answer, sizeof answer) || strcmp(answer, "OK") != 0)
            break;
        rush->acknowledged[writer->number] = i;
        if (atomic_fetch_add(&rush->all, 1) + 1 == rush->until_end)
            rush->end(&rush->server);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void run(struct rush *rush) {
    proc_impl *clients[CLIENTS];
    struct writer writers[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        writers[i] = (struct writer){.rush = rush, .number = i};
        clients[i] = proc_new(write_numbers, &writers[i], NULL);
    }
    rush->until_end = (int)check_scaled(2000);
    CHECK_OK(proc_run(proc_concurrent(clients, CLIENTS), NULL));
    CHECK(rush->all >= rush->until_end);
}

/* The one after the last acknowledged may have been taken, too: its answer did not come any more. */
static void all_is_there(const struct rush *rush) {
    struct server server;
    start(&server, "0", "10000");
    int fd = client_connect(server.port), value;
    for (int i = 0; i < CLIENTS; i++) {
        char question[64], answer[64] = "";
        snprintf(question, sizeof question, "GET client.%d\n", i);
        CHECK(ask(fd, question, answer, sizeof answer));
        if (sscanf(answer, "VALUE %d", &value) != 1)
            value = 0;
        CHECK(value == rush->acknowledged[i] || value == rush->acknowledged[i] + 1);
    }
    close(fd);
    stop(&server);
}

static void terminate(struct server *server) { kill(server->pid, SIGTERM); }
static void terminate_by_force(struct server *server) { server_force(server, SIGTERM); }

static void a_stop_amid_writes_loses_nothing(void) {
    struct rush rush = {.end = terminate};
    start(&rush.server, "100", "60000");
    run(&rush);
    server_join(&rush.server);
    CHECK_INT(rush.server.status, 0);
    all_is_there(&rush);
}

static void a_handler_that_hangs_loses_nothing(void) {
    struct rush rush = {.end = terminate};
    start(&rush.server, "100", "300");
    int hangs = client_connect(rush.server.port);
    CHECK(client_send(hangs, "HANG\n"));
    CHECK(server_says(&rush.server, "a handler hangs\n"));
    run(&rush);
    server_join(&rush.server);
    CHECK_INT(rush.server.status, 128 + SIGTERM);
    CHECK_HAS(rush.server.errors, "key-value: saved at last\n");
    close(hangs);
    all_is_there(&rush);
}

/* It serves until the last moment: the second signal comes in the drain time. */
static void a_second_signal_loses_nothing(void) {
    struct rush rush = {.end = terminate_by_force};
    start(&rush.server, "60000", "60000");
    run(&rush);
    CHECK_INT(rush.server.status, 128 + SIGTERM);
    CHECK_HAS(rush.server.errors, "key-value: saved at last\n");
    all_is_there(&rush);
}

static void a_silent_client_is_closed_after_the_time_that_sighup_has_set(void) {
    struct server server;
    start(&server, "0", "10000");
    int old = client_connect(server.port);
    expect(old, "SET a b c\n", "OK");
    FILE *settings = fopen("data.conf", "w");
    CHECK(settings && fputs("100\n", settings) >= 0 && fclose(settings) == 0);
    kill(server.pid, SIGHUP);
    CHECK(server_says(&server, "a silent client is closed after 100 ms\n"));
    int silent = client_connect(server.port);
    CHECK(client_closed(silent));
    close(silent);
    close(old);
    stop(&server);
    start(&server, "0", "10000"); /* with the 60 seconds again */
    old = client_connect(server.port);
    expect(old, "GET a\n", "VALUE b c");
    close(old);
    stop(&server);
}

static void bad_input_is_an_error_and_the_connection_goes_on(void) {
    static char lengthy[5000];
    struct server server;
    start(&server, "0", "10000");
    int fd = client_connect(server.port);
    const char *usage = "ERROR SET KEY VALUE, GET KEY or DEL KEY";
    expect(fd, "\n", usage);
    expect(fd, "SET a\n", usage);
    expect(fd, "SET  b\n", usage);
    expect(fd, "GET a b\n", usage);
    memset(lengthy, 'x', sizeof lengthy - 2);
    lengthy[sizeof lengthy - 2] = '\n';
    expect(fd, lengthy, "ERROR not a line");
    expect(fd, "SET a b\n", "OK");
    expect(fd, "GET a\n", "VALUE b");
    expect(fd, "DEL a\n", "OK");
    expect(fd, "GET a\n", "NONE");
    close(fd);
    stop(&server);
}

int main(int argc, char **argv) {
    static const check_case cases[] = {
        CASE(a_stop_amid_writes_loses_nothing),
        CASE(a_handler_that_hangs_loses_nothing),
        CASE(a_second_signal_loses_nothing),
        CASE(a_silent_client_is_closed_after_the_time_that_sighup_has_set),
        CASE(bad_input_is_an_error_and_the_connection_goes_on),
    };
    return check_in_own_directory(cases, sizeof cases / sizeof *cases, argc, argv);
}
