/* failure_grace_ns: a program that stops because of a failure of its own, and in which something does not return. Each case plays
 * in a child program. Laws:
 *
 *   ends            When that time is over, the live tree is written, then the failure; and the exit status is 1. So it is in a
 *                   group, with a limit, too, in each, in a nursery, after a failure of its body or a child, in a stack and a race;
 *   transparent     … also inside of tasks, services, trace regions and shields.
 *   hooks           A hook of that cancellation that hangs does not hinder it.
 *   gives_chance    on_abandon is called before.
 *   in_time         What returns in time ends as it likes, and nothing is written.
 *   for_ever        0 and negative numbers are for ever.
 *   not_all         A failure that cancels only a part of the program is none.
 *   by_hand         … nor is a cancellation that is no failure's, nor a race that somebody wins.
 *   signal_first    A signal's grace period that is over sooner ends the program by the signal.
 *   told            The service manager is told at the failure that the program stops.
 *   older           Options of an older version have none.
 */
#include "child.h"
#include "leaf.h"
#include "manager.h"
#include <stddef.h>

static void stay_for_ever(void) {
    while (pause() == -1)
        ;
}

/* Opens the gate, and does not return. */
static proc_error *stay(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    gate_open(user_data);
    stay_for_ever();
    return NULL;
}

/* Fails once the others stay. */
static proc_error *break_down(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_WAIT(user_data);
    child_tell('r');
    return proc_error_new(77, "broken");
}

static gate stays;

static proc_impl *staying(void) { return proc_task("deaf", proc_new(stay, &stays, NULL)); }

static proc_impl *breaking(void) { return proc_task("weak", proc_new(break_down, &stays, NULL)); }

static proc_impl *a_group(void) { return PROC_GROUP(staying(), breaking()); }

static proc_impl *limited_group(void) {
    return proc_group_limit(2, (proc_impl *[]){staying(), breaking()}, 2);
}

static proc_error *one_of_two(proc_cancel *cancel, size_t index, void *user_data) {
    return index == 0 ? stay(cancel, user_data) : break_down(cancel, user_data);
}

static proc_impl *each_of_two(void) { return proc_each(2, 0, one_of_two, &stays, NULL); }

static proc_error *spawn_staying(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK_OK(proc_spawn(nursery, staying()));
    return break_down(cancel, &stays);
}

static proc_impl *failing_body(void) { return proc_with_nursery(spawn_staying, NULL, NULL, NULL); }

static proc_error *spawn_both(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_OK(proc_spawn(nursery, staying()));
    CHECK_OK(proc_spawn(nursery, breaking()));
    return NULL;
}

static proc_impl *failing_child(void) { return proc_with_nursery(spawn_both, NULL, NULL, NULL); }

static proc_error *stay_ready(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    return stay(cancel, user_data);
}

static proc_impl *a_stack(void) {
    return PROC_STACK(proc_task("deaf", proc_new(stay_ready, &stays, NULL)), breaking());
}

static proc_impl *a_race(void) { return PROC_RACE(staying(), breaking()); }

static proc_impl *wrapped(void) {
    proc_impl *inner = proc_trace_region("region", proc_shield(PROC_FOREVER, a_group()));
    return proc_task("outer", proc_service("inner", proc_shield(PROC_MS(1), inner)));
}

static proc_main_options with(int64_t failure_grace_ns) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.failure_grace_ns = failure_grace_ns;
    gate_init(&stays);
    return options;
}

static void run_short(proc_impl *impl) {
    proc_main_options options = with(PROC_MS(20));
    exit(proc_exit_status(proc_main_with(impl, &options)));
}

static void group_role(void) { run_short(a_group()); }
static void limit_role(void) { run_short(limited_group()); }
static void each_role(void) { run_short(each_of_two()); }
static void body_role(void) { run_short(failing_body()); }
static void spawned_role(void) { run_short(failing_child()); }
static void stack_role(void) { run_short(a_stack()); }
static void race_role(void) { run_short(a_race()); }
static void wrapped_role(void) { run_short(wrapped()); }

