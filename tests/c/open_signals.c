/* The signals that the threads of the library let in: proc_config's open_signals. Each case plays in a fresh program. Laws:
 *
 *   by_default       Of the signals that come from elsewhere it is SIGPROF, on each thread: on those that run callbacks, the
 *                    one that watches them, the one that listens and the one that writes the trace; also if the thread that
 *                    needed them blocks it. A struct of an older header means the same.
 *   chosen           It is those that are named, in its place; one may be named twice.
 *   none             An array without elements means none.
 *   received         One that all threads of the program block comes to a thread of the library.
 *   stopped          A collector stops all threads of the library by one signal, and lets them go on by another. What they
 *                    wait for is not ended by that.
 *   listens          What proc_main listens to is heard all the same.
 *   started          What posix_spawn starts in a callback inherits that.
 *   bad_input        EINVAL for what no thread can let in or out.
 */
#include "child.h"
#include "meet.h"
#include "trace_file.h"
#include <semaphore.h>
#include <spawn.h>

extern char **environ;

enum { NO_SIGNAL = 0, MOST = 50 };

static bool causes_itself(int number) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i] == number)
            return true;
    return false;
}

/* What a thread of the library should let in beside faults. */
static sigset_t expected;
static pthread_t threads[MOST];
static atomic_int start_count;
static gate noted;

static void expect_open(int one, int other) {
    sigemptyset(&expected);
    if (one != NO_SIGNAL)
        sigaddset(&expected, one);
    if (other != NO_SIGNAL)
        sigaddset(&expected, other);
}

/* Neither the program nor anybody else can block these. */
static bool is_special(int number) {
    return number == SIGKILL || number == SIGSTOP || (number > SIGSYS && number < SIGRTMIN);
}

static void check_mask(void) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < NSIG; number++)
        if (!is_special(number)) {
            bool open = causes_itself(number) || sigismember(&expected, number);
            CHECK_INT(sigismember(&mask, number) == 1 ? -number : number, open ? number : -number);
        }
}

/* Called on each thread of the library before anything else. */
static void note_thread(void *user_data) {
    (void)user_data;
    check_mask();
    int index = atomic_fetch_add(&start_count, 1);
    if (CHECK(index < MOST))
        threads[index] = pthread_self();
    gate_open(&noted);
}

static void configure(const int *signals, size_t count) {
    proc_config config = PROC_CONFIG_INIT;
    config.open_signals = signals;
    config.open_signal_count = count;
    config.on_thread_start = note_thread;
    config.idle_timeout_ns = PROC_FOREVER;
    gate_init(&noted);
    CHECK_OK(proc_configure(&config));
}

static void block(int how, int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(how, &set, NULL);
}

/* All kinds of threads at once: in proc_main one listens, and the trace is written by one. */
static void check_all_threads(void) {
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("trace")));
    CHECK_OK(proc_main(meeting(meet, NULL, NULL)));
    CHECK_OK(proc_trace_stop());
    remove_directory();
    GATE_WAIT_FOR(&noted, THREADS - 1 + 3);
}

static void by_default_role(void) {
    block(SIG_BLOCK, SIGPROF);
    expect_open(SIGPROF, NO_SIGNAL);
    configure(NULL, 0);
    check_all_threads();
}

static void older_role(void) {
    struct {
        proc_config config;
        long after[2];
    } older = {.config = PROC_CONFIG_INIT, .after = {-1, -1}};
    older.config.size = offsetof(proc_config, open_signals);
    older.config.open_signals = (const int *)&older; /* Of these it knows nothing. */
    older.config.open_signal_count = 1;
    older.config.on_thread_start = note_thread;
    expect_open(SIGPROF, NO_SIGNAL);
    gate_init(&noted);
    CHECK_OK(proc_configure(&older.config));
    check_works();
    GATE_WAIT_FOR(&noted, THREADS - 1);
}

static void by_default(void) {
    child_run("by_default_role");
    child_run("older_role");
}

static void chosen_role(void) {
    expect_open(SIGPWR, SIGRTMAX);
    configure((int[]){SIGPWR, SIGRTMAX, SIGPWR}, 3);
    check_all_threads();
}

static void none_role(void) {
    expect_open(NO_SIGNAL, NO_SIGNAL);
    configure(&(int){SIGPROF}, 0);
    check_all_threads();
}

static sem_t came;
static _Atomic pid_t came_to;

static void note_arrival(int number) {
    (void)number;
    came_to = gettid();
    sem_post(&came);
}

static void await(sem_t *semaphore) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += check_deadline();
    while (sem_timedwait(semaphore, &until) != 0)
        if (errno != EINTR) {
            fprintf(stderr, "%s: the signal does not come, and time is up\n", check_case_name);
            abort();
        }
}

static proc_error *wait_cancelled(proc_cancel *cancel, void *user_data) {
    if (user_data)
        meet(cancel, NULL);
    CHECK(proc_wait(cancel, PROC_SECONDS(check_deadline())));
    return proc_cancel_error(cancel);
}

