/* Hooks on several threads: who comes first, and who waits for whom. Laws:
 *
 *   waits_for_run       Removing a hook that another thread runs waits until that run is over; a dump says so.
 *   waits_for_no_other  Removing one does not wait for another hook of the same handle that runs.
 *   cancel_returns      Cancelling again does not wait for hooks that another thread runs.
 *   one_run             If one thread cancels, one registers a hook and one removes another, all at once, the one that
 *                       stays runs once, and the other at most once and never after it was removed.
 *   above_and_below     … also if the cancellation comes from above and the handle is released meanwhile.
 *   made_meanwhile      Threads that register and remove while the handle is cancelled lose none.
 */
#include "asleep.h"
#include "dumped.h"
#include "leaf.h"

typedef struct scene {
    proc_cancel *cancel;
    proc_hook *hook;
    gate running;
    gate go_on;
    atomic_bool over;
} scene;

static void open_scene(scene *s) {
    s->cancel = proc_cancel_new(NULL);
    gate_init(&s->running);
    gate_init(&s->go_on);
    s->over = false;
}

static void run_long(void *user_data) {
    scene *s = user_data;
    gate_open(&s->running);
    GATE_WAIT(&s->go_on);
    s->over = true;
}

static proc_error *cancel_scene(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    scene *s = user_data;
    proc_cancel_trigger(s->cancel, NULL);
    return NULL;
}

static proc_error *remove_and_look(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    scene *s = user_data;
    GATE_WAIT(&s->running);
    proc_hook_remove(s->hook);
    CHECK(s->over);
    return NULL;
}

/* Lets the hook go on when all others wait: the canceller in the hook, the remover for it. */
static proc_error *let_go_on(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    scene *s = user_data;
    GATE_WAIT(&s->running);
    wait_until_others_sleep();
    if (order_is_seen())
        CHECK_DUMPED(", proc_hook_remove\n");
    CHECK(!s->over);
    gate_open(&s->go_on);
    return NULL;
}

static void waits_for_run(void) {
    scene s;
    open_scene(&s);
    s.hook = proc_on_cancel(s.cancel, run_long, &s);
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_new(cancel_scene, &s, NULL),
                                      proc_new(remove_and_look, &s, NULL),
                                      proc_new(let_go_on, &s, NULL)),
                      NULL));
    proc_cancel_unref(s.cancel);
}

static void nothing(void *user_data) { (void)user_data; }

/* If one of these waited for the hook that runs, nobody would let that go on. */
static proc_error *remove_others(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    scene *s = user_data;
    proc_hook *early = s->hook;
    GATE_WAIT(&s->running);
    proc_hook_remove(early);
    proc_hook *late = proc_on_cancel(s->cancel, nothing, NULL);
    proc_hook_remove(late);
    gate_open(&s->go_on);
    return NULL;
}

static void waits_for_no_other(void) {
    for (int before = 0; before <= 1; before++) {
        scene s;
        open_scene(&s);
        if (before)
            s.hook = proc_on_cancel(s.cancel, nothing, NULL);
        proc_hook *running = proc_on_cancel(s.cancel, run_long, &s);
        if (!before)
            s.hook = proc_on_cancel(s.cancel, nothing, NULL);
        CHECK_OK(proc_run(
            PROC_CONCURRENT(proc_new(cancel_scene, &s, NULL), proc_new(remove_others, &s, NULL)),
            NULL));
        proc_hook_remove(running);
        proc_cancel_unref(s.cancel);
    }
}

static proc_error *cancel_again(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    scene *s = user_data;
    GATE_WAIT(&s->running);
    proc_cancel_trigger(s->cancel, NULL);
    CHECK(proc_cancelled(s->cancel) && proc_wait(s->cancel, 0));
    gate_open(&s->go_on);
    return NULL;
}

static void cancel_returns(void) {
    scene s;
    open_scene(&s);
    s.hook = proc_on_cancel(s.cancel, run_long, &s);
    CHECK_OK(proc_run(
        PROC_CONCURRENT(proc_new(cancel_scene, &s, NULL), proc_new(cancel_again, &s, NULL)), NULL));
    proc_hook_remove(s.hook);
    proc_cancel_unref(s.cancel);
}

typedef struct probe {
    atomic_int runs;
    atomic_bool removed;
} probe;

