/* proc_main_with: its options, those that cannot be, and the signals that they name. Laws:
 *
 *   defaults          Without options, and with PROC_MAIN_OPTIONS_INIT, it is proc_main.
 *   bad_size          A size that there never was is EINVAL. Nothing is started, and what was given is released.
 *   newer             A newer caller's options have more. If they are zero, that is fine; if not, it is EINVAL.
 *   bad_signals       Numbers that cannot be are EINVAL, and the message names argument, index, number and reason.
 *   null_signals      … and so is NULL with a count.
 *   bad_dump_signal   … and so is a dump signal that cannot be, or that is one of those that stop.
 *   signals           Any signal stops that is named, and only those: the others do what they did before.
 *   no_signals        None does if the array is empty.
 *   signal_out        Which signal it was is stored; 0 if it was none; also by a call that fails.
 *   busy              A second one at the same time fails with EBUSY, beside proc_main too.
 *   any_bool          Any byte other than 0 is a true `notify`.
 */
#include "leaf.h"
#include <stddef.h>

static proc_error *main_with_leaf(leaf *l, const proc_main_options *options) {
    return proc_main_with(leaf_new(l), options);
}

/* Releases the error. */
static void check_refused(const proc_main_options *options, const char *const *parts) {
    leaf l = {0};
    proc_error *error = main_with_leaf(&l, options);
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), "proc_main_with: ");
    for (; *parts; parts++)
        CHECK_HAS(proc_error_message(error), *parts);
    proc_error_unref(error);
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 1);
}

#define CHECK_REFUSED(options, ...)                                                                \
    check_refused((options), (const char *const[]){__VA_ARGS__, NULL})

static void check_stops_by(int signal_number, const proc_main_options *options);

static void defaults(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    leaf l = {0}, failing = {.fails = "fails"};
    CHECK_OK(main_with_leaf(&l, &options));
    CHECK_OK(main_with_leaf(&l, NULL));
    CHECK_INT(l.runs, 2);
    CHECK_FAILS(main_with_leaf(&failing, &options), EIO, "fails");
    check_stops_by(SIGINT, NULL);
    check_stops_by(SIGTERM, &options);
    proc_error *error = proc_main_with(NULL, &options);
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), "proc_main_with: impl");
    proc_error_unref(error);
}

static void bad_size(void) {
    const size_t sizes[] = {0,
                            1,
                            sizeof(size_t) - 1,
                            sizeof(size_t) + 1,
                            offsetof(proc_main_options, signals),
                            offsetof(proc_main_options, signal_out),
                            offsetof(proc_main_options, force_after_ns) - 1,
                            4097,
                            SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        proc_main_options options = PROC_MAIN_OPTIONS_INIT;
        options.size = sizes[i];
        CHECK_REFUSED(&options, "options->size");
    }
}

static void newer(void) {
    struct {
        proc_main_options known;
        char unknown[20];
    } options = {.known = PROC_MAIN_OPTIONS_INIT};
    leaf l = {0};
    options.known.size = sizeof options;
    CHECK_OK(main_with_leaf(&l, &options.known));
    CHECK_INT(l.runs, 1);
    options.unknown[19] = 1;
    CHECK_REFUSED(&options.known, "options has something set");
    options.known.size = sizeof options - 1;
    CHECK_REFUSED(&options.known, "options has something set");
    memset(options.unknown, 0, sizeof options.unknown);
    CHECK_OK(main_with_leaf(&l, &options.known));
}

static void bad_signals(void) {
    const struct {
        int signals[3];
        const char *where, *what;
    } wrong[] = {
        {{SIGTERM, 0, SIGINT}, "options->signals[1] is 0:", "no such signal"},
        {{-1, 0, 0}, "options->signals[0] is -1:", "no such signal"},
        {{SIGTERM, SIGINT, 65}, "options->signals[2] is 65:", "no such signal"},
        {{SIGTERM, SIGINT, SIGRTMIN - 1}, "options->signals[2] is 33:", "no such signal"},
        {{SIGTERM, INT32_MAX, 0}, "options->signals[1] is 2147483647:", "no such signal"},
        {{SIGTERM, SIGKILL, 0}, "options->signals[1] is 9 (SIGKILL)", "receive"},
        {{SIGSTOP, SIGTERM, 0}, "options->signals[0] is 19 (SIGSTOP)", "receive"},
        {{SIGTERM, SIGSEGV, 0}, "options->signals[1] is 11 (SIGSEGV)", "fault"},
        {{SIGTERM, SIGINT, SIGTERM}, "options->signals[2] is 15 (SIGTERM)", "already"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        proc_main_options options = PROC_MAIN_OPTIONS_INIT;
        options.signals = wrong[i].signals;
        options.signal_count = 3;
        CHECK_REFUSED(&options, wrong[i].where, wrong[i].what);
    }
}

static void null_signals(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signal_count = 2;
    CHECK_REFUSED(&options, "options->signals is NULL", "2");
    options.signal_count = SIZE_MAX;
    CHECK_REFUSED(&options, "options->signals is NULL");
}

static void bad_dump_signal(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.dump_signal = SIGKILL;
    CHECK_REFUSED(&options, "options->dump_signal is 9 (SIGKILL)", "receive");
    options.dump_signal = -1;
    CHECK_REFUSED(&options, "options->dump_signal is -1:", "no such signal");
    options.dump_signal = SIGTERM;
    CHECK_REFUSED(&options, "options->dump_signal is 15 (SIGTERM)", "stop the program");
    options.signals = (const int[]){SIGHUP, SIGUSR1};
    options.signal_count = 2;
    options.dump_signal = SIGUSR1;
    CHECK_REFUSED(&options, "options->dump_signal is 10 (SIGUSR1)", "stop the program");
}

/* A process that sends the program a signal, and waits for what becomes of it. */
typedef struct sender {
    int signal_number;
    const char *cause;
} sender;

static proc_error *send_and_wait(proc_cancel *cancel, void *user_data) {
    const sender *s = user_data;
    CHECK(!proc_cancelled(cancel) && !proc_draining(cancel));
    CHECK_INT(kill(getpid(), s->signal_number), 0);
    leaf_wait_cancelled(cancel);
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), EINTR);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), s->cause);
    return proc_cancel_error(cancel);
}

