/* No error is lost, whatever finishes first: every order of completion is forced. Laws:
 *
 *   flat              All errors are returned, in order of completion: the first is the one that failed first.
 *   nested            Multi errors never nest: a combinator flattens its children's multi errors into its own, losing none,
 *                     in order of completion; for concurrent processes and groups in each other, through sequences and
 *                     regions; a multi error inside a task error stays in it.
 *   group_cause       The cause of a group is the error that was first, and the others are cancelled only then.
 *   failures_first    Beside failures, the echo of a cancellation from above comes last, so that the first is a failure, and the
 *                     code of the whole is its code; failures and echoes each in order of completion.
 *   own_handle        The same if a group is cancelled by what runs in it, through its own handle.
 *   first_stays       The failure that cancels a group is its first error and its cause, whatever comes after it.
 *   first_echo        Of the echoes of a cancellation from above, the group lists the first in order of completion.
 */
#include "asleep.h"
#include "leaf.h"

enum { MOST = 5 };

typedef struct ranked {
    gate *all;
    gate *done; /* one for each rank */
    int count;
    int rank; /* when it completes, among all */
    bool echoes;
} ranked;

static proc_error *complete_in_turn(proc_cancel *cancel, void *user_data) {
    ranked *r = user_data;
    GATE_MEET(r->all, (size_t)r->count);
    if (r->rank > 0) {
        GATE_WAIT(&r->done[r->rank - 1]);
        wait_until_others_sleep();
    }
    gate_open(&r->done[r->rank]);
    return r->echoes ? proc_cancel_error(cancel) : proc_errorf(100 + r->rank, "%d", r->rank);
}

typedef struct turns {
    gate all;
    gate done[MOST];
    ranked leaves[MOST];
} turns;

/* The ranks of the leaves are the permutation of that number, out of count! */
static void prepare(turns *t, int count, int permutation) {
    int left[MOST] = {0, 1, 2, 3, 4};
    gate_init(&t->all);
    for (int i = 0; i < count; i++) {
        int at = permutation % (count - i);
        gate_init(&t->done[i]);
        t->leaves[i] = (ranked){.all = &t->all, .done = t->done, .count = count, .rank = left[at]};
        permutation /= count - i;
        memmove(&left[at], &left[at + 1], sizeof(int) * (size_t)(MOST - 1 - at));
    }
}

static proc_impl *ranked_leaf(turns *t, int i) {
    return proc_new(complete_in_turn, &t->leaves[i], NULL);
}

typedef proc_impl *combinator(proc_impl *const *impls, size_t count);
static combinator *const combinators[] = {proc_concurrent, proc_group};

static void flat(void) {
    for (int run = 0; run < 2 * 24; run++) {
        turns t;
        prepare(&t, 4, run / 2);
        proc_impl *impls[4];
        for (int i = 0; i < 4; i++)
            impls[i] = ranked_leaf(&t, i);
        proc_error *error = proc_run(combinators[run % 2](impls, 4), NULL);
        CHECK_INT((long long)proc_error_count(error), 4);
        for (int i = 0; i < 4; i++) {
            CHECK(proc_error_is(error, 100 + i));
            if (order_is_seen())
                CHECK_INT(proc_error_code(proc_error_at(error, (size_t)i)), 100 + i);
        }
        proc_error_unref(error);
    }
}

/* Two pairs and a single leaf, beside each other. */
enum { PAIRS = 2, NESTED = 5, AS_TASK = 3 };

static proc_impl *dress(int how, proc_impl *impl) {
    switch (how) {
    case 0:
        return impl;
    case 1:
        return PROC_SEQUENCE(succeeding(), impl);
    case 2:
        return proc_trace_region("r", impl);
    default: /* AS_TASK: its multi error stays in it */
        return proc_task("t", impl);
    }
}

static proc_impl *nested_tree(turns *t, int shape, int how) {
    proc_impl *impls[PAIRS + 1] = {NULL, NULL, ranked_leaf(t, NESTED - 1)};
    for (int i = 0; i < PAIRS; i++) {
        proc_impl *pair[] = {ranked_leaf(t, 2 * i), ranked_leaf(t, 2 * i + 1)};
        impls[i] = dress(how, combinators[shape / 2](pair, 2));
    }
    return combinators[shape % 2](impls, PAIRS + 1);
}

/* The child that completes as the leaf of that rank does adds its errors to the text. */
static int add_errors(char *text, const turns *t, int rank, bool as_task) {
    char *end = text + strlen(text);
    if (t->leaves[NESTED - 1].rank == rank)
        return sprintf(end, "\n- %d", rank) > 0;
    for (int i = 0; i < PAIRS; i++) {
        int a = t->leaves[2 * i].rank, b = t->leaves[2 * i + 1].rank;
        if ((a > b ? a : b) == rank)
            return sprintf(end, as_task ? "\n- t: 2 errors:\n- %d\n- %d" : "\n- %d\n- %d",
                           a + b - rank, rank) > 0;
    }
    return 0;
}

static void check_nested(const turns *t, bool as_task, proc_error *error) {
    int count = as_task ? PAIRS + 1 : NESTED;
    char expected[200];
    snprintf(expected, sizeof expected, "%d errors:", count);
    for (int rank = 0; rank < NESTED; rank++)
        add_errors(expected, t, rank, as_task);
    CHECK_INT((long long)proc_error_count(error), count);
    for (int i = 0; i < NESTED; i++)
        CHECK(proc_error_is(error, 100 + i));
    if (order_is_seen())
        CHECK_STR(proc_error_message(error), expected);
    proc_error_unref(error);
}

