/* tasks.h: how many threads this program has, as the kernel counts them, and waiting until there are so many. */
#ifndef TASKS_H
#define TASKS_H

#include "check.h"
#include <dirent.h>

static inline int tasks_now(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static inline void wait_for_tasks(int count) {
    char text[100];
    int found;
    for (time_t until = check_until(); (found = tasks_now()) != count;) {
        snprintf(text, sizeof text, "there are %d threads, not %d", found, count);
        check_yield(until, text);
    }
}

#endif
