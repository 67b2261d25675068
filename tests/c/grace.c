/* The stop of a program, seen from outside: drain time, grace period, second signal, dump signal. Laws:
 *
 *   drains           From the signal on, proc_draining is true for every handle below proc_main's, made before or
 *                    after; for no other; and nothing is cancelled until the drain time is over.
 *   then_cancels     … and then the process is cancelled, with the cause that names the signal.
 *   drained          A process that completes while it drains is a success, and signal_out says why it was asked to.
 *                    Whoever has kept its handle sees it cancelled from then on.
 *   cancelled_drains What is cancelled is draining, also without any signal.
 *   ends             When the grace period is over, the live tree is on standard error: who still runs, for how long, and
 *                    why it was cancelled; and the program ends in the way that the signal would have ended it.
 *   ends_now         … also if that period is 0.
 *   in_time          A process that completes in the grace period ends as it likes, and nothing is written.
 *   no_signal        The grace period is that of a signal: without one, nothing ends a program that cancels itself.
 *   then_signal      … and a signal then does not wait for the drain time.
 *   self_in_drain    A process that cancels itself while it drains has drained: the grace period begins.
 *   second_in_drain  A second signal that forces it ends the program at once, while it drains too, and whichever of them it is.
 *   request_in_drain One that is the same request shortens neither the drain time nor the grace period.
 *   dumps            The dump signal writes the live tree, any number of times, and stops nothing.
 *   stuck_stderr     A standard error that nobody reads holds up neither the cancellation, nor the end.
 *   ends_otherwise   A signal that ends nothing by default ends it with exit status 128 + its number.
 *   restored         The dispositions of all of them are back when it returns, and so is the mask of the thread.
 */
#include "child.h"
#include "leaf.h"
#include <sched.h>

static void wait_until_draining(proc_cancel *cancel) {
    while (!proc_draining(cancel))
        sched_yield();
}

static proc_main_options with(int64_t drain_ns, int64_t grace_ns) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = drain_ns;
    options.grace_ns = grace_ns;
    return options;
}

/* In the child: tells 'r' when it runs, 'd' when it drains, 'c' when it is cancelled. */
static proc_error *tell(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    child_tell('r');
    wait_until_draining(cancel);
    child_tell('d');
    leaf_wait_cancelled(cancel);
    child_tell('c');
    return proc_cancel_error(cancel);
}

static proc_error *tell_and_stay(proc_cancel *cancel, void *user_data) {
    proc_error_unref(tell(cancel, user_data));
    while (pause() == -1)
        ;
    return NULL;
}

static proc_impl *staying(void) { return proc_new(tell_and_stay, NULL, NULL); }

/* Starts the child and waits until it runs. */
static child start(const char *role) {
    child c = child_start(role);
    CHECK_INT(child_event(&c), 'r');
    return c;
}

static void send(child *c, int signal_number, char event) {
    CHECK_INT(kill(c->pid, signal_number), 0);
    CHECK_INT(child_event(c), event);
}

static void ends_by(child *c, int signal_number) {
    child_end(c);
    if (!CHECK(WIFSIGNALED(c->status) && WTERMSIG(c->status) == signal_number))
        fprintf(stderr, "  status %#x, and the child said: %s\n", (unsigned)c->status, c->text);
}

static proc_error *drain_below(proc_cancel *cancel, void *user_data) {
    proc_cancel *other = proc_cancel_new(NULL), *before = proc_cancel_new(cancel);
    CHECK(!proc_draining(cancel) && !proc_draining(before) && !proc_draining(NULL));
    child_tell('r');
    wait_until_draining(cancel);
    proc_cancel *after = proc_cancel_new(cancel);
    CHECK(proc_draining(before) && proc_draining(after) && proc_draining(user_data));
    CHECK(!proc_draining(other));
    CHECK(!proc_cancelled(cancel) && !proc_cancelled(before) && !proc_cancelled(after));
    CHECK(proc_cancel_cause(cancel) == NULL);
    child_tell('d');
    CHECK(!proc_wait(cancel, PROC_MS(1)));
    proc_cancel_unref(other);
    proc_cancel_unref(before);
    proc_cancel_unref(after);
    return NULL;
}

