/* Errors that many others have in them: to one error there may be more ways than anybody could go. Laws:
 *
 *   listed_once        Combinators list an error that several children return, as the same object, once.
 *   gone_through       Looking for codes, tasks and payloads, asking for an echo, and releasing come to each error once.
 *   as_above           Of an error that is in another more than once, the text tells the first, then says "(as above)".
 *   text_of_a_part     A part's own text tells all that is in that part.
 *   echo_of_shared     A group finds an echo in what is shared, and keeps it apart from what is none.
 *   longest            A text that is put together is no longer than 1 MiB, ends with how many bytes are left out, and is UTF-8.
 *   own_text           The text of a failure is the program's, and is never cut.
 */
#include "leaf.h"

enum { LAYERS = 200, MIB = 1 << 20 };

static proc_error *beside(proc_error *a, proc_error *b) {
    proc_error *both[] = {a, b};
    return proc_error_merge(both, 2);
}

/* Both of the two above have the whole below in them: 2^layers ways lead to the inmost error. */
static proc_error *diamonds(proc_error *inmost, int layers) {
    for (int i = 0; i < layers; i++)
        inmost = beside(proc_error_wrap(proc_error_ref(inmost), "a"), proc_error_wrap(inmost, "b"));
    return inmost;
}

static void listed_once(void) {
    leaf l = {.error = proc_error_new(EIO, "disk")};
    proc_impl *pair = PROC_CONCURRENT(leaf_new(&l), leaf_new(&l));
    proc_error *error = proc_run(PROC_CONCURRENT(proc_ref(pair), pair), NULL);
    CHECK(error == l.error);
    proc_error_unref(error);
    error = proc_run(PROC_GROUP(leaf_new(&l), leaf_new(&l), leaf_new(&l)), NULL);
    CHECK(error == l.error);
    proc_error_unref(error);
    leaf other = {.fails = "other"};
    proc_impl *three = PROC_CONCURRENT(leaf_new(&l), leaf_new(&other), leaf_new(&l));
    error = proc_run(three, NULL);
    CHECK_INT((long long)proc_error_count(error), 2);
    proc_error_unref(error);
    proc_error_unref(l.error);
}

static void gone_through(void) {
    atomic_int destroyed = 0;
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(
        cancel, proc_error_with_typed_payload(71, "inmost", "type", &destroyed, check_destroyed));
    proc_error *error = diamonds(proc_cancel_error(cancel), LAYERS);
    CHECK(proc_error_is(error, 71) && !proc_error_is(error, 72));
    CHECK(proc_error_find_task(error, "t") == NULL);
    CHECK(proc_error_find_payload(error, "type") == &destroyed);
    CHECK(proc_error_find_payload(error, "other") == NULL);
    CHECK(proc_error_is_echo(error, cancel));
    proc_error *mixed = beside(proc_error_ref(error), proc_error_new(EIO, "own"));
    CHECK(!proc_error_is_echo(mixed, cancel));
    proc_error_unref(mixed);
    proc_cancel_unref(cancel);
    CHECK_INT(destroyed, 0);
    proc_error_unref(error);
    CHECK_INT(destroyed, 1);
}

static void as_above(void) {
    CHECK_FAILS(diamonds(proc_error_new(EIO, "disk"), 1), EIO,
                "2 errors:\n- a: disk\n- b: (as above)");
    proc_error *error = diamonds(proc_error_new(EIO, "disk"), 2);
    CHECK_FAILS(error, EIO,
                "2 errors:\n- a: 2 errors:\n- a: disk\n- b: (as above)\n- b: (as above)");
    error = diamonds(proc_error_new(EIO, "disk"), LAYERS);
    CHECK(strlen(proc_error_message(error)) < LAYERS * 100);
    proc_error_unref(error);
}

static void text_of_a_part(void) {
    proc_error *error = diamonds(proc_error_new(EIO, "disk"), 2);
    CHECK_HAS(proc_error_message(error), "- b: (as above)");
    CHECK_STR(proc_error_message(proc_error_at(error, 1)),
              "b: 2 errors:\n- a: disk\n- b: (as above)");
    proc_error_unref(error);
}

typedef struct shared_echo {
    proc_error *failure; /* NULL: none */
} shared_echo;

static proc_error *echo_in_diamonds(proc_cancel *cancel, void *user_data) {
    shared_echo *echo = user_data;
    leaf_wait_cancelled(cancel);
    proc_error *error = diamonds(proc_cancel_error(cancel), LAYERS);
    if (!echo->failure)
        return proc_error_wrap(error, "echo");
    return proc_error_wrap(beside(proc_error_ref(echo->failure), error), "mixture");
}

static void echo_of_shared(void) {
    shared_echo pure = {NULL}, mixed = {proc_error_new(72, "own")};
    proc_impl *impl = PROC_GROUP(proc_new(echo_in_diamonds, &pure, NULL), failing("first"));
    CHECK_FAILS(proc_run(impl, NULL), EIO, "first");
    impl = PROC_GROUP(proc_new(echo_in_diamonds, &mixed, NULL), failing("first"));
    proc_error *error = proc_run(impl, NULL);
    CHECK_INT((long long)proc_error_count(error), 2);
    CHECK_STR(proc_error_message(proc_error_at(error, 0)), "first");
    CHECK(proc_error_is(proc_error_at(error, 1), 72));
    proc_error_unref(error);
    proc_error_unref(mixed.failure);
}

/* What a text of that whole length says at its end. */
static void check_cut(const char *text, size_t whole) {
    const char *end = strrchr(text, '(');
    CHECK(strlen(text) <= MIB && strlen(text) > MIB - 100);
    if (CHECK(end && end - text > 4)) {
        size_t told = (size_t)(end - text) - strlen("... ");
        CHECK_INT(strtoll(end + 1, NULL, 10), (long long)(whole - told));
        CHECK_HAS(end, " bytes left out)");
    }
}

/* U+20AC is of 3 bytes: none of them is told without the others. */
static char *many_euros(size_t count) {
    char *text = malloc(3 * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + 3 * i, "\xE2\x82\xAC", 4);
    return text;
}

static void longest(void) {
    const size_t euros = MIB / 3;
    char *text = many_euros(euros);
    for (int shift = 0; shift < 3; shift++) {
        proc_error *error = proc_error_wrap(proc_error_new(EIO, text), "%.*s", shift, "xx");
        const char *cut = proc_error_message(error);
        check_cut(cut, (size_t)shift + 2 + 3 * euros);
        CHECK_INT((strrchr(cut, '(') - cut - shift - 2 - 4) % 3, 0);
        proc_error_unref(error);
    }
    free(text);
    proc_error *errors[1000];
    for (int i = 0; i < 1000; i++)
        errors[i] = proc_errorf(EIO, "%02000d", i);
    proc_error *error = proc_error_merge(errors, 1000);
    check_cut(proc_error_message(error), strlen("1000 errors:") + 1000 * (2000 + strlen("\n- ")));
    proc_error_unref(error);
}

static void own_text(void) {
    char *text = many_euros(MIB);
    CHECK_FAILS(proc_error_new(EIO, text), EIO, text);
    free(text);
}

CHECK_MAIN(CASE(listed_once), CASE(gone_through), CASE(as_above), CASE(text_of_a_part),
           CASE(echo_of_shared), CASE(longest), CASE(own_text))
