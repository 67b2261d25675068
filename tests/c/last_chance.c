/* on_abandon: what a program does before it is ended by force. Each case plays in a child program. Laws:
 *
 *   grace            When the grace period is over, the live tree is written, then it is called with its data, on a thread of its
 *                    own; then the program ends as by the signal.
 *   second_signal    … and so when a further signal forces the end.
 *   while_draining   … also while it drains, and also if that is another one of the signals.
 *   denied           No thread needs to be had then.
 *   stuck_stderr     A standard error that nobody reads does not keep it from being called.
 *   hangs            If it does not return, the program ends all the same.
 *   further          Further signals do not shorten it.
 *   uses_library     It may run processes and wait.
 *   in_time          It is not called if the process completes in time,
 *   aborted          … nor if the program is aborted because a callback was left,
 *   afterwards       … nor later: a further proc_main without it ends at once at a second signal.
 *   no_thread        If no thread can be had for it, that is EAGAIN, and nothing was started.
 *   reserved         What is reserved must be 0.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include <sched.h>

static pthread_t main_thread;

static void save(void *user_data) {
    CHECK(!pthread_equal(pthread_self(), main_thread));
    fprintf(stderr, "%s\n", (const char *)user_data);
    child_tell('a');
}

static proc_main_options abandoning(void (*on_abandon)(void *)) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.on_abandon = on_abandon;
    options.user_data = "saved";
    options.force_after_ns = 0;
    main_thread = pthread_self();
    return options;
}

static void stay_for_ever(void) {
    while (pause() == -1)
        ;
}

static proc_error *stay(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    child_tell('r');
    stay_for_ever();
    return NULL;
}

static void run_staying(const proc_main_options *options) {
    proc_error_unref(proc_main_with(proc_task("web", proc_new(stay, NULL, NULL)), options));
}

static child start(const char *role) {
    child c = child_start(role);
    CHECK_INT(child_event(&c), 'r');
    return c;
}

static void ends_by(child *c, int signal_number) {
    child_end(c);
    if (!CHECK(WIFSIGNALED(c->status) && WTERMSIG(c->status) == signal_number))
        fprintf(stderr, "  status %#x, and the child said: %s\n", (unsigned)c->status, c->text);
}

/* The tree comes first. */
static void check_saved(const child *c) {
    const char *tree = strstr(c->text, "task web #"), *saved = strstr(c->text, "saved\n");
    if (!CHECK(tree && saved && tree < saved))
        fprintf(stderr, "  the child said: %s\n", c->text);
}

static void grace_role(void) {
    proc_main_options options = abandoning(save);
    options.grace_ns = PROC_MS(10);
    run_staying(&options);
}

static void grace(void) {
    child c = start("grace_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGTERM);
    CHECK_HAS(c.text, "procession: stopped by SIGTERM, and the grace period of 10ms is over");
    check_saved(&c);
}

static proc_error *tell_cancelled(proc_cancel *cancel, void *user_data) {
    child_tell('r');
    leaf_wait_cancelled(cancel);
    child_tell('c');
    return stay(cancel, user_data);
}

static void second_role(void) {
    proc_main_options options = abandoning(save);
    proc_impl *web = proc_task("web", proc_new(tell_cancelled, NULL, NULL));
    proc_error_unref(proc_main_with(web, &options));
}

static void second_signal(void) {
    child c = start("second_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'c');
    CHECK_INT(child_event(&c), 'r');
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGTERM);
    CHECK_HAS(c.text, "procession: SIGTERM again; this still runs:");
    check_saved(&c);
}

static proc_error *tell_draining(proc_cancel *cancel, void *user_data) {
    child_tell('r');
    while (!proc_draining(cancel))
        sched_yield();
    child_tell('d');
    return stay(cancel, user_data);
}

static void draining_role(void) {
    proc_main_options options = abandoning(save);
    options.drain_ns = PROC_FOREVER;
    proc_impl *web = proc_task("web", proc_new(tell_draining, NULL, NULL));
    proc_error_unref(proc_main_with(web, &options));
}

static void while_draining(void) {
    child c = start("draining_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'd');
    CHECK_INT(child_event(&c), 'r');
    kill(c.pid, SIGINT);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGINT);
    check_saved(&c);
}

static proc_error *stay_without_threads(proc_cancel *cancel, void *user_data) {
    threads_left = 0;
    return stay(cancel, user_data);
}

static void denied_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    CHECK_OK(proc_configure(&config));
    proc_main_options options = abandoning(save);
    options.grace_ns = PROC_MS(10);
    proc_impl *web = proc_task("web", proc_new(stay_without_threads, NULL, NULL));
    proc_error_unref(proc_main_with(web, &options));
}

