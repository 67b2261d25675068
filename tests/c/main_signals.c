/* proc_main and signals, seen from outside: each case runs a child program, which it sends signals. Laws:
 *
 *   cancels           SIGINT or SIGTERM cancels the process, with a cause of code EINTR that names the signal; the process
 *                     is waited for; proc_main returns NULL for its own echo.
 *   echoes            … also for an echo in tasks, texts, multi errors and groups.
 *   own_error         It returns other errors verbatim, the same error, and drops only the echo beside them, wherever it is.
 *   success           A process that succeeds after the signal is a success.
 *   everywhere        The cancellation reaches callbacks on every thread, below groups and tasks.
 *   second_signal     With a force_after_ns of 0 a second signal ends the program at once in the way the signal would have:
 *                     whichever it is. So it was before there was this option, and so it is for an older caller's options.
 *   same_request      Signals that come at once are one request: the process ends as it likes, with proc_main too.
 *   later             One that comes force_after_ns after the first ends the program, and none does before.
 *   never             With a negative force_after_ns, none does.
 *   restored          The former dispositions are back when it returns: a third signal goes where it did before.
 *   blocked           A signal that is blocked in the calling thread cancels all the same; the mask stays.
 *   from_inside       So does a signal that the program sends itself.
 *   no_descriptors    So does a signal in a program that has closed all descriptors, as daemons do.
 *   second_main       After a signal, the next proc_main starts afresh.
 */
#include "child.h"
#include "leaf.h"
#include <stddef.h>

/* In the child: tells 'r' when it runs, 'c' when it is cancelled. */
static proc_error *tell_cancelled(proc_cancel *cancel, void *user_data) {
    const char *name = user_data;
    child_tell('r');
    CHECK(proc_wait(cancel, PROC_FOREVER));
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), EINTR);
    CHECK_HAS(proc_error_message(proc_cancel_cause(cancel)), name);
    child_tell('c');
    return proc_cancel_error(cancel);
}

static proc_impl *telling(const char *name) { return proc_new(tell_cancelled, (void *)name, NULL); }

/* One signal, once as many leaves as that run; the child's checks hold, and it ends by itself. */
static void interrupt_child(const char *role, int signal_number, int leaves) {
    child c = child_start(role);
    for (int i = 0; i < leaves; i++)
        CHECK_INT(child_event(&c), 'r');
    CHECK_INT(kill(c.pid, signal_number), 0);
    child_passes(&c);
}

static void cancels_int(void) { CHECK_OK(proc_main(telling("SIGINT"))); }
static void cancels_term(void) { CHECK_OK(proc_main(telling("SIGTERM"))); }

static void cancels(void) {
    interrupt_child("cancels_int", SIGINT, 1);
    interrupt_child("cancels_term", SIGTERM, 1);
}

static proc_error *stop_in_words(proc_cancel *cancel, void *user_data) {
    proc_error *error = proc_error_wrap(leaf_run(cancel, user_data), "port %d", 80);
    CHECK(proc_error_is_echo(error, cancel));
    return error;
}

static void echoes_role(void) {
    leaf l = {.until_cancelled = true};
    proc_impl *in_words = proc_new(stop_in_words, &l, NULL);
    proc_impl *pair = PROC_CONCURRENT(leaf_new(&l), proc_task("task", leaf_new(&l)), leaf_new(&l));
    proc_impl *group =
        PROC_GROUP(leaf_new(&l), proc_task("task", leaf_new(&l)), telling("SIGTERM"));
    group = PROC_GROUP(group, proc_task("task", proc_ref(in_words)));
    proc_impl *tree = PROC_CONCURRENT(proc_ref(pair), proc_task("task", pair), group, in_words);
    CHECK_OK(proc_main(proc_task("all", proc_task("all", tree))));
    CHECK_INT(l.runs, 10);
}

static void echoes(void) { interrupt_child("echoes_role", SIGTERM, 1); }

static void own_error_role(void) {
    leaf own = {.until_cancelled = true, .error = proc_error_new(77, "own")};
    leaf echoing = {.until_cancelled = true};
    proc_error *error = proc_main(PROC_CONCURRENT(
        leaf_new(&echoing), telling("SIGINT"), leaf_new(&own), proc_task("t", leaf_new(&echoing))));
    CHECK(error == own.error);
    proc_error_unref(error);
    proc_error_unref(own.error);
}

