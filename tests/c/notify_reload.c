/* What the service manager hears of a reload and of how long a stop may take, from proc_main_with with `notify`. Laws:
 *
 *   reload         RELOADING=1 and the time of the signal come before what proc_on_signal runs at SIGHUP, and READY=1 after it.
 *   both           … and that only when all have done it who listen to the signal.
 *   again          A signal that comes meanwhile begins a further one: READY=1 comes after that.
 *   not_up         A program that is not up yet says nothing of it, and is not up by that.
 *   stopping       … nor does one that stops.
 *   other_signal   … nor of other signals.
 *   drains         At the signal it says how long drain and grace period may take, and some seconds more,
 *   grace          … and at the cancellation, how long the grace period.
 *   failure        … and at a failure that cancels all of it, how long failure_grace_ns is.
 *   for_ever       What may take for ever is not extended: the manager's own time is the bound.
 */
#include "manager.h"

typedef struct reloads {
    manager m;
    gate begun, runs, go_on, done;
    atomic_int count;
    int reloaders;
} reloads;

static void reloads_init(reloads *r) {
    manager_listen(&r->m, true);
    gate_init(&r->begun);
    gate_init(&r->runs);
    gate_init(&r->go_on);
    gate_init(&r->done);
    r->count = 0;
}

static int64_t usec(void) { return proc_now() / 1000; }

/* The time that it tells. */
static long long hears_reloading(manager *m) {
    long long time = 0;
    CHECK_INT(sscanf(manager_hears(m), "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=", &time), 1);
    return time;
}

static proc_error *reload(proc_cancel *cancel, void *user_data) {
    reloads *r = user_data;
    (void)cancel;
    r->count++;
    gate_open(&r->runs);
    GATE_WAIT_FOR(&r->go_on, (size_t)r->count);
    gate_open(&r->done);
    return NULL;
}

static proc_error *begin(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    gate_open(&((reloads *)user_data)->begun);
    return NULL;
}

/* Runs the test beside so many who reload. */
static void run_beside(reloads *r, proc_fn test, int reloaders, int signal_number) {
    proc_impl *impls[3] = {proc_new(test, r, NULL)};
    for (int i = 1; i <= reloaders; i++)
        impls[i] = PROC_SEQUENCE(proc_new(begin, r, NULL),
                                 proc_on_signal(signal_number, proc_new(reload, r, NULL)));
    r->reloaders = reloaders;
    proc_error *error = manager_main(proc_group(impls, (size_t)reloaders + 1), PROC_FOREVER);
    CHECK_FAILS(error, 77, "over");
    manager_close(&r->m);
}

static proc_error *over(void) { return proc_error_new(77, "over"); }

/* All listen by then. */
static void wait_until_heard(reloads *r) {
    GATE_WAIT_FOR(&r->begun, (size_t)r->reloaders);
    wait_until_others_sleep();
}

static void be_up(proc_cancel *cancel, reloads *r) {
    proc_ready(cancel);
    CHECK_HAS(manager_hears(&r->m), "READY=1\n");
}

static void send_sighup(reloads *r) {
    int64_t before = usec();
    kill(getpid(), SIGHUP);
    long long told = hears_reloading(&r->m);
    CHECK(before <= told && told <= usec());
}

static proc_error *reload_twice(proc_cancel *cancel, void *user_data) {
    reloads *r = user_data;
    wait_until_heard(user_data);
    be_up(cancel, r);
    for (size_t i = 1; i <= 2; i++) {
        send_sighup(r);
        GATE_WAIT_FOR(&r->runs, i);
        manager_hears_nothing(&r->m);
        gate_open(&r->go_on);
        CHECK_STR(manager_hears(&r->m), "READY=1\nSTATUS=0 tasks running\n");
    }
    manager_hears_nothing(&r->m);
    return over();
}

static void reload_case(void) {
    reloads r;
    reloads_init(&r);
    run_beside(&r, reload_twice, 1, SIGHUP);
    CHECK_INT(r.count, 2);
}

static proc_error *one_of_two_goes_on(proc_cancel *cancel, void *user_data) {
    reloads *r = user_data;
    wait_until_heard(user_data);
    be_up(cancel, r);
    send_sighup(r);
    GATE_WAIT_FOR(&r->runs, 2);
    manager_hears_nothing(&r->m);
    gate_open(&r->go_on);
    gate_open(&r->go_on);
    CHECK_HAS(manager_hears(&r->m), "READY=1\n");
    manager_hears_nothing(&r->m);
    return over();
}

static void both(void) {
    reloads r;
    reloads_init(&r);
    run_beside(&r, one_of_two_goes_on, 2, SIGHUP);
    CHECK_INT(r.count, 2);
}

static proc_error *reload_meanwhile(proc_cancel *cancel, void *user_data) {
    reloads *r = user_data;
    wait_until_heard(user_data);
    be_up(cancel, r);
    send_sighup(r);
    GATE_WAIT(&r->runs);
    send_sighup(r);
    gate_open(&r->go_on);
    GATE_WAIT_FOR(&r->runs, 2);
    manager_hears_nothing(&r->m);
    gate_open(&r->go_on);
    CHECK_HAS(manager_hears(&r->m), "READY=1\n");
    manager_hears_nothing(&r->m);
    return over();
}

