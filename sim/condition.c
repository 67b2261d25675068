/* Conditions. Who waits in a run does not use the real one: who signals looks here first, and any of the sleepers is woken, for the C library
 * promises none. */
#include "taken.h"
#include <errno.h>

struct sleeper {
    const pthread_cond_t *condition;
    bool is_woken;
    struct sleeper *next;
};

static struct sleeper *sleepers;

/* Returns 0 also for no reason: by chance, and where the run has failed or the thread is cancelled. */
static int sleep_until(struct sleeper *me, uint64_t until) {
    uint64_t early = sim_table->early_wake(), end = early < until ? early : until;
    if (sim_is_past(early))
        sim_table->change_thread();
    while (!me->is_woken && !sim_table->is_wrecked() && !sim_is_past(end) && !sim_is_cancelled())
        sim_sleep(me, end, "the condition", me->condition);
    TAKE_OUT(sleepers, me);
    return me->is_woken || !sim_is_past(until) ? 0 : ETIMEDOUT;
}

static int wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t until) {
    struct sleeper me = {condition, false, sleepers};
    int error = sim_unlock(mutex);
    if (error)
        return error;
    sleepers = &me;
    int result = sleep_until(&me, until);
    error = sim_lock(mutex, SIM_NEVER);
    pthread_testcancel();
    return error ? error : result;
}

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                      const struct timespec *until) {
    return sim_is_time(until) ? wait_for(condition, mutex, sim_moment(clock, until)) : EINVAL;
}

EXPORT int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    return TAKES_OVER() ? wait_for(condition, mutex, SIM_NEVER)
                        : NEXT(pthread_cond_wait)(condition, mutex);
}

/* The clock that it was made for, which glibc keeps in this bit. */
static clockid_t clock_of(const pthread_cond_t *condition) {
    return condition->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *until) {
    if (!TAKES_OVER())
        return NEXT(pthread_cond_timedwait)(condition, mutex, until);
    return wait_until(condition, mutex, clock_of(condition), until);
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  clockid_t clock, const struct timespec *until) {
    if (!TAKES_OVER())
        return NEXT(pthread_cond_clockwait)(condition, mutex, clock, until);
    return wait_until(condition, mutex, clock, until);
}

static bool is_there(const struct sleeper *sleeper, const pthread_cond_t *condition) {
    return sleeper->condition == condition && !sleeper->is_woken;
}

static void wake_sleeper(struct sleeper *sleeper) {
    sleeper->is_woken = true;
    sim_table->wake(sleeper);
}

/* One that is drawn from the seed. */
static bool wake_any(const pthread_cond_t *condition) {
    size_t count = 0;
    for (struct sleeper *it = sleepers; it; it = it->next)
        count += is_there(it, condition);
    if (count == 0)
        return false;
    size_t chosen = count == 1 ? 0 : sim_table->random() % count;
    for (struct sleeper *it = sleepers; it; it = it->next)
        if (is_there(it, condition) && chosen-- == 0) {
            wake_sleeper(it);
            break;
        }
    return true;
}

EXPORT int pthread_cond_signal(pthread_cond_t *condition) {
    if (!TAKES_OVER())
        return NEXT(pthread_cond_signal)(condition);
    int result = wake_any(condition) ? 0 : NEXT(pthread_cond_signal)(condition);
    sim_table->change_thread();
    return result;
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *condition) {
    if (!TAKES_OVER())
        return NEXT(pthread_cond_broadcast)(condition);
    for (struct sleeper *it = sleepers; it; it = it->next)
        if (is_there(it, condition))
            wake_sleeper(it);
    int result = NEXT(pthread_cond_broadcast)(condition);
    sim_table->change_thread();
    return result;
}