static void own_error_in_task(void) {
    leaf own = {.until_cancelled = true, .fails = "own", .code = EINTR};
    proc_impl *impl = PROC_GROUP(telling("SIGINT"), proc_task("flush", leaf_new(&own)));
    CHECK_FAILS(proc_main(impl), EINTR, "flush: own");
}

static proc_error *stop_then_fail(proc_cancel *cancel, void *user_data) {
    proc_error *errors[] = {tell_cancelled(cancel, user_data), proc_error_new(77, "cleaning up")};
    return proc_error_merge(errors, 2);
}

static void own_error_merged(void) {
    proc_error *error = proc_main(proc_new(stop_then_fail, "SIGTERM", NULL));
    CHECK_FAILS(error, 77, "cleaning up");
}

static void own_error(void) {
    interrupt_child("own_error_role", SIGINT, 1);
    interrupt_child("own_error_in_task", SIGINT, 1);
    interrupt_child("own_error_merged", SIGTERM, 1);
}

static proc_error *stop_well(proc_cancel *cancel, void *user_data) {
    proc_error_unref(tell_cancelled(cancel, user_data));
    return NULL;
}

static void success_role(void) { CHECK_OK(proc_main(proc_new(stop_well, "SIGTERM", NULL))); }
static void success(void) { interrupt_child("success_role", SIGTERM, 1); }

static void everywhere_role(void) {
    proc_impl *low = PROC_GROUP(telling("SIGTERM"), proc_task("low", telling("SIGTERM")));
    proc_impl *middle = PROC_GROUP(PROC_SEQUENCE(succeeding(), low), telling("SIGTERM"));
    CHECK_OK(proc_main(PROC_CONCURRENT(telling("SIGTERM"), proc_task("middle", middle))));
}

static void everywhere(void) { interrupt_child("everywhere_role", SIGTERM, 4); }

static proc_error *never_stop(proc_cancel *cancel, void *user_data) {
    proc_error_unref(tell_cancelled(cancel, user_data));
    while (pause() == -1)
        ;
    return NULL;
}

static void be_forced(proc_impl *impl, int64_t force_after_ns) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.force_after_ns = force_after_ns;
    proc_error_unref(proc_main_with(impl, &options));
}

static void deaf_to_int(void) { be_forced(proc_new(never_stop, "SIGINT", NULL), 0); }
static void deaf_to_term(void) { be_forced(proc_new(never_stop, "SIGTERM", NULL), 0); }

static void older_caller(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.size = offsetof(proc_main_options, force_after_ns);
    proc_error_unref(proc_main_with(proc_new(never_stop, "SIGTERM", NULL), &options));
}

static void deaf_and_blocking(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    proc_impl *impl = PROC_GROUP(proc_new(never_stop, "SIGTERM", NULL), succeeding());
    be_forced(impl, 0);
}

static void check_second(const char *role, int first, int second) {
    child c = child_start(role);
    CHECK_INT(child_event(&c), 'r');
    kill(c.pid, first);
    CHECK_INT(child_event(&c), 'c');
    kill(c.pid, second);
    child_end(&c);
    CHECK(WIFSIGNALED(c.status));
    CHECK_INT(WTERMSIG(c.status), second);
}

static void second_signal(void) {
    check_second("deaf_to_int", SIGINT, SIGINT);
    check_second("deaf_to_int", SIGINT, SIGTERM);
    check_second("deaf_to_term", SIGTERM, SIGTERM);
    check_second("deaf_to_term", SIGTERM, SIGINT);
    check_second("deaf_and_blocking", SIGTERM, SIGTERM);
    check_second("older_caller", SIGTERM, SIGINT);
}

/* As `timeout` does, which sends it to the program and to its group, and people do, who press Ctrl-C twice. */
static proc_error *be_sent_many(proc_cancel *cancel, void *user_data) {
    const int signals[] = {SIGTERM, SIGINT};
    for (int i = 0; i < *(int *)user_data; i++)
        CHECK_INT(kill(getpid(), signals[i % 2]), 0);
    leaf_wait_cancelled(cancel);
    CHECK_HAS(proc_error_message(proc_cancel_cause(cancel)), "stopped by SIG");
    return proc_cancel_error(cancel);
}

