/* What a hook may do from within. None of it deadlocks. Laws:
 *
 *   removes_itself    A hook may remove itself …
 *   removes_another   … and any other of its handle: one that has not run yet does not run …
 *   removes_outer     … and one whose run on this thread it is part of, without waiting for it,
 *   hooks_again       … register one, which runs at once,
 *   cancels           … cancel its own handle and others,
 *   drops             … release its handle,
 *   runs              … and run processes,
 *   removed_by_part   … on each of whose threads it may be removed; the run goes on …
 *   removed_by_job    … or by a job that it has started and waits for: the join is not refused, and the removal returns.
 */
#include "asleep.h"
#include "leaf.h"

typedef struct probe {
    int runs;
    proc_hook *removes;
    proc_cancel *cancel;
} probe;

static void run_probe(void *user_data) {
    probe *p = user_data;
    p->runs++;
    proc_hook_remove(p->removes);
}

enum { HOOKS = 5 };

static void removes_itself(void) {
    probe p = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    p.removes = proc_on_cancel(cancel, run_probe, &p);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(p.runs, 1);
    proc_cancel_unref(cancel);
}

typedef struct crowd {
    proc_hook *hooks[HOOKS];
    int runs[HOOKS];
    int victim;
    int first; /* to run; negative: none yet */
} crowd;

typedef struct member {
    crowd *crowd;
    int number;
} member;

static void first_removes_victim(void *user_data) {
    member *m = user_data;
    crowd *c = m->crowd;
    c->runs[m->number]++;
    if (c->first < 0) {
        c->first = m->number;
        proc_hook_remove(c->hooks[c->victim]);
    }
}

static void removes_another(void) {
    for (int victim = 0; victim < HOOKS; victim++) {
        crowd c = {.victim = victim, .first = -1};
        member members[HOOKS];
        proc_cancel *cancel = proc_cancel_new(NULL);
        for (int i = 0; i < HOOKS; i++) {
            members[i] = (member){&c, i};
            c.hooks[i] = proc_on_cancel(cancel, first_removes_victim, &members[i]);
        }
        proc_cancel_trigger(cancel, NULL);
        for (int i = 0; i < HOOKS; i++) {
            CHECK_INT(c.runs[i], i != victim || i == c.first);
            if (i != victim)
                proc_hook_remove(c.hooks[i]);
        }
        proc_cancel_unref(cancel);
    }
}

static void cancel_another(void *user_data) {
    probe *p = user_data;
    proc_cancel_trigger(p->cancel, NULL);
    p->runs++;
}

static void removes_outer(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *other = proc_cancel_new(NULL);
    probe outer = {.cancel = other}, inner = {0};
    inner.removes = proc_on_cancel(cancel, cancel_another, &outer);
    proc_hook *hook = proc_on_cancel(other, run_probe, &inner);
    proc_cancel_trigger(cancel, NULL);
    CHECK(outer.runs == 1 && inner.runs == 1);
    proc_hook_remove(hook);
    proc_cancel_unref(cancel);
    proc_cancel_unref(other);
}

static void hook_again(void *user_data) {
    probe *p = user_data, inner = {0};
    proc_hook *hook = proc_on_cancel(p->cancel, run_probe, &inner);
    CHECK_INT(inner.runs, 1);
    proc_hook_remove(hook);
    p->runs++;
}

static void hooks_again(void) {
    probe p = {.cancel = proc_cancel_new(NULL)};
    proc_hook *hook = proc_on_cancel(p.cancel, hook_again, &p);
    proc_cancel_trigger(p.cancel, NULL);
    CHECK_INT(p.runs, 1);
    proc_hook_remove(hook);
    proc_cancel_unref(p.cancel);
}

static void cancels(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *other = proc_cancel_new(NULL);
    probe own = {.cancel = cancel}, others = {.cancel = other};
    proc_hook *first = proc_on_cancel(cancel, cancel_another, &own);
    proc_hook *second = proc_on_cancel(cancel, cancel_another, &others);
    proc_cancel_trigger(cancel, NULL);
    CHECK(own.runs == 1 && others.runs == 1);
    CHECK(proc_cancelled(other));
    proc_hook_remove(first);
    proc_hook_remove(second);
    proc_cancel_unref(cancel);
    proc_cancel_unref(other);
}

