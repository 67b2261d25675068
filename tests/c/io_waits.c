/* proc_read, proc_write_all, proc_accept and proc_connect, and what comes while they wait. Laws:
 *
 *   each_its_own   Of several that wait at one descriptor, each hears of the cancellation of its own handle, the others go
 *                  on. A dump says in which call they are.
 *   one_gets_it    … and if one of them gets what comes, the others go on, and hear of theirs.
 *   from_above     A cancellation of a handle above ends them, and that of a group's failing child.
 *   signals        Signals do not end them.
 *   hands_over     In a nursery's body, they wait for what a child that was spawned before does.
 */
#include "asleep.h"
#include "dumped.h"
#include "leaf.h"
#include "listening.h"

/* Somewhere to wait. */
typedef struct spot {
    enum { READ, WRITE, ACCEPT, CONNECT } call;
    ends ends;
    listening listening;
} spot;

static const char *const names[] = {", proc_read\n", ", proc_write_all\n", ", proc_accept\n",
                                    ", proc_connect\n"};

enum { SPOTS = 2 * (2 * ENDS_KINDS + 2 * LISTENING_KINDS) };

static spot spot_open(int number) {
    bool blocking = number % 2;
    int kind = number / 2;
    spot s = {.call = READ};
    if (kind < 2 * ENDS_KINDS) {
        s.call = kind < ENDS_KINDS ? READ : WRITE;
        s.ends = ends_open(kind % ENDS_KINDS, blocking);
        if (s.call == WRITE)
            ends_fill(&s.ends);
    } else {
        kind -= 2 * ENDS_KINDS;
        s.call = kind < LISTENING_KINDS ? ACCEPT : CONNECT;
        s.listening = listening_open(kind % LISTENING_KINDS, blocking);
        if (s.call == CONNECT)
            listening_fill(&s.listening);
    }
    return s;
}

static void spot_close(spot *s) {
    if (s->call <= WRITE)
        ends_close(&s->ends);
    else
        listening_close(&s->listening);
}

#define FOR_EACH_SPOT(s)                                                                           \
    for (int number = 0; number < SPOTS; number++)                                                 \
        for (spot s = spot_open(number), *once = &s; once; spot_close(&s), once = NULL)

/* Who waits there. */
typedef struct waiter {
    spot *spot;
    proc_cancel *cancel;
    proc_job *job;
    int result, error;
    atomic_bool over;
    _Atomic pthread_t thread;
} waiter;

static int wait_at(spot *s, proc_cancel *cancel) {
    static const char much[1 << 20];
    char byte;
    switch (s->call) {
    case READ:
        return (int)proc_read(cancel, s->ends.reading, &byte, 1, PROC_FOREVER);
    case WRITE:
        return (int)proc_write_all(cancel, s->ends.writing, much, sizeof much, PROC_SECONDS(3600));
    case ACCEPT:
        return proc_accept(cancel, s->listening.fd, PROC_FOREVER);
    default:
        return listening_connect(&s->listening, cancel, PROC_FOREVER);
    }
}

static proc_error *wait_there(proc_cancel *cancel, void *user_data) {
    waiter *w = user_data;
    (void)cancel;
    w->thread = pthread_self();
    w->result = wait_at(w->spot, w->cancel);
    w->error = w->result < 0 ? errno : 0;
    w->over = true;
    return NULL;
}

enum { WAITERS = 3 };

static void start(waiter waiters[WAITERS], spot *s, proc_cancel *above) {
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (waiter){.spot = s, .cancel = proc_cancel_new(above)};
        waiters[i].job = proc_start(proc_new(wait_there, &waiters[i], NULL), NULL, NULL, NULL);
    }
    free(dump_until(names[s->call], WAITERS));
    wait_until_others_sleep();
}

static void check_ends(waiter *w, int error) {
    CHECK_OK(proc_job_join(w->job));
    CHECK_INT(w->error, error);
    w->job = NULL;
    proc_cancel_unref(w->cancel);
}

static void each_its_own(void) {
    FOR_EACH_SPOT(s) {
        waiter waiters[WAITERS];
        start(waiters, &s, NULL);
        for (int i = 0; i < WAITERS; i++) {
            int turn = (i + number) % WAITERS;
            proc_cancel_trigger(waiters[turn].cancel, NULL);
            check_ends(&waiters[turn], ECANCELED);
            for (int j = 0; j < WAITERS; j++)
                CHECK(waiters[j].over == (waiters[j].job == NULL));
        }
    }
}

