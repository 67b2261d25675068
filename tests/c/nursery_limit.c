/* Nurseries with a limit, and waiting in them. Laws:
 *
 *   at_most            No more children than the limit run at once; the body takes no place.
 *   full               proc_try_spawn fails with EAGAIN while it is full, and releases the child; a place is given back.
 *   in_order           Who waits for a place gets it in order, and proc_try_spawn does not come before.
 *   ends_cancelled     A wait for a place ends when the nursery is cancelled, with the cause; the child is released.
 *   ends_of_caller     And when the callback that waits is cancelled, in whatever process.
 *   deadlock           If all children wait for a place, the last call fails with EDEADLK; the others go on.
 *   deadlock_deep      So does one further in: in a group, or in a nursery of its own, in the child.
 *   given_a_place      Who was given a place does not wait any more, awake or not: so nobody else is refused because of him.
 *   not_the_body       The body and other threads are never refused: they wait until a child ends.
 *   wait_from_child    proc_nursery_wait from a child waits for the others; all that wait in it have been waited for.
 *   waited_for         Whose wait is over is a child that is left, awake or not.
 *   wait_ends          It ends when time is up, and when the nursery is cancelled.
 *   wait_deadlock      A child that waits for one which waits for its place: EDEADLK.
 */
#include "dumped.h"
#include "nursery.h"
#include <sched.h>

typedef struct tally {
    atomic_int now, most, runs;
} tally;

static proc_error *take_part(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    tally *t = user_data;
    int now = ++t->now, most = t->most;
    while (now > most && !atomic_compare_exchange_weak(&t->most, &most, now))
        ;
    sched_yield();
    t->runs++;
    t->now--;
    return NULL;
}

static proc_error *spawn_tally(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 300; i++)
        CHECK_OK(proc_spawn(nursery, proc_new(take_part, user_data, NULL)));
    return NULL;
}

static void at_most(void) {
    for (size_t limit = 1; limit <= 4; limit++) {
        tally t = {0};
        proc_nursery_options options = limited(limit);
        CHECK_OK(nursery_run(spawn_tally, &t, NULL, &options));
        CHECK_INT(t.runs, 300);
        CHECK(t.most >= 1 && (size_t)t.most <= limit);
    }
}

static proc_error *fill(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    CHECK_OK(proc_try_spawn(nursery, leaf_new(l)));
    CHECK_OK(proc_try_spawn(nursery, leaf_new(l)));
    CHECK_FAILS(proc_try_spawn(nursery, leaf_new(l)), EAGAIN,
                "proc_try_spawn: the nursery is full");
    CHECK_INT(l->destroyed, 1);
    CHECK_INT(proc_nursery_count(nursery), 2);
    gate_open(l->waits);
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    return proc_try_spawn(nursery, leaf_new(l));
}

static void full(void) {
    gate go;
    gate_init(&go);
    leaf l = {.waits = &go};
    proc_nursery_options options = limited(2);
    CHECK_OK(nursery_run(fill, &l, NULL, &options));
    CHECK_INT(l.runs, 4);
    CHECK_INT(l.destroyed, 5);
}

/* Whoever waits in a call says so in the dump. */
static void await_waiting(const char *call, size_t times) { free(dump_until(call, times)); }

enum { LINE = 5 };

typedef struct line {
    proc_nursery *nursery;
    gate go, turns;
    int next;
    int order[LINE];
    atomic_int began;
} line;

typedef struct in_line {
    line *line;
    int number;
} in_line;

static proc_error *note_turn(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    in_line *in = user_data;
    in->line->order[in->line->began++] = in->number;
    return NULL;
}

/* A callback of another process, so that the dump shows that it waits. */
static proc_error *spawn_turn(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    in_line *in = user_data;
    return proc_spawn(in->line->nursery, proc_new(note_turn, in, NULL));
}

static proc_error *wait_for_go(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_WAIT(&((line *)user_data)->go);
    return NULL;
}

static proc_error *stand_in_line(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    line *l = user_data;
    in_line in[LINE];
    proc_job *jobs[LINE];
    l->nursery = nursery;
    CHECK_OK(proc_spawn(nursery, proc_new(wait_for_go, l, NULL)));
    for (int i = 0; i < LINE; i++) {
        in[i] = (in_line){l, i};
        jobs[i] = proc_start(proc_new(spawn_turn, &in[i], NULL), NULL, NULL, NULL);
        await_waiting("proc_spawn", (size_t)i + 1);
    }
    CHECK_FAILS(proc_try_spawn(nursery, succeeding()), EAGAIN,
                "proc_try_spawn: the nursery is full");
    gate_open(&l->go);
    for (int i = 0; i < LINE; i++)
        CHECK_OK(proc_job_join(jobs[i]));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    return NULL;
}

static void in_order(void) {
    line l = {0};
    gate_init(&l.go);
    proc_nursery_options options = limited(1);
    CHECK_OK(nursery_run(stand_in_line, &l, NULL, &options));
    for (int i = 0; i < LINE; i++)
        CHECK_INT(l.order[i], i);
}

