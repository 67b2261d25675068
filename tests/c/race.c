/* proc_race. Laws:
 *
 *   success_decides       The first child to complete decides by its success; the others are cancelled and waited for.
 *   failure_decides       … or by its failure, which is the result.
 *   cause                 The others' cause is ECANCELED, "another one was first".
 *   truly_concurrent      All children run at the same time, truly.
 *   echoes_left_out       Who passes on that another one was first adds nothing; other errors come after the first.
 *   told                  After a success, errors of others are told to the trace as logs of category proc_race; echoes are not.
 *   never_begins          What has not begun at the decision never begins.
 *   from_above            Cancelled from above, that cause is the result, once.
 *   from_above_and_own    … after a failure of its own.
 *   success_from_above    Who succeeds first although it is cancelled from above, wins.
 *   only_child            A single child decides.
 *   below                 The handle is one below its own: what is above is not cancelled; it is cancelled at the end.
 *   decided_once          Of several that complete at the same time, one decides.
 *   no_children           No children are bad input, and so is a NULL in it.
 *   shown                 The dump calls it race.
 */
#include "asleep.h"
#include "dumped.h"
#include "leaf.h"
#include "logged.h"

static void success_decides(void) {
    for (int first = 0; first < 3; first++) {
        gate started;
        gate_init(&started);
        leaf waiting = {.started = &started, .until_cancelled = true};
        proc_impl *impls[] = {leaf_new(&waiting), leaf_new(&waiting), leaf_new(&waiting)};
        proc_unref(impls[first]);
        impls[first] = succeeding();
        CHECK_OK(proc_run(proc_race(impls, 3), NULL));
        CHECK_INT(waiting.destroyed, 3);
    }
}

static void failure_decides(void) {
    for (int first = 0; first < 2; first++) {
        leaf waiting = {.until_cancelled = true}, fails = {.fails = "fails", .code = 77};
        proc_impl *a = leaf_new(first ? &waiting : &fails),
                  *b = leaf_new(first ? &fails : &waiting);
        CHECK_FAILS(proc_run(PROC_RACE(a, b), NULL), 77, "fails");
    }
}

static proc_error *see_cause(proc_cancel *cancel, void *user_data) {
    gate_open(user_data);
    leaf_wait_cancelled(cancel);
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), ECANCELED);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), "another one was first");
    return NULL;
}

static void cause(void) {
    gate seen;
    gate_init(&seen);
    leaf wins = {.waits = &seen}, fails = {.waits = &seen, .fails = "fails"};
    CHECK_OK(proc_run(PROC_RACE(proc_new(see_cause, &seen, NULL), leaf_new(&wins)), NULL));
    CHECK_FAILS(proc_run(PROC_RACE(proc_new(see_cause, &seen, NULL), leaf_new(&fails)), NULL), EIO,
                "fails");
}

static void truly_concurrent(void) {
    gate a, b;
    gate_init(&a);
    gate_init(&b);
    leaf first = {.started = &a, .waits = &b}, second = {.started = &b, .waits = &a};
    CHECK_OK(proc_run(PROC_RACE(leaf_new(&first), leaf_new(&second)), NULL));
}

static void echoes_left_out(void) {
    gate begun;
    gate_init(&begun);
    leaf echo = {.started = &begun, .until_cancelled = true};
    leaf other = {.started = &begun, .until_cancelled = true, .fails = "other", .code = 78};
    leaf first = {.waits = &begun, .fails = "first", .code = 77};
    CHECK_FAILS(proc_run(PROC_RACE(proc_task("t", leaf_new(&echo)), leaf_new(&first)), NULL), 77,
                "first");
    gate_init(&begun);
    CHECK_FAILS(proc_run(PROC_RACE(leaf_new(&other), leaf_new(&first)), NULL), 77,
                "2 errors:\n- first\n- other");
}

static void told(void) {
    logged_begin();
    gate begun;
    gate_init(&begun);
    leaf loses = {.started = &begun, .until_cancelled = true, .fails = "loses"};
    leaf echo = {.started = &begun, .until_cancelled = true}, wins = {.waits = &begun};
    CHECK_OK(proc_run(proc_task("racing", PROC_RACE(leaf_new(&loses), leaf_new(&wins))), NULL));
    CHECK_INT(logged.count, 1);
    CHECK_STR(logged.last, "racing, proc_race: loses");
    gate_init(&begun);
    CHECK_OK(proc_run(proc_task("racing", PROC_RACE(leaf_new(&echo), leaf_new(&wins))), NULL));
    CHECK_INT(logged.count, 1);
    logged_end();
}