static void check_stops(int signal_number, const char *cause, const proc_main_options *options) {
    sender s = {signal_number, cause};
    CHECK_OK(proc_main_with(proc_task("t", proc_new(send_and_wait, &s, NULL)), options));
}

static void check_stops_by(int signal_number, const proc_main_options *options) {
    check_stops(signal_number, signal_number == SIGINT ? "stopped by SIGINT" : "stopped by SIGTERM",
                options);
}

static atomic_int handled;

static void handle(int signal_number) {
    (void)signal_number;
    handled++;
}

static void check_handled(int signal_number, int times) {
    struct sigaction now;
    sigaction(signal_number, NULL, &now);
    CHECK(now.sa_handler == handle);
    raise(signal_number);
    CHECK_INT(handled, times);
}

static proc_error *not_stopped(proc_cancel *cancel, void *user_data) {
    check_handled(SIGTERM, *(int *)user_data);
    CHECK(!proc_cancelled(cancel) && !proc_draining(cancel));
    return NULL;
}

static void signals(void) {
    const int stops[] = {SIGHUP, SIGUSR1, SIGRTMIN + 3, SIGRTMIN + 28};
    const char *const causes[] = {"stopped by SIGHUP", "stopped by SIGUSR1",
                                  "stopped by SIGRTMIN+3", "stopped by SIGRTMIN+28"};
    int signal_number = -1;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signals = stops;
    options.signal_count = 4;
    options.signal_out = &signal_number;
    for (int i = 0; i < 4; i++) {
        signal(stops[i], handle);
        signal(SIGTERM, handle);
        check_stops(stops[i], causes[i], &options);
        CHECK_INT(signal_number, stops[i]);
        handled = 0;
        CHECK_OK(proc_main_with(proc_new(not_stopped, &(int){1}, NULL), &options));
        check_handled(stops[i], 2);
        signal(stops[i], SIG_DFL);
    }
    signal(SIGTERM, SIG_DFL);
}

static void no_signals(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signals = (const int[]){SIGTERM};
    handled = 0;
    signal(SIGTERM, handle);
    CHECK_OK(proc_main_with(proc_new(not_stopped, &(int){1}, NULL), &options));
    signal(SIGTERM, SIG_DFL);
}

static void signal_out(void) {
    int signal_number = 77;
    leaf l = {0}, failing = {.fails = "fails"};
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signal_out = &signal_number;
    CHECK_OK(main_with_leaf(&l, &options));
    CHECK_INT(signal_number, 0);
    check_stops_by(SIGINT, &options);
    CHECK_INT(signal_number, SIGINT);
    CHECK_FAILS(main_with_leaf(&failing, &options), EIO, "fails");
    CHECK_INT(signal_number, 0);
    signal_number = 77;
    options.dump_signal = -1;
    CHECK_REFUSED(&options, "dump_signal");
    CHECK_INT(signal_number, 0);
}

static proc_error *main_inside(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf never = {0};
    proc_error *error = main_with_leaf(&never, user_data);
    CHECK_INT(proc_error_code(error), EBUSY);
    CHECK_HAS(proc_error_message(error), "proc_main_with: ");
    proc_error_unref(error);
    error = proc_main(leaf_new(&never));
    CHECK_INT(proc_error_code(error), EBUSY);
    CHECK_HAS(proc_error_message(error), "proc_main: ");
    proc_error_unref(error);
    CHECK_INT(never.runs, 0);
    CHECK_INT(never.destroyed, 2);
    return NULL;
}

static void busy(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    CHECK_OK(proc_main_with(proc_new(main_inside, &options, NULL), &options));
    CHECK_OK(proc_main(proc_new(main_inside, &options, NULL)));
}

static void any_bool(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    unsetenv("NOTIFY_SOCKET");
    memset((char *)&options + offsetof(proc_main_options, notify), 0x82, 1);
    leaf l = {0};
    CHECK_OK(main_with_leaf(&l, &options));
    CHECK_INT(l.runs, 1);
}

CHECK_MAIN(CASE(defaults), CASE(bad_size), CASE(newer), CASE(bad_signals), CASE(null_signals),
           CASE(bad_dump_signal), CASE(signals), CASE(no_signals), CASE(signal_out), CASE(busy),
           CASE(any_bool))
