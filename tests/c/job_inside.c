/* What is inside of a job: all that the job waits for, on whatever thread. It cannot join the job: EDEADLK, and errno says so,
 * proc_job_inside is true, and waiting for the job returns at once. Laws:
 *
 *   hooks          Hooks that a callback of the job triggers, directly, by a handle above, or by one that is cancelled already;
 *   group_fails    and those that run because a child of its group has failed;
 *   hook_helped    in runs of their own, on each of their threads.
 *   destroy        The destroy of a callback's data, and of an error that is dropped in it.
 *   trace_hooks    Hooks of the trace that are told what happens in it.
 *   on_done        What is told that it is complete: its hooks, and its runs on each of their threads.
 *   main_hooks     Hooks that a signal triggers in a proc_main of the job.
 *   starts         A job that is started inside is not inside.
 *   ring_of_two    Two jobs that join each other: the one which was started by the other is refused, whichever was first.
 *   ring_waits     So is who waits forever for the job; who waits for a time has it.
 *   errno_kept     A join that is not refused leaves errno as it was, also of a process that fails with EDEADLK.
 */
#include "asleep.h"
#include "child.h"
#include "leaf.h"

static proc_job *job;
static gate known; /* the job */
static gate both;
static atomic_int refused;

static void check_inside(void) {
    CHECK(proc_job_inside(job));
    errno = 0;
    proc_error *error = proc_job_join(job);
    CHECK_INT(errno, EDEADLK);
    CHECK_INT(proc_error_code(error), EDEADLK);
    proc_error_unref(error);
    CHECK(!proc_job_wait(job, PROC_FOREVER));
    refused++;
}

static void hook(void *user_data) {
    (void)user_data;
    check_inside();
}

/* Starts the job, which is refused so many times. */
static void refuses(proc_impl *impl, int times) {
    gate_init(&known);
    gate_init(&both);
    refused = 0;
    job = proc_start(impl, NULL, NULL, NULL);
    gate_open(&known);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(refused, times);
}

static proc_error *trigger(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_WAIT(&known);
    proc_cancel *above = proc_cancel_new(NULL), *own = proc_cancel_new(above);
    proc_hook *hooks[3];
    hooks[0] = proc_on_cancel(own, hook, NULL);
    hooks[1] = proc_on_cancel(above, hook, NULL);
    proc_cancel_trigger(above, NULL);
    hooks[2] = proc_on_cancel(own, hook, NULL);
    for (int i = 0; i < 3; i++)
        proc_hook_remove(hooks[i]);
    proc_cancel_unref(own);
    proc_cancel_unref(above);
    return NULL;
}

static void hooks(void) {
    refuses(proc_new(trigger, NULL, NULL), 3);
    refuses(proc_task("t", PROC_GROUP(PROC_SEQUENCE(proc_new(trigger, NULL, NULL)))), 3);
}

/* One has a hook on the group's handle; the other fails then. */
static gate hooked, has_run;

static void hook_once(void *user_data) {
    hook(user_data);
    gate_open(&has_run);
}

static proc_error *hook_group(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    GATE_WAIT(&known);
    proc_hook *on_group = proc_on_cancel(cancel, hook_once, NULL);
    gate_open(&hooked);
    GATE_WAIT(&has_run);
    proc_hook_remove(on_group);
    return NULL;
}

static proc_error *fail_then(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_WAIT(&hooked);
    return proc_error_new(77, "failed");
}

static void group_fails(void) {
    gate_init(&known);
    gate_init(&hooked);
    gate_init(&has_run);
    refused = 0;
    job = proc_start(PROC_GROUP(proc_new(hook_group, NULL, NULL), proc_new(fail_then, NULL, NULL)),
                     NULL, NULL, NULL);
    gate_open(&known);
    CHECK_FAILS(proc_job_join(job), 77, "failed");
    CHECK_INT(refused, 1);
}

/* Two at the same time: one of them is on a thread that helps. */
static proc_error *meet_inside(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_MEET(&both, 2);
    check_inside();
    return NULL;
}

static proc_impl *two_inside(void) {
    return PROC_CONCURRENT(proc_new(meet_inside, NULL, NULL), proc_new(meet_inside, NULL, NULL));
}

static void run_two(void *user_data) {
    (void)user_data;
    CHECK_OK(proc_run(two_inside(), NULL));
}

static proc_error *hook_two(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    GATE_WAIT(&known);
    proc_cancel *own = proc_cancel_new(cancel);
    proc_hook *runs = proc_on_cancel(own, run_two, NULL);
    proc_cancel_trigger(own, NULL);
    proc_hook_remove(runs);
    proc_cancel_unref(own);
    return NULL;
}

static void hook_helped(void) { refuses(proc_new(hook_two, NULL, NULL), 2); }

static proc_error *wait_known(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_WAIT(&known);
    return NULL;
}

static proc_error *drop_error(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_WAIT(&known);
    proc_error_unref(proc_error_with_payload(77, "dropped", NULL, hook));
    return NULL;
}

static void destroy(void) {
    refuses(proc_new(wait_known, NULL, hook), 1);
    refuses(PROC_GROUP(proc_new(wait_known, NULL, hook), proc_new(wait_known, NULL, hook)), 2);
    refuses(proc_new(drop_error, NULL, NULL), 1);
}

static void *task_begins(const proc_trace_task *task, const proc_trace_task *parent,
                         void *user_data) {
    (void)task, (void)parent, (void)user_data;
    check_inside();
    return NULL;
}

static void task_ends(const proc_trace_task *task, const proc_error *error, const proc_error *cause,
                      void *user_data) {
    (void)task, (void)error, (void)cause, (void)user_data;
    check_inside();
}

