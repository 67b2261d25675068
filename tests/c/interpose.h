/* interpose.h: pthread_create as the library sees it in this program: counted, and on demand denied, as by a system that
 * has no thread to give, or late, as where there is more to run than processors.
 */
#ifndef INTERPOSE_H
#define INTERPOSE_H

#include "check.h"
#include <dlfcn.h>

static atomic_int threads_created;
static atomic_int threads_denied;
/* Calls that are not over: what they do may not be counted yet. */
static atomic_int threads_asked_for;
static atomic_int threads_left = -1; /* how many may still be created; negative: any number */
static atomic_int denials_left;      /* the next ones are denied */
static void (*on_denial)(void);      /* is called by each that is denied */
static gate
    *_Atomic threads_wait; /* those that are created now wait for this gate before they begin */

static inline bool take_one(atomic_int *left) {
    int n = atomic_load(left);
    while (n > 0 && !atomic_compare_exchange_weak(left, &n, n - 1))
        ;
    return n > 0;
}

typedef struct late_thread {
    void *(*start)(void *);
    void *argument;
    gate *waits_for;
} late_thread;

static inline void *begin_late(void *user_data) {
    late_thread late = *(late_thread *)user_data;
    free(user_data);
    GATE_WAIT(late.waits_for);
    return late.start(late.argument);
}

static inline int create_or_deny(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*start)(void *), void *argument) {
    typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    static create *_Atomic real;
    if (!real) {
        create *found;
        *(void **)&found = dlsym(RTLD_NEXT, "pthread_create");
        real = found;
    }
    if (take_one(&denials_left) || (threads_left >= 0 && !take_one(&threads_left))) {
        threads_denied++;
        if (on_denial)
            on_denial();
        return EAGAIN;
    }
    threads_created++;
    gate *waits_for = threads_wait;
    if (!waits_for)
        return real(thread, attributes, start, argument);
    late_thread *late = malloc(sizeof *late);
    *late = (late_thread){start, argument, waits_for};
    return real(thread, attributes, begin_late, late);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
    threads_asked_for++;
    int error = create_or_deny(thread, attributes, start, argument);
    threads_asked_for--;
    return error;
}

#endif
