/* proc_on_signal. Laws:
 *
 *   at_each_arrival  Its child runs at each arrival of the signal, in its handle and tasks; the program's own handler does not.
 *   one_more         Arrivals while it runs count as one more.
 *   until_cancelled  Once it is cancelled it returns NULL; its child does not run again, whatever has arrived meanwhile.
 *   born_cancelled   In a cancelled handle it returns NULL at once.
 *   echo             Its child's echo of the cancellation is no error; other errors of its child's are.
 *   error            An error of its child's ends it, with that error; in a group, this cancels the others.
 *   several          Several for one signal all hear of it; several for different signals each of their own.
 *   blocked          The signal is received though all threads of the program block it.
 *   beside_main      It hears of a signal that stops proc_main, too; when that has returned, it still listens.
 *   beside_dump      … and of the dump signal.
 *   restored         The former disposition is back when it has returned; after that, it hears of nothing.
 *   bad_input        Numbers that are no signal or cannot be received, and NULL, are EINVAL.
 *   no_thread        If no thread can be had to listen it fails with EAGAIN, and changes nothing.
 */
#include "asleep.h"
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include <sched.h>

static atomic_int handled;

static void handle(int signal_number) {
    (void)signal_number;
    handled++;
}

static bool is_ours(int signal_number) {
    struct sigaction now;
    sigaction(signal_number, NULL, &now);
    return now.sa_handler == handle;
}

/* From then on it is for the library. */
static void wait_until_taken(int signal_number) {
    while (is_ours(signal_number))
        sched_yield();
}

/* One that reacts to a signal, and one that drives it; when that one ends, all is cancelled. */
typedef struct scene {
    leaf reaction;
    gate reacted;
    gate go_on;
    void (*drive)(struct scene *s, proc_cancel *cancel);
} scene;

static void scene_init(scene *s) {
    handled = 0;
    signal(SIGHUP, handle);
    signal(SIGUSR1, handle);
    gate_init(&s->reacted);
    gate_init(&s->go_on);
    s->reaction.started = &s->reacted;
}

static void scene_end(void) {
    CHECK(is_ours(SIGHUP) && is_ours(SIGUSR1));
    CHECK_INT(handled, 0);
    signal(SIGHUP, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
}

static proc_error *drive(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    wait_until_taken(SIGHUP);
    s->drive(s, cancel);
    proc_cancel_trigger(cancel, proc_error_new(ECANCELED, "driven"));
    return NULL;
}

/* The group's own cancellation leaves its cause with nobody, as all return NULL. */
static proc_error *play(scene *s) {
    return proc_run(PROC_GROUP(proc_on_signal(SIGHUP, proc_task("reload", leaf_new(&s->reaction))),
                               proc_new(drive, s, NULL)),
                    NULL);
}

static void send_one_by_one(scene *s, proc_cancel *cancel) {
    (void)cancel;
    for (size_t i = 1; i <= 20; i++) {
        kill(getpid(), SIGHUP);
        GATE_WAIT_FOR(&s->reacted, i);
    }
}

static void at_each_arrival(void) {
    scene s = {.drive = send_one_by_one};
    scene_init(&s);
    CHECK_OK(play(&s));
    CHECK_INT(s.reaction.runs, 20);
    CHECK(!s.reaction.saw_cancelled);
    CHECK_INT(s.reaction.destroyed, 1);
    scene_end();
}

static void send_while_it_runs(scene *s, proc_cancel *cancel) {
    (void)cancel;
    kill(getpid(), SIGHUP);
    GATE_WAIT_FOR(&s->reacted, 1);
    for (int i = 0; i < 5; i++)
        kill(getpid(), SIGHUP);
    wait_until_others_sleep(); /* they have all arrived */
    gate_open(&s->go_on);
    GATE_WAIT_FOR(&s->reacted, 2);
}

static void one_more(void) {
    scene s = {.drive = send_while_it_runs};
    scene_init(&s);
    s.reaction.waits = &s.go_on;
    CHECK_OK(play(&s));
    CHECK(s.reaction.runs == 2 || !order_is_seen());
    scene_end();
}

static void cancel_while_it_runs(scene *s, proc_cancel *cancel) {
    kill(getpid(), SIGHUP);
    GATE_WAIT(&s->reacted);
    kill(getpid(), SIGHUP);
    proc_cancel_trigger(cancel, NULL);
    kill(getpid(), SIGHUP);
    gate_open(&s->go_on);
}

static void until_cancelled(void) {
    scene s = {.drive = cancel_while_it_runs};
    scene_init(&s);
    s.reaction.waits = &s.go_on;
    CHECK_OK(play(&s));
    CHECK_INT(s.reaction.runs, 1);
    scene_end();
}

static void born_cancelled(void) {
    leaf l = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_OK(proc_run(proc_on_signal(SIGHUP, leaf_new(&l)), cancel));
    CHECK_INT(l.runs, 0);
    proc_cancel_unref(cancel);
}

static void echo(void) {
    scene s = {.drive = cancel_while_it_runs};
    scene_init(&s);
    s.reaction.waits = &s.go_on;
    s.reaction.until_cancelled = true;
    CHECK_OK(play(&s));
    scene other = {.drive = cancel_while_it_runs};
    scene_init(&other);
    other.reaction.waits = &other.go_on;
    other.reaction.fails = "own";
    CHECK_FAILS(play(&other), EIO, "reload: own");
    scene_end();
}

static void send_and_be_cancelled(scene *s, proc_cancel *cancel) {
    kill(getpid(), SIGHUP);
    leaf_wait_cancelled(cancel);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), "reload: bad configuration");
    CHECK_INT(s->reaction.runs, 1);
}