static void again(void) {
    reloads r;
    reloads_init(&r);
    run_beside(&r, reload_meanwhile, 1, SIGHUP);
}

static void reload_unheard(reloads *r, int signal_number) {
    kill(getpid(), signal_number);
    GATE_WAIT(&r->runs);
    gate_open(&r->go_on);
    GATE_WAIT(&r->done);
    manager_hears_nothing(&r->m);
}

static proc_error *reload_first(proc_cancel *cancel, void *user_data) {
    wait_until_heard(user_data);
    reload_unheard(user_data, SIGHUP);
    be_up(cancel, user_data);
    return over();
}

static void not_up(void) {
    reloads r;
    reloads_init(&r);
    run_beside(&r, reload_first, 1, SIGHUP);
}

static proc_error *reload_last(proc_cancel *cancel, void *user_data) {
    reloads *r = user_data;
    wait_until_heard(user_data);
    be_up(cancel, r);
    kill(getpid(), SIGTERM);
    CHECK_HAS(manager_hears(&r->m), "STOPPING=1\n");
    reload_unheard(r, SIGHUP);
    return over();
}

static void stopping(void) {
    reloads r;
    reloads_init(&r);
    run_beside(&r, reload_last, 1, SIGHUP);
}

static proc_error *be_signalled(proc_cancel *cancel, void *user_data) {
    wait_until_heard(user_data);
    be_up(cancel, user_data);
    reload_unheard(user_data, SIGUSR1);
    return over();
}

static void other_signal(void) {
    reloads r;
    reloads_init(&r);
    run_beside(&r, be_signalled, 1, SIGUSR1);
}

/* Some seconds more than that, less what has passed by then. */
static void check_extension(const char *message, int64_t seconds) {
    const char *told = strstr(message, "EXTEND_TIMEOUT_USEC=");
    long long time = 0;
    if (!seconds) {
        CHECK(!told);
    } else if (CHECK(told && sscanf(told, "EXTEND_TIMEOUT_USEC=%lld\nSTATUS=", &time) == 1)) {
        CHECK(time / 1000000 >= seconds - check_deadline() * 2);
        CHECK(time / 1000000 <= seconds + 10);
    }
}

typedef struct stop {
    manager m;
    proc_cancel *root;
    int64_t at_signal_s, at_cancellation_s; /* what is told then */
} stop;

static proc_error *hear_stop(proc_cancel *cancel, void *user_data) {
    stop *s = user_data;
    kill(getpid(), SIGTERM);
    CHECK_HAS(manager_hears(&s->m), "STOPPING=1\n");
    check_extension(s->m.message, s->at_signal_s);
    (void)cancel;
    proc_cancel_trigger(s->root, NULL); /* ends the drain time */
    if (s->at_cancellation_s)
        check_extension(manager_hears(&s->m), s->at_cancellation_s);
    manager_hears_nothing(&s->m);
    return NULL;
}

/* When what listens has ended, who stops the program has a turn: he sees that it is cancelled. */
static proc_error *hear_beside(proc_cancel *cancel, void *user_data) {
    proc_impl *hears = proc_new(hear_stop, user_data, NULL);
    ((stop *)user_data)->root = cancel;
    return proc_run(PROC_GROUP(hears, proc_on_signal(SIGUSR1, succeeding())), cancel);
}

static void check_stop(int64_t drain_ns, int64_t grace_ns, int64_t at_signal_s,
                       int64_t at_cancellation_s) {
    stop s = {.at_signal_s = at_signal_s, .at_cancellation_s = at_cancellation_s};
    manager_listen(&s.m, true);
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = drain_ns;
    options.grace_ns = grace_ns;
    options.notify = true;
    CHECK_OK(proc_main_with(proc_new(hear_beside, &s, NULL), &options));
    manager_hears_nothing(&s.m);
    manager_close(&s.m);
}

static void drains(void) {
    check_stop(PROC_SECONDS(1000), PROC_SECONDS(5000), 6000, 5000);
    check_stop(PROC_SECONDS(1000), PROC_FOREVER, 1090, 0);
    check_stop(0, PROC_SECONDS(5000), 5000, 0);
}

static void grace(void) { check_stop(PROC_FOREVER, PROC_SECONDS(5000), 0, 5000); }

static void for_ever(void) { check_stop(PROC_FOREVER, PROC_FOREVER, 0, 0); }

static proc_error *hear_failure(proc_cancel *cancel, void *user_data) {
    leaf_wait_cancelled(cancel);
    CHECK_HAS(manager_hears(user_data), "STOPPING=1\n");
    check_extension(((manager *)user_data)->message, 7000);
    manager_hears_nothing(user_data);
    return proc_cancel_error(cancel);
}

static void failure(void) {
    manager m;
    manager_listen(&m, true);
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.failure_grace_ns = PROC_SECONDS(7000);
    options.notify = true;
    proc_impl *all = PROC_GROUP(proc_new(hear_failure, &m, NULL), failing("fails"));
    CHECK_FAILS(proc_main_with(all, &options), EIO, "fails");
    manager_close(&m);
}

CHECK_MAIN({"reload", reload_case, false, false}, CASE(both), CASE(again), CASE(not_up),
           CASE(stopping), CASE(other_signal), CASE(drains), CASE(grace), CASE(failure),
           CASE(for_ever))