static void same_request_role(void) {
    int two = 2, many = 20;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.force_after_ns = PROC_SECONDS(3600);
    CHECK_OK(proc_main(proc_new(be_sent_many, &two, NULL)));
    CHECK_OK(proc_main_with(proc_new(be_sent_many, &two, NULL), NULL));
    CHECK_OK(proc_main_with(proc_new(be_sent_many, &many, NULL), &options));
}

static void same_request(void) { child_run("same_request_role"); }

static void never_role(void) {
    int many = 20;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.force_after_ns = PROC_FOREVER;
    CHECK_OK(proc_main_with(proc_new(be_sent_many, &many, NULL), &options));
}

static void never(void) { child_run("never_role"); }

enum { LATER_MS = 100 };

static void later_role(void) {
    be_forced(proc_new(never_stop, "SIGTERM", NULL), PROC_MS(LATER_MS));
}

static long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void later(void) {
    struct pollfd ended;
    child c = child_start("later_role");
    CHECK_INT(child_event(&c), 'r');
    long long first = now_ms();
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'c');
    ended = (struct pollfd){.fd = c.events, .events = POLLIN};
    do
        kill(c.pid, SIGINT);
    while (poll(&ended, 1, 5) == 0);
    CHECK(now_ms() - first >= LATER_MS - 1);
    child_end(&c);
    CHECK(WIFSIGNALED(c.status));
    CHECK_INT(WTERMSIG(c.status), SIGINT);
}

static void end_by_signal(void) {
    proc_error_unref(proc_main(telling("SIGTERM")));
    child_tell('e');
    while (pause() == -1)
        ;
}

static void restored(void) {
    child c = child_start("end_by_signal");
    CHECK_INT(child_event(&c), 'r');
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'c');
    CHECK_INT(child_event(&c), 'e');
    kill(c.pid, SIGTERM);
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
}

static void blocked_role(void) {
    sigset_t both, mask;
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGINT);
    pthread_sigmask(SIG_BLOCK, &both, NULL);
    CHECK_OK(proc_main(telling("SIGTERM")));
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CHECK(sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT));
}

static void blocked(void) { interrupt_child("blocked_role", SIGTERM, 1); }

static proc_error *send_itself(proc_cancel *cancel, void *user_data) {
    CHECK_INT(kill(getpid(), SIGINT), 0);
    leaf_wait_cancelled(cancel);
    return user_data ? NULL : proc_cancel_error(cancel);
}

static void inside_role(void) { CHECK_OK(proc_main(proc_new(send_itself, NULL, NULL))); }
static void from_inside(void) { child_run("inside_role"); }

/* The child's stdout is kept: it tells on it. */
static proc_error *close_all(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    close(STDIN_FILENO);
    for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
        close(fd);
    return NULL;
}

static void closing_role(void) {
    CHECK_OK(proc_main(PROC_SEQUENCE(proc_new(close_all, NULL, NULL), telling("SIGTERM"))));
}

static void no_descriptors(void) { interrupt_child("closing_role", SIGTERM, 1); }

static void second_role(void) {
    for (int i = 0; i < 10; i++) {
        leaf l = {0};
        CHECK_OK(proc_main(PROC_SEQUENCE(leaf_new(&l), proc_new(send_itself, &l, NULL))));
        CHECK(!l.saw_cancelled);
    }
}

static void second_main(void) { child_run("second_role"); }

CHECK_MAIN(CASE(cancels), ROLE(cancels_int), ROLE(cancels_term), CASE(echoes), ROLE(echoes_role),
           CASE(own_error), ROLE(own_error_role), ROLE(own_error_in_task), ROLE(own_error_merged),
           CASE(success), ROLE(success_role), CASE(everywhere), ROLE(everywhere_role),
           CASE(second_signal), ROLE(deaf_to_int), ROLE(deaf_to_term), ROLE(deaf_and_blocking),
           ROLE(older_caller), CASE(same_request), ROLE(same_request_role), CASE(later),
           ROLE(later_role), CASE(never), ROLE(never_role), CASE(restored), ROLE(end_by_signal),
           CASE(blocked), ROLE(blocked_role), CASE(from_inside), ROLE(inside_role),
           CASE(no_descriptors), ROLE(closing_role), CASE(second_main), ROLE(second_role))
