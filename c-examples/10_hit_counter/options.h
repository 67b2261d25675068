/* options.h: the options of the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

struct options {
    const char *state; /* the file that keeps the count */
    const char *host;  /* an IPv4 address */
    uint16_t port;     /* 0: any free one */
    int slow_ms;       /* how long an answer to /slow takes */
    int drain_ms;      /* between the signal and the stop */
    int grace_ms;      /* after that; -1: for ever */
};

void options_parse(struct options *options, int argc, char **argv);

#endif