/* What they wait for, once. */
static void give_one(spot *s) {
    if (s->call == READ)
        CHECK_INT(proc_write_all(NULL, s->ends.writing, "x", 1, PROC_FOREVER), 1);
    else
        CHECK(listening_connect(&s->listening, NULL, PROC_FOREVER) >= 0);
}

static int count_over(waiter waiters[WAITERS]) {
    int over = 0;
    for (int i = 0; i < WAITERS; i++)
        over += waiters[i].over;
    return over;
}

static void check_one_gets_it(spot *s) {
    waiter waiters[WAITERS];
    int got = 0;
    start(waiters, s, NULL);
    give_one(s);
    while (count_over(waiters) == 0)
        sched_yield();
    wait_until_others_sleep();
    CHECK_INT(count_over(waiters), 1);
    for (int i = 0; i < WAITERS; i++) {
        bool has_it = waiters[i].over;
        got += has_it;
        proc_cancel_trigger(waiters[i].cancel, NULL);
        check_ends(&waiters[i], has_it ? 0 : ECANCELED);
        if (has_it && s->call == ACCEPT)
            close(waiters[i].result);
    }
    CHECK_INT(got, 1);
}

static void one_gets_it(void) {
    size_t rounds = check_scaled(20);
    FOR_EACH_SPOT(s)
    if (s.call == READ || s.call == ACCEPT)
        for (size_t i = 0; i < rounds; i++)
            check_one_gets_it(&s);
}

static proc_error *wait_in_group(proc_cancel *cancel, void *user_data) {
    CHECK_FAILED(wait_at(user_data, cancel), ECANCELED);
    return proc_cancel_error(cancel);
}

static void from_above(void) {
    FOR_EACH_SPOT(s) {
        proc_cancel *above = proc_cancel_new(NULL);
        waiter waiters[WAITERS];
        start(waiters, &s, above);
        proc_cancel_trigger(above, NULL);
        for (int i = 0; i < WAITERS; i++)
            check_ends(&waiters[i], ECANCELED);
        proc_cancel_unref(above);
        proc_impl *waiting = proc_task("t", proc_new(wait_in_group, &s, NULL));
        CHECK_FAILS(proc_run(PROC_GROUP(waiting, failing("fails")), NULL), EIO, "fails");
    }
}

static atomic_int handled;

static void handle(int signal_number) {
    (void)signal_number;
    handled++;
}

/* The library's threads let no such signal in. */
static void *let_in_and_wait(void *user_data) {
    CHECK_OK(wait_there(NULL, user_data));
    return NULL;
}

static void signals(void) {
    struct sigaction former;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handle}, &former);
    FOR_EACH_SPOT(s) {
        pthread_t thread;
        waiter w = {.spot = &s, .cancel = proc_cancel_new(NULL)};
        CHECK_INT(pthread_create(&thread, NULL, let_in_and_wait, &w), 0);
        for (int i = 0; i < 3; i++) {
            int before = handled;
            wait_until_others_sleep();
            pthread_kill(thread, SIGUSR1);
            while (handled == before)
                sched_yield();
            CHECK(!w.over);
        }
        proc_cancel_trigger(w.cancel, NULL);
        pthread_join(thread, NULL);
        CHECK_INT(w.error, ECANCELED);
        proc_cancel_unref(w.cancel);
    }
    sigaction(SIGUSR1, &former, NULL);
}

static proc_error *give(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    give_one(user_data);
    return NULL;
}

static proc_error *spawn_and_wait(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    spot *s = user_data;
    CHECK_OK(proc_spawn(nursery, proc_new(give, s, NULL)));
    int got = wait_at(s, cancel);
    CHECK(s->call == ACCEPT ? got >= 0 && close(got) == 0 : got == 1);
    return NULL;
}

static void hands_over(void) {
    FOR_EACH_SPOT(s)
    if (s.call == READ || s.call == ACCEPT)
        CHECK_OK(proc_run(proc_with_nursery(spawn_and_wait, &s, NULL, NULL), NULL));
}

CHECK_MAIN(CASE(each_its_own), CASE(one_gets_it), CASE(from_above), CASE(signals), CASE(hands_over))
