/* The stop of a program for which no thread can be had: pthread_create fails with EAGAIN, and none is parked. Each case plays in a
 * child program. Laws:
 *
 *   ends          When the grace period is over, the program ends by the signal, and the live tree is on standard error, though
 *                 a hook would hang; it is run by nobody.
 *   ends_stuck    … and though nobody reads standard error.
 *   hooks         Where the process completes in time, its hooks have run when proc_main returns, on the thread of its caller:
 *                 never on the one that listens to signals, so that they may run what does.
 *   dumps         The dump signal writes the live tree.
 *   told          The service manager is told all, and its watchdog hears the program.
 */
#include "child.h"
#include "interpose.h"
#include "manager.h"

static void no_parked_threads(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    CHECK_OK(proc_configure(&config));
}

/* The one that listens is there already. */
static void no_more_threads(void) { threads_left = 0; }

static void hang(void *user_data) {
    (void)user_data;
    child_tell('h');
    while (pause() == -1)
        ;
}

static proc_error *stay(proc_cancel *cancel, void *user_data) {
    proc_hook *hook = proc_on_cancel(cancel, hang, NULL);
    (void)user_data;
    no_more_threads();
    child_tell('r');
    while (hook && pause() == -1)
        ;
    return NULL;
}

static void ends_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_MS(50);
    no_parked_threads();
    proc_error_unref(proc_main_with(proc_task("web", proc_new(stay, NULL, NULL)), &options));
}

static void ends_by_signal(child *c) {
    CHECK_INT(child_event(c), 'r');
    kill(c->pid, SIGTERM);
    CHECK_INT(child_event(c), 0);
    child_end(c);
    if (!CHECK(WIFSIGNALED(c->status) && WTERMSIG(c->status) == SIGTERM))
        fprintf(stderr, "  status %#x, and the child said: %s\n", (unsigned)c->status, c->text);
}

static void ends(void) {
    child c = child_start("ends_role");
    ends_by_signal(&c);
    CHECK_HAS(c.text, "procession: stopped by SIGTERM, and the grace period of 50ms is over");
    CHECK_HAS(c.text, "task web #");
}

static void ends_stuck_role(void) {
    int pair[2];
    CHECK_INT(pipe2(pair, O_NONBLOCK), 0);
    while (write(pair[1], "x", 1) == 1)
        ;
    fcntl(pair[1], F_SETFL, 0);
    dup2(pair[1], STDERR_FILENO);
    ends_role();
}

static void ends_stuck(void) {
    child c = child_start("ends_stuck_role");
    ends_by_signal(&c);
}

static proc_error *succeed(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return NULL;
}

typedef struct hooked {
    pthread_t caller;
    proc_cancel *cancel;
    proc_hook *hook;
    atomic_int runs;
} hooked;

/* What it runs asks the listening thread to let it go. */
static void check_hook(void *user_data) {
    hooked *h = user_data;
    proc_cancel *cancelled = proc_cancel_new(NULL);
    proc_cancel_trigger(cancelled, NULL);
    CHECK(pthread_equal(pthread_self(), h->caller));
    CHECK_OK(proc_run(proc_on_signal(SIGUSR1, proc_new(succeed, NULL, NULL)), cancelled));
    proc_cancel_unref(cancelled);
    h->runs++;
}

static proc_error *stop_itself(proc_cancel *cancel, void *user_data) {
    hooked *h = user_data;
    h->cancel = proc_cancel_new(cancel);
    h->hook = proc_on_cancel(h->cancel, check_hook, h);
    no_more_threads();
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(h->cancel);
    return proc_cancel_error(cancel);
}

static void hooks_role(void) {
    hooked h = {.caller = pthread_self()};
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_SECONDS(3600);
    no_parked_threads();
    CHECK_OK(proc_main_with(proc_new(stop_itself, &h, NULL), &options));
    CHECK_INT(h.runs, 1);
    proc_hook_remove(h.hook);
    proc_cancel_unref(h.cancel);
}

static void hooks(void) { child_run("hooks_role"); }

static bool dump_is_written(void) {
    char text[4096];
    ssize_t length = pread(STDERR_FILENO, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return strstr(text, "task dumped #") != NULL;
}

static proc_error *ask_for_a_dump(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    no_more_threads();
    kill(getpid(), SIGUSR1);
    while (!dump_is_written())
        sched_yield();
    return NULL;
}

static void dumps_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.dump_signal = SIGUSR1;
    no_parked_threads();
    CHECK_OK(proc_main_with(proc_task("dumped", proc_new(ask_for_a_dump, NULL, NULL)), &options));
}

static void dumps(void) {
    child c = child_start("dumps_role");
    child_passes(&c);
    CHECK_HAS(c.text, "task dumped #");
}

static proc_error *tell(proc_cancel *cancel, void *user_data) {
    no_more_threads();
    proc_ready(cancel);
    manager_hears_until(user_data, "READY=1\n");
    for (int i = 0; i < 3; i++)
        CHECK_HAS(manager_hears(user_data), "WATCHDOG=1\n");
    kill(getpid(), SIGTERM);
    manager_hears_until(user_data, "STOPPING=1\n");
    return NULL;
}

static void told_role(void) {
    manager m;
    manager_listen(&m, true);
    setenv("WATCHDOG_USEC", "20000", 1);
    no_parked_threads();
    CHECK_OK(manager_main(proc_new(tell, &m, NULL), PROC_FOREVER));
    CHECK(threads_denied > 0);
    manager_close(&m);
}

static void told(void) { child_run("told_role"); }

CHECK_MAIN(CASE(ends), ROLE(ends_role), CASE(ends_stuck), ROLE(ends_stuck_role), CASE(hooks),
           ROLE(hooks_role), CASE(dumps), ROLE(dumps_role), CASE(told), ROLE(told_role))
