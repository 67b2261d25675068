/* The signal masks of programs that are started from callbacks, whose threads may be the library's and then block signals.
 * Laws:
 *
 *   library_thread   On a thread of the library, asynchronous signals are blocked.
 *   forked           A child that is forked there lets all of them in, and so does the program that it executes.
 *   spawned          … and so does a program that posix_spawn starts there with an empty mask (README).
 *   opened           … and so does one that is started otherwise, if the thread lets all signals in for as long.
 *   own_thread       A child that is forked on a thread of the program has that thread's mask. No mask of the parent changes.
 */
#include "child.h"
#include "leaf.h"
#include <spawn.h>

extern char **environ;

static int blocked_signals(void) {
    sigset_t mask;
    int blocked = 0;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < NSIG; i++)
        blocked += sigismember(&mask, i) == 1;
    return blocked;
}

static void open_role(void) { CHECK_INT(blocked_signals(), 0); }
static void hangup_role(void) { CHECK_INT(blocked_signals(), 1); }

static void check_passes(pid_t pid) {
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void fork_and_exec(const char *role, int blocked) {
    int before = blocked_signals();
    char self[CHILD_PATH];
    child_self(self);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (blocked_signals() == blocked)
            execl(self, "exec_mask", role, (char *)NULL);
        _exit(3);
    }
    check_passes(pid);
    CHECK_INT(blocked_signals(), before);
}

static void spawn(void) {
    char *arguments[] = {"exec_mask", "open_role", NULL};
    char self[CHILD_PATH];
    child_self(self);
    pid_t pid = 0;
    sigset_t none;
    posix_spawnattr_t attributes;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    CHECK_INT(posix_spawn(&pid, self, NULL, &attributes, arguments, environ), 0);
    posix_spawnattr_destroy(&attributes);
    check_passes(pid);
}

typedef struct place {
    gate both;
    pthread_t own;
    void (*on_library_thread)(void);
    void (*on_own_thread)(void);
} place;

/* Two that wait for each other: one runs on a thread of the library. */
static proc_error *run_there(proc_cancel *cancel, void *user_data) {
    place *p = user_data;
    (void)cancel;
    GATE_MEET(&p->both, 2);
    if (pthread_equal(pthread_self(), p->own))
        p->on_own_thread();
    else
        p->on_library_thread();
    return NULL;
}

static void nothing(void) {}

static void run_in_callbacks(void (*on_library_thread)(void), void (*on_own_thread)(void)) {
    place p = {.own = pthread_self(),
               .on_library_thread = on_library_thread,
               .on_own_thread = on_own_thread};
    gate_init(&p.both);
    proc_impl *impl = proc_new(run_there, &p, NULL);
    proc_impl *both = PROC_CONCURRENT(proc_ref(impl), proc_task("t", impl));
    CHECK_OK(proc_main(both));
}

static void check_blocked(void) { CHECK(blocked_signals() > 40); }
static void library_thread(void) { run_in_callbacks(check_blocked, nothing); }

static void fork_open(void) { fork_and_exec("open_role", 0); }
static void forked(void) { run_in_callbacks(fork_open, fork_open); }

static void spawned(void) { run_in_callbacks(spawn, spawn); }

static void start_opened(void) {
    char self[CHILD_PATH], command[CHILD_PATH + 20];
    sigset_t none, before;
    child_self(self);
    snprintf(command, sizeof command, "'%s' open_role", self);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, &before);
    CHECK_INT(system(command), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
static void opened(void) { run_in_callbacks(start_opened, nothing); }

static void fork_blocking(void) { fork_and_exec("hangup_role", 1); }

static void own_thread(void) {
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &hangup, NULL);
    run_in_callbacks(fork_open, fork_blocking);
    fork_blocking();
    pthread_sigmask(SIG_UNBLOCK, &hangup, NULL);
}

CHECK_MAIN(CASE(library_thread), CASE(forked), CASE(spawned), CASE(opened), CASE(own_thread),
           ROLE(open_role), ROLE(hangup_role))
