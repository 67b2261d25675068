/* The whole library under stress: random trees from several threads at once, random cancellations, threads denied at random. Laws:
 *
 *   rounds              What the results of all runs show is what their callbacks saw (account.h, shared.h): each leaf is
 *                       started once or for a reason not, each has ended, all data and each error is released once. After
 *                       each round the library has no more memory than before, and all its threads are parked.
 *   threads_go          Without work its threads end, and leave nothing behind.
 *   faults_are_noticed  (What is checked here can fail: leaked handles, process or error, a leaf started twice, an error
 *                       lost, and a thread that still runs are noticed. Each in a fresh program.)
 *
 * The trees of a round follow from its seed; what happens at the same time does not. In the environment: STRESS_SECONDS, how
 * long (60); STRESS_SEED, that of the first round, which is printed; STRESS_TREES, how many each thread runs in a round (300).
 */
#include "child.h"
#include "noticed.h"
#include "run.h"
#include "weather.h"

static pthread_barrier_t all_are_there;

/* The sums of all rounds that are over. */
static struct {
    int64_t began;
    int64_t told;
    size_t rounds, trees, leaves, skipped, denied, cancellations;
} all;

static void run_trees(actor *a) {
    for (long trees = check_environment("STRESS_TREES", 300); trees > 0; trees--)
        run_one(&a->rng, a->number);
    runners_left--;
}

static void *act(void *user_data) {
    actor *a = user_data;
    pthread_barrier_wait(&all_are_there);
    if (a->number < RUNNERS)
        run_trees(a);
    else if (a->number == HOG)
        hog_threads(&a->rng);
    else
        cancel_at_random(&a->rng);
    return NULL;
}

static long seconds_since(int64_t moment) { return (long)((now_ns() - moment) / 1000000000); }

static void tell_progress(void) {
    const tally *t = &round_tally;
    printf("%4ld s, %zu rounds: %zu trees, %zu cancellations, %d threads denied; leaves: ",
           seconds_since(all.began), all.rounds, all.trees + t->trees,
           all.cancellations + t->cancellations, threads_denied);
    printf("%zu started, %zu not reached, %zu denied\n", all.leaves + t->starts,
           all.skipped + t->skipped, all.denied + t->denied);
    fflush(stdout);
    all.told = now_ns();
}

static void add_up(tally *t) {
    CHECK_INT((long long)t->started, (long long)t->starts);
    CHECK_INT((long long)t->ends, (long long)t->starts);
    all.rounds++;
    all.trees += t->trees;
    all.leaves += t->starts;
    all.skipped += t->skipped;
    all.denied += t->denied;
    all.cancellations += t->cancellations;
    memset(t, 0, sizeof *t);
}

/* Changes the weather until all that runs has ended. When the library has never had a thread, it is denied its first. */
static void weather_until_done(rng *r) {
    if (all.rounds == 0)
        drought();
    while (runners_left > 0 || hogs_left > 0) {
        change_weather(r);
        if (runners_left == 0)
            release_hog();
        if (seconds_since(all.told) >= 5)
            tell_progress();
    }
    clear_weather();
}

static proc_error *hold_for_ever(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    gate_open(user_data);
    while (pause() != 0)
        ;
    return NULL;
}

static void *run_for_ever(void *user_data) {
    proc_impl *holds = proc_new(hold_for_ever, user_data, NULL);
    return proc_run(PROC_CONCURRENT(proc_ref(holds), holds), NULL);
}

/* A run that is left behind, on one thread of the program and one of the library. */
static void leave_running(void) {
    pthread_t thread;
    static gate all_hold;
    gate_init(&all_hold);
    CHECK_INT(pthread_create(&thread, NULL, run_for_ever, &all_hold), 0);
    GATE_WAIT_FOR(&all_hold, 2);
}

