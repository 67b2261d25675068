/* Thread names. Laws:
 *
 *   library_thread     A thread of the library that is handed a task carries its name.
 *   tail_kept          15 bytes, the tail kept.
 *   callers_thread     A caller's own thread is never renamed: not the main thread, not another one.
 *   handed_another     A thread that is handed another task carries that one's name.
 *   nested_run         A callback's own proc_run is inside of its task: what it runs carries that name, or that of a task of
 *                      its own; afterwards the name is as before.
 */
#include "leaf.h"

enum { TASKS = 8, NAME = 16 };

typedef struct namer {
    gate *all;
    pthread_t caller;
    char name[NAME];
    bool on_caller;
} namer;

static proc_error *read_name(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    namer *n = user_data;
    GATE_MEET(n->all, TASKS);
    n->on_caller = pthread_equal(pthread_self(), n->caller);
    CHECK_INT(pthread_getname_np(pthread_self(), n->name, NAME), 0);
    return NULL;
}

/* All tasks run at the same time, so each on a thread of its own: all but one on the library's. */
static int run_tasks(const char *const *types, namer *namers) {
    gate all;
    gate_init(&all);
    proc_impl *impls[TASKS];
    for (int i = 0; i < TASKS; i++) {
        namers[i] = (namer){.all = &all, .caller = pthread_self()};
        impls[i] = proc_task(types[i], proc_new(read_name, &namers[i], NULL));
    }
    CHECK_OK(proc_run(proc_concurrent(impls, TASKS), NULL));
    int on_library = 0;
    for (int i = 0; i < TASKS; i++)
        on_library += !namers[i].on_caller;
    CHECK(on_library >= TASKS - 1);
    return on_library;
}

/* The last 15 bytes of it. */
static const char *tail(const char *type) {
    size_t length = strlen(type);
    return length > NAME - 1 ? type + length - (NAME - 1) : type;
}

static void check_names(const char *const *types) {
    char before[NAME], after[NAME];
    pthread_getname_np(pthread_self(), before, NAME);
    namer namers[TASKS];
    run_tasks(types, namers);
    for (int i = 0; i < TASKS; i++)
        CHECK_STR(namers[i].name, namers[i].on_caller ? before : tail(types[i]));
    pthread_getname_np(pthread_self(), after, NAME);
    CHECK_STR(after, before);
}

static void library_thread(void) {
    const char *types[TASKS] = {"web",       "flush", "statistics", "x",
                                "two words", "a/b",   "a:b",        "log"};
    check_names(types);
}

static void tail_kept(void) {
    const char *types[TASKS] = {
        "123456789012345",
        "1234567890123456",
        "a-very-long-task-name",
        "another-very-long",
        "request-handler-0001",
        "request-handler-0002",
        "fourteen-bytes",
        "this type is as long as a whole sentence and then somewhat longer"};
    check_names(types);
}

static void *named_thread(void *user_data) {
    (void)user_data;
    char name[NAME];
    pthread_setname_np(pthread_self(), "mine");
    const char *types[TASKS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    check_names(types);
    CHECK_OK(proc_run(proc_task("single", succeeding()), NULL));
    pthread_getname_np(pthread_self(), name, NAME);
    CHECK_STR(name, "mine");
    return NULL;
}

static proc_error *check_own_name(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    char name[NAME];
    pthread_getname_np(pthread_self(), name, NAME);
    CHECK_STR(name, user_data);
    return NULL;
}

static void callers_thread(void) {
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, named_thread, NULL), 0);
    pthread_join(thread, NULL);
    char own[NAME];
    pthread_getname_np(pthread_self(), own, NAME);
    proc_impl *impl = proc_task("outer", proc_task("inner", proc_new(check_own_name, own, NULL)));
    CHECK_OK(proc_run(proc_ref(impl), NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(impl)), NULL));
    CHECK_OK(proc_main(PROC_SEQUENCE(proc_ref(impl), impl)));
    CHECK_OK(check_own_name(NULL, own));
}

static void handed_another(void) {
    for (int round = 0; round < 20; round++) {
        char texts[TASKS][NAME];
        const char *types[TASKS];
        for (int i = 0; i < TASKS; i++) {
            snprintf(texts[i], NAME, "round %d.%d", round, i);
            types[i] = texts[i];
        }
        check_names(types);
    }
}

typedef struct nester {
    gate both;
    pthread_t caller;
    atomic_int checked;
} nester;

static proc_error *run_nested(proc_cancel *cancel, void *user_data) {
    nester *n = user_data;
    GATE_MEET(&n->both, 2);
    if (pthread_equal(pthread_self(), n->caller))
        return NULL;
    n->checked++;
    check_own_name(NULL, "web");
    CHECK_OK(proc_run(proc_new(check_own_name, "web", NULL), cancel));
    check_own_name(NULL, "web");
    proc_impl *unnamed = PROC_SEQUENCE(proc_new(check_own_name, "web", NULL));
    proc_impl *inner = proc_task("inner", proc_new(check_own_name, "inner", NULL));
    CHECK_OK(proc_run(proc_ref(inner), NULL));
    check_own_name(NULL, "web");
    CHECK_OK(proc_main(PROC_SEQUENCE(proc_ref(unnamed), inner, unnamed)));
    check_own_name(NULL, "web");
    return NULL;
}

static void nested_run(void) {
    nester n = {.caller = pthread_self()};
    gate_init(&n.both);
    proc_impl *nesting = proc_new(run_nested, &n, NULL);
    proc_impl *both = PROC_GROUP(proc_ref(nesting), nesting);
    CHECK_OK(proc_run(proc_task("web", both), NULL));
    CHECK_INT(n.checked, 1);
}

CHECK_MAIN(CASE(library_thread), CASE(tail_kept), CASE(callers_thread), CASE(handed_another),
           CASE(nested_run))