static void error(void) {
    scene s = {.drive = send_and_be_cancelled};
    scene_init(&s);
    s.reaction.fails = "bad configuration";
    CHECK_FAILS(play(&s), EIO, "reload: bad configuration");
    scene_end();
}

enum { LISTENERS = 5 };

static bool all_have_run(leaf *leaves) {
    for (int i = 0; i < LISTENERS; i++)
        if (leaves[i].runs == 0)
            return false;
    return true;
}

/* One that begins to listen later does not hear of what came before, so it is sent again. */
static proc_error *send_to_all(proc_cancel *cancel, void *user_data) {
    leaf *leaves = user_data;
    wait_until_taken(SIGHUP);
    wait_until_taken(SIGUSR1);
    while (!all_have_run(leaves)) {
        kill(getpid(), SIGHUP);
        sched_yield();
    }
    CHECK_INT(leaves[LISTENERS].runs, 0);
    kill(getpid(), SIGUSR1);
    GATE_WAIT(leaves[LISTENERS].started);
    proc_cancel_trigger(cancel, NULL);
    return NULL;
}

static void several(void) {
    scene s;
    leaf leaves[LISTENERS + 1] = {{0}};
    proc_impl *impls[LISTENERS + 2];
    scene_init(&s);
    leaves[LISTENERS].started = &s.reacted;
    for (int i = 0; i < LISTENERS; i++)
        impls[i] = proc_on_signal(SIGHUP, leaf_new(&leaves[i]));
    impls[LISTENERS] = proc_on_signal(SIGUSR1, leaf_new(&leaves[LISTENERS]));
    impls[LISTENERS + 1] = proc_new(send_to_all, leaves, NULL);
    CHECK_OK(proc_run(proc_group(impls, LISTENERS + 2), NULL));
    CHECK_INT(leaves[LISTENERS].runs, 1);
    scene_end();
}

