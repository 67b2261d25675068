/* Calls that are taken over do in a run what they do outside of one: the program asserts it, in whatever order it is run. Without a name it does all. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t now(clockid_t clock) {
    struct timespec time;
    assert(clock_gettime(clock, &time) == 0);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static struct timespec in(clockid_t clock, int64_t time) {
    time += now(clock);
    return (struct timespec){time / 1000000000, time % 1000000000};
}

static pthread_t start(void *(*code)(void *), void *data) {
    pthread_t thread;
    assert(pthread_create(&thread, NULL, code, data) == 0);
    return thread;
}

static void *join(pthread_t thread) {
    void *result;
    assert(pthread_join(thread, &result) == 0);
    return result;
}

static const int64_t HOUR = INT64_C(3600000000000);

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;

static void *hold_an_hour(void *data) {
    pthread_mutex_lock(&plain);
    sem_post(data);
    sleep(3600);
    pthread_mutex_unlock(&plain);
    return NULL;
}

static void mutexes(void) {
    sem_t holds;
    sem_init(&holds, 0, 0);
    pthread_t holder = start(hold_an_hour, &holds);
    sem_wait(&holds);
    assert(pthread_mutex_trylock(&plain) == EBUSY);
    struct timespec end = in(CLOCK_REALTIME, HOUR / 2);
    assert(pthread_mutex_timedlock(&plain, &end) == ETIMEDOUT);
    end = in(CLOCK_MONOTONIC, HOUR);
    assert(pthread_mutex_clocklock(&plain, CLOCK_MONOTONIC, &end) == 0);
    pthread_mutex_unlock(&plain);
    join(holder);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_t recursive, checking;
    pthread_mutex_init(&recursive, &kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &kind);
    assert(!pthread_mutex_lock(&recursive) && !pthread_mutex_lock(&recursive));
    assert(!pthread_mutex_unlock(&recursive) && !pthread_mutex_unlock(&recursive));
    assert(pthread_mutex_unlock(&recursive) == EPERM);
    assert(!pthread_mutex_lock(&checking) && pthread_mutex_lock(&checking) == EDEADLK);
    assert(!pthread_mutex_unlock(&checking) && pthread_mutex_unlock(&checking) == EPERM);
}

struct box {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int value;
};

static void *fill_late(void *data) {
    struct box *box = data;
    usleep(500000);
    pthread_mutex_lock(&box->mutex);
    box->value = 1;
    pthread_cond_broadcast(&box->changed);
    pthread_mutex_unlock(&box->mutex);
    return NULL;
}

static void wait_on(clockid_t clock) {
    struct box box = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_condattr_t kind;
    pthread_condattr_init(&kind);
    pthread_condattr_setclock(&kind, clock);
    pthread_cond_init(&box.changed, &kind);
    pthread_t filler = start(fill_late, &box);
    pthread_mutex_lock(&box.mutex);
    struct timespec end = in(clock, HOUR / 36000);
    int64_t begin = now(CLOCK_MONOTONIC);
    int result = 0;
    while (result == 0)
        result = pthread_cond_timedwait(&box.changed, &box.mutex, &end);
    assert(result == ETIMEDOUT && now(CLOCK_MONOTONIC) - begin >= HOUR / 36000 - 1000);
    while (!box.value)
        pthread_cond_wait(&box.changed, &box.mutex);
    assert(pthread_mutex_trylock(&box.mutex) == EBUSY);
    pthread_mutex_unlock(&box.mutex);
    join(filler);
    pthread_cond_destroy(&box.changed);
}

static void conditions(void) {
    wait_on(CLOCK_REALTIME);
    wait_on(CLOCK_MONOTONIC);
}

static void semaphores(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 1);
    struct timespec end = in(CLOCK_REALTIME, HOUR);
    assert(sem_timedwait(&semaphore, &end) == 0);
    assert(sem_trywait(&semaphore) == -1 && errno == EAGAIN);
    end = in(CLOCK_REALTIME, HOUR / 3600);
    assert(sem_timedwait(&semaphore, &end) == -1 && errno == ETIMEDOUT);
}

struct meeting {
    pthread_barrier_t barrier;
    int rounds[3], serial;
};

struct guest {
    struct meeting *meeting;
    int number;
};

static void *meet(void *data) {
    struct guest *guest = data;
    struct meeting *meeting = guest->meeting;
    for (int round = 1; round <= 3; round++) {
        meeting->rounds[guest->number] = round;
        meeting->serial += pthread_barrier_wait(&meeting->barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
        for (int i = 0; i < 3; i++)
            assert(meeting->rounds[i] == round);
        pthread_barrier_wait(&meeting->barrier);
    }
    return NULL;
}

static void barriers(void) {
    struct meeting meeting = {.serial = 0};
    struct guest guests[3];
    pthread_t threads[3];
    pthread_barrier_init(&meeting.barrier, NULL, 3);
    for (int i = 0; i < 3; i++) {
        guests[i] = (struct guest){&meeting, i};
        threads[i] = start(meet, &guests[i]);
    }
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    pthread_barrier_destroy(&meeting.barrier);
}

static int initialised;

static void initialise(void) {
    sched_yield();
    initialised++;
}

static void *initialise_once(void *control) {
    pthread_once(control, initialise);
    assert(initialised == 1);
    return NULL;
}

static void once(void) {
    static pthread_once_t control = PTHREAD_ONCE_INIT;
    pthread_t one = start(initialise_once, &control), other = start(initialise_once, &control);
    join(one);
    join(other);
}

static pthread_key_t key;
static bool is_destroyed;

static void destroy(void *data) {
    pthread_mutex_lock(&plain);
    is_destroyed = data != NULL;
    pthread_mutex_unlock(&plain);
}

static void *leave_early(void *data) {
    pthread_setspecific(key, data);
    pthread_exit((void *)7);
}

static void *never_end(void *data) {
    sem_t nobody_posts;
    sem_init(&nobody_posts, 0, 0);
    if (data)
        sem_wait(&nobody_posts);
    poll(NULL, 0, -1);
    return NULL;
}

static void *do_nothing(void *data) { return data; }

static void threads(void) {
    pthread_key_create(&key, destroy);
    assert(join(start(leave_early, &key)) == (void *)7 && is_destroyed);
    for (int i = 0; i < 2; i++) {
        pthread_t sleeper = start(never_end, i ? &key : NULL);
        sleep(1);
        pthread_cancel(sleeper);
        assert(join(sleeper) == PTHREAD_CANCELED);
    }
    assert(pthread_join(pthread_self(), NULL) == EDEADLK);
    assert(pthread_detach(start(do_nothing, NULL)) == 0);
}

static void locks(void) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    assert(!pthread_rwlock_rdlock(&lock) && !pthread_rwlock_tryrdlock(&lock));
    struct timespec end = in(CLOCK_REALTIME, HOUR);
    assert(pthread_rwlock_trywrlock(&lock) == EBUSY);
    assert(pthread_rwlock_timedwrlock(&lock, &end) == ETIMEDOUT);
    pthread_rwlock_unlock(&lock);
    pthread_rwlock_unlock(&lock);
    assert(!pthread_rwlock_wrlock(&lock) && pthread_rwlock_wrlock(&lock) == EDEADLK);
    pthread_rwlock_unlock(&lock);
}

static void times(void) {
    int64_t begin = now(CLOCK_MONOTONIC), wall = now(CLOCK_REALTIME);
    time_t seconds = time(NULL);
    struct timeval day;
    sleep(86400);
    nanosleep(&(struct timespec){0, 500}, NULL);
    struct timespec end = in(CLOCK_MONOTONIC, HOUR);
    assert(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == 0);
    poll(NULL, 0, 1000);
    gettimeofday(&day, NULL);
    assert(now(CLOCK_MONOTONIC) - begin == 25 * HOUR + 1000000500);
    assert(now(CLOCK_REALTIME) - wall == 25 * HOUR + 1000000500);
    assert(time(NULL) - seconds == 90001 && day.tv_sec == time(NULL));
    assert(nanosleep(&(struct timespec){0, -1}, NULL) == -1 && errno == EINVAL);
}

static atomic_bool is_awake;

static void *sleep_with_lock(void *data) {
    assert(pthread_mutex_lock(data) == 0);
    is_awake = false;
    sleep(1);
    is_awake = true;
    assert(pthread_mutex_unlock(data) == 0);
    return NULL;
}

static atomic_int turn;

/* Each waits for the other one, who never sleeps. */
static void *take_turns(void *data) {
    for (int i = (int)(intptr_t)data; i < 6; i += 2)
        while (turn != i || ++turn == 0)
            sched_yield();
    while (!is_awake)
        sched_yield();
    return NULL;
}

