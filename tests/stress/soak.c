/* A daemon through many lives, for a minute: started, dumped, reloaded, configured and stopped at random moments, under load. Laws:
 *
 *   lives               Each life ends as it should: proc_main_with returns NULL, the signal that stopped it is the one that
 *                       was sent, none is lost or heard twice, and every dump is whole. The service manager hears that it
 *                       stops, and at most once that it is ready. After each life the library has as much memory as before,
 *                       the program as many descriptors, and all threads of the library are parked. proc_configure changes
 *                       nothing any more, but in a child of fork, which lives a life with what it has chosen.
 *   faults_are_noticed  (What is checked here can fail: a handle and a descriptor that are leaked, and a signal that is lost.)
 *
 * In the environment: SOAK_SECONDS, how long (60); SOAK_SEED, that of the first life, which is printed.
 */
#include "child.h"
#include "daemon.h"
#include "dumps.h"
#include "manager.h"
#include "noticed.h"
#include "pace.h"
#include "rest.h"

/* What is done wrong on purpose, once, to see whether it is noticed. */
typedef enum fault { NO_FAULT, LEAK_HANDLE, LEAK_DESCRIPTOR, LOSE_STOP } fault;

static fault fault_to_make;
static load the_load = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* Those that come when proc_main does not listen. */
static atomic_int stops_handled;

static void handle_stop(int signal_number) {
    (void)signal_number;
    stops_handled++;
}

/* One life, and who disturbs and stops it from outside. */
typedef struct life {
    pthread_t driver;
    rng rng;
    int stop; /* the signal that stops it */
    int stops_sent;
    atomic_bool is_over;
    manager manager;
    size_t ready, reloading, stopping; /* what that has heard */
} life;

static struct {
    size_t lives, dumps, children, ready;
    int64_t began;
} all;

/* Too late, as everything has run before. Nobody shall notice anything of it. */
static void configure_too_late(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    if (all.lives > 0)
        CHECK_FAILS(proc_configure(&config), EBUSY, "proc_configure: something has run already");
}

static void disturb(rng *r) {
    switch (rng_below(r, 4)) {
    case 0:
        kill(getpid(), SIGHUP);
        break;
    case 1:
        kill(getpid(), SIGUSR1);
        break;
    case 2:
        configure_too_late();
        break;
    default:
        look(the_load.nowhere, r);
    }
    pause_for(r, 2000);
}

/* A manager reads all the time: its queue has room for few messages. */
static void hear(life *l) {
    manager *m = &l->manager;
    while (m->fd >= 0 && manager_receive(m, MSG_DONTWAIT)) {
        l->ready += strncmp(m->message, "READY=1\nSTATUS=", 15) == 0;
        l->reloading += strncmp(m->message, "RELOADING=1\nMONOTONIC_USEC=", 27) == 0;
        bool is_last = strncmp(m->message, "EXTEND_TIMEOUT_USEC=", 20) == 0;
        CHECK(l->ready <= 1 + l->reloading && (l->stopping == 0 || is_last));
        l->stopping += strncmp(m->message, "STOPPING=1\nSTATUS=", 18) == 0;
    }
}

/* A stop that comes before the life has begun is for the program's own handler. Then there is another one. */
static void *drive(void *user_data) {
    life *l = user_data;
    int handled = stops_handled;
    for (size_t times = rng_below(&l->rng, 20); times > 0; times--) {
        disturb(&l->rng);
        hear(l);
    }
    while (!l->is_over) {
        if (stops_handled - handled == l->stops_sent) {
            l->stops_sent++;
            kill(getpid(), l->stop);
        }
        hear(l);
        pause_for(&l->rng, 200);
    }
    return NULL;
}

static void check_manager(life *l) {
    hear(l);
    CHECK_INT((long long)l->stopping, 1);
    all.ready += l->ready > 0;
    manager_close(&l->manager);
}

static void run_life(life *l, int *stopped_by) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    l->manager.fd = -1;
    static bool has_notified; /* In the first life it does, for what is remembered of that. */
    bool notifies = rng_percent(&l->rng, 50) || !has_notified;
    has_notified = true;
    options.drain_ns = rng_percent(&l->rng, 50) ? 0 : (int64_t)rng_below(&l->rng, 2000000);
    options.grace_ns = rng_percent(&l->rng, 50) ? PROC_FOREVER : PROC_SECONDS(3600);
    options.dump_signal = SIGUSR1;
    options.notify = notifies;
    options.signal_out = stopped_by;
    if (notifies)
        manager_listen(&l->manager, true);
    CHECK_INT(pthread_create(&l->driver, NULL, drive, l), 0);
    CHECK_OK(proc_main_with(daemon_new(&the_load), &options));
    l->is_over = true;
    pthread_join(l->driver, NULL);
    if (notifies)
        check_manager(l);
}

