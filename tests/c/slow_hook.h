/* slow_hook.h: a hook that takes its time, and is under way when the callback that has put it there returns. */
#ifndef SLOW_HOOK_H
#define SLOW_HOOK_H

#include "check.h"
#include <sched.h>

typedef struct slow_hook {
    /* What the callback cancels; NULL: nothing, it is cancelled otherwise. */
    proc_cancel *around;
    proc_hook *hook;
    gate begun;
    atomic_int over;
} slow_hook;

static inline void slow_hook_run(void *user_data) {
    slow_hook *h = user_data;
    gate_open(&h->begun);
    for (int i = 0; i < 100; i++)
        sched_yield();
    h->over = 1;
}

static inline proc_error *slow_hook_callback(proc_cancel *cancel, void *user_data) {
    slow_hook *h = user_data;
    h->hook = proc_on_cancel(cancel, slow_hook_run, h);
    if (h->around)
        proc_cancel_trigger(h->around, NULL);
    GATE_WAIT(&h->begun);
    return NULL;
}

/* When the run is over of what is made around that callback, the hook has run. */
static inline void check_slow_hook_over(proc_impl *(*wrap)(proc_impl *impl), proc_cancel *around) {
    slow_hook h = {.around = around};
    gate_init(&h.begun);
    CHECK_OK(proc_run(wrap(proc_new(slow_hook_callback, &h, NULL)), around));
    CHECK_INT(h.over, 1);
    proc_hook_remove(h.hook);
}

#endif
