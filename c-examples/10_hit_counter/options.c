/* options.c: the command line of hit_counter. Options that it does not know end the program with status 2. */
#define _GNU_SOURCE
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: hit_counter [OPTION...]\n"
    "  --host ADDRESS  listen on this IPv4 address (127.0.0.1)\n"
    "  --port N        listen on port N (8080); 0 takes any free one\n"
    "  --state FILE    keep the count in FILE (hit_counter.state)\n"
    "  --slow-ms N     answer requests to /slow after N milliseconds (500)\n"
    "  --drain-ms N    when told to stop, say so at /healthz for N milliseconds before (0)\n"
    "  --grace-ms N    end, and say what hangs, if stopping takes longer than that (for ever)\n";

/* An hour is longer than service managers wait. */
enum { HOUR_MS = 3600000 };

static _Noreturn void refuse(void) {
    fputs(usage, stderr);
    exit(2);
}

static long number(const char *option, const char *text, long most) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && value <= most)
        return value;
    fprintf(stderr, "hit_counter: --%s: '%s' is not a number from 0 to %ld\n", option, text, most);
    refuse();
}

static void take(struct options *options, int letter) {
    switch (letter) {
    case 'p':
        options->port = (uint16_t)number("port", optarg, UINT16_MAX);
        break;
    case 's':
        options->state = optarg;
        break;
    case 'a':
        options->host = optarg;
        break;
    case 'w':
        options->slow_ms = (int)number("slow-ms", optarg, 60000);
        break;
    case 'd':
        options->drain_ms = (int)number("drain-ms", optarg, HOUR_MS);
        break;
    case 'g':
        options->grace_ms = (int)number("grace-ms", optarg, HOUR_MS);
        break;
    case 'h':
        fputs(usage, stdout);
        exit(0);
    default: /* getopt has printed the error */
        refuse();
    }
}

void options_parse(struct options *options, int argc, char **argv) {
    static const struct option known[] = {
        {"host", required_argument, NULL, 'a'},     {"port", required_argument, NULL, 'p'},
        {"state", required_argument, NULL, 's'},    {"slow-ms", required_argument, NULL, 'w'},
        {"drain-ms", required_argument, NULL, 'd'}, {"grace-ms", required_argument, NULL, 'g'},
        {"help", no_argument, NULL, 'h'},           {0}};
    *options = (struct options){.state = "hit_counter.state",
                                .host = "127.0.0.1",
                                .port = 8080,
                                .slow_ms = 500,
                                .grace_ms = -1};
    for (int letter; (letter = getopt_long(argc, argv, "", known, NULL)) != -1;)
        take(options, letter);
    if (optind < argc) {
        fprintf(stderr, "hit_counter: unexpected argument '%s'\n", argv[optind]);
        refuse();
    }
    if (*options->state == '\0') {
        fputs("hit_counter: --state: the name is empty\n", stderr);
        refuse();
    }
}
