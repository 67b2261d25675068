/* The bare kernel: parked threads and one futex, and its timers: the least that any library must pay. */
#include "../bench.h"
#include "../futex.h"
#include "../wake.h"
#include "late.h"
#include "programs.h"
#include <poll.h>
#include <pthread.h>
#include <sys/utsname.h>

struct parked {
    struct meeting meeting;
    atomic_uint round;
    atomic_uint left;
};

/* Each round: started by the broadcast, meet all others, and the last to leave wakes the caller. */
static void *join_rounds(void *argument) {
    struct parked *parked = argument;
    for (unsigned round = 0;;) {
        wait_while(&parked->round, round);
        round = atomic_load(&parked->round);
        meet(&parked->meeting);
        if (atomic_fetch_sub(&parked->left, 1) == 1)
            futex_wake(&parked->left, 1);
    }
    return NULL;
}

static void run_round(void *argument) {
    struct parked *parked = argument;
    atomic_store(&parked->left, parked->meeting.size - 1);
    atomic_fetch_add(&parked->round, 1);
    futex_wake(&parked->round, INT_MAX);
    meet(&parked->meeting);
    unsigned left;
    while ((left = atomic_load(&parked->left)) > 0)
        futex_wait(&parked->left, left);
}

static void start_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0)
        skip("there are not as many threads to be had");
}

/* The caller is one of the n, as it is in a group. The threads end with the process. */
static void rendezvous(int n, int repetitions) {
    static struct parked parked;
    parked.meeting.size = (unsigned)n;
    for (int i = 1; i < n; i++)
        start_thread(join_rounds, &parked);
    repeat_rested(run_round, &parked, n, repetitions);
}

static void *park(void *bell) {
    for (unsigned rung = 0;; rung = atomic_load((atomic_uint *)bell))
        wait_while(bell, rung);
    return NULL;
}

static void wake_one(void *bell) {
    atomic_fetch_add((atomic_uint *)bell, 1);
    futex_wake(bell, 1);
}

/* What it costs the caller to wake one parked thread; nanoseconds a wake, whatever n is. */
static void cold(int n, int repetitions) {
    (void)n;
    static atomic_uint bell;
    start_thread(park, &bell);
    for (int i = 0; i < repetitions; i++) {
        rest_ms(10);
        print_figure(timed(wake_one, &bell, 1));
    }
}

struct woken {
    struct wakes *wakes;
    atomic_uint bell;
};

static void *start_when_woken(void *argument) {
    struct woken *woken = argument;
    for (unsigned rung = 0;; rung++) {
        wait_while(&woken->bell, rung);
        wake_started(woken->wakes);
    }
    return NULL;
}

/* From before the wake of one parked thread until it runs, while the caller goes on to poll. */
static struct wakes wakes_of(int n) {
    struct wakes wakes = wakes_make(n);
    static struct woken woken;
    woken.wakes = &wakes;
    start_thread(start_when_woken, &woken);
    struct pollfd over = {.fd = wakes.over[0], .events = POLLIN};
    for (int i = 0; i < n; i++) {
        wake_begin(&wakes);
        wake_one(&woken.bell);
        if (poll(&over, 1, -1) != 1)
            exit(1);
        wake_end(&wakes, i);
    }
    return wakes;
}

static void wake(int n, int repetitions) {
    (void)repetitions;
    print_wake(wakes_of(n), 0.5);
}

static void wake_worst(int n, int repetitions) {
    (void)repetitions;
    print_wake(wakes_of(n), 0.99);
}

static const struct workload workloads[] = {{"rendezvous", rendezvous},
                                            {"cold", cold},
                                            {"wake", wake},
                                            {"wake-p99", wake_worst},
                                            {"late", late_median},
                                            {"late-p99", late_worst},
                                            {"late-hook", late_timerfd_median},
                                            {"late-hook-p99", late_timerfd_worst},
                                            {"programs", programs}};

int main(int argc, char **argv) {
    struct utsname system;
    uname(&system);
    char version[256];
    /* What follows the number in the release may be a name that somebody gave. */
    snprintf(version, sizeof version, "%s %.*s", system.sysname, (int)strcspn(system.release, "-"),
             system.release);
    int status = bench_main(argc, argv, version, workloads, sizeof workloads / sizeof *workloads);
    fflush(stdout);
    _exit(status);
}