typedef struct stuck {
    proc_nursery *nursery;
    proc_cancel *other;
    leaf held, child;
    gate go;
} stuck;

static proc_error *spawn_child(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    stuck *s = user_data;
    return proc_spawn(s->nursery, leaf_new(&s->child));
}

static proc_error *cancel_who_waits(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    stuck *s = user_data;
    s->nursery = nursery;
    CHECK_OK(proc_spawn(nursery, leaf_new(&s->held)));
    proc_job *job = proc_start(proc_new(spawn_child, s, NULL), s->other, NULL, NULL);
    await_waiting("proc_spawn", 1);
    proc_cancel_trigger(s->other ? s->other : cancel, proc_error_new(78, "enough"));
    CHECK_FAILS(proc_job_join(job), 78, "enough");
    CHECK_INT(s->child.destroyed, 1);
    gate_open(&s->go);
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER) || !s->other);
    return s->other ? proc_try_spawn(nursery, succeeding()) : NULL;
}

static void check_ends(proc_cancel *other) {
    stuck s = {.other = other};
    gate_init(&s.go);
    s.held.waits = &s.go;
    proc_nursery_options options = limited(1);
    CHECK_OK(nursery_run(cancel_who_waits, &s, NULL, &options));
    CHECK_INT(s.child.runs, 0);
    CHECK_INT(s.held.destroyed, 1);
}

static void ends_cancelled(void) { check_ends(NULL); }

static void ends_of_caller(void) {
    proc_cancel *other = proc_cancel_new(NULL);
    check_ends(other);
    proc_cancel_unref(other);
}

enum { PLACES = 3 };

typedef struct ring {
    proc_nursery *nursery;
    gate all;
    int depth;
    atomic_int refused, accepted, runs;
} ring;

static proc_error *count_run(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    ((ring *)user_data)->runs++;
    return NULL;
}

static proc_error *spawn_in_ring(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    ring *r = user_data;
    GATE_MEET(&r->all, PLACES);
    proc_error *error = proc_spawn(r->nursery, proc_new(count_run, r, NULL));
    if (proc_error_code(error) == EDEADLK)
        r->refused++;
    else if (!error)
        r->accepted++;
    proc_error_unref(error);
    return NULL;
}

static proc_error *spawn_in_ring_of_own(proc_nursery *nursery, proc_cancel *cancel,
                                        void *user_data) {
    (void)cancel;
    return proc_spawn(nursery, proc_new(spawn_in_ring, user_data, NULL));
}

static proc_impl *ring_child(ring *r) {
    proc_impl *child = proc_new(spawn_in_ring, r, NULL);
    switch (r->depth) {
    case 0:
        return child;
    case 1:
        return PROC_GROUP(succeeding(), PROC_CONCURRENT(succeeding(), child), succeeding());
    default:
        proc_unref(child);
        return proc_with_nursery(spawn_in_ring_of_own, r, NULL, NULL);
    }
}

static proc_error *close_ring(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    ring *r = user_data;
    r->nursery = nursery;
    for (int i = 0; i < PLACES; i++)
        CHECK_OK(proc_spawn(nursery, ring_child(r)));
    return NULL;
}

static void check_ring(int depth) {
    for (int i = 0; i < 20; i++) {
        ring r = {.depth = depth};
        gate_init(&r.all);
        proc_nursery_options options = limited(PLACES);
        CHECK_OK(nursery_run(close_ring, &r, NULL, &options));
        CHECK_INT(r.refused, 1);
        CHECK_INT(r.accepted, PLACES - 1);
        CHECK_INT(r.runs, PLACES - 1);
    }
}

static void deadlock(void) { check_ring(0); }

static void deadlock_deep(void) {
    check_ring(1);
    check_ring(2);
}

/* A child that spawns the next one, `left` of them in all. */
typedef struct chain {
    line line;
    atomic_int left, refused;
} chain;

static proc_error *spawn_next(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    chain *c = user_data;
    if (c->left-- > 0) {
        proc_error *error = proc_spawn(c->line.nursery, proc_new(spawn_next, c, NULL));
        c->refused += error != NULL;
        proc_error_unref(error);
    }
    return NULL;
}

static proc_error *begin_chain(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    chain *c = user_data;
    c->line.nursery = nursery;
    CHECK_OK(proc_spawn(nursery, proc_new(wait_for_go, c, NULL)));
    CHECK_OK(proc_spawn(nursery, proc_new(spawn_next, c, NULL)));
    await_waiting("proc_spawn", 1);
    gate_open(&c->line.go);
    return NULL;
}

/* When there is a place for the second of the chain, it runs at once, before the first has woken. */
static void given_a_place(void) {
    for (int i = 0; i < 50; i++) {
        chain c = {.left = 2};
        gate_init(&c.line.go);
        proc_nursery_options options = limited(2);
        CHECK_OK(nursery_run(begin_chain, &c, NULL, &options));
        CHECK_INT(c.refused, 0);
    }
}

