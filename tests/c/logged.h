/* logged.h: what is told to the trace as logs, by whatever thread: how many there were, and the last one. */
#ifndef LOGGED_H
#define LOGGED_H

#include "check.h"

static struct {
    pthread_mutex_t lock;
    int count;
    char last[200]; /* TASK, CATEGORY: MESSAGE */
} logged = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void logged_note(const proc_trace_task *task, const char *category,
                               const char *message, void *user_data) {
    (void)user_data;
    pthread_mutex_lock(&logged.lock);
    logged.count++;
    snprintf(logged.last, sizeof logged.last, "%s, %s: %s", task ? task->task_type : "no task",
             category, message);
    pthread_mutex_unlock(&logged.lock);
}

static inline void logged_begin(void) {
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.log = logged_note;
    logged.count = 0;
    CHECK_OK(proc_trace_set_hooks(&hooks));
}

/* From now on, nothing more is noted. */
static inline void logged_end(void) { CHECK_OK(proc_trace_set_hooks(NULL)); }

#endif