static void check_status(const child *c, int status) {
    if (!CHECK(WIFEXITED(c->status) && WEXITSTATUS(c->status) == status))
        fprintf(stderr, "  status %#x, and the child said: %s\n", (unsigned)c->status, c->text);
}

static void check_ends(const char *role) {
    child c = child_start(role);
    CHECK_INT(child_event(&c), 'r');
    child_end(&c);
    check_status(&c, 1);
    const char *tree = strstr(c.text, "proc_main, thread "), *failure = strstr(c.text, "child: ");
    CHECK_HAS(c.text, "procession: failed, and the grace period of 20ms is over; this still runs:");
    if (!CHECK(tree && failure && tree < failure && strstr(failure, "broken\n")))
        fprintf(stderr, "  the child said: %s\n", c.text);
}

static void ends(void) {
    check_ends("group_role");
    check_ends("limit_role");
    check_ends("each_role");
    check_ends("body_role");
    check_ends("spawned_role");
    check_ends("stack_role");
    check_ends("race_role");
}

static void transparent(void) { check_ends("wrapped_role"); }

static void hang(void *user_data) {
    (void)user_data;
    stay_for_ever();
}

static proc_error *break_with_hook(proc_cancel *cancel, void *user_data) {
    proc_hook *hook = proc_on_cancel(cancel, hang, NULL);
    CHECK(hook);
    return break_down(cancel, user_data);
}

static void hook_role(void) {
    proc_main_options options = with(PROC_MS(20));
    gate_open(&stays);
    proc_error_unref(proc_main_with(PROC_GROUP(proc_new(break_with_hook, &stays, NULL)), &options));
}

static void hooks(void) { check_ends("hook_role"); }

static void save(void *user_data) {
    (void)user_data;
    fprintf(stderr, "saved\n");
    child_tell('a');
}

static void chance_role(void) {
    proc_main_options options = with(PROC_MS(20));
    options.on_abandon = save;
    proc_error_unref(proc_main_with(a_group(), &options));
}

static void gives_chance(void) {
    child c = child_start("chance_role");
    CHECK_INT(child_event(&c), 'r');
    CHECK_INT(child_event(&c), 'a');
    child_end(&c);
    check_status(&c, 1);
    const char *failure = strstr(c.text, "child: weak: broken\n"), *saved = strstr(c.text, "saved");
    CHECK(failure && saved && failure < saved);
}

/* The time to do what it must not. */
static void pass_time(void) {
    proc_cancel *other = proc_cancel_new(NULL);
    CHECK(!proc_wait(other, PROC_MS(20)));
    proc_cancel_unref(other);
}

static proc_error *return_slowly(proc_cancel *cancel, void *user_data) {
    gate_open(user_data);
    leaf_wait_cancelled(cancel);
    pass_time();
    return proc_cancel_error(cancel);
}

static proc_impl *slow(void) { return proc_new(return_slowly, &stays, NULL); }

static void check_returns(proc_impl *impl, int64_t failure_grace_ns) {
    proc_main_options options = with(failure_grace_ns);
    options.on_abandon = save;
    CHECK_FAILS(proc_main_with(impl, &options), 77, "weak: broken");
}

static void in_time_role(void) {
    check_returns(PROC_GROUP(slow(), breaking()), PROC_SECONDS(3600));
}

static void check_passes(const char *role) {
    child c = child_start(role);
    child_passes(&c);
    CHECK_STR(c.text, "");
}

static void in_time(void) { check_passes("in_time_role"); }

static void for_ever_role(void) {
    check_returns(PROC_GROUP(slow(), breaking()), 0);
    check_returns(PROC_GROUP(slow(), breaking()), -1);
    check_returns(PROC_GROUP(slow(), breaking()), PROC_FOREVER);
}