/* All begin at the same moment, and the library with the threads that it has from the last round. */
static void play_round(uint64_t seed) {
    rng r = rng_new(seed, 0);
    actor actors[ACTORS];
    alarm((unsigned)check_deadline() * 2);
    shared_begin(&r);
    runners_left = RUNNERS;
    hogs_left = 1;
    for (size_t i = 0; i < ACTORS; i++) {
        actors[i] = (actor){.number = i, .rng = rng_new(seed, 1 + i)};
        CHECK_INT(pthread_create(&actors[i].thread, NULL, act, &actors[i]), 0);
    }
    threads_left = 0;
    pthread_barrier_wait(&all_are_there);
    weather_until_done(&r);
    for (size_t i = 0; i < ACTORS; i++)
        pthread_join(actors[i].thread, NULL);
    handles_drop();
    shared_settle();
    payloads_settle();
    add_up(&round_tally);
    if (is_time_for(LEAVE_RUNNING))
        leave_running();
    check_parked();
    check_nothing_runs();
}

static uint64_t first_seed(void) {
    const char *given = getenv("STRESS_SEED");
    return given ? strtoull(given, NULL, 10) : (uint64_t)now_ns() / 1000;
}

/* Plays rounds until the time is over or something is wrong. In a first one the library makes what it makes but once. */
/* Threads that come to rest stay as long as that, so that those after a round are those which are lent in it. */
static void keep_threads_for(int64_t idle_timeout_ns) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = idle_timeout_ns;
    CHECK_OK(proc_configure(&config));
}

static void play_for(long seconds, fault made) {
    int failures = check_failures;
    uint64_t seed = first_seed();
    pthread_barrier_init(&all_are_there, NULL, ACTORS + 1);
    all.began = all.told = now_ns();
    printf("%ld s of stress with STRESS_SEED=%llu\n", seconds, (unsigned long long)seed);
    fflush(stdout);
    blocks_begin();
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (!lasting_handle)
        lasting_handle = proc_cancel_new(NULL);
    play_round(seed - 1);
    rest_begin();
    fault_to_make = made;
    for (;; seed++) {
        play_round(seed);
        rest_check();
        if (check_failures > failures)
            fprintf(stderr, "this was with STRESS_SEED=%llu\n", (unsigned long long)seed);
        if (check_failures > failures || seconds_since(all.began) >= seconds)
            break;
    }
    tell_progress();
}

static void rounds(void) {
    keep_threads_for(PROC_FOREVER);
    play_for(check_environment("STRESS_SECONDS", 60), NO_FAULT);
}

/* In the end something runs, so that the sentinel is there as it was at first. */
static void threads_go_role(void) {
    keep_threads_for(PROC_SECONDS(5));
    play_for(1, NO_FAULT);
    alarm((unsigned)check_deadline() * 2);
    wait_until_gone();
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_sequence(NULL, 0), proc_sequence(NULL, 0)), NULL));
    rest_check();
}

static void threads_go(void) { child_run("threads_go_role"); }

/* Plays in a fresh program what its environment says. */
static void faulty_role(void) {
    keep_threads_for(PROC_FOREVER);
    play_for(0, (fault)check_environment("STRESS_FAULT", NO_FAULT));
}

static void faults_are_noticed(void) {
    setenv("STRESS_TREES", "50", 1);
    if (blocks_are_counted())
        check_noticed("STRESS_FAULT", LEAK_HANDLE, "blocks more than it should have");
    check_noticed("STRESS_FAULT", LEAK_PROCESS, "destroyed, 0) is 0, expected 1");
    check_noticed("STRESS_FAULT", LEAK_ERROR, "(long long)destroyed is ");
    check_noticed("STRESS_FAULT", START_TWICE, "n->started is 2, expected 1");
    check_noticed("STRESS_FAULT", LOSE_ERROR, "failures_times(&reported, returned.items[i]) > 0");
    check_noticed("STRESS_FAULT", LEAVE_RUNNING, "no thread could be had");
    unsetenv("STRESS_FAULT");
    child_run("faulty_role");
}

CHECK_MAIN(CASE(rounds), CASE(threads_go), ROLE(threads_go_role), CASE(faults_are_noticed),
           ROLE(faulty_role))
