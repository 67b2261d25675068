/* asleep.h: waits until all other threads of this program are asleep, and so have done whatever they had to do. A callback
 * that returned has by then completed as far as the library is concerned; nothing else shows that from outside.
 *
 * A thread is asleep if it is so in two looks and was not switched to between them; if that holds for all of them, all were
 * asleep at the moment between the two looks. Under valgrind, which lets one thread run at a time, all others seem to be
 * asleep: there (CHECK_SERIAL=1) this returns at once, and the order of completion cannot be checked. A case that needs it can
 * play in a child program (child.h), which valgrind does not watch.
 */
#ifndef ASLEEP_H
#define ASLEEP_H

#include "check.h"
#include <dirent.h>

static inline bool order_is_seen(void) { return check_environment("CHECK_SERIAL", 0) == 0; }

/* Adds up how often it was switched to. */
static inline bool thread_asleep(const char *id, unsigned long *switches) {
    char path[300], line[200];
    unsigned long times;
    bool asleep = false;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", id);
    FILE *status = fopen(path, "r");
    if (!status) /* It has ended since. */
        return true;
    while (fgets(line, sizeof line, status)) {
        if (strncmp(line, "State:\tS", 8) == 0)
            asleep = true;
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &times) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %lu", &times) == 1)
            *switches += times + 1;
    }
    fclose(status);
    return asleep;
}

static inline bool others_asleep(unsigned long *switches) {
    char own[30];
    bool asleep = true;
    DIR *tasks = opendir("/proc/self/task");
    snprintf(own, sizeof own, "%d", (int)gettid());
    *switches = 0;
    for (struct dirent *task; asleep && (task = readdir(tasks));)
        if (task->d_name[0] != '.' && strcmp(task->d_name, own) != 0)
            asleep = thread_asleep(task->d_name, switches);
    closedir(tasks);
    return asleep;
}

static inline void wait_until_others_sleep(void) {
    if (proc_simulated()) {
        check_sleep_simulated(); /* Its time goes on when all others wait. */
        return;
    }
    time_t until = check_until();
    unsigned long first, second;
    while (order_is_seen() && !(others_asleep(&first) && others_asleep(&second) && first == second))
        check_yield(until, "the other threads do not come to rest");
}

#endif