static proc_error *open_when_awaited(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    await_waiting("proc_spawn", 1);
    gate_open(&((line *)user_data)->go);
    return NULL;
}

static proc_error *wait_as_body(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    line *l = user_data;
    CHECK_OK(proc_spawn(nursery, proc_new(wait_for_go, l, NULL)));
    proc_job *job = proc_start(proc_new(open_when_awaited, l, NULL), NULL, NULL, NULL);
    CHECK_OK(proc_spawn(nursery, succeeding()));
    CHECK_OK(proc_job_join(job));
    return NULL;
}

static void not_the_body(void) {
    line l = {0};
    gate_init(&l.go);
    proc_nursery_options options = limited(1);
    CHECK_OK(nursery_run(wait_as_body, &l, NULL, &options));
}

static proc_error *wait_for_others(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    CHECK(proc_nursery_wait(n->nursery, PROC_FOREVER));
    CHECK_INT(n->runs, 1);
    return NULL;
}

static proc_error *end_when_awaited(proc_cancel *cancel, void *user_data) {
    await_waiting("proc_nursery_wait", 3);
    return nursed_count(cancel, user_data);
}

static proc_error *wait_together(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    n->nursery = nursery;
    CHECK_OK(proc_spawn(nursery, proc_new(end_when_awaited, n, NULL)));
    CHECK_OK(proc_spawn(nursery, proc_new(wait_for_others, n, NULL)));
    CHECK_OK(proc_spawn(nursery, proc_new(wait_for_others, n, NULL)));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK_INT(n->runs, 1);
    return NULL;
}

static void wait_from_child(void) {
    nursed n = {0};
    CHECK_OK(nursery_run(wait_together, &n, NULL, NULL));
}

static proc_error *wait_and_stay(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    while (proc_nursery_count(n->nursery) < 2) /* Without the other one it would be alone. */
        sched_yield();
    CHECK(proc_nursery_wait(n->nursery, PROC_FOREVER));
    GATE_WAIT(n->gate);
    return NULL;
}

static proc_error *wait_twice(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    await_waiting("proc_nursery_wait", 1);
    CHECK(proc_nursery_wait(n->nursery, PROC_FOREVER));
    CHECK(!proc_nursery_wait(n->nursery, 0));
    gate_open(n->gate);
    return NULL;
}

static proc_error *wait_in_turn(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    n->nursery = nursery;
    CHECK_OK(proc_spawn(nursery, proc_new(wait_and_stay, n, NULL)));
    CHECK_OK(proc_spawn(nursery, proc_new(wait_twice, n, NULL)));
    return NULL;
}

/* The second child asks again before the first, for which it has waited, has woken. */
static void waited_for(void) {
    for (int i = 0; i < 50; i++) {
        gate stays;
        gate_init(&stays);
        nursed n = {.gate = &stays};
        CHECK_OK(nursery_run(wait_in_turn, &n, NULL, NULL));
    }
}

static proc_error *cancel_when_awaited(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    await_waiting("proc_nursery_wait", 1);
    proc_cancel_trigger(cancel, proc_error_new(79, "no more"));
    return NULL;
}

static proc_error *wait_in_vain(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    CHECK(!proc_nursery_wait(nursery, 0));
    CHECK(!proc_nursery_wait(nursery, PROC_MS(2)));
    CHECK_OK(proc_spawn(nursery, proc_new(cancel_when_awaited, NULL, NULL)));
    CHECK(!proc_nursery_wait(nursery, PROC_FOREVER));
    gate_open(l->waits);
    return NULL;
}

static void wait_ends(void) {
    gate go;
    gate_init(&go);
    leaf l = {.waits = &go};
    CHECK_OK(nursery_run(wait_in_vain, &l, NULL, NULL));
}

static proc_error *spawn_while_awaited(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    await_waiting("proc_nursery_wait", 1);
    CHECK_FAILS(proc_spawn(n->nursery, succeeding()), EDEADLK,
                "proc_spawn: all children of the nursery would wait for a place in it");
    return nursed_count(cancel, n);
}

static proc_error *wait_in_ring(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    nursed *n = user_data;
    n->nursery = nursery;
    /* In this order: who waits would be alone without the other one. */
    CHECK_OK(proc_spawn(nursery, proc_new(spawn_while_awaited, n, NULL)));
    CHECK_OK(proc_spawn(nursery, proc_new(wait_for_others, n, NULL)));
    return NULL;
}

static void wait_deadlock(void) {
    nursed n = {0};
    proc_nursery_options options = limited(2);
    CHECK_OK(nursery_run(wait_in_ring, &n, NULL, &options));
}

CHECK_MAIN(CASE(at_most), CASE(full), CASE(in_order), CASE(ends_cancelled), CASE(ends_of_caller),
           CASE(deadlock), CASE(deadlock_deep), CASE(given_a_place), CASE(not_the_body),
           CASE(wait_from_child), CASE(waited_for), CASE(wait_ends), CASE(wait_deadlock))