static void drop_handle(void *user_data) {
    probe *p = user_data;
    proc_hook_remove(p->removes);
    proc_cancel_unref(p->cancel);
    p->runs++;
}

static void drops(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    probe p = {.cancel = proc_cancel_new(root)};
    p.removes = proc_on_cancel(p.cancel, drop_handle, &p);
    proc_cancel_trigger(root, NULL);
    CHECK_INT(p.runs, 1);
    proc_cancel_unref(root);
}

static void run_tree(void *user_data) {
    leaf *l = user_data;
    proc_impl *two = PROC_CONCURRENT(leaf_new(l), leaf_new(l));
    CHECK_OK(proc_run(PROC_GROUP(two, leaf_new(l)), NULL));
}

static proc_error *cancel_own(proc_cancel *cancel, void *user_data) {
    proc_hook *hook = proc_on_cancel(cancel, run_tree, user_data);
    proc_cancel_trigger(cancel, NULL);
    proc_hook_remove(hook);
    return NULL;
}

static void runs(void) {
    leaf l = {0};
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), proc_new(cancel_own, &l, NULL)), NULL));
    CHECK_INT(l.runs, 3);
}

/* A hook that has others remove it. */
typedef struct shared {
    proc_hook *hook;
    gate both, removed;
    int runs;
    bool job_first;
} shared;

static proc_error *remove_shared(proc_cancel *cancel, void *user_data) {
    shared *s = user_data;
    (void)cancel;
    GATE_MEET(&s->both, 2);
    proc_hook_remove(s->hook);
    gate_open(&s->removed);
    return NULL;
}

static proc_error *await_removal(proc_cancel *cancel, void *user_data) {
    shared *s = user_data;
    (void)cancel;
    GATE_MEET(&s->both, 2);
    GATE_WAIT(&s->removed);
    return NULL;
}

/* One of the two is on a thread that helps; in each order, either. */
static void run_removing(void *user_data) {
    proc_impl *removes = proc_new(remove_shared, user_data, NULL);
    proc_impl *waits = proc_new(await_removal, user_data, NULL);
    shared *s = user_data;
    CHECK_OK(proc_run(
        s->job_first ? PROC_CONCURRENT(removes, waits) : PROC_CONCURRENT(waits, removes), NULL));
    s->runs++;
}

static void play_shared(void (*run)(void *), bool job_first) {
    shared s = {.job_first = job_first};
    proc_cancel *cancel = proc_cancel_new(NULL);
    gate_init(&s.both);
    gate_init(&s.removed);
    s.hook = proc_on_cancel(cancel, run, &s);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(s.runs, 1);
    proc_cancel_unref(cancel);
}

static void removed_by_part(void) {
    play_shared(run_removing, true);
    play_shared(run_removing, false);
}

static proc_error *remove_in_job(proc_cancel *cancel, void *user_data) {
    shared *s = user_data;
    (void)cancel;
    if (!s->job_first)
        wait_until_others_sleep(); /* One is joining this. */
    proc_hook_remove(s->hook);
    return NULL;
}

static void join_removing(void *user_data) {
    shared *s = user_data;
    proc_job *job = proc_start(proc_new(remove_in_job, s, NULL), NULL, NULL, NULL);
    if (s->job_first)
        wait_until_others_sleep();
    CHECK_OK(proc_job_join(job));
    s->runs++;
}

static void removed_by_job(void) {
    play_shared(join_removing, true);
    play_shared(join_removing, false);
}

CHECK_MAIN(CASE(removes_itself), CASE(removes_another), CASE(removes_outer), CASE(hooks_again),
           CASE(cancels), CASE(drops), CASE(runs), CASE(removed_by_part), CASE(removed_by_job))