static void never_begins(void) {
    leaf late = {.until_cancelled = true};
    proc_impl *impls[100] = {succeeding()};
    for (int i = 1; i < 100; i++)
        impls[i] = leaf_new(&late);
    /* The caller's first child decides long before anybody could be sent to help. */
    CHECK_OK(proc_run(proc_race(impls, 100), NULL));
    CHECK(late.runs < 99);
    CHECK_INT(late.destroyed, 99);
}

static void from_above(void) {
    leaf l = {.until_cancelled = true};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    CHECK_FAILS(proc_run(PROC_RACE(leaf_new(&l), leaf_new(&l), leaf_new(&l)), cancel), 77, "early");
    proc_cancel_unref(cancel);
}

/* Passes on its cancellation when all others have ended. */
static proc_error *pass_on_late(proc_cancel *cancel, void *user_data) {
    gate_open(user_data);
    leaf_wait_cancelled(cancel);
    wait_until_others_sleep();
    return proc_cancel_error(cancel);
}

typedef struct canceller {
    gate begun;
    proc_cancel *cancel;
    const char *fails;
} canceller;

static proc_error *cancel_and_end(proc_cancel *cancel, void *user_data) {
    canceller *c = user_data;
    GATE_WAIT(&c->begun);
    proc_cancel_trigger(c->cancel, proc_error_new(77, "from above"));
    CHECK(proc_cancelled(cancel));
    return c->fails ? proc_error_new(78, c->fails) : NULL;
}

static proc_error *race_cancelled(const char *fails) {
    canceller c = {.cancel = proc_cancel_new(NULL), .fails = fails};
    gate_init(&c.begun);
    proc_impl *late = proc_new(pass_on_late, &c.begun, NULL);
    proc_error *error = proc_run(PROC_RACE(late, proc_new(cancel_and_end, &c, NULL)), c.cancel);
    proc_cancel_unref(c.cancel);
    return error;
}

static void from_above_and_own(void) {
    proc_error *error = race_cancelled("own");
    if (order_is_seen())
        CHECK_STR(proc_error_message(error), "2 errors:\n- own\n- from above");
    proc_error_unref(error);
}

static void success_from_above(void) {
    proc_error *error = race_cancelled(NULL);
    if (order_is_seen())
        CHECK(!error);
    proc_error_unref(error);
}

static void only_child(void) {
    CHECK_OK(proc_run(PROC_RACE(succeeding()), NULL));
    CHECK_FAILS(proc_run(PROC_RACE(failing("alone")), NULL), EIO, "alone");
}

static proc_error *keep_handle(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_cancelled(cancel));
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    return NULL;
}

static void below(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *kept = NULL;
    leaf waiting = {.until_cancelled = true};
    CHECK_OK(proc_run(PROC_RACE(proc_new(keep_handle, &kept, NULL), leaf_new(&waiting)), cancel));
    CHECK(proc_cancelled(kept));
    CHECK(!proc_cancelled(cancel));
    proc_cancel_unref(kept);
    CHECK_OK(proc_run(PROC_RACE(proc_new(keep_handle, &kept, NULL)), cancel));
    CHECK(proc_cancelled(kept));
    proc_cancel_unref(kept);
    proc_cancel_unref(cancel);
}

enum { RUNNERS = 4 };

static proc_error *finish_together(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, RUNNERS);
    return proc_errorf(70 + (int)((gate *)user_data)->opened, "together");
}

static void decided_once(void) {
    size_t rounds = check_scaled(500);
    for (size_t round = 0; round < rounds; round++) {
        gate together;
        gate_init(&together);
        proc_impl *impls[RUNNERS];
        for (int i = 0; i < RUNNERS; i++)
            impls[i] = proc_new(finish_together, &together, NULL);
        proc_error *error = proc_run(proc_race(impls, RUNNERS), NULL);
        CHECK_INT((long long)proc_error_count(error), RUNNERS);
        CHECK(!proc_error_is(error, ECANCELED));
        proc_error_unref(error);
    }
}

static void no_children(void) {
    CHECK_FAILS(proc_run(proc_race(NULL, 0), NULL), EINVAL,
                "proc_race: count is 0, but one child must be the first");
    CHECK_FAILS(proc_run(PROC_RACE(succeeding(), NULL), NULL), EINVAL,
                "proc_race: impls[1] is NULL");
}

static proc_error *look(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_DUMPED("race, thread");
    return NULL;
}

static void shown(void) {
    CHECK_OK(proc_run(PROC_RACE(proc_new(look, NULL, NULL), succeeding()), NULL));
}

CHECK_MAIN(CASE(success_decides), CASE(failure_decides), CASE(cause), CASE(truly_concurrent),
           CASE(echoes_left_out), CASE(told), CASE(never_begins), CASE(from_above),
           CASE(from_above_and_own), CASE(success_from_above), CASE(only_child), CASE(below),
           CASE(decided_once), CASE(no_children), CASE(shown))