static void trace_hooks(void) {
    proc_trace_hooks told = PROC_TRACE_HOOKS_INIT;
    told.task_begin = task_begins;
    told.task_end = task_ends;
    CHECK_OK(proc_trace_set_hooks(&told));
    refuses(PROC_SEQUENCE(proc_new(wait_known, NULL, NULL), proc_task("t", succeeding())), 2);
    CHECK_OK(proc_trace_set_hooks(NULL));
}

static void check_told(void) {
    CHECK(proc_job_inside(job));
    proc_error *error = proc_job_join(job);
    CHECK_INT(proc_error_code(error), EDEADLK);
    proc_error_unref(error);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    refused++;
}

static void told_hook(void *user_data) {
    (void)user_data;
    check_told();
}

static proc_error *meet_told(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_MEET(&both, 2);
    check_told();
    return NULL;
}

static void is_told(void *user_data) {
    (void)user_data;
    GATE_WAIT(&known);
    proc_cancel *own = proc_cancel_new(NULL);
    proc_hook *on_own = proc_on_cancel(own, told_hook, NULL);
    proc_cancel_trigger(own, NULL);
    proc_hook_remove(on_own);
    proc_cancel_unref(own);
    proc_impl *meeting = proc_new(meet_told, NULL, told_hook);
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(meeting), meeting), NULL));
}

static void on_done(void) {
    gate_init(&known);
    gate_init(&both);
    refused = 0;
    job = proc_start(succeeding(), NULL, is_told, NULL);
    gate_open(&known);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    CHECK_OK(proc_job_join(job));
    CHECK_INT(refused, 4);
}

static proc_error *until_signal(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_hook *on_main = proc_on_cancel(cancel, hook_once, NULL);
    kill(getpid(), SIGTERM);
    GATE_WAIT(&has_run);
    proc_hook_remove(on_main);
    return proc_cancel_error(cancel);
}

static proc_error *be_main(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_WAIT(&known);
    return proc_main(proc_new(until_signal, NULL, NULL));
}

static void main_hooks_role(void) {
    gate_init(&has_run);
    refuses(proc_new(be_main, NULL, NULL), 1);
}

static void main_hooks(void) { child_run("main_hooks_role"); }

static proc_error *look_from_outside(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK(!proc_job_inside(job));
    CHECK(!proc_job_wait(job, 0));
    return NULL;
}

static proc_error *start_another(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    GATE_WAIT(&known);
    return proc_job_join(proc_start(proc_new(look_from_outside, NULL, NULL), cancel, NULL, NULL));
}

static void starts(void) { refuses(proc_new(start_another, NULL, NULL), 0); }

/* The outer joins the inner, which joins the outer: one of them begins, and the other follows when that one waits. */
typedef struct ring {
    bool inner_first;
    gate outer_waits;
    atomic_int inner_refused;
} ring;

static proc_error *inner_joins(proc_cancel *cancel, void *user_data) {
    ring *r = user_data;
    (void)cancel;
    if (!r->inner_first) {
        GATE_WAIT(&r->outer_waits);
        wait_until_others_sleep();
    }
    proc_error *error = proc_job_join(job);
    r->inner_refused += proc_error_code(error) == EDEADLK && errno == EDEADLK;
    proc_error_unref(error);
    return NULL;
}

static proc_error *outer_joins(proc_cancel *cancel, void *user_data) {
    ring *r = user_data;
    GATE_WAIT(&known);
    proc_job *inner = proc_start(proc_new(inner_joins, r, NULL), cancel, NULL, NULL);
    if (r->inner_first)
        wait_until_others_sleep();
    gate_open(&r->outer_waits);
    return proc_job_join(inner);
}

static void in_a_ring(proc_fn outer, bool inner_first) {
    ring r = {.inner_first = inner_first};
    gate_init(&r.outer_waits);
    refuses(proc_new(outer, &r, NULL), 0);
    CHECK_INT(r.inner_refused, 1);
}

static void ring_of_two(void) {
    in_a_ring(outer_joins, false);
    in_a_ring(outer_joins, true);
}

static proc_error *inner_waits(proc_cancel *cancel, void *user_data) {
    ring *r = user_data;
    (void)cancel;
    CHECK(!proc_job_wait(job, PROC_MS(1)));
    r->inner_refused += !proc_job_wait(job, PROC_FOREVER);
    return NULL;
}

static proc_error *outer_waits(proc_cancel *cancel, void *user_data) {
    GATE_WAIT(&known);
    proc_job *inner = proc_start(proc_new(inner_waits, user_data, NULL), cancel, NULL, NULL);
    CHECK(proc_job_wait(inner, PROC_FOREVER));
    return proc_job_join(inner);
}

static void ring_waits(void) { in_a_ring(outer_waits, true); }

static void errno_kept(void) {
    leaf l = {.fails = "its own", .code = EDEADLK};
    errno = 0;
    CHECK_FAILS(proc_job_join(proc_start(leaf_new(&l), NULL, NULL, NULL)), EDEADLK, "its own");
    CHECK_INT(errno, 0);
    errno = EDEADLK;
    CHECK_OK(proc_job_join(proc_start(succeeding(), NULL, NULL, NULL)));
    CHECK_INT(errno, EDEADLK);
}

CHECK_MAIN(CASE(hooks), CASE(group_fails), CASE(hook_helped), CASE(destroy), CASE(trace_hooks),
           CASE(on_done), CASE(main_hooks), ROLE(main_hooks_role), CASE(starts), CASE(ring_of_two),
           CASE(ring_waits), CASE(errno_kept))