static void live(uint64_t seed) {
    life l = {.rng = rng_new(seed, 0)};
    int handled = stops_handled, stopped_by = -1;
    l.stop = rng_percent(&l.rng, 50) ? SIGTERM : SIGINT;
    the_load.seed = rng_next(&l.rng);
    alarm((unsigned)check_deadline() * 2);
    run_life(&l, &stopped_by);
    CHECK(stopped_by == l.stop);
    l.stops_sent += fault_to_make == LOSE_STOP;
    CHECK_INT(l.stops_sent, stops_handled - handled + (stopped_by == l.stop));
    all.dumps += dumps_check();
    all.lives++;
}

static void make_fault(void) {
    if (fault_to_make == LEAK_HANDLE)
        leak_handles();
    if (fault_to_make == LEAK_DESCRIPTOR)
        CHECK(dup(the_load.nowhere) > 0);
    fault_to_make = NO_FAULT;
}

/* A thread that came too late to help may still hold what it was to help with. */
static void settle(void) {
    check_parked();
    check_nothing_runs();
    payloads_settle();
}

/* In a child of fork the library is as it is loaded, and what it is configured to be by then. */
static _Noreturn void live_configured(uint64_t seed) {
    rng r = rng_new(seed, 1);
    proc_config config = PROC_CONFIG_INIT;
    all.lives = 0;
    config.stack_size = rng_percent(&r, 50) ? 0 : 1 << 16 << rng_below(&r, 5);
    config.max_idle_threads = rng_below(&r, 8);
    config.idle_timeout_ns = (int64_t)rng_below(&r, 2000000);
    config.thread_name_prefix = rng_percent(&r, 50) ? NULL : "soak";
    CHECK_OK(proc_configure(&config));
    live(seed);
    wait_until_others_sleep();
    check_nothing_runs();
    payloads_settle();
    _exit(atomic_load(&check_failures) != 0);
}

static void live_in_child(uint64_t seed) {
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        live_configured(seed);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    all.children++;
}

static void play(uint64_t seed, int fds) {
    if (seed % 8 == 0)
        live_in_child(seed);
    live(seed);
    make_fault();
    settle();
    CHECK_INT(fds_open(), fds);
}

static void begin(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_FOREVER;
    CHECK_OK(proc_configure(&config));
    signal(SIGTERM, handle_stop);
    signal(SIGINT, handle_stop);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    blocks_begin();
    dumps_gather();
    the_load.nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    all.began = now_ns();
}

static void tell(void) {
    printf("%lld s, %zu lives, %zu of them in children: %zu jobs, %zu generations, %zu reloads, "
           "%zu dumps, ready %zu times\n",
           (long long)(now_ns() - all.began) / 1000000000, all.lives + all.children, all.children,
           (size_t)the_load.jobs, (size_t)the_load.generations, (size_t)the_load.reloads, all.dumps,
           all.ready);
    fflush(stdout);
}

/* In a first life the library makes what it makes but once. */
static void soak_for(long seconds, fault made) {
    const char *given = getenv("SOAK_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)now_ns() / 1000;
    int failures = check_failures;
    printf("%ld s of soak with SOAK_SEED=%llu\n", seconds, (unsigned long long)seed);
    begin();
    live(seed - 1);
    settle();
    rest_begin();
    int fds = fds_open();
    fault_to_make = made;
    do {
        play(seed, fds);
        rest_check();
        if (all.lives % 256 == 0)
            tell();
    } while (check_failures == failures && now_ns() - all.began < seconds * 1000000000 && ++seed);
    if (check_failures > failures)
        fprintf(stderr, "this was with SOAK_SEED=%llu\n", (unsigned long long)seed);
    tell();
}

static void lives(void) { soak_for(check_environment("SOAK_SECONDS", 60), NO_FAULT); }

static void faulty_role(void) { soak_for(0, (fault)check_environment("SOAK_FAULT", NO_FAULT)); }

static void faults_are_noticed(void) {
    if (blocks_are_counted())
        check_noticed("SOAK_FAULT", LEAK_HANDLE, "blocks more than it should have");
    check_noticed("SOAK_FAULT", LEAK_DESCRIPTOR, "fds_open() is ");
    check_noticed("SOAK_FAULT", LOSE_STOP, "l.stops_sent is ");
    unsetenv("SOAK_FAULT");
    child_run("faulty_role");
}

CHECK_MAIN(CASE(lives), CASE(faults_are_noticed), ROLE(faulty_role))
