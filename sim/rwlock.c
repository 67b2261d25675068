/* Locks for readers and writers, as mutexes are done. */
#include "taken.h"
#include <errno.h>

typedef int try_fn(pthread_rwlock_t *lock);

static int lock_by(try_fn *try, pthread_rwlock_t *lock, uint64_t until, const char *words) {
    for (;;) {
        int result = try(lock);
        if (result != EBUSY)
            return result;
        int writer = lock->__data.__cur_writer;
        if (writer == sim_this_thread())
            return EDEADLK;
        if (sim_is_past(until))
            return ETIMEDOUT;
        sim_wait(lock, until, words, lock, writer);
    }
}

static int read_lock(pthread_rwlock_t *lock, uint64_t until) {
    return lock_by(NEXT(pthread_rwlock_tryrdlock), lock, until, "reading, the lock");
}

static int write_lock(pthread_rwlock_t *lock, uint64_t until) {
    return lock_by(NEXT(pthread_rwlock_trywrlock), lock, until, "writing, the lock");
}

static int read_until(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until) {
    return sim_is_time(until) ? read_lock(lock, sim_moment(clock, until)) : EINVAL;
}

static int write_until(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until) {
    return sim_is_time(until) ? write_lock(lock, sim_moment(clock, until)) : EINVAL;
}

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
    return TAKES_OVER() ? read_lock(lock, SIM_NEVER) : NEXT(pthread_rwlock_rdlock)(lock);
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
    return TAKES_OVER() ? write_lock(lock, SIM_NEVER) : NEXT(pthread_rwlock_wrlock)(lock);
}

EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock) {
    return TRY(pthread_rwlock_tryrdlock, lock);
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *lock) {
    return TRY(pthread_rwlock_trywrlock, lock);
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until) {
    return TAKES_OVER() ? read_until(lock, CLOCK_REALTIME, until)
                        : NEXT(pthread_rwlock_timedrdlock)(lock, until);
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until) {
    return TAKES_OVER() ? write_until(lock, CLOCK_REALTIME, until)
                        : NEXT(pthread_rwlock_timedwrlock)(lock, until);
}

EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                                      const struct timespec *until) {
    return TAKES_OVER() ? read_until(lock, clock, until)
                        : NEXT(pthread_rwlock_clockrdlock)(lock, clock, until);
}

EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                                      const struct timespec *until) {
    return TAKES_OVER() ? write_until(lock, clock, until)
                        : NEXT(pthread_rwlock_clockwrlock)(lock, clock, until);
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
    return GIVE_BACK(pthread_rwlock_unlock, lock);
}
