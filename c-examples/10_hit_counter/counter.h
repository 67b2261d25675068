/* counter.h: the count, and the file that keeps it. */
#ifndef COUNTER_H
#define COUNTER_H

#include <limits.h>
#include <procession.h>
#include <stdatomic.h>
#include <stdint.h>

struct counter {
    _Atomic uint64_t hits; /* written by the web process alone, read by all */
    uint64_t saved;        /* the count in the file */
    char directory[PATH_MAX];
    const char *path;
};

proc_error *counter_load(struct counter *counter, const char *path);
proc_error *counter_save(proc_cancel *cancel, void *counter); /* a process */

#endif
