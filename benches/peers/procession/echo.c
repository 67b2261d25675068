/* The example of an echo server, as it is, under load. */
#define main echo_server
#include "../../../c-examples/13_echo_server.c"
#undef main
#include "../echo.h"
#include "workloads.h"

static int serve_echo(int connections) {
    char most[16];
    snprintf(most, sizeof most, "%d", connections);
    char *argv[] = {"echo", most, NULL};
    return echo_server(2, argv);
}

void echo_requests(int n, int seconds) { load_echo(serve_echo, n, seconds); }
