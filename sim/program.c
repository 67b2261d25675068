/* A program that knows nothing of procession, as a run: procession-sim preloads this library, and says in the environment what is to be done.
 *
 * Before main runs, the process becomes one that forks a child for each seed, in which main runs in a simulation. Nobody sees what they write.
 * The first seed that fails is run once more, in sight.
 *
 * PROCESSION_SIM: runs, the first seed, the schedule, its depth, the most preemptions, the faults (how many waits of a thousand wake early, how many threads are slow, and
 * by how many milliseconds at most), how many seconds a run may compute, and a descriptor to answer on: "taken" at once, and "failed SEED".
 */
#include "runs.h"
#include "taken.h"
#include <errno.h>
#include <inttypes.h>
#include <procession.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int main_fn(int, char **, char **);

static main_fn *real_main;
static int argument_count;
static char **arguments;

static struct plan plan;

/* Whether this process is a run. */
static bool is_program;

/* What main would have: threads of the library let no signals in. */
static sigset_t mask;

static void *run_main(void *data) {
    sim_name_thread(NULL, "main");
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    exit(real_main(argument_count, arguments, environ));
    return data;
}

/* Returns never: the process ends with main, or if that has ended itself alone (pthread_exit), with the last thread. */
static proc_error *be_program(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_t id;
    if (pthread_create(&id, NULL, run_main, NULL))
        return proc_error_new(EAGAIN, "no thread for main");
    while (sim_threads > 0)
        sim_wait(&sim_threads, SIM_NEVER, NULL, NULL, 0);
    exit(0);
}

static proc_impl *make_program(void *user_data) { return proc_new(be_program, user_data, NULL); }

/* What runs of procession is told, too, unless it is nothing but what runs main. */
void sim_on_failure(const char *text, size_t length) {
    if (!is_program)
        return;
    fflush(NULL);
    const char *tree = memmem(text, length, "procession: 2 running", 21);
    sim_end_stuck(text, tree ? (size_t)(tree - text) : length);
}

void sim_run(uint64_t seed, const struct journal *journal) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = seed;
    if (journal)
        sim_table->follow(journal);
    else
        options.schedule = plan.schedule;
    options.depth = plan.depth;
    options.limit_steps = 1000000;
    options.early_wakes_permille = plan.early_wakes;
    options.slow_permille = plan.slow;
    options.slow_ns = PROC_MS(plan.slow_ms);
    options.preemptions = plan.preemptions;
    is_program = true;
    proc_error *error = proc_simulate(make_program, NULL, &options);
    const char *text = proc_error_message(error);
    sim_end_stuck(text, strlen(text));
}

/* Takes what is meant for this library out of the environment: programs that this one starts are not run so. */
static bool read_plan(void) {
    const char *text = getenv("PROCESSION_SIM");
    int schedule, answer;
    if (!text || !sim_table ||
        sscanf(text, "%" SCNu64 " %" SCNu64 " %d %zu %zu %d %d %" SCNd64 " %u %d", &plan.runs,
               &plan.seed, &schedule, &plan.depth, &plan.preemptions, &plan.early_wakes, &plan.slow,
               &plan.slow_ms, &plan.seconds, &answer) != 10)
        return false;
    plan.schedule = schedule;
    plan.answer = answer;
    unsetenv("PROCESSION_SIM");
    const char *before = getenv("PROCESSION_SIM_PRELOAD");
    if (before && *before)
        setenv("LD_PRELOAD", before, 1);
    else
        unsetenv("LD_PRELOAD");
    unsetenv("PROCESSION_SIM_PRELOAD");
    return true;
}

static int simulated_main(int count, char **words, char **environment) {
    (void)environment;
    argument_count = count;
    arguments = words;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sim_run_all(&plan);
}

typedef int start_fn(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void),
                     void *);

EXPORT int __libc_start_main(main_fn *main, int count, char **words, void (*init)(void),
                             void (*fini)(void), void (*loader_fini)(void), void *stack_end);

EXPORT int __libc_start_main(main_fn *main, int count, char **words, void (*init)(void),
                             void (*fini)(void), void (*loader_fini)(void), void *stack_end) {
    start_fn *start = NEXT(__libc_start_main);
    real_main = main;
    if (read_plan())
        main = simulated_main;
    return start(main, count, words, init, fini, loader_fini, stack_end);
}
