/* tasks.h: how many threads this program has, as the kernel counts them, and waiting until there are so many. */
#ifndef TASKS_H
#define TASKS_H

#include "check.h"
#include <dirent.h>

/* Threads that are there before the program begins are not its own: an emulator has one. */
static pid_t tasks_not_ours[4];

static inline bool is_our_task(const char *id) {
    for (size_t i = 0; i < sizeof tasks_not_ours / sizeof *tasks_not_ours; i++)
        if (atoi(id) == tasks_not_ours[i]) /* 0, too, which is what "." and ".." say */
            return false;
    return true;
}

__attribute__((constructor)) static void note_tasks_not_ours(void) {
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks)) && count < 3;)
        if (task->d_name[0] != '.' && atoi(task->d_name) != getpid())
            tasks_not_ours[count++] = atoi(task->d_name);
    closedir(tasks);
}

static inline int tasks_now(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));)
        count += is_our_task(task->d_name);
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
