/* What the levels of a tree take of a stack (`PROC_MAX_DEPTH`, `stack_size`). Laws:
 *
 *   kilobyte           Less than 1 KiB for each combinator that is around what runs, of whatever kind, beside siblings or alone (1.25 KiB where
 *                      the processor is no x86-64).
 *   smallest_stack     So the deepest tree of each kind runs on threads with the smallest stack that can be configured.
 */
#include "child.h"
#include "leaf.h"

#ifdef __x86_64__
enum { LEVEL = 1024 };
#else
enum { LEVEL = 1280 };
#endif

static const proc_key key = {"key"};

typedef proc_impl *combinator(proc_impl *impl);

static proc_impl *only(proc_impl *impl) { return PROC_GROUP(impl); }
static proc_impl *concurrent(proc_impl *impl) { return PROC_CONCURRENT(succeeding(), impl); }
static proc_impl *group(proc_impl *impl) { return PROC_GROUP(succeeding(), impl); }
static proc_impl *sequence(proc_impl *impl) { return PROC_SEQUENCE(succeeding(), impl); }
static proc_impl *race(proc_impl *impl) { return PROC_RACE(impl); }
static proc_impl *any(proc_impl *impl) { return PROC_ANY(impl, failing("not this one")); }
static proc_impl *task(proc_impl *impl) { return proc_task("task", impl); }
static proc_impl *service(proc_impl *impl) { return proc_service("service", impl); }
static proc_impl *region(proc_impl *impl) { return proc_trace_region("region", impl); }
static proc_impl *cleaned(proc_impl *impl) { return proc_finally(impl, succeeding()); }
static proc_impl *cleanup(proc_impl *impl) { return proc_finally(succeeding(), impl); }
static proc_impl *shield(proc_impl *impl) { return proc_shield(PROC_SECONDS(1), impl); }
static proc_impl *timeout(proc_impl *impl) { return proc_timeout(PROC_SECONDS(100), impl); }
static proc_impl *value(proc_impl *impl) { return proc_with_value(&key, NULL, NULL, impl); }

static proc_impl *concurrent_limit(proc_impl *impl) {
    return proc_concurrent_limit(1, (proc_impl *[]){succeeding(), impl}, 2);
}

static proc_impl *group_limit(proc_impl *impl) {
    return proc_group_limit(1, (proc_impl *[]){succeeding(), impl}, 2);
}

static combinator *const combinators[] = {
    only,        concurrent, group,   sequence, race,
    any,         task,       service, region,   cleaned,
    cleanup,     shield,     timeout, value,    concurrent_limit,
    group_limit,
};
enum { KINDS = sizeof combinators / sizeof *combinators };

static proc_impl *nest(combinator *around, proc_impl *impl) {
    for (int i = 0; i < PROC_MAX_DEPTH; i++)
        impl = around(impl);
    return impl;
}

/* Where the stack is as something begins. */
static proc_error *look(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(char *volatile *)user_data = __builtin_frame_address(0);
    return NULL;
}

/* Children that a thread of the library runs, because the caller's was held up, begin at another stack's top: then it is run
 * again.
 */
static void kilobyte(void) {
    for (int kind = 0; kind < KINDS; kind++) {
        char *volatile deep = NULL;
        char *const here = __builtin_frame_address(0);
        long taken = -1;
        while (taken < 0 || taken > 8L << 20) {
            CHECK_OK(proc_run(nest(combinators[kind], proc_new(look, (void *)&deep, NULL)), NULL));
            taken = here - deep;
        }
        if (!CHECK(taken < (long)PROC_MAX_DEPTH * LEVEL))
            fprintf(stderr, "kind %d takes %ld bytes a level\n", kind, taken / PROC_MAX_DEPTH);
    }
}

static void smallest_stack_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.stack_size = PROC_MIN_STACK_SIZE;
    CHECK_OK(proc_configure(&config));
    for (int kind = 0; kind < KINDS; kind++) {
        leaf l = {0};
        CHECK_OK(
            proc_job_join(proc_start(nest(combinators[kind], leaf_new(&l)), NULL, NULL, NULL)));
        CHECK_INT(l.runs, 1);
    }
}

static void smallest_stack(void) { child_run("smallest_stack_role"); }

CHECK_MAIN(CASE(kilobyte), CASE(smallest_stack), ROLE(smallest_stack_role))