static proc_error *drain_with_root(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    return proc_run(PROC_GROUP(proc_task("t", proc_new(drain_below, cancel, NULL)), succeeding()),
                    cancel);
}

static void drain_role(void) {
    int signal_number = 0;
    proc_main_options options = with(PROC_FOREVER, PROC_AT_ONCE);
    options.signal_out = &signal_number;
    CHECK_OK(proc_main_with(proc_new(drain_with_root, NULL, NULL), &options));
    CHECK_INT(signal_number, SIGTERM);
}

static void drains(void) {
    child c = start("drain_role");
    send(&c, SIGTERM, 'd');
    child_passes(&c);
}

static void cancel_role(void) {
    proc_main_options options = with(PROC_MS(1), PROC_FOREVER);
    CHECK_OK(proc_main_with(PROC_GROUP(proc_new(tell, NULL, NULL), succeeding()), &options));
}

static void then_cancels(void) {
    child c = start("cancel_role");
    send(&c, SIGINT, 'd');
    CHECK_INT(child_event(&c), 'c');
    child_passes(&c);
}

static proc_error *keep_handle(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    CHECK_INT(kill(getpid(), SIGTERM), 0);
    wait_until_draining(cancel);
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static void drained(void) {
    for (int i = 0; i < 3; i++) {
        int signal_number = 0;
        proc_cancel *kept = NULL;
        proc_main_options options = with(PROC_FOREVER, PROC_FOREVER);
        options.signal_out = &signal_number;
        CHECK_OK(proc_main_with(proc_new(keep_handle, &kept, NULL), &options));
        CHECK_INT(signal_number, SIGTERM);
        CHECK(proc_draining(kept) && proc_cancelled(kept));
        CHECK_STR(proc_error_message(proc_cancel_cause(kept)), "stopped by SIGTERM");
        proc_cancel_unref(kept);
    }
}

static void cancelled_drains(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *below = proc_cancel_new(cancel);
    CHECK(!proc_draining(cancel) && !proc_draining(below));
    proc_cancel_trigger(cancel, NULL);
    CHECK(proc_draining(cancel) && proc_draining(below));
    proc_cancel_unref(cancel);
    proc_cancel_unref(below);
}

static void deaf_role(void) {
    proc_main_options options = with(0, PROC_MS(100));
    proc_error_unref(proc_main_with(
        PROC_GROUP(proc_task("web", PROC_SEQUENCE(staying())), succeeding()), &options));
}

static void deaf_now_role(void) {
    proc_main_options options = with(0, PROC_AT_ONCE);
    proc_error_unref(proc_main_with(proc_task("web", staying()), &options));
}

static void blocking_role(void) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    deaf_role();
}

static void check_ends(const char *role, int signal_number, const char *cause) {
    child c = start(role);
    kill(c.pid, signal_number);
    ends_by(&c, signal_number);
    CHECK_HAS(c.text, cause);
    CHECK_HAS(c.text, "the grace period of ");
    CHECK_HAS(c.text, "proc_main, thread ");
    CHECK_HAS(c.text, "task web #");
    CHECK_HAS(c.text, "└─callback 0x");
    CHECK_HAS(c.text, " s, cancelled 0.");
}

static void ends(void) {
    check_ends("deaf_role", SIGTERM, "procession: stopped by SIGTERM, and ");
    check_ends("deaf_role", SIGINT, "ago: stopped by SIGINT");
    check_ends("blocking_role", SIGTERM, "ago: stopped by SIGTERM");
}

/* With no grace at all it may end before it has seen anything. */
static void ends_now(void) {
    child c = start("deaf_now_role");
    CHECK_INT(kill(c.pid, SIGTERM), 0);
    ends_by(&c, SIGTERM);
    CHECK_HAS(c.text, "task web #");
}

static void in_time_role(void) {
    proc_main_options options = with(0, PROC_SECONDS(3600));
    CHECK_OK(proc_main_with(proc_new(tell, NULL, NULL), &options));
}

static void in_time(void) {
    child c = start("in_time_role");
    send(&c, SIGTERM, 'd');
    child_passes(&c);
    CHECK_STR(c.text, "");
}

