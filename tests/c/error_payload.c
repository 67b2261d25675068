/* Errors that carry something of the program's own. Laws:
 *
 *   carries          The payload is that of the error itself, and it is destroyed once, with the last reference.
 *   through_tasks    Payload: of the error itself, else of its task cause, else NULL. A multi error has none itself.
 *   no_destroy       The destroy function may be NULL, and so may the payload.
 *   as_a_cause       An error that cancels a handle is released with it.
 *   calls_back       Every function may be called from any thread at any time: a destroy function runs a process.
 *   typed            The first payload of a type is found in the error or in any error in it, depth first, and no payload of
 *                    another type or of none is taken for it. The type is copied, and compared as a text.
 *   typed_null       NULL for error or type finds nothing; made with NULL, a payload has no type.
 *   from_any_thread  References may be released on any threads: destroyed once.
 */
#include "leaf.h"

static proc_error *carrying(atomic_int *payload) {
    return proc_error_with_payload(EIO, "carrying", payload, check_destroyed);
}

static void carries(void) {
    atomic_int payload = 0;
    proc_error *error = carrying(&payload);
    CHECK(proc_error_payload(error) == &payload);
    CHECK(proc_error_payload(proc_error_at(error, 0)) == &payload);
    proc_error_unref(proc_error_ref(error));
    CHECK_INT(payload, 0);
    proc_error_unref(error);
    CHECK_INT(payload, 1);
}

static void through_tasks(void) {
    atomic_int payload = 0;
    leaf with = {.error = carrying(&payload)};
    leaf without = {.fails = "plain"};
    proc_impl *task = proc_task("outer", proc_task("inner", leaf_new(&with)));
    proc_error *wrapped = proc_run(proc_ref(task), NULL);
    CHECK(proc_error_payload(wrapped) == &payload);
    proc_error *multi = proc_run(PROC_CONCURRENT(task, leaf_new(&without)), NULL);
    CHECK_INT((long long)proc_error_count(multi), 2);
    CHECK(proc_error_payload(multi) == NULL);
    CHECK(proc_error_payload(proc_error_find_task(multi, "inner")) == &payload);
    proc_error_unref(with.error);
    proc_error_unref(wrapped);
    CHECK_INT(payload, 0);
    proc_error_unref(multi);
    CHECK_INT(payload, 1);
}

static void no_destroy(void) {
    atomic_int payload = 0;
    proc_error *error = proc_error_with_payload(EIO, "kept", &payload, NULL);
    CHECK(proc_error_payload(error) == &payload);
    proc_error_unref(error);
    CHECK_INT(payload, 0);
    CHECK_FAILS(proc_error_with_payload(EIO, "empty", NULL, NULL), EIO, "empty");
}

static void as_a_cause(void) {
    atomic_int payload = 0;
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, carrying(&payload));
    CHECK(proc_error_payload(proc_cancel_cause(cancel)) == &payload);
    proc_error *error = proc_cancel_error(cancel);
    proc_cancel_unref(cancel);
    CHECK_INT(payload, 0);
    proc_error_unref(error);
    CHECK_INT(payload, 1);
}

static void runs_a_process(void *payload) {
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), succeeding()), NULL));
    check_destroyed(payload);
}

static void calls_back(void) {
    atomic_int payload = 0;
    leaf one = {.fails = "one"};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    proc_cancel_trigger(cancel, proc_error_with_payload(EIO, "too late", &payload, runs_a_process));
    CHECK_INT(payload, 1);
    proc_cancel_unref(cancel);
    one.error = proc_error_with_payload(EIO, "returned", &payload, runs_a_process);
    proc_error_unref(proc_run(PROC_GROUP(leaf_new(&one), succeeding()), NULL));
    proc_error_unref(one.error);
    CHECK_INT(payload, 2);
}

static proc_error *typed_by(const char *payload_type, atomic_int *payload) {
    return proc_error_with_typed_payload(EIO, "typed", payload_type, payload, check_destroyed);
}

/* Tries both errors at once, the first one first. */
static proc_error *both_of(leaf *first, leaf *second) {
    proc_impl *inner = proc_task("inner", leaf_new(first));
    return proc_run(proc_task("outer", PROC_CONCURRENT(inner, leaf_new(second))), NULL);
}

static void typed(void) {
    atomic_int payloads[3] = {0, 0, 0};
    char type[] = "mine";
    leaf foreign = {.error = typed_by("foreign", &payloads[0])};
    leaf mine = {.error = typed_by(type, &payloads[1])};
    leaf plain = {.error = carrying(&payloads[2])};
    memset(type, 'x', 4);
    CHECK(proc_error_payload(mine.error) == &payloads[1]);
    CHECK(proc_error_find_payload(mine.error, "mine") == &payloads[1]);
    CHECK(proc_error_find_payload(mine.error, "min") == NULL);
    CHECK(proc_error_find_payload(plain.error, "mine") == NULL);
    proc_error *multi = both_of(&foreign, &mine);
    CHECK(proc_error_find_payload(multi, "mine") == &payloads[1]);
    CHECK(proc_error_find_payload(multi, "foreign") == &payloads[0]);
    CHECK(proc_error_find_payload(multi, type) == NULL);
    proc_error_unref(multi);
    proc_error_unref(foreign.error);
    proc_error_unref(mine.error);
    proc_error_unref(plain.error);
    for (int i = 0; i < 3; i++)
        CHECK_INT(payloads[i], 1);
}

static void typed_null(void) {
    atomic_int payload = 0;
    proc_error *error = typed_by(NULL, &payload);
    CHECK(proc_error_payload(error) == &payload);
    CHECK(proc_error_find_payload(error, NULL) == NULL);
    CHECK(proc_error_find_payload(error, "") == NULL);
    CHECK(proc_error_find_payload(NULL, "mine") == NULL);
    proc_error_unref(error);
    CHECK_INT(payload, 1);
}

static proc_error *release_many(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 1000; i++)
        proc_error_unref(user_data);
    return NULL;
}

static void from_any_thread(void) {
    atomic_int payload = 0;
    proc_error *error = carrying(&payload);
    for (int i = 1; i < 4000; i++)
        proc_error_ref(error);
    proc_impl *releasing = proc_new(release_many, error, NULL);
    for (int i = 0; i < 3; i++)
        proc_ref(releasing);
    CHECK_OK(proc_run(PROC_CONCURRENT(releasing, releasing, releasing, releasing), NULL));
    CHECK_INT(payload, 1);
}

CHECK_MAIN(CASE(carries), CASE(through_tasks), CASE(no_destroy), CASE(as_a_cause), CASE(calls_back),
           CASE(typed), CASE(typed_null), CASE(from_any_thread))