static void spin_together(void) {
    is_awake = false;
    pthread_t one = start(take_turns, (void *)0), other = start(take_turns, (void *)1);
    sleep(1);
    is_awake = true;
    join(one);
    join(other);
    assert(turn == 6);
}

/* Who waits without a call that says so, for a moment or for somebody who sleeps. */
static void spins(void) {
    int64_t begin = now(CLOCK_MONOTONIC);
    while (now(CLOCK_MONOTONIC) - begin < 20000000)
        ;
    while (now(CLOCK_MONOTONIC) - begin < 40000000)
        sched_yield();
    pthread_t sleeper = start(sleep_with_lock, &plain);
    while (!is_awake)
        sched_yield();
    join(sleeper);
    sleeper = start(sleep_with_lock, &plain);
    while (is_awake)
        sched_yield();
    while (pthread_mutex_trylock(&plain))
        ;
    assert(is_awake && now(CLOCK_MONOTONIC) - begin >= 2000000000);
    pthread_mutex_unlock(&plain);
    join(sleeper);
    spin_together();
}

static const struct {
    const char *name;
    void (*code)(void);
} laws[] = {{"mutexes", mutexes},
            {"conditions", conditions},
            {"semaphores", semaphores},
            {"barriers", barriers},
            {"once", once},
            {"threads", threads},
            {"locks", locks},
            {"times", times},
            {"spins", spins}};

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++)
        if (argc < 2 || !strcmp(argv[1], laws[i].name))
            laws[i].code();
    return 0;
}