static void denied(void) {
    child c = start("denied_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGTERM);
    check_saved(&c);
}

static void tell_only(void *user_data) {
    (void)user_data;
    child_tell('a');
}

static void stuck_role(void) {
    int ends[2];
    CHECK_INT(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], "x", 1) == 1)
        ;
    fcntl(ends[1], F_SETFL, 0);
    dup2(ends[1], STDERR_FILENO);
    proc_main_options options = abandoning(tell_only);
    options.grace_ns = PROC_AT_ONCE;
    run_staying(&options);
}

static void stuck_stderr(void) {
    child c = start("stuck_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGTERM);
}

static void hang(void *user_data) {
    save(user_data);
    stay_for_ever();
}

static void hanging_role(void) {
    proc_main_options options = abandoning(hang);
    options.grace_ns = PROC_AT_ONCE;
    run_staying(&options);
}

static void hangs(void) {
    child c = start("hanging_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGTERM);
}

/* The time to do what it must not. */
static void pass_time(void) {
    proc_cancel *other = proc_cancel_new(NULL);
    CHECK(!proc_wait(other, PROC_MS(20)));
    proc_cancel_unref(other);
}

static void ask_again(void *user_data) {
    for (int i = 0; i < 3; i++) {
        kill(getpid(), SIGTERM);
        pass_time();
    }
    save(user_data);
}

static void further_role(void) {
    proc_main_options options = abandoning(ask_again);
    options.grace_ns = PROC_AT_ONCE;
    run_staying(&options);
}

static void further(void) {
    child c = start("further_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGTERM);
    check_saved(&c);
}

static void use_library(void *user_data) {
    gate a, b;
    gate_init(&a);
    gate_init(&b);
    leaf one = {.started = &a, .waits = &b}, other = {.started = &b, .waits = &a};
    proc_error *error = proc_run(PROC_GROUP(leaf_new(&one), leaf_new(&other)), NULL);
    if (!error && one.runs == 1 && other.runs == 1)
        save(user_data);
    proc_error_unref(error);
}

static void using_role(void) {
    proc_main_options options = abandoning(use_library);
    options.grace_ns = PROC_AT_ONCE;
    run_staying(&options);
}

static void uses_library(void) {
    child c = start("using_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    ends_by(&c, SIGTERM);
    check_saved(&c);
}

static proc_error *stop_in_time(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static void in_time_role(void) {
    proc_main_options options = abandoning(save);
    options.grace_ns = PROC_SECONDS(3600);
    CHECK_OK(proc_main_with(proc_new(stop_in_time, NULL, NULL), &options));
    CHECK_OK(proc_main_with(succeeding(), &options));
}

static void in_time(void) {
    child c = child_start("in_time_role");
    CHECK_INT(child_event(&c), 0);
    child_passes(&c);
}

static proc_error *escape(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_exit(NULL);
}

static void aborted_role(void) {
    proc_main_options options = abandoning(save);
    proc_error_unref(proc_main_with(proc_new(escape, NULL, NULL), &options));
}

static void aborted(void) {
    child c = child_start("aborted_role");
    CHECK_INT(child_event(&c), 0);
    ends_by(&c, SIGABRT);
}

static void afterwards_role(void) {
    proc_main_options options = abandoning(save);
    CHECK_OK(proc_main_with(succeeding(), &options));
    options = abandoning(NULL);
    proc_error_unref(proc_main_with(proc_new(tell_cancelled, NULL, NULL), &options));
}

static void afterwards(void) {
    child c = start("afterwards_role");
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'c');
    kill(c.pid, SIGTERM);
    ends_by(&c, SIGTERM);
    CHECK_STR(c.text, "");
}

static void no_thread_role(void) {
    leaf l = {0};
    proc_main_options options = abandoning(save);
    threads_left = 0;
    CHECK_FAILS(proc_main_with(leaf_new(&l), &options), EAGAIN,
                "proc_main_with: no thread could be had for on_abandon");
    threads_left = 1;
    proc_error *error = proc_main_with(leaf_new(&l), &options);
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
    CHECK_INT(l.runs, 0);
}

static void no_thread(void) { child_run("no_thread_role"); }

static void reserved(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.reserved[6] = 1;
    proc_error *error = proc_main_with(succeeding(), &options);
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), "proc_main_with: options->reserved");
    proc_error_unref(error);
}

CHECK_MAIN(CASE(grace), ROLE(grace_role), CASE(second_signal), ROLE(second_role),
           CASE(while_draining), ROLE(draining_role), CASE(denied), ROLE(denied_role),
           CASE(stuck_stderr), ROLE(stuck_role), CASE(hangs), ROLE(hanging_role), CASE(further),
           ROLE(further_role), CASE(uses_library), ROLE(using_role), CASE(in_time),
           ROLE(in_time_role), CASE(aborted), ROLE(aborted_role), CASE(afterwards),
           ROLE(afterwards_role), CASE(no_thread), ROLE(no_thread_role), CASE(reserved))
