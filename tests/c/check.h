/* check.h: what the C tests stand on: checks, gates, and a table of named cases.
 *
 * A check that fails is printed and counted, in whatever thread, and the program goes on: a callback must not be left by
 * longjmp. Nothing here sleeps: a test waits on a gate, which another thread opens. A gate that is not opened in time
 * aborts the program, and so does a case that does not end.
 *
 * PROGRAM [CASE] runs all cases, or that one. The environment: CHECK_DEADLINE, seconds until a gate gives up (30);
 * CHECK_SCALE, percent of the full size of the large tests (100); CHECK_SIMULATED, in how many runs of a simulation, by the seeds from 1 on,
 * each case is run (0: as it is): so the laws hold in as many orders, and in virtual time; CHECK_WITHOUT, cases that are left out,
 * each between spaces.
 */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <procession.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_int check_failures;
static const char *volatile check_case_name = "start";

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_INT(actual, expected) check_int((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_STR(actual, expected) check_str((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_HAS(text, part) check_has((text), (part), #text, __FILE__, __LINE__)

/* Both release the error. */
#define CHECK_OK(error) check_error((error), 0, "success", __FILE__, __LINE__)
#define CHECK_FAILS(error, code, text) check_error((error), (code), (text), __FILE__, __LINE__)

static inline bool check_that(bool holds, const char *what, const char *file, int line) {
    if (!holds) {
        atomic_fetch_add(&check_failures, 1);
        fprintf(stderr, "%s:%d: %s: not so: %s\n", file, line, check_case_name, what);
    }
    return holds;
}

static inline bool check_int(long long actual, long long expected, const char *what,
                             const char *file, int line) {
    char text[200];
    snprintf(text, sizeof text, "%s is %lld, expected %lld", what, actual, expected);
    return check_that(actual == expected, text, file, line);
}

/* The texts are cut to a length that can be read. */
static inline bool check_text(bool holds, const char *actual, const char *relation,
                              const char *expected, const char *what, const char *file, int line) {
    char text[1000];
    snprintf(text, sizeof text, "%.100s is \"%.400s\", %s \"%.400s\"", what,
             actual ? actual : "(null)", relation, expected);
    return check_that(holds, text, file, line);
}

static inline bool check_str(const char *actual, const char *expected, const char *what,
                             const char *file, int line) {
    bool same = actual && strcmp(actual, expected) == 0;
    return check_text(same, actual, "expected", expected, what, file, line);
}

static inline bool check_has(const char *actual, const char *part, const char *what,
                             const char *file, int line) {
    bool has = actual && strstr(actual, part);
    return check_text(has, actual, "expected in it", part, what, file, line);
}

static inline void check_error(proc_error *error, int code, const char *message, const char *file,
                               int line) {
    check_int(proc_error_code(error), code, "the error's code", file, line);
    check_str(proc_error_message(error), message, "the error's message", file, line);
    proc_error_unref(error);
}

static inline long check_environment(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text && atol(text) > 0 ? atol(text) : otherwise;
}

static inline long check_deadline(void) { return check_environment("CHECK_DEADLINE", 30); }

static inline size_t check_scaled(size_t full) {
    size_t scaled = full * (size_t)check_environment("CHECK_SCALE", 100) / 100;
    return scaled < 2 ? 2 : scaled;
}

/* To wait for what no gate tells: other threads go on, unless it has lasted until then. */
static inline time_t check_until(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + check_deadline();
}

static inline void check_yield(time_t until, const char *what) {
    if (check_until() - check_deadline() > until) {
        fprintf(stderr, "%s: %s, and time is up\n", check_case_name, what);
        abort();
    }
    sched_yield();
}

/* A gate counts how often it was opened; who waits for it waits until that is often enough. */
typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    size_t opened;
    size_t wanted;
} gate;

#define GATE_WAIT(g) gate_wait((g), 1, __FILE__, __LINE__)
#define GATE_WAIT_FOR(g, times) gate_wait((g), (times), __FILE__, __LINE__)
/* A rendezvous of that many threads. */
#define GATE_MEET(g, threads) gate_meet((g), (threads), __FILE__, __LINE__)

static inline void gate_init(gate *g) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    g->opened = g->wanted = 0;
}

static inline void gate_open(gate *g) {
    pthread_mutex_lock(&g->mutex);
    g->opened++;
    /* Thousands wait at some gates: they are woken when it is worth their while. */
    if (g->opened >= g->wanted)
        pthread_cond_broadcast(&g->cond);
    pthread_mutex_unlock(&g->mutex);
}

static inline void gate_wait_locked(gate *g, size_t times, const char *file, int line) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += check_deadline();
    while (g->opened < times) {
        if (g->wanted == 0 || times < g->wanted)
            g->wanted = times;
        if (pthread_cond_timedwait(&g->cond, &g->mutex, &until) == ETIMEDOUT) {
            fprintf(stderr, "%s:%d: %s: the gate was opened %zu times of %zu, and time is up\n",
                    file, line, check_case_name, g->opened, times);
            abort();
        }
    }
}

/* A millisecond of the run's time. (proc_wait without a handle does not wait.) */
static inline void check_sleep_simulated(void) {
    proc_cancel *never = proc_cancel_new(NULL);
    proc_wait(never, PROC_MS(1));
    proc_cancel_unref(never);
}

/* In a simulation: time goes on only where everybody waits in the library. */
static inline void gate_wait_simulated(gate *g, size_t times, const char *file, int line) {
    int64_t until = proc_now() + PROC_SECONDS(check_deadline());
    for (;;) {
        pthread_mutex_lock(&g->mutex);
        bool is_open = g->opened >= times;
        pthread_mutex_unlock(&g->mutex);
        if (is_open || !check_that(proc_now() < until, "the gate is opened", file, line))
            return;
        check_sleep_simulated();
    }
}

static inline void gate_wait(gate *g, size_t times, const char *file, int line) {
    if (proc_simulated()) {
        gate_wait_simulated(g, times, file, line);
        return;
    }
    pthread_mutex_lock(&g->mutex);
    gate_wait_locked(g, times, file, line);
    pthread_mutex_unlock(&g->mutex);
}

static inline void gate_meet(gate *g, size_t threads, const char *file, int line) {
    gate_open(g);
    gate_wait(g, threads, file, line);
}

/* A destroy callback that counts. */
static inline void check_destroyed(void *user_data) {
    atomic_fetch_add((atomic_int *)user_data, 1);
}

typedef struct check_case {
    const char *name;
    void (*run)(void);
    bool is_role; /* runs only when it is named: what a test's child program does (child.h) */
    bool
        is_real; /* is in no simulation, for it asks for what none has: signals, files, counted system calls, the program alone */
} check_case;

#define CASE(function)                                                                             \
    { #function, function, false, false }
#define REAL(function)                                                                             \
    { #function, function, false, true }
#define ROLE(function)                                                                             \
    { #function, function, true, true }
#define CHECK_MAIN(...)                                                                            \
    int main(int argc, char **argv) {                                                              \
        static const check_case cases[] = {__VA_ARGS__};                                           \
        return check_main(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);         \
    }

static inline void check_hangs(int signal_number) {
    (void)signal_number;
    static const char text[] = ": does not end, and time is up\n";
    const char *name = check_case_name;
    if (write(STDERR_FILENO, name, strlen(name)) >= 0 &&
        write(STDERR_FILENO, text, sizeof text - 1) >= 0)
        abort();
    _exit(1);
}

static inline proc_error *check_run_in(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    int failures = atomic_load(&check_failures);
    ((const check_case *)user_data)->run();
    bool passed = atomic_load(&check_failures) == failures;
    return passed ? NULL : proc_error_new(EPROTO, "a check has failed");
}

static inline proc_impl *check_make_run(void *user_data) {
    return proc_new(check_run_in, user_data, NULL);
}

static inline void check_simulate(const check_case *one, long runs) {
    check_case copy = *one;
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = getenv("PROCESSION_SEED") ? 0 : 1;
    options.runs = (size_t)runs;
    CHECK_OK(proc_simulate(check_make_run, &copy, &options));
}

static inline bool check_run_case(const check_case *one) {
    int failures = atomic_load(&check_failures);
    long runs = one->is_real ? 0 : check_environment("CHECK_SIMULATED", 0);
    check_case_name = one->name;
    alarm((unsigned)check_deadline() * 2);
    if (runs > 0)
        check_simulate(one, runs);
    else
        one->run();
    alarm(0);
    return atomic_load(&check_failures) == failures;
}

static inline bool check_leaves_out(const char *name) {
    const char *names = getenv("CHECK_WITHOUT");
    char word[100];
    snprintf(word, sizeof word, " %s ", name);
    return names && strstr(names, word);
}

static inline int check_main(const check_case *cases, size_t count, const char *only) {
    int passed = 0, failed = 0;
    bool quiet = false;
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = check_hangs}, NULL);
    for (size_t i = 0; i < count; i++) {
        const char *name = cases[i].name;
        if (only ? strcmp(only, name) != 0 : cases[i].is_role || check_leaves_out(name))
            continue;
        quiet = cases[i].is_role;
        if (check_run_case(&cases[i]))
            passed++;
        else
            failed++;
    }
    if (!quiet)
        printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

#endif
