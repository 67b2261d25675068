/* Time: that of the run. Its beginning is the first second of a millennium for the clock on the wall, and 0 for one that only goes on. */
#include "taken.h"
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

static const uint64_t SECOND = 1000000000, WALL = 978307200;

bool sim_is_time(const struct timespec *time) {
    return time->tv_nsec >= 0 && time->tv_nsec < (long)SECOND;
}

static bool is_wall(clockid_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static bool is_virtual(clockid_t clock) {
    return is_wall(clock) || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
           clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
}

static uint64_t nanoseconds(int64_t seconds, long more) {
    if (seconds < 0)
        return 0;
    return (uint64_t)seconds > UINT64_MAX / SECOND - 1
               ? SIM_NEVER
               : (uint64_t)seconds * SECOND + (uint64_t)more;
}

uint64_t sim_moment(clockid_t clock, const struct timespec *moment) {
    return nanoseconds(moment->tv_sec - (is_wall(clock) ? (int64_t)WALL : 0), moment->tv_nsec);
}

uint64_t sim_after(const struct timespec *time) {
    uint64_t length = nanoseconds(time->tv_sec, time->tv_nsec), passed = sim_table->passed();
    return length > SIM_NEVER - passed ? SIM_NEVER : passed + length;
}

static struct timespec now(clockid_t clock) {
    sim_spin();
    uint64_t passed = sim_table->passed() + (is_wall(clock) ? WALL * SECOND : 0);
    return (struct timespec){(time_t)(passed / SECOND), (long)(passed % SECOND)};
}

static void sleep_to(uint64_t until) {
    char nobody_wakes = 0;
    while (!sim_is_past(until) && !sim_table->is_wrecked() && !sim_is_cancelled())
        sim_sleep(&nobody_wakes, until, "a moment", NULL);
    pthread_testcancel();
}

static void sleep_for(int64_t seconds, long more) {
    sleep_to(sim_after(&(struct timespec){seconds, more}));
}

EXPORT unsigned sleep(unsigned seconds) {
    if (!TAKES_OVER())
        return NEXT(sleep)(seconds);
    sleep_for(seconds, 0);
    return 0;
}

EXPORT int usleep(useconds_t time) {
    if (!TAKES_OVER())
        return NEXT(usleep)(time);
    sleep_for(time / 1000000, time % 1000000 * 1000);
    return 0;
}

EXPORT int nanosleep(const struct timespec *time, struct timespec *left) {
    if (!TAKES_OVER())
        return NEXT(nanosleep)(time, left);
    if (time->tv_sec < 0 || !sim_is_time(time)) {
        errno = EINVAL;
        return -1;
    }
    sleep_to(sim_after(time));
    return 0;
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                           struct timespec *left) {
    if (!is_virtual(clock) || !TAKES_OVER())
        return NEXT(clock_nanosleep)(clock, flags, time, left);
    if (time->tv_sec < 0 || !sim_is_time(time))
        return EINVAL;
    sleep_to(flags & TIMER_ABSTIME ? sim_moment(clock, time) : sim_after(time));
    return 0;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *to) {
    if (!is_virtual(clock) || !TAKES_OVER())
        return NEXT(clock_gettime)(clock, to);
    *to = now(clock);
    return 0;
}

EXPORT int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    if (!TAKES_OVER())
        return NEXT(gettimeofday)(to, zone);
    struct timespec moment = now(CLOCK_REALTIME);
    *to = (struct timeval){moment.tv_sec, moment.tv_nsec / 1000};
    return 0;
}

EXPORT time_t time(time_t *to) {
    if (!TAKES_OVER())
        return NEXT(time)(to);
    time_t moment = now(CLOCK_REALTIME).tv_sec;
    if (to)
        *to = moment;
    return moment;
}

EXPORT int poll(struct pollfd *files, nfds_t count, int timeout) {
    if (count > 0 || !TAKES_OVER())
        return NEXT(poll)(files, count, timeout);
    if (timeout < 0)
        sleep_to(SIM_NEVER);
    else
        sleep_for(timeout / 1000, timeout % 1000 * 1000000L);
    return 0;
}

EXPORT int select(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict other,
                  struct timeval *restrict timeout) {
    if (count > 0 || !TAKES_OVER())
        return NEXT(select)(count, in, out, other, timeout);
    if (timeout)
        sleep_for(timeout->tv_sec, timeout->tv_usec * 1000);
    else
        sleep_to(SIM_NEVER);
    return 0;
}

EXPORT int sched_yield(void) {
    if (!TAKES_OVER())
        return NEXT(sched_yield)();
    sim_spin();
    return 0;
}
