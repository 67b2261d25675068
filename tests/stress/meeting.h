/* meeting.h: siblings that wait for each other, or for the cancellation of what they are in: some may never come, because they were
 * denied a thread.
 */
#ifndef MEETING_H
#define MEETING_H

#include "handles.h"

typedef struct meeting {
    pthread_mutex_t mutex;
    size_t expected;
    size_t arrived;
    proc_cancel *over; /* below the handle of those who meet; cancelled by the last one to come */
} meeting;

static inline void meeting_init(meeting *m, size_t expected) {
    *m = (meeting){.expected = expected};
    pthread_mutex_init(&m->mutex, NULL);
}

/* Nobody is there any more. */
static inline void meeting_reset(meeting *m) {
    proc_cancel_unref(m->over);
    m->over = NULL;
    m->arrived = 0;
}

/* All come with the same handle. */
static inline void meet(meeting *m, proc_cancel *cancel) {
    pthread_mutex_lock(&m->mutex);
    if (!m->over)
        m->over = proc_cancel_new(cancel);
    bool is_last = ++m->arrived == m->expected;
    pthread_mutex_unlock(&m->mutex);
    if (is_last)
        proc_cancel_trigger(m->over, NULL);
    handle_await(m->over);
}

#endif
