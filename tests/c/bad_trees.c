/* Bad input anywhere in a tree starts nothing. Laws:
 *
 *   anywhere         A bad process makes every combinator above it fail likewise, nothing under them started: for each
 *                    kind of bad process, at each place of a tree of every combinator.
 *   not_beside       What is beside a bad process is not started either; a sequence does not do its first steps.
 *   verbatim         The error is that of the bad process, the first one if there are several; no task wraps it.
 *   released         All that the tree was made of is released.
 *   under_main       The same under proc_main.
 */
#include "leaf.h"

/* The bad processes there are, and what their message names. */
static proc_impl *bad(int kind) {
    switch (kind) {
    case 0:
        return proc_new(NULL, NULL, NULL);
    case 1:
        return PROC_CONCURRENT(succeeding(), NULL);
    case 2:
        return PROC_GROUP(succeeding(), succeeding(), NULL);
    case 3:
        return PROC_SEQUENCE(succeeding(), NULL);
    case 4:
        return proc_task(NULL, succeeding());
    case 5:
        return proc_trace_region("region", NULL);
    case 6:
        return proc_concurrent(NULL, 3);
    default:
        return NULL;
    }
}
static const char *const bad_function[] = {"proc_new",       "proc_concurrent", "proc_group",
                                           "proc_sequence",  "proc_task",       "proc_trace_region",
                                           "proc_concurrent"};
enum { KINDS = sizeof bad_function / sizeof *bad_function, PLACES = 8 };

/* A tree with a leaf at each place but one, where the bad process is. */
static proc_impl *tree_with(proc_impl *guest, int place, leaf *l) {
    proc_impl *at[PLACES];
    for (int i = 0; i < PLACES; i++)
        at[i] = i == place ? guest : leaf_new(l);
    proc_impl *group = PROC_GROUP(at[0], proc_task("task", at[1]));
    proc_impl *sequence = PROC_SEQUENCE(at[2], proc_trace_region("region", at[3]), at[4]);
    proc_impl *concurrent = PROC_CONCURRENT(at[5], PROC_GROUP(at[6]));
    return proc_task("root", PROC_SEQUENCE(group, PROC_CONCURRENT(sequence, concurrent), at[7]));
}

/* Releases the error. */
static void check_bad(proc_error *error, const char *function) {
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_INT((long long)proc_error_count(error), 1);
    CHECK_HAS(proc_error_message(error), function);
    CHECK(proc_error_task_type(error) == NULL);
    proc_error_unref(error);
}

static void anywhere(void) {
    for (int place = 0; place < PLACES; place++) {
        for (int kind = 0; kind < KINDS; kind++) {
            leaf l = {0};
            check_bad(proc_run(tree_with(bad(kind), place, &l), NULL), bad_function[kind]);
            CHECK_INT(l.runs, 0);
            CHECK_INT(l.destroyed, PLACES - 1);
        }
    }
}

static void not_beside(void) {
    leaf l = {0};
    check_bad(proc_run(PROC_SEQUENCE(leaf_new(&l), leaf_new(&l), bad(0)), NULL), "proc_new");
    check_bad(proc_run(PROC_CONCURRENT(leaf_new(&l), bad(4), leaf_new(&l)), NULL), "proc_task");
    check_bad(proc_run(PROC_GROUP(leaf_new(&l), PROC_GROUP(bad(3))), NULL), "proc_sequence");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 5);
}

static void verbatim(void) {
    proc_error *alone = proc_run(bad(3), NULL);
    proc_impl *tree = PROC_GROUP(succeeding(), proc_task("task", bad(3)), bad(0), bad(1));
    proc_error *error = proc_run(proc_task("outer", PROC_SEQUENCE(succeeding(), tree)), NULL);
    CHECK_STR(proc_error_message(error), proc_error_message(alone));
    proc_error_unref(alone);
    check_bad(error, "proc_sequence");
}

static void released(void) {
    leaf l = {0};
    proc_unref(tree_with(bad(0), 3, &l));
    CHECK_INT(l.destroyed, PLACES - 1);
    proc_impl *kept = leaf_new(&l);
    proc_unref(PROC_CONCURRENT(bad(5), proc_ref(kept)));
    CHECK_INT(l.destroyed, PLACES - 1);
    CHECK_OK(proc_run(kept, NULL));
    CHECK_INT(l.destroyed, PLACES);
    CHECK_INT(l.runs, 1);
}

static void under_main(void) {
    leaf l = {0};
    check_bad(proc_main(tree_with(bad(6), 7, &l)), "proc_concurrent");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, PLACES - 1);
}

CHECK_MAIN(CASE(anywhere), CASE(not_beside), CASE(verbatim), CASE(released), CASE(under_main))