/* Cancels all of the program, tells so, and stays until it is drained by a signal, if it is to. */
static proc_error *cancel_itself(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(cancel, proc_error_new(77, "own"));
    child_tell('r');
    proc_cancel *other = proc_cancel_new(NULL);
    CHECK(!proc_wait(other, PROC_MS(20))); /* the time to do what it must not */
    proc_cancel_unref(other);
    child_tell('c');
    while (user_data && pause() == -1)
        ;
    return proc_cancel_error(cancel);
}

static void own_role(void) {
    int signal_number = 7;
    proc_main_options options = with(0, PROC_AT_ONCE);
    options.signal_out = &signal_number;
    CHECK_FAILS(proc_main_with(proc_new(cancel_itself, NULL, NULL), &options), 77, "own");
    CHECK_INT(signal_number, 0);
}

static void own_and_deaf_role(void) {
    proc_main_options options = with(PROC_FOREVER, PROC_MS(1));
    proc_error_unref(proc_main_with(proc_new(cancel_itself, "deaf", NULL), &options));
}

static void no_signal(void) {
    child c = start("own_role");
    CHECK_INT(child_event(&c), 'c');
    child_passes(&c);
    CHECK_STR(c.text, "");
}

static void then_signal(void) {
    child c = start("own_and_deaf_role");
    CHECK_INT(child_event(&c), 'c');
    kill(c.pid, SIGTERM);
    ends_by(&c, SIGTERM);
    CHECK_HAS(c.text, "ago: own");
}

static proc_error *drain_and_cancel(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    child_tell('r');
    wait_until_draining(cancel);
    proc_cancel_trigger(cancel, proc_error_new(77, "own"));
    while (pause() == -1)
        ;
    return NULL;
}

static void self_in_drain_role(void) {
    proc_main_options options = with(PROC_FOREVER, PROC_MS(1));
    proc_error_unref(proc_main_with(proc_new(drain_and_cancel, NULL, NULL), &options));
}

static void self_in_drain(void) {
    child c = start("self_in_drain_role");
    kill(c.pid, SIGTERM);
    ends_by(&c, SIGTERM);
    CHECK_HAS(c.text, "ago: own");
}

static void draining_role(void) {
    proc_main_options options = with(PROC_FOREVER, PROC_FOREVER);
    options.force_after_ns = 0;
    proc_error_unref(proc_main_with(staying(), &options));
}

static void second_in_drain(void) {
    const int pairs[][2] = {
        {SIGTERM, SIGTERM}, {SIGTERM, SIGINT}, {SIGINT, SIGTERM}, {SIGINT, SIGINT}};
    for (int i = 0; i < 4; i++) {
        child c = start("draining_role");
        send(&c, pairs[i][0], 'd');
        kill(c.pid, pairs[i][1]);
        ends_by(&c, pairs[i][1]);
        CHECK_STR(c.text, "");
    }
}

static proc_error *ask_twice(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    kill(getpid(), SIGTERM);
    wait_until_draining(cancel);
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGINT);
    CHECK(!proc_wait(cancel, PROC_MS(20))); /* the time to do what it must not */
    proc_cancel_trigger(cancel, NULL);      /* ends the drain time, and begins the grace period */
    kill(getpid(), SIGINT);
    proc_cancel *other = proc_cancel_new(NULL);
    CHECK(!proc_wait(other, PROC_MS(20)));
    proc_cancel_unref(other);
    return NULL;
}

static void ask_twice_role(void) {
    proc_main_options options = with(PROC_FOREVER, PROC_SECONDS(3600));
    options.force_after_ns = PROC_SECONDS(3600);
    CHECK_OK(proc_main_with(proc_new(ask_twice, NULL, NULL), &options));
}

static void request_in_drain(void) { child_run("ask_twice_role"); }

enum { DUMPS = 5 };