static void cancel_and_join(proc_cancel *cancel, proc_job *job) {
    CHECK(!proc_job_wait(job, 0)); /* No signal has ended what it waits for. */
    proc_cancel_trigger(cancel, proc_error_new(7, "enough"));
    proc_error *error = proc_job_join(job);
    CHECK_INT(proc_error_code(error), 7);
    proc_error_unref(error);
    proc_cancel_unref(cancel);
}

static void received_role(void) {
    sem_init(&came, 0, 0);
    sigaction(SIGPROF, &(struct sigaction){.sa_handler = note_arrival}, NULL);
    block(SIG_BLOCK, SIGPROF);
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_job *job = proc_start(proc_new(wait_cancelled, NULL, NULL), cancel, NULL, NULL);
    kill(getpid(), SIGPROF);
    await(&came);
    CHECK(came_to != getpid());
    cancel_and_join(cancel, job);
}

/* A collector: who is told to stop says so, and waits until he may go on. */
static sem_t stopped_now;

static void stop_here(int number) {
    int before = errno;
    sigset_t all_but_one;
    (void)number;
    sigfillset(&all_but_one);
    sigdelset(&all_but_one, SIGXCPU);
    sem_post(&stopped_now);
    sigsuspend(&all_but_one);
    errno = before;
}

static void go_on(int number) { (void)number; }

static void tell_all(int number, int count) {
    for (int i = 0; i < count; i++)
        pthread_kill(threads[i], number);
}

static void stopped_role(void) {
    sem_init(&stopped_now, 0, 0);
    struct sigaction stop = {.sa_handler = stop_here}; /* Calls of the system end with EINTR. */
    sigfillset(&stop.sa_mask);
    sigaction(SIGPWR, &stop, NULL);
    sigaction(SIGXCPU, &(struct sigaction){.sa_handler = go_on}, NULL);
    expect_open(SIGPWR, SIGXCPU);
    configure((int[]){SIGPWR, SIGXCPU}, 2);
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_job *job = proc_start(meeting(wait_cancelled, &all, NULL), cancel, NULL, NULL);
    GATE_WAIT_FOR(&all, THREADS);
    for (int round = 0; round < 20; round++) {
        int count = start_count;
        tell_all(SIGPWR, count);
        for (int i = 0; i < count; i++)
            await(&stopped_now);
        tell_all(SIGXCPU, count);
    }
    cancel_and_join(cancel, job);
}

static proc_error *terminate_self(proc_cancel *cancel, void *user_data) {
    kill(getpid(), SIGTERM);
    return wait_cancelled(cancel, user_data);
}

static void listens_role(void) {
    block(SIG_BLOCK, SIGTERM);
    expect_open(NO_SIGNAL, NO_SIGNAL);
    configure(&(int){SIGPROF}, 0);
    CHECK_OK(proc_main(proc_new(terminate_self, NULL, NULL)));
}

static void see_mask_role(void) {
    expect_open(SIGUSR1, NO_SIGNAL);
    check_mask();
}

static proc_error *start_program(proc_cancel *cancel, void *user_data) {
    char self[CHILD_PATH], *arguments[] = {"open_signals", "see_mask_role", NULL};
    int status = -1;
    pid_t pid = 0;
    (void)cancel, (void)user_data;
    child_self(self);
    CHECK_INT(posix_spawn(&pid, self, NULL, NULL, arguments, environ), 0);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return NULL;
}

static void started_role(void) {
    expect_open(SIGUSR1, NO_SIGNAL);
    configure(&(int){SIGUSR1}, 1);
    CHECK_OK(proc_job_join(proc_start(proc_new(start_program, NULL, NULL), NULL, NULL, NULL)));
}

static void check_bad(const int *signals, size_t count, const char *text) {
    proc_config config = PROC_CONFIG_INIT;
    char message[200];
    config.open_signals = signals;
    config.open_signal_count = count;
    snprintf(message, sizeof message, "proc_configure: config->open_signals%s", text);
    CHECK_FAILS(proc_configure(&config), EINVAL, message);
}

static void bad_input(void) {
    check_bad(NULL, 2, " is NULL, but count is 2");
    check_bad((int[]){SIGPWR, SIGKILL}, 2, "[1] is 9 (SIGKILL): no program can receive it");
    check_bad(&(int){SIGSTOP}, 1, "[0] is 19 (SIGSTOP): no program can receive it");
    check_bad(&(int){SIGSEGV}, 1,
              "[0] is 11 (SIGSEGV): it is a fault of the program, which cannot go on after it");
    check_bad(&(int){0}, 1, "[0] is 0: there is no such signal");
    check_bad(&(int){65}, 1, "[0] is 65: there is no such signal");
    check_bad(&(int){-1}, 1, "[0] is -1: there is no such signal");
}

IN_CHILD(chosen)
IN_CHILD(none)
IN_CHILD(received)
IN_CHILD(stopped)
IN_CHILD(listens)
IN_CHILD(started)

CHECK_MAIN(BOTH(by_default), ROLE(older_role), BOTH(chosen), BOTH(none), BOTH(received),
           BOTH(stopped), BOTH(listens), BOTH(started), ROLE(see_mask_role), CASE(bad_input))