static void blocked(void) {
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    at_each_arrival();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Under proc_main, whose signals these are. */
static proc_error *send_main(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    CHECK(!proc_draining(cancel));
    kill(getpid(), SIGHUP);
    GATE_WAIT_FOR(&s->reacted, 1);
    while (!proc_draining(cancel))
        sched_yield();
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static void beside_main_scene(scene *s, proc_cancel *cancel) {
    int signal_number = 0;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signals = (const int[]){SIGHUP};
    options.signal_count = 1;
    options.drain_ns = PROC_FOREVER;
    options.signal_out = &signal_number;
    CHECK_OK(proc_main_with(proc_new(send_main, s, NULL), &options));
    CHECK_INT(signal_number, SIGHUP);
    /* It listens on when proc_main does no more. */
    CHECK(!is_ours(SIGHUP) && !proc_cancelled(cancel) && !proc_draining(cancel));
    kill(getpid(), SIGHUP);
    GATE_WAIT_FOR(&s->reacted, 2);
}

static void beside_main(void) {
    scene s = {.drive = beside_main_scene};
    scene_init(&s);
    CHECK_OK(play(&s));
    scene_end();
}

static proc_error *send_until_it_reacts(proc_cancel *cancel, void *user_data) {
    leaf *reaction = user_data;
    while (reaction->runs == 0) {
        kill(getpid(), SIGUSR1);
        sched_yield();
    }
    proc_cancel_trigger(cancel, NULL);
    return proc_cancel_error(cancel);
}

static void dump_role(void) {
    leaf reaction = {0};
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.dump_signal = SIGUSR1;
    proc_impl *group = PROC_GROUP(proc_on_signal(SIGUSR1, leaf_new(&reaction)),
                                  proc_new(send_until_it_reacts, &reaction, NULL));
    proc_error_unref(proc_main_with(group, &options));
}

static void beside_dump(void) {
    child c = child_start("dump_role");
    child_passes(&c);
    CHECK_HAS(c.text, "procession: ");
}

static void restored(void) {
    scene s = {.drive = send_one_by_one};
    for (int i = 0; i < 3; i++) {
        scene_init(&s);
        s.reaction.runs = 0;
        CHECK_OK(play(&s));
        int runs = s.reaction.runs;
        CHECK(is_ours(SIGHUP));
        kill(getpid(), SIGHUP);
        CHECK_INT(handled, 1);
        CHECK_INT(s.reaction.runs, runs);
        handled = 0;
        scene_end();
    }
}

/* Releases the error. */
static void check_names(proc_error *error, const char *part, const char *other) {
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), "proc_on_signal: ");
    CHECK_HAS(proc_error_message(error), part);
    CHECK_HAS(proc_error_message(error), other);
    proc_error_unref(error);
}

static void bad_input(void) {
    const int none[] = {0, -1, 65, SIGRTMIN - 1, INT32_MAX, INT32_MIN};
    for (int i = 0; i < 6; i++)
        check_names(proc_run(proc_on_signal(none[i], succeeding()), NULL), "signal_number is ",
                    "no such signal");
    check_names(proc_run(proc_on_signal(SIGKILL, succeeding()), NULL), "9 (SIGKILL)", "receive");
    check_names(proc_run(proc_on_signal(SIGSTOP, succeeding()), NULL), "19 (SIGSTOP)", "receive");
    check_names(proc_run(proc_on_signal(SIGSEGV, succeeding()), NULL), "11 (SIGSEGV)", "fault");
    check_names(proc_run(proc_on_signal(SIGHUP, NULL), NULL), "impl is NULL", "");
    leaf l = {0};
    proc_impl *group = PROC_GROUP(leaf_new(&l), proc_on_signal(0, NULL), leaf_new(&l));
    check_names(proc_run(group, NULL), "signal_number is 0", "");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
}

static void no_thread(void) {
    scene s;
    leaf l = {0};
    scene_init(&s);
    threads_left = 0;
    CHECK_FAILS(proc_run(proc_on_signal(SIGHUP, leaf_new(&l)), NULL), EAGAIN,
                "proc_on_signal: no thread could be had to listen for signals");
    threads_left = -1;
    CHECK_INT(l.runs, 0);
    scene_end();
}

/* The first, while the library has no thread yet that could be lent. */
CHECK_MAIN(CASE(no_thread), CASE(at_each_arrival), CASE(one_more), CASE(until_cancelled),
           CASE(born_cancelled), CASE(echo), CASE(error), CASE(several), CASE(blocked),
           CASE(beside_main), CASE(beside_dump), ROLE(dump_role), CASE(restored), CASE(bad_input))