static void nested(void) {
    for (int run = 0; run < 4 * 120; run++) {
        turns t;
        int how = (run + run / 4) % (AS_TASK + 1);
        prepare(&t, NESTED, run / 4);
        check_nested(&t, how == AS_TASK, proc_run(nested_tree(&t, run % 4, how), NULL));
    }
}

static proc_error *see_cause(proc_cancel *cancel, void *user_data) {
    ranked *r = user_data;
    GATE_MEET(r->all, (size_t)r->count);
    leaf_wait_cancelled(cancel);
    if (order_is_seen())
        CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), 100);
    return NULL;
}

static void group_cause(void) {
    for (int run = 0; run < 24; run++) {
        turns t;
        prepare(&t, 4, run);
        ranked seeing = {.all = &t.all, .count = 5};
        proc_impl *impls[5] = {proc_new(see_cause, &seeing, NULL)};
        for (int i = 0; i < 4; i++) {
            t.leaves[i].count = 5;
            impls[1 + i] = ranked_leaf(&t, i);
        }
        proc_error *error = proc_run(proc_group(impls, 5), NULL);
        CHECK_INT((long long)proc_error_count(error), 4);
        proc_error_unref(error);
    }
}

/* Those of odd rank fail, the others echo the cause, bare or as a task. */
static proc_impl *mixed(turns *t, proc_impl *impls[4], int run) {
    for (int i = 0; i < 4; i++) {
        t->leaves[i].echoes = t->leaves[i].rank % 2 == 0;
        bool as_task = t->leaves[i].echoes && (run / 24) % 2;
        impls[i] = as_task ? proc_task("t", ranked_leaf(t, i)) : ranked_leaf(t, i);
    }
    return combinators[run % 2](impls, 4);
}

static void failures_first(void) {
    const char *const expected[][2] = {
        {"3 errors:\n- 1\n- 3\n- above", "3 errors:\n- 1\n- 3\n- above"},
        {"4 errors:\n- 1\n- 3\n- t: above\n- t: (as above)", "3 errors:\n- 1\n- 3\n- t: above"}};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "above"));
    for (int run = 0; run < 2 * 24; run++) {
        turns t;
        proc_impl *impls[4];
        prepare(&t, 4, run % 24);
        proc_error *error = proc_run(mixed(&t, impls, run), cancel);
        CHECK_INT(proc_error_code(proc_error_at(error, 0)), proc_error_code(error));
        CHECK(!proc_error_is_echo(proc_error_at(error, 1), cancel));
        CHECK(proc_error_is_echo(proc_error_at(error, 2), cancel));
        if (order_is_seen())
            CHECK_STR(proc_error_message(error), expected[run / 24][run % 2]);
        proc_error_unref(error);
    }
    proc_cancel_unref(cancel);
}

static proc_error *cancel_own(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    return NULL;
}

static void own_handle(void) {
    gate echoed;
    gate_init(&echoed);
    leaf echoing = {.until_cancelled = true, .opens = &echoed};
    leaf late = {.waits = &echoed, .fails = "late"};
    proc_impl *children[] = {leaf_new(&echoing), leaf_new(&late), proc_new(cancel_own, NULL, NULL)};
    proc_impl *impl = proc_task("t", proc_group(children, 3));
    CHECK_FAILS(proc_run(impl, NULL), EIO, "t: 2 errors:\n- late\n- enough");
}

static void first_stays(void) {
    gate echoed;
    gate_init(&echoed);
    leaf echoing = {.until_cancelled = true, .opens = &echoed};
    leaf late = {.waits = &echoed, .until_cancelled = true, .fails = "late"};
    for (int i = 0; i < 3; i++) {
        proc_impl *first = failing("first");
        first = i == 0   ? first
                : i == 1 ? proc_task("t", first)
                         : PROC_CONCURRENT(first, failing("first"));
        proc_impl *impl = PROC_GROUP(leaf_new(&echoing), leaf_new(&late), first);
        proc_error *error = proc_run(impl, NULL);
        CHECK_HAS(proc_error_message(proc_error_at(error, 0)), "first");
        CHECK_STR(proc_error_message(proc_error_at(error, proc_error_count(error) - 1)), "late");
        CHECK_INT((long long)proc_error_count(error), i == 2 ? 3 : 2);
        proc_error_unref(error);
    }
}

static void first_echo(void) {
    const char *const types[] = {"a", "b", "c"};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "above"));
    for (int run = 0; run < 6; run++) {
        turns t;
        char expected[20] = "?: above";
        prepare(&t, 3, run);
        proc_impl *impls[3];
        for (int i = 0; i < 3; i++) {
            t.leaves[i].echoes = true;
            if (t.leaves[i].rank == 0)
                expected[0] = *types[i];
            impls[i] = proc_task(types[i], ranked_leaf(&t, i));
        }
        proc_error *error = proc_run(proc_group(impls, 3), cancel);
        CHECK_INT((long long)proc_error_count(error), 1);
        if (order_is_seen())
            CHECK_STR(proc_error_message(error), expected);
        proc_error_unref(error);
    }
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(flat), CASE(nested), CASE(group_cause), CASE(failures_first), CASE(own_handle),
           CASE(first_stays), CASE(first_echo))
