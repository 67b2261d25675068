/* Handing over, and what is released when. Laws:
 *
 *   destroyed_once        The destroy function runs once, after the last use.
 *   run_releases          A process that is run becomes the callee's: its last reference is gone when the run returns.
 *   combinators_own       Each element of an array becomes the combinator's; the array itself stays the caller's.
 *   released_unrun        What is never run is released all the same.
 *   same_child_twice      A process may be handed over as often as it has references, also in one array.
 *   not_while_it_runs     A process that releases its own last reference is destroyed only after it returned.
 *   elements_of_bad       The elements of an array become the callee's even if the call fails.
 *   bad_new               What a failing proc_new was given to destroy is destroyed.
 *   names_are_copied      A task's type and a region's may change after the call.
 *   unref_null            Release functions do nothing with NULL, proc_ref gives it back.
 *   macros                PROC_CONCURRENT, PROC_GROUP and PROC_SEQUENCE do what the functions do with an array.
 */
#include "leaf.h"

static void destroyed_once(void) {
    leaf l = {0};
    proc_impl *impl = leaf_new(&l);
    CHECK(proc_ref(impl) == impl);
    CHECK_OK(proc_run(proc_ref(impl), NULL));
    proc_unref(impl);
    CHECK_INT(l.destroyed, 0);
    proc_unref(impl);
    CHECK_INT(l.destroyed, 1);
    CHECK_INT(l.runs, 1);
}

static void run_releases(void) {
    leaf l = {0}, failing_leaf = {.fails = "fails"};
    CHECK_OK(proc_run(leaf_new(&l), NULL));
    CHECK_INT(l.destroyed, 1);
    CHECK_FAILS(proc_run(proc_task("t", leaf_new(&failing_leaf)), NULL), EIO, "t: fails");
    CHECK_INT(failing_leaf.destroyed, 1);
    CHECK_OK(proc_main(leaf_new(&l)));
    CHECK_INT(l.destroyed, 2);
    CHECK_INT(l.runs, 2);
}

typedef proc_impl *combinator(proc_impl *const *impls, size_t count);
static combinator *const combinators[] = {proc_concurrent, proc_group, proc_sequence};

static void combinators_own(void) {
    for (size_t i = 0; i < 3; i++) {
        leaf leaves[20] = {0};
        proc_impl *impls[20];
        for (size_t j = 0; j < 20; j++)
            impls[j] = leaf_new(&leaves[j]);
        proc_impl *impl = combinators[i](impls, 20);
        memset(impls, 0xFF, sizeof impls);
        CHECK_OK(proc_run(impl, NULL));
        for (size_t j = 0; j < 20; j++) {
            CHECK_INT(leaves[j].runs, 1);
            CHECK_INT(leaves[j].destroyed, 1);
        }
    }
}

static void released_unrun(void) {
    leaf l = {0};
    proc_impl *pair = PROC_CONCURRENT(leaf_new(&l), proc_task("task", leaf_new(&l)));
    proc_impl *rest = PROC_SEQUENCE(leaf_new(&l), proc_trace_region("region", leaf_new(&l)));
    proc_unref(PROC_GROUP(pair, rest));
    CHECK_INT(l.destroyed, 4);
    CHECK_INT(l.runs, 0);
}

static void same_child_twice(void) {
    leaf l = {0};
    proc_impl *impl = leaf_new(&l);
    proc_ref(impl);
    proc_ref(impl);
    CHECK_OK(proc_run(PROC_GROUP(impl, PROC_SEQUENCE(impl, impl)), NULL));
    CHECK_INT(l.runs, 3);
    CHECK_INT(l.destroyed, 1);
}

static proc_error *release_itself(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_impl **self = user_data;
    proc_unref(*self);
    CHECK(*self != NULL);
    return NULL;
}

static void forget(void *user_data) { *(proc_impl **)user_data = NULL; }

static void not_while_it_runs(void) {
    proc_impl *self;
    self = proc_new(release_itself, &self, forget);
    CHECK_OK(proc_run(proc_ref(self), NULL));
    CHECK(self == NULL);
}

static void elements_of_bad(void) {
    for (size_t i = 0; i < 3; i++) {
        leaf l = {0};
        proc_impl *impls[] = {leaf_new(&l), NULL, leaf_new(&l), NULL, leaf_new(&l)};
        proc_impl *bad = combinators[i](impls, 5);
        proc_unref(proc_ref(bad));
        proc_error_unref(proc_run(bad, NULL));
        CHECK_INT(l.destroyed, 3);
        CHECK_INT(l.runs, 0);
    }
    leaf l = {0};
    proc_unref(proc_task(NULL, leaf_new(&l)));
    proc_unref(proc_trace_region(NULL, leaf_new(&l)));
    CHECK_INT(l.destroyed, 2);
}

static void bad_new(void) {
    leaf l = {0};
    proc_impl *bad = proc_new(NULL, &l, leaf_destroy);
    proc_error_unref(proc_run(proc_ref(bad), NULL));
    CHECK(l.destroyed <= 1);
    proc_unref(bad);
    CHECK_INT(l.destroyed, 1);
}

static void names_are_copied(void) {
    char name[] = "first";
    proc_impl *impl = proc_task(name, proc_trace_region(name, failing("fails")));
    strcpy(name, "other");
    CHECK_FAILS(proc_run(impl, NULL), EIO, "first: fails");
}

static void unref_null(void) {
    proc_unref(NULL);
    CHECK(proc_ref(NULL) == NULL);
    proc_error_unref(NULL);
    proc_cancel_unref(NULL);
    CHECK(proc_cancel_ref(NULL) == NULL);
}

static void macros(void) {
    leaf l = {0};
    CHECK_OK(proc_run(PROC_CONCURRENT(leaf_new(&l)), NULL));
    CHECK_OK(proc_run(PROC_GROUP(leaf_new(&l), leaf_new(&l)), NULL));
    CHECK_OK(proc_run(PROC_SEQUENCE(leaf_new(&l), leaf_new(&l), leaf_new(&l)), NULL));
    CHECK_INT(l.runs, 6);
    CHECK_INT(l.destroyed, 6);
}

CHECK_MAIN(CASE(destroyed_once), CASE(run_releases), CASE(combinators_own), CASE(released_unrun),
           CASE(same_child_twice), CASE(not_while_it_runs), CASE(elements_of_bad), CASE(bad_new),
           CASE(names_are_copied), CASE(unref_null), CASE(macros))
