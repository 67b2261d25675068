/* A signal at any moment: 10,000 programs are started (CHECK_SCALE: percent of them), and each is sent SIGTERM at a random moment of
 * its life. Laws:
 *
 *   handled_starts   No signal is lost, and none kills a program that has asked for grace. Exactly one of two hears of it:
 *                    proc_main, if it comes while that runs, or else the handler that the program has for it otherwise.
 *   blocked_starts   The same in programs all of whose threads block the signal: proc_main, or else it stays pending.
 *
 * The programs begin with the signal blocked, so that none comes before they have made their preparations.
 */
#include "child.h"
#include "leaf.h"
#include <spawn.h>
#include <sys/syscall.h>

extern char **environ;

/* How a program ends in which all was right. */
enum { STOPPED = 40, NOT_STOPPED = 41 };

/* Random numbers, the next of a seed's. */
static unsigned long below(unsigned long most, unsigned long *seed) {
    *seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
    return (*seed >> 33) % most;
}

static unsigned long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000000000UL + (unsigned long)now.tv_nsec;
}

static unsigned long new_seed(void) { return now_ns() * 7919UL + (unsigned long)getpid(); }

/* What the programs do: they run for a while, and say which signal stopped them. */
static proc_error *run_for_a_while(proc_cancel *cancel, void *user_data) {
    return proc_wait(cancel, *(int64_t *)user_data) ? proc_cancel_error(cancel) : NULL;
}

static int stopped_by(void) {
    unsigned long seed = new_seed();
    int64_t while_ns = (int64_t)below(3000000, &seed);
    int signal_number = -1;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = below(2, &seed) ? 0 : (int64_t)below(100000, &seed);
    options.grace_ns = PROC_SECONDS(3600);
    options.signal_out = &signal_number;
    proc_impl *work = proc_task("work", proc_new(run_for_a_while, &while_ns, NULL));
    CHECK_OK(proc_main_with(PROC_GROUP(work, succeeding()), &options));
    return signal_number;
}

static _Noreturn void end(int signal_number) {
    if (atomic_load(&check_failures) > 0)
        _exit(1);
    _exit(signal_number == SIGTERM ? STOPPED : NOT_STOPPED);
}

static atomic_int handled;

static void handle(int signal_number) {
    (void)signal_number;
    handled++;
}

static void handled_role(void) {
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = handle}, NULL);
    pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
    int signal_number = stopped_by();
    pthread_sigmask(SIG_BLOCK, &stop, &before);
    while (signal_number == 0 && handled == 0)
        sigsuspend(&before);
    CHECK_INT(handled, signal_number == 0 ? 1 : 0);
    end(signal_number);
}

static void blocked_role(void) {
    sigset_t stop, pending;
    int received = 0;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    int signal_number = stopped_by();
    if (signal_number == 0)
        sigwait(&stop, &received);
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGTERM));
    end(signal_number);
}

static pid_t start(const char *role) {
    pid_t pid = 0;
    posix_spawnattr_t attributes;
    sigset_t stop;
    char *arguments[] = {"starts", (char *)role, NULL};
    char self[CHILD_PATH];
    child_self(self);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &stop);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    CHECK_INT(posix_spawn(&pid, self, NULL, &attributes, arguments, environ), 0);
    posix_spawnattr_destroy(&attributes);
    return pid;
}

static atomic_int stopped, not_stopped;

/* The signal comes at some moment before that. */
static void start_one(const char *role, unsigned long most_ns, unsigned long *seed) {
    int status = 0;
    pid_t pid = start(role);
    if (pid <= 0)
        abort();
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = (long)below(most_ns, seed)},
                    NULL);
    CHECK_INT(kill(pid, SIGTERM), 0);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == STOPPED)
        stopped++;
    else if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STOPPED)
        not_stopped++;
    else
        CHECK_INT(status, STOPPED);
}

enum { AT_ONCE = 4, STARTS = 10000 };

typedef struct starter {
    pthread_t thread;
    const char *role;
    unsigned long most_ns;
    size_t count;
} starter;

/* Half as long again as a program needs from its begin to its end, so that no part of that is left out when several run. */
static unsigned long measure_ns(const char *role) {
    enum { TIMES = 10 };
    unsigned long seed = 0, begin = now_ns();
    for (int i = 0; i < TIMES; i++)
        start_one(role, 1, &seed);
    return (now_ns() - begin) / TIMES * 3 / 2 % 1000000000UL;
}

static void *start_many(void *user_data) {
    const starter *s = user_data;
    unsigned long seed = new_seed() + (unsigned long)s->thread;
    for (size_t i = 0; i < s->count; i++)
        start_one(s->role, s->most_ns, &seed);
    return NULL;
}

/* Half of all starts are for each law. */
static void start_all(const char *role) {
    starter starters[AT_ONCE];
    stopped = not_stopped = 0;
    alarm(0); /* the bound of the whole program is that of the test */
    unsigned long most_ns = measure_ns(role);
    for (int i = 0; i < AT_ONCE; i++) {
        starters[i] = (starter){
            .role = role, .most_ns = most_ns, .count = check_scaled(STARTS / 2 / AT_ONCE)};
        CHECK_INT(pthread_create(&starters[i].thread, NULL, start_many, &starters[i]), 0);
    }
    for (int i = 0; i < AT_ONCE; i++)
        pthread_join(starters[i].thread, NULL);
    printf("%s: %d stopped, %d ended before or after the signal\n", role, stopped, not_stopped);
    /* Else the signals did not come at all moments. */
    CHECK(stopped > 0);
}

static void handled_starts(void) { start_all("handled_role"); }
static void blocked_starts(void) { start_all("blocked_role"); }

CHECK_MAIN(CASE(handled_starts), ROLE(handled_role), CASE(blocked_starts), ROLE(blocked_role))
