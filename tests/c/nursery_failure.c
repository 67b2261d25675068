/* What a nursery does with the errors of its children (on_failure). Laws:
 *
 *   swallowed        An error for which it returns NULL fails nothing; the others go on, and it is gone.
 *   replaced         What it returns is the nursery's error, and the cause.
 *   on_its_thread    It runs on the thread where the child ended, which counts until it returns, and may call anything.
 *   not_the_body     It is not asked about the body's error,
 *   not_echoes       nor about what only passes on why the nursery was cancelled; other errors are asked about then, too.
 *   flat             A million children whose errors are swallowed leave nothing behind.
 */
#include "nursery.h"
#include <malloc.h>

typedef struct log {
    atomic_int calls, last;
    pthread_t thread;
    proc_nursery *nursery;
    const char *instead;
    size_t counted;
} log_of;

static proc_error *note_failure(proc_error *error, void *user_data) {
    log_of *l = user_data;
    l->calls++;
    l->last = proc_error_code(error);
    l->thread = pthread_self();
    if (l->nursery)
        l->counted = proc_nursery_count(l->nursery);
    proc_error_unref(error);
    return l->instead ? proc_error_new(90, l->instead) : NULL;
}

static proc_nursery_options logged(log_of *l) {
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.on_failure = note_failure;
    options.user_data = l;
    return options;
}

static proc_error *spawn_failing(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    for (int i = 0; i < 10; i++)
        CHECK_OK(proc_spawn(nursery, failing("one of ten")));
    CHECK_OK(proc_spawn(nursery, leaf_new(user_data)));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static void swallowed(void) {
    log_of l = {0};
    leaf other = {0};
    proc_nursery_options options = logged(&l);
    CHECK_OK(nursery_run(spawn_failing, &other, NULL, &options));
    CHECK_INT(l.calls, 10);
    CHECK_INT(l.last, EIO);
    CHECK_INT(other.runs, 1);
}

static proc_error *spawn_one(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    leaf_wait_cancelled(cancel);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), "instead");
    return proc_cancel_error(cancel);
}

static void replaced(void) {
    log_of l = {.instead = "instead"};
    leaf one = {.fails = "as it was"};
    proc_nursery_options options = logged(&l);
    CHECK_FAILS(nursery_run(spawn_one, &one, NULL, &options), 90, "instead");
    CHECK_INT(l.calls, 1);
}

static proc_error *spawn_into_log(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    ((log_of *)(void *)l->error)->nursery = nursery;
    l->error = NULL;
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    return NULL;
}

static void on_its_thread(void) {
    log_of l = {0};
    leaf one = {.fails = "fails", .error = (proc_error *)(void *)&l};
    proc_nursery_options options = logged(&l);
    CHECK_OK(nursery_run(spawn_into_log, &one, NULL, &options));
    CHECK(pthread_equal(l.thread, one.thread));
    CHECK(!pthread_equal(l.thread, pthread_self()));
    CHECK_INT(l.counted, 1);
}

static proc_error *fail_itself(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)nursery, (void)cancel;
    return proc_error_new(91, user_data);
}

static void not_the_body(void) {
    log_of l = {0};
    proc_nursery_options options = logged(&l);
    CHECK_FAILS(nursery_run(fail_itself, (void *)"the body", NULL, &options), 91, "the body");
    CHECK_INT(l.calls, 0);
}

static proc_error *cancel_two(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *both = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(&both[0])));
    CHECK_OK(proc_spawn(nursery, leaf_new(&both[1])));
    GATE_WAIT_FOR(both[0].started, 2);
    proc_cancel_trigger(cancel, proc_error_new(92, "stop"));
    return NULL;
}

static void not_echoes(void) {
    log_of l = {0};
    gate started;
    gate_init(&started);
    proc_nursery_options options = logged(&l);
    leaf both[] = {{.started = &started, .until_cancelled = true},
                   {.started = &started, .until_cancelled = true, .fails = "other", .code = 93}};
    CHECK_FAILS(nursery_run(cancel_two, both, NULL, &options), 92, "stop");
    CHECK_INT(l.calls, 1);
    CHECK_INT(l.last, 93);
}

static proc_error *spawn_a_million(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    size_t *sizes = user_data, many = check_scaled(1000000);
    for (size_t i = 0; i < many; i++) {
        CHECK_OK(proc_spawn(nursery, failing("one of many")));
        if (i == many / 10)
            sizes[0] = mallinfo2().uordblks;
    }
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    sizes[1] = mallinfo2().uordblks;
    return NULL;
}

/* Each thread that helps keeps the memory of up to 64 children, to give it back together, and the C library keeps some more; how many threads do, differs
 * from one moment to another. What grew by a word a child would have grown by megabytes. */
static void flat(void) {
    enum { THREADS = 16, KEPT_BY_ONE = 16 << 10 };
    log_of l = {0};
    size_t sizes[2] = {0};
    proc_nursery_options options = logged(&l);
    options.limit = THREADS;
    CHECK_OK(nursery_run(spawn_a_million, sizes, NULL, &options));
    CHECK_INT(l.calls, (long long)check_scaled(1000000));
    CHECK(sizes[1] <= sizes[0] + THREADS * KEPT_BY_ONE);
}

CHECK_MAIN(CASE(swallowed), CASE(replaced), CASE(on_its_thread), CASE(not_the_body),
           CASE(not_echoes), CASE(flat))
