/* tasks.h: how many threads this program has, as the kernel counts them, and waiting until there are so many. */
#ifndef TASKS_H
#define TASKS_H

#include "check.h"
#include <dirent.h>
#include <sched.h>

static inline int tasks_now(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static inline void wait_for_tasks(int count) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t until = now.tv_sec + check_deadline();
    while (tasks_now() != count) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > until) {
            fprintf(stderr, "%s: there are %d threads, not %d, and time is up\n", check_case_name,
                    tasks_now(), count);
            abort();
        }
        sched_yield();
    }
}

#endif
