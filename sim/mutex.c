/* Mutexes and spin locks. The real ones are taken by their own trylock, so they are what the program has made of them: of any kind, and
 * locked where anybody looks. Who does not get one waits until it is unlocked. */
#include "taken.h"
#include <errno.h>

/* Who holds it, by the kernel's number; a mutex of glibc keeps that. */
static int holder_of(const pthread_mutex_t *mutex) { return mutex->__data.__owner; }

/* One that checks for errors says so only when it is locked, not when it is tried. */
static bool would_complain(const pthread_mutex_t *mutex) {
    return (mutex->__data.__kind & 3) == PTHREAD_MUTEX_ERRORCHECK &&
           holder_of(mutex) == sim_this_thread();
}

int sim_lock(pthread_mutex_t *mutex, uint64_t until) {
    for (;;) {
        int result = NEXT(pthread_mutex_trylock)(mutex);
        if (result != EBUSY)
            return result;
        if (would_complain(mutex))
            return EDEADLK;
        if (sim_is_past(until))
            return ETIMEDOUT;
        sim_wait(mutex, until, "the mutex", mutex, holder_of(mutex));
    }
}

int sim_unlock(pthread_mutex_t *mutex) {
    int result = NEXT(pthread_mutex_unlock)(mutex);
    sim_table->wake(mutex);
    return result;
}

static int lock_until(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    return sim_is_time(until) ? sim_lock(mutex, sim_moment(clock, until)) : EINVAL;
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex) {
    return TAKES_OVER() ? sim_lock(mutex, SIM_NEVER) : NEXT(pthread_mutex_lock)(mutex);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    return TRY(pthread_mutex_trylock, mutex);
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until) {
    return TAKES_OVER() ? lock_until(mutex, CLOCK_REALTIME, until)
                        : NEXT(pthread_mutex_timedlock)(mutex, until);
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                   const struct timespec *until) {
    return TAKES_OVER() ? lock_until(mutex, clock, until)
                        : NEXT(pthread_mutex_clocklock)(mutex, clock, until);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    return GIVE_BACK(pthread_mutex_unlock, mutex);
}

EXPORT int pthread_spin_lock(pthread_spinlock_t *lock) {
    if (!TAKES_OVER())
        return NEXT(pthread_spin_lock)(lock);
    int result;
    while ((result = NEXT(pthread_spin_trylock)(lock)) == EBUSY)
        sim_wait((const void *)lock, SIM_NEVER, "the spin lock", (const void *)lock, 0);
    return result;
}

EXPORT int pthread_spin_trylock(pthread_spinlock_t *lock) {
    return TRY(pthread_spin_trylock, lock);
}

EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock) {
    return GIVE_BACK(pthread_spin_unlock, lock);
}