/* What is on standard error so far. */
static size_t dumps_written(void) {
    static char text[1 << 20];
    size_t written = 0;
    ssize_t length = pread(STDERR_FILENO, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    for (const char *at = text; (at = strstr(at, "procession: ")); at++)
        written++;
    return written;
}

static proc_error *ask_for_dumps(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    for (size_t i = 0; i < DUMPS; i++) {
        CHECK_INT(kill(getpid(), SIGUSR1), 0);
        while (dumps_written() <= i)
            sched_yield();
    }
    CHECK(!proc_cancelled(cancel) && !proc_draining(cancel));
    return NULL;
}

static void dump_role(void) {
    proc_main_options options = with(0, PROC_AT_ONCE);
    options.dump_signal = SIGUSR1;
    proc_impl *work =
        PROC_SEQUENCE(proc_new(ask_for_dumps, NULL, NULL), proc_new(tell, NULL, NULL));
    options.grace_ns = PROC_FOREVER;
    CHECK_OK(proc_main_with(proc_task("dumped", work), &options));
}

static void dumps(void) {
    child c = start("dump_role");
    send(&c, SIGTERM, 'd');
    child_passes(&c);
    CHECK_HAS(c.text, "task dumped #");
}

static int fill_stderr(void) {
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], "x", 1) == 1)
        ;
    CHECK_INT(fcntl(ends[1], F_SETFL, 0), 0);
    dup2(ends[1], STDERR_FILENO);
    return ends[0];
}

static void stuck_role(void) {
    proc_main_options options = with(0, PROC_MS(1));
    options.dump_signal = SIGUSR1;
    fill_stderr();
    proc_error_unref(proc_main_with(staying(), &options));
}

static void stuck_stderr(void) {
    child c = start("stuck_role");
    kill(c.pid, SIGUSR1);
    kill(c.pid, SIGUSR1);
    send(&c, SIGTERM, 'd');
    CHECK_INT(child_event(&c), 'c');
    ends_by(&c, SIGTERM);
}

static void child_signal_role(void) {
    proc_main_options options = with(0, PROC_AT_ONCE);
    options.signals = (const int[]){SIGCHLD, SIGTSTP};
    options.signal_count = 2;
    proc_error_unref(proc_main_with(staying(), &options));
}

static void ends_otherwise(void) {
    const int signals[] = {SIGCHLD, SIGTSTP};
    for (int i = 0; i < 2; i++) {
        child c = start("child_signal_role");
        kill(c.pid, signals[i]);
        child_end(&c);
        CHECK(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 128 + signals[i]);
    }
}

static void handle(int signal_number) { (void)signal_number; }

static void restored(void) {
    proc_main_options options = with(0, PROC_AT_ONCE);
    const int used[] = {SIGHUP, SIGUSR2, SIGRTMIN, SIGUSR1};
    options.signals = used;
    options.signal_count = 3;
    options.dump_signal = SIGUSR1;
    struct sigaction own = {.sa_handler = handle, .sa_flags = SA_RESTART}, now;
    sigaddset(&own.sa_mask, SIGALRM);
    for (int i = 0; i < 4; i++)
        sigaction(used[i], &own, NULL);
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, &own.sa_mask, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    CHECK_OK(proc_main_with(succeeding(), &options));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        CHECK_INT(sigismember(&after, signal_number), sigismember(&before, signal_number));
    pthread_sigmask(SIG_UNBLOCK, &own.sa_mask, NULL);
    for (int i = 0; i < 4; i++) {
        sigaction(used[i], NULL, &now);
        CHECK(now.sa_handler == handle && (now.sa_flags & SA_RESTART) &&
              !(now.sa_flags & SA_ONSTACK));
        CHECK(sigismember(&now.sa_mask, SIGALRM) == 1 && sigismember(&now.sa_mask, SIGTERM) == 0);
        signal(used[i], SIG_DFL);
    }
}

CHECK_MAIN(CASE(drains), ROLE(drain_role), CASE(then_cancels), ROLE(cancel_role), CASE(drained),
           CASE(cancelled_drains), CASE(ends), CASE(ends_now), ROLE(deaf_role), ROLE(deaf_now_role),
           ROLE(blocking_role), CASE(in_time), ROLE(in_time_role), CASE(no_signal), ROLE(own_role),
           CASE(then_signal), ROLE(own_and_deaf_role), CASE(self_in_drain),
           ROLE(self_in_drain_role), CASE(second_in_drain), ROLE(draining_role),
           CASE(request_in_drain), ROLE(ask_twice_role), CASE(dumps), ROLE(dump_role),
           CASE(stuck_stderr), ROLE(stuck_role), CASE(ends_otherwise), ROLE(child_signal_role),
           CASE(restored))