static void for_ever(void) { check_passes("for_ever_role"); }

static proc_error *run_group(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    return proc_run(PROC_GROUP(slow(), breaking()), cancel);
}

static void not_all_role(void) {
    static const proc_key key = {"key"};
    check_returns(PROC_SEQUENCE(PROC_GROUP(slow(), breaking()), succeeding()), 1);
    check_returns(PROC_CONCURRENT(PROC_GROUP(slow(), breaking()), succeeding()), 1);
    check_returns(proc_with_value(&key, "value", NULL, PROC_GROUP(slow(), breaking())), 1);
    check_returns(proc_finally(PROC_GROUP(slow(), breaking()), succeeding()), 1);
    check_returns(proc_new(run_group, NULL, NULL), 1);
}

static void not_all(void) { check_passes("not_all_role"); }

static proc_error *cancel_group(proc_cancel *cancel, void *user_data) {
    GATE_WAIT(user_data);
    proc_cancel_trigger(cancel, proc_error_new(77, "by hand"));
    return proc_cancel_error(cancel);
}

static proc_error *win(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_WAIT(user_data);
    return NULL;
}

static void by_hand_role(void) {
    proc_main_options options = with(1);
    proc_impl *cancelling = proc_new(cancel_group, &stays, NULL);
    CHECK_FAILS(proc_main_with(PROC_GROUP(slow(), cancelling), &options), 77, "by hand");
    gate_init(&stays);
    CHECK_OK(proc_main_with(PROC_RACE(slow(), proc_new(win, &stays, NULL)), &options));
    gate_init(&stays);
    CHECK_OK(proc_main_with(PROC_ANY(slow(), proc_new(win, &stays, NULL)), &options));
}

static void by_hand(void) { check_passes("by_hand_role"); }

static void signal_role(void) {
    proc_main_options options = with(PROC_SECONDS(3600));
    options.grace_ns = PROC_AT_ONCE;
    proc_error_unref(proc_main_with(a_group(), &options));
}

static void signal_first(void) {
    child c = child_start("signal_role");
    CHECK_INT(child_event(&c), 'r');
    kill(c.pid, SIGTERM);
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
}

/* READY=1 comes from nobody. */
static proc_error *hear_stopping(proc_cancel *cancel, void *user_data) {
    gate_open(&stays);
    leaf_wait_cancelled(cancel);
    CHECK_HAS(manager_hears(user_data), "STOPPING=1\n");
    return proc_cancel_error(cancel);
}

static void told_role(void) {
    manager m;
    manager_listen(&m, true);
    proc_main_options options = with(PROC_SECONDS(3600));
    options.notify = true;
    proc_impl *all = PROC_GROUP(proc_new(hear_stopping, &m, NULL), breaking());
    CHECK_FAILS(proc_main_with(all, &options), 77, "weak: broken");
    manager_close(&m);
}

static void told(void) { check_passes("told_role"); }

static void older_role(void) {
    proc_main_options options = with(1);
    options.size = offsetof(proc_main_options, failure_grace_ns);
    CHECK_FAILS(proc_main_with(PROC_GROUP(slow(), breaking()), &options), 77, "weak: broken");
}

static void older(void) { check_passes("older_role"); }

CHECK_MAIN(CASE(ends), ROLE(group_role), ROLE(limit_role), ROLE(each_role), ROLE(body_role),
           ROLE(spawned_role), ROLE(stack_role), ROLE(race_role), CASE(transparent),
           ROLE(wrapped_role), CASE(hooks), ROLE(hook_role), CASE(gives_chance), ROLE(chance_role),
           CASE(in_time), ROLE(in_time_role), CASE(for_ever), ROLE(for_ever_role), CASE(not_all),
           ROLE(not_all_role), CASE(by_hand), ROLE(by_hand_role), CASE(signal_first),
           ROLE(signal_role), CASE(told), ROLE(told_role), CASE(older), ROLE(older_role))
