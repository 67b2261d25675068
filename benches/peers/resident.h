/* resident.h: how much memory of this process is in RAM. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include "bench.h"

/* The kernel's quick counters lag behind by some pages a thread; this file is counted page by page. */
static inline double resident_bytes(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long kilobytes = -1;
    while (file && kilobytes < 0 && fgets(line, sizeof line, file))
        sscanf(line, "Rss: %ld", &kilobytes);
    if (kilobytes < 0)
        skip("/proc/self/smaps_rollup does not tell the resident memory");
    fclose(file);
    return (double)kilobytes * 1024;
}

#endif
