/* A child may wait for any other: nothing hangs. Laws:
 *
 *   any_leaf_for_any     In trees of concurrent processes and groups in each other, with sequences, tasks and regions on
 *                        the way, each leaf may wait for each other one, at whatever depth and in whatever branch.
 *   all_for_all          All leaves of such a tree may wait for all.
 *   chain                Each leaf waits for the one after it, or for the one before it.
 *   later_step           A leaf may wait for a later step of another branch's sequence.
 *   run_inside_waits     A leaf may wait for what another one runs by proc_run.
 *   rendezvous           3,000 children that all wait on each other run, flat and in groups in each other; again and
 *                        again. (CHECK_SCALE: percent of them)
 */
#include "leaf.h"

enum { WIDTH = 3, LEAVES = 27, SHAPES = 6 };

/* What is between a combinator and its child, by the number of the place. */
static proc_impl *dress(int place, proc_impl *impl) {
    switch (place % 5) {
    case 0:
        return proc_task("task", impl);
    case 1:
        return PROC_SEQUENCE(succeeding(), impl, succeeding());
    case 2:
        return proc_trace_region("region", PROC_SEQUENCE(impl));
    case 3:
        return PROC_GROUP(impl);
    default:
        return impl;
    }
}

/* Three levels, three branches each; the shape says which levels are groups, and how branches are dressed. */
static proc_impl *tree(int shape, int level, int place, leaf *leaves) {
    if (level == 3)
        return leaf_new(&leaves[place]);
    proc_impl *impls[WIDTH];
    for (int i = 0; i < WIDTH; i++)
        impls[i] = dress(shape + level + i, tree(shape, level + 1, place * WIDTH + i, leaves));
    return (shape >> level) & 1 ? proc_group(impls, WIDTH) : proc_concurrent(impls, WIDTH);
}

static void check_tree(int shape, leaf *leaves) {
    CHECK_OK(proc_run(tree(shape, 0, 0, leaves), NULL));
    for (int i = 0; i < LEAVES; i++)
        CHECK_INT(leaves[i].runs, 1);
}

static void any_leaf_for_any(void) {
    int stride = LEAVES * LEAVES / (int)check_scaled(LEAVES * LEAVES);
    for (int pair = 0; pair < LEAVES * LEAVES; pair += stride) {
        int waiting = pair / LEAVES, opening = pair % LEAVES;
        gate g;
        gate_init(&g);
        leaf leaves[LEAVES] = {0};
        leaves[opening].started = &g;
        leaves[waiting].waits = &g;
        check_tree(pair % 8, leaves);
    }
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    gate *all = user_data;
    GATE_MEET(all, LEAVES);
    return NULL;
}

static void all_for_all(void) {
    for (int shape = 0; shape < 8 * SHAPES; shape++) {
        gate all;
        gate_init(&all);
        proc_impl *meeting = proc_new(meet, &all, NULL);
        proc_impl *branches[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            proc_impl *impls[LEAVES / WIDTH];
            for (int j = 0; j < LEAVES / WIDTH; j++)
                impls[j] = dress(shape + j, proc_ref(meeting));
            branches[i] = dress(shape / 5 + i, proc_group(impls, LEAVES / WIDTH));
        }
        proc_unref(meeting);
        CHECK_OK(proc_run(proc_concurrent(branches, WIDTH), NULL));
    }
}

static void chain(void) {
    for (int shape = 0; shape < 16; shape++) {
        gate gates[LEAVES + 1];
        leaf leaves[LEAVES] = {0};
        int step = shape % 2 ? 1 : -1;
        for (int i = 0; i < LEAVES; i++)
            gate_init(&gates[i]);
        for (int i = 0; i < LEAVES; i++) {
            leaves[i].opens = &gates[i];
            if (i + step >= 0 && i + step < LEAVES)
                leaves[i].waits = &gates[i + step];
        }
        check_tree(shape / 2, leaves);
    }
}

static void later_step(void) {
    gate late, early;
    gate_init(&late);
    gate_init(&early);
    leaf opens_late = {.opens = &late, .waits = &early}, waits_late = {.waits = &late};
    leaf opens_early = {.opens = &early};
    proc_impl *left = PROC_SEQUENCE(succeeding(), succeeding(), leaf_new(&opens_late));
    proc_impl *deep = PROC_GROUP(PROC_CONCURRENT(leaf_new(&waits_late), leaf_new(&opens_early)),
                                 leaf_new(&waits_late));
    proc_impl *right = PROC_SEQUENCE(succeeding(), proc_task("right", deep));
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(left), proc_ref(right)), NULL));
    gate_init(&late);
    gate_init(&early);
    CHECK_OK(proc_run(PROC_CONCURRENT(right, left), NULL));
}

typedef struct inside {
    leaf *leaves[2];
} inside;

static proc_error *run_inside(proc_cancel *cancel, void *user_data) {
    inside *i = user_data;
    return proc_run(PROC_GROUP(leaf_new(i->leaves[0]), leaf_new(i->leaves[1])), cancel);
}

static void run_inside_waits(void) {
    gate a, b;
    gate_init(&a);
    gate_init(&b);
    leaf opens_a = {.started = &a, .waits = &b}, opens_b = {.started = &b, .waits = &a};
    leaf waits_b = {.waits = &b}, plain = {0};
    inside first = {{&plain, &opens_a}}, second = {{&waits_b, &opens_b}};
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_new(run_inside, &first, NULL), leaf_new(&waits_b),
                                      proc_new(run_inside, &second, NULL)),
                      NULL));
}

static size_t crowd;

static proc_error *meet_crowd(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, crowd);
    return NULL;
}

static proc_impl *many(proc_impl *impl, size_t count) {
    proc_impl **impls = calloc(count, sizeof(proc_impl *));
    for (size_t i = 0; i < count; i++)
        impls[i] = proc_ref(impl);
    proc_impl *all = proc_concurrent(impls, count);
    free(impls);
    proc_unref(impl);
    return all;
}

static void rendezvous(void) {
    size_t third = check_scaled(1000);
    crowd = third * 3;
    for (int round = 0; round < 3; round++) {
        gate flat, nested;
        gate_init(&flat);
        gate_init(&nested);
        CHECK_OK(proc_run(many(proc_new(meet_crowd, &flat, NULL), crowd), NULL));
        CHECK_INT((long long)flat.opened, (long long)crowd);
        proc_impl *part = many(proc_new(meet_crowd, &nested, NULL), third);
        CHECK_OK(
            proc_run(PROC_GROUP(proc_ref(part), proc_task("part", proc_ref(part)), part), NULL));
        CHECK_INT((long long)nested.opened, (long long)crowd);
    }
}

CHECK_MAIN(CASE(any_leaf_for_any), CASE(all_for_all), CASE(chain), CASE(later_step),
           CASE(run_inside_waits), CASE(rendezvous))