static void run_unless_removed(void *user_data) {
    probe *p = user_data;
    CHECK(!p->removed);
    p->runs++;
    CHECK(!p->removed);
}

typedef struct race {
    bool from_above;
    size_t rounds;
    atomic_size_t arrived; /* how often all together have come to a meeting */
    proc_cancel *root;
    proc_cancel *handles[2]; /* a reference each for who registers and who removes */
    proc_hook *early_hook, *late_hook;
    probe early, late;
} race;

enum { RACERS = 3 };

/* The threads must go on as close to each other as can be, so they do not sleep here. */
static void meet(race *r, size_t meeting) {
    r->arrived++;
    while (r->arrived < meeting * RACERS)
        sched_yield();
}

static void prepare(race *r) {
    r->root = proc_cancel_new(NULL);
    r->handles[0] = r->from_above ? proc_cancel_new(r->root) : proc_cancel_ref(r->root);
    r->handles[1] = proc_cancel_ref(r->handles[0]);
    r->early = r->late = (probe){0};
    r->early_hook = proc_on_cancel(r->handles[0], run_unless_removed, &r->early);
}

static void finish(race *r) {
    CHECK_INT(r->late.runs, 1);
    CHECK(r->early.runs <= 1);
    proc_hook_remove(r->late_hook);
    proc_cancel_unref(r->root);
}

static proc_error *race_to_cancel(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    race *r = user_data;
    for (size_t round = 0; round < r->rounds; round++) {
        prepare(r);
        meet(r, 2 * round + 1);
        proc_cancel_trigger(r->root, NULL);
        meet(r, 2 * round + 2);
        finish(r);
    }
    return NULL;
}

static proc_error *race_to_hook(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    race *r = user_data;
    for (size_t round = 0; round < r->rounds; round++) {
        meet(r, 2 * round + 1);
        r->late_hook = proc_on_cancel(r->handles[0], run_unless_removed, &r->late);
        proc_cancel_unref(r->handles[0]);
        meet(r, 2 * round + 2);
    }
    return NULL;
}

static proc_error *race_to_remove(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    race *r = user_data;
    for (size_t round = 0; round < r->rounds; round++) {
        meet(r, 2 * round + 1);
        proc_hook_remove(r->early_hook);
        r->early.removed = true;
        proc_cancel_unref(r->handles[1]);
        meet(r, 2 * round + 2);
    }
    return NULL;
}

static void race_rounds(bool from_above) {
    race r = {.from_above = from_above, .rounds = check_scaled(10000)};
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_new(race_to_cancel, &r, NULL),
                                      proc_new(race_to_hook, &r, NULL),
                                      proc_new(race_to_remove, &r, NULL)),
                      NULL));
}

static void one_run(void) { race_rounds(false); }
static void above_and_below(void) { race_rounds(true); }

enum { THREADS = 4 };

/* Registers and removes until the handle is cancelled; a hook that came after that has run. */
static proc_error *hook_until_cancelled(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    scene *s = user_data;
    gate_open(&s->running);
    for (bool late = false; !late;) {
        probe p = {0};
        late = proc_cancelled(s->cancel);
        proc_hook *hook = proc_on_cancel(s->cancel, run_unless_removed, &p);
        CHECK(!late || p.runs == 1);
        proc_hook_remove(hook);
        CHECK(p.runs <= 1);
        p.removed = true;
    }
    return NULL;
}

static proc_error *cancel_meanwhile(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    GATE_WAIT_FOR(&s->running, THREADS);
    return cancel_scene(cancel, s);
}

static void made_meanwhile(void) {
    size_t rounds = check_scaled(100);
    for (size_t round = 0; round < rounds; round++) {
        scene s;
        open_scene(&s);
        proc_impl *impls[THREADS + 1] = {proc_new(cancel_meanwhile, &s, NULL)};
        for (int i = 1; i <= THREADS; i++)
            impls[i] = proc_new(hook_until_cancelled, &s, NULL);
        CHECK_OK(proc_run(proc_concurrent(impls, THREADS + 1), NULL));
        proc_cancel_unref(s.cancel);
    }
}

CHECK_MAIN(CASE(waits_for_run), CASE(waits_for_no_other), CASE(cancel_returns), CASE(one_run),
           CASE(above_and_below), CASE(made_meanwhile))
