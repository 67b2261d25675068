/* fork and the signals that proc_main receives. Laws (architecture, fork):
 *
 *   restoring   A child that is forked while proc_main gives back the dispositions has all of the former ones.
 *   early       A signal that comes to a child at once, before any of the program's code runs there, finds the former
 *               disposition too.
 */
#include "child.h"
#include "forks.h"
#include "leaf.h"
#include <dlfcn.h>
#include <sched.h>

static bool has_default(int signal_number) {
    struct sigaction now;
    sigaction(signal_number, NULL, &now);
    return now.sa_handler == SIG_DFL;
}

static atomic_bool gives_back;
static gate giving_back;

/* As the library sees it in this program. */
int sigaction(int signal_number, const struct sigaction *restrict new,
              struct sigaction *restrict former) {
    typedef int change(int, const struct sigaction *, struct sigaction *);
    static change *real;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "sigaction");
    int result = real(signal_number, new, former);
    if (new &&gives_back) {
        gate_open(&giving_back);
        for (int i = 0; i < 100; i++)
            sched_yield();
    }
    return result;
}

static void look(void *nothing) {
    (void)nothing;
    CHECK(has_default(SIGINT) && has_default(SIGTERM));
}

static void *fork_meanwhile(void *nothing) {
    GATE_WAIT(&giving_back);
    forks_run(look, NULL);
    return nothing;
}

static proc_error *end(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    gives_back = true;
    return NULL;
}

static void restoring(void) {
    for (size_t i = check_scaled(50); i > 0; i--) {
        pthread_t forker;
        gate_init(&giving_back);
        CHECK_INT(pthread_create(&forker, NULL, fork_meanwhile, NULL), 0);
        CHECK_OK(proc_main(proc_new(end, NULL, NULL)));
        gives_back = false;
        pthread_join(forker, NULL);
    }
}

static bool is_early;

static void come_early(void) {
    if (is_early)
        raise(SIGTERM);
}

/* Before the library is initialised: so this runs first in a child. */
static void register_first(void) { pthread_atfork(NULL, NULL, come_early); }

__attribute__((section(".preinit_array"),
               used)) static void (*const at_first)(void) = register_first;

static proc_error *fork_early(proc_cancel *cancel, void *user_data) {
    int status = 0;
    (void)user_data;
    is_early = true;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    is_early = false;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static void early(void) { CHECK_OK(proc_main(proc_new(fork_early, NULL, NULL))); }

CHECK_MAIN(CASE(restoring), CASE(early))
