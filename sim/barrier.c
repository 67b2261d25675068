/* Barriers, whose counts are kept here beside the real ones; and code that runs once. */
#include "taken.h"
#include <errno.h>
#include <stdlib.h>

struct barrier {
    const pthread_barrier_t *barrier;
    unsigned count, arrived;
    uint64_t round;
    struct barrier *next;
};

/* Changed under the lock, for a thread that is not in a run may make one. */
static struct barrier *barriers;
static pthread_mutex_t barriers_lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static struct barrier *known(const pthread_barrier_t *barrier) {
    struct barrier *found = barriers;
    while (found && found->barrier != barrier)
        found = found->next;
    return found;
}

/* Under the lock: takes it out, and frees it. */
static void forget(const pthread_barrier_t *barrier) {
    struct barrier *found = known(barrier);
    TAKE_OUT(barriers, found);
    free(found);
}

static struct barrier *find(const pthread_barrier_t *barrier) {
    NEXT(pthread_mutex_lock)(&barriers_lock);
    struct barrier *found = known(barrier);
    NEXT(pthread_mutex_unlock)(&barriers_lock);
    return found;
}

EXPORT int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
                                unsigned count) {
    int result = NEXT(pthread_barrier_init)(barrier, attributes, count);
    struct barrier *made = result ? NULL : malloc(sizeof *made);
    if (!made)
        return result ? result : ENOMEM;
    NEXT(pthread_mutex_lock)(&barriers_lock);
    forget(barrier);
    *made = (struct barrier){barrier, count, 0, 0, barriers};
    barriers = made;
    NEXT(pthread_mutex_unlock)(&barriers_lock);
    return 0;
}

EXPORT int pthread_barrier_destroy(pthread_barrier_t *barrier) {
    TAKES_OVER();
    NEXT(pthread_mutex_lock)(&barriers_lock);
    forget(barrier);
    NEXT(pthread_mutex_unlock)(&barriers_lock);
    return NEXT(pthread_barrier_destroy)(barrier);
}

EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier) {
    struct barrier *here = TAKES_OVER() ? find(barrier) : NULL;
    if (!here)
        return NEXT(pthread_barrier_wait)(barrier);
    if (++here->arrived == here->count) {
        here->arrived = 0;
        here->round++;
        sim_table->wake(barrier);
        sim_table->change_thread();
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    /* The last one may destroy it at once, and then it is not looked at any more: its round is told by who was woken. */
    uint64_t round = here->round;
    do
        sim_wait(barrier, SIM_NEVER, "the barrier", barrier, 0);
    while ((here = find(barrier)) && here->round == round);
    return 0;
}

/* Code that is running for a control. */
struct running {
    pthread_once_t *control;
    struct running *next;
};

static struct running *all_running;

static __thread bool is_first;

static void note_first(void) { is_first = true; }

static bool runs(const pthread_once_t *control) {
    const struct running *it = all_running;
    while (it && it->control != control)
        it = it->next;
    return it;
}

static void stop_running(const struct running *running) {
    TAKE_OUT(all_running, running);
    sim_table->wake(running->control);
}

/* It was cancelled or has thrown: the next one may try. */
static void undo(void *data) {
    struct running *running = data;
    *running->control = PTHREAD_ONCE_INIT;
    stop_running(running);
}

EXPORT int pthread_once(pthread_once_t *control, void (*code)(void)) {
    if (!TAKES_OVER())
        return NEXT(pthread_once)(control, code);
    while (runs(control))
        sim_wait(control, SIM_NEVER, "the end of what runs once, for", control, 0);
    is_first = false;
    NEXT(pthread_once)(control, note_first); /* From now on it is done, for the C library. */
    if (!is_first)
        return 0;
    struct running running = {control, all_running};
    all_running = &running;
    pthread_cleanup_push(undo, &running);
    code();
    pthread_cleanup_pop(0);
    stop_running(&running);
    sim_table->change_thread();
    return 0;
}
