/* Semaphores, as mutexes are done. */
#include "taken.h"
#include <errno.h>
#include <semaphore.h>

static int take(sem_t *semaphore, uint64_t until) {
    int before = errno;
    while (NEXT(sem_trywait)(semaphore)) {
        if (errno != EAGAIN)
            return -1;
        if (sim_is_past(until)) {
            errno = ETIMEDOUT;
            return -1;
        }
        sim_sleep(semaphore, until, "the semaphore", semaphore);
        pthread_testcancel();
    }
    errno = before;
    return 0;
}

static int take_until(sem_t *semaphore, clockid_t clock, const struct timespec *until) {
    if (sim_is_time(until))
        return take(semaphore, sim_moment(clock, until));
    errno = EINVAL;
    return -1;
}

EXPORT int sem_wait(sem_t *semaphore) {
    return TAKES_OVER() ? take(semaphore, SIM_NEVER) : NEXT(sem_wait)(semaphore);
}

EXPORT int sem_trywait(sem_t *semaphore) { return TRY(sem_trywait, semaphore); }

EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    return TAKES_OVER() ? take_until(semaphore, CLOCK_REALTIME, until)
                        : NEXT(sem_timedwait)(semaphore, until);
}

EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until) {
    return TAKES_OVER() ? take_until(semaphore, clock, until)
                        : NEXT(sem_clockwait)(semaphore, clock, until);
}

EXPORT int sem_post(sem_t *semaphore) { return GIVE_BACK(sem_post, semaphore); }
