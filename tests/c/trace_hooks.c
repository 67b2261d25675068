/* Hooks: the program is told what happens. Laws:
 *
 *   told           Each hook is told of what it is for, in order, on the thread on which it happens.
 *   regions_once   A region ends once: not again, not on another thread, and not after the one around it, with which it ends,
 *                  before that. The same while nobody is told in between, and for regions inside of each other without end.
 *   words          A task's word is what task_begin has returned for it, also for what is below it and on other threads; after
 *                  task_end, for other hooks, and if it began before these, it is NULL.
 *   outcomes       task_end is told the error, or why it was cancelled; what only passes that on has not failed.
 *   elsewhere      Children on other threads, and jobs, are told of as a spawn and an arrival with the same number.
 *   enabled        Hooks make proc_trace_enabled true; a trace may be on too, and has the same.
 *   replacing      When setting hooks returns, the former are not running, and are called no more.
 *   within         A hook cannot set hooks, and what it does is not told to hooks …
 *   within_helped  … on whatever thread: neither can what it runs on others.
 *   empty          Each hook may be NULL.
 *   bad_input      A size that was not set, or an unknown field, is an error that says so; the former hooks stay.
 */
#include "leaf.h"
#include "trace_file.h"
#include <stdarg.h>

/* What was told, as a text; and what the hooks are to do. */
typedef struct teller {
    pthread_mutex_t mutex;
    char text[4000];
    char *last_word;
    gate *enters;
    gate *leaves;
} teller;

#define TELLER                                                                                     \
    { .mutex = PTHREAD_MUTEX_INITIALIZER }

__attribute__((format(printf, 2, 3))) static void note(teller *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&t->mutex);
    size_t length = strlen(t->text);
    vsnprintf(t->text + length, sizeof t->text - length, format, arguments);
    pthread_mutex_unlock(&t->mutex);
    va_end(arguments);
}

static const char *name_of(const proc_trace_task *task) { return task ? task->task_type : "-"; }

static const char *word_of(const proc_trace_task *task) {
    return task && task->word ? task->word : "-";
}

/* A task's word is its path. */
static void *task_begin(const proc_trace_task *task, const proc_trace_task *parent,
                        void *user_data) {
    teller *t = user_data;
    char *word = NULL;
    CHECK(task->id != 0 && task->word == NULL);
    CHECK(asprintf(&word, "%s/%s", word_of(parent), task->task_type) > 0);
    note(t, "begin %s in %s;", task->task_type, name_of(parent));
    return t->last_word = word;
}

static void task_end(const proc_trace_task *task, const proc_error *error, const proc_error *cause,
                     void *teller) {
    note(teller, "end %s", word_of(task));
    if (error)
        note(teller, " error %s", proc_error_message(error));
    if (cause)
        note(teller, " cause %s", proc_error_message(cause));
    note(teller, ";");
    free(task->word);
}

/* Those that the thread is inside of, innermost last. */
static _Thread_local uint64_t regions[100];
static _Thread_local size_t inside;

static void region_begin(const proc_trace_task *task, uint64_t region, const char *type,
                         void *teller) {
    regions[inside++] = region;
    note(teller, "region %s in %s;", type, word_of(task));
}

static void region_end(uint64_t region, void *teller) {
    CHECK(inside > 0 && region == regions[--inside]);
    note(teller, "region ends;");
}

static void said(const proc_trace_task *task, const char *category, const char *message,
                 void *user_data) {
    teller *t = user_data;
    note(t, "log %s: %s in %s;", category, message, word_of(task));
    if (t->enters)
        gate_open(t->enters);
    if (t->leaves)
        GATE_WAIT(t->leaves);
}

static _Atomic uint64_t spawned;
static _Atomic pthread_t spawner;

static void spawn(const proc_trace_task *task, uint64_t number, void *teller) {
    spawned = number;
    spawner = pthread_self();
    note(teller, "spawn in %s;", word_of(task));
}

static void arrive(const proc_trace_task *task, uint64_t number, void *teller) {
    CHECK(number == spawned && !pthread_equal(spawner, pthread_self()));
    note(teller, "arrive in %s;", word_of(task));
}

static void set(teller *t) {
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.task_begin = task_begin;
    hooks.task_end = task_end;
    hooks.region_begin = region_begin;
    hooks.region_end = region_end;
    hooks.log = said;
    hooks.spawn = spawn;
    hooks.arrive = arrive;
    hooks.user_data = t;
    CHECK_OK(proc_trace_set_hooks(&hooks));
}

static void unset(void) { CHECK_OK(proc_trace_set_hooks(NULL)); }

static proc_error *speak(proc_cancel *cancel, void *user_data) {
    proc_region *region = proc_region_begin(cancel, "by hand");
    proc_trace_log(cancel, "test", user_data);
    proc_region_end(region);
    return NULL;
}

static void told(void) {
    teller t = TELLER;
    set(&t);
    proc_impl *leaf = proc_new(speak, "hello", NULL);
    CHECK_OK(proc_run(proc_task("a", proc_trace_region("r", proc_task("b", leaf))), NULL));
    proc_trace_log(NULL, NULL, "outside");
    unset();
    CHECK_OK(proc_run(proc_task("unseen", succeeding()), NULL));
    CHECK_STR(t.text, "begin a in -;region r in -/a;begin b in a;region by hand in -/a/b;"
                      "log test: hello in -/a/b;region ends;end -/a/b;region ends;end -/a;"
                      "log : outside in -;");
}

static void *end_region(void *region) {
    proc_region_end(region);
    return NULL;
}

static void end_elsewhere(proc_region *region) {
    pthread_t thread;
    pthread_create(&thread, NULL, end_region, region);
    pthread_join(thread, NULL);
}

static void end_twice(proc_region *region) {
    end_elsewhere(region);
    proc_region_end(region);
    proc_region_end(region);
}

static void regions_once(void) {
    enum { DEEP = 100 };
    static proc_region *deep[DEEP];
    teller t = TELLER, other = TELLER;
    set(&t);
    proc_region *outer = proc_region_begin(NULL, "outer"),
                *inner = proc_region_begin(NULL, "inner");
    end_twice(inner);
    CHECK_STR(t.text, "region outer in -;region inner in -;region ends;");
    proc_region_begin(NULL, "left open");
    end_twice(outer);
    end_twice(inner);
    CHECK_HAS(t.text, "inner in -;region ends;region left open in -;region ends;region ends;");
    CHECK(inside == 0);
    proc_region *unheard = proc_region_begin(NULL, "unheard");
    unset();
    proc_region_end(unheard);
    inside = 0;
    set(&other);
    proc_region_end(unheard);
    CHECK_STR(other.text, "");
    for (int i = 0; i < DEEP; i++)
        deep[i] = proc_region_begin(NULL, "");
    for (int i = DEEP; i-- > 0;)
        end_twice(deep[i]);
    CHECK(inside == 0);
    unset();
}

static void words(void) {
    teller first = TELLER, second = TELLER;
    proc_cancel *before = proc_task_begin(NULL, "before");
    set(&first);
    proc_cancel *task = proc_task_begin(before, "task"), *kept = proc_cancel_ref(task);
    proc_trace_log(before, "", "1");
    proc_trace_log(task, "", "2");
    proc_task_end(task, NULL);
    proc_trace_log(kept, "", "3");
    proc_cancel *longer = proc_task_begin(NULL, "longer");
    set(&second);
    proc_trace_log(longer, "", "4");
    proc_task_end(longer, NULL);
    proc_task_end(before, NULL);
    unset();
    CHECK_STR(first.text, "begin task in before;log : 1 in -;log : 2 in -/task;end -/task;"
                          "log : 3 in -;begin longer in -;");
    CHECK_STR(second.text, "log : 4 in -;end -;end -;");
    proc_cancel_unref(kept);
    free(first.last_word); /* Nobody else was given that of `longer`. */
}

static void outcomes(void) {
    teller t = TELLER;
    leaf waits = {.until_cancelled = true};
    proc_cancel *cancel = proc_cancel_new(NULL);
    set(&t);
    CHECK_FAILS(proc_run(proc_task("fails", failing("broken")), NULL), EIO, "fails: broken");
    proc_cancel_trigger(cancel, proc_error_new(EINTR, "enough"));
    CHECK_FAILS(proc_run(proc_task("stops", leaf_new(&waits)), cancel), EINTR, "stops: enough");
    CHECK_FAILS(proc_run(proc_task("both", failing("broken")), cancel), EIO, "both: broken");
    unset();
    CHECK_STR(t.text, "begin fails in -;end -/fails error broken;"
                      "begin stops in -;end -/stops cause enough;"
                      "begin both in -;end -/both error broken cause enough;");
    proc_cancel_unref(cancel);
}

static void elsewhere(void) {
    teller t = TELLER;
    gate met;
    gate_init(&met);
    leaf waits = {.waits = &met}, opens = {.opens = &met};
    set(&t);
    proc_impl *both = PROC_CONCURRENT(leaf_new(&waits), leaf_new(&opens));
    CHECK_OK(proc_run(proc_task("task", both), NULL));
    CHECK_HAS(t.text, "begin task in -;spawn in -/task;arrive in -/task;");
    t.text[0] = '\0';
    CHECK_OK(proc_job_join(proc_start(succeeding(), NULL, NULL, NULL)));
    unset();
    CHECK_STR(t.text, "spawn in -;arrive in -;");
}

static void enabled(void) {
    teller t = TELLER;
    CHECK(!proc_trace_enabled());
    set(&t);
    CHECK(proc_trace_enabled());
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("trace")));
    CHECK_OK(proc_run(proc_task("task", proc_new(speak, "hello", NULL)), NULL));
    CHECK_OK(proc_trace_stop());
    CHECK(size_of(in_directory("trace")) > 300);
    CHECK_HAS(t.text, "begin task in -;region by hand in -/task;log test: hello in -/task;");
    CHECK(proc_trace_enabled());
    unset();
    CHECK(!proc_trace_enabled());
    remove_directory();
}

static void *log_one(void *unused) {
    proc_trace_log(NULL, "", "from a thread");
    return unused;
}

static atomic_bool is_set;

static void *set_none(void *unused) {
    unset();
    is_set = true;
    return unused;
}

static void replacing(void) {
    teller t = TELLER;
    gate enters, leaves;
    pthread_t logs, sets;
    gate_init(&enters);
    gate_init(&leaves);
    t.enters = &enters;
    t.leaves = &leaves;
    set(&t);
    is_set = false;
    CHECK(pthread_create(&logs, NULL, log_one, NULL) == 0);
    GATE_WAIT(&enters);
    CHECK(pthread_create(&sets, NULL, set_none, NULL) == 0);
    /* It takes the hooks away at once, and then waits. */
    while (proc_trace_enabled())
        sched_yield();
    CHECK(!is_set);
    log_one(NULL);
    gate_open(&leaves);
    pthread_join(sets, NULL);
    pthread_join(logs, NULL);
    CHECK(is_set);
    CHECK_STR(t.text, "log : from a thread in -;");
}

static proc_error *refused;

static void log_within(const proc_trace_task *task, const char *category, const char *message,
                       void *teller) {
    (void)task, (void)category;
    note(teller, "%s;", message);
    proc_trace_log(NULL, "", "again");
    CHECK_OK(proc_run(proc_task("within", succeeding()), NULL));
    refused = proc_trace_set_hooks(NULL);
}

static void within(void) {
    teller t = TELLER;
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.task_begin = task_begin;
    hooks.log = log_within;
    hooks.user_data = &t;
    CHECK_OK(proc_trace_set_hooks(&hooks));
    log_one(NULL);
    CHECK_FAILS(refused, EDEADLK, "proc_trace_set_hooks: a hook cannot wait for itself to return");
    unset();
    CHECK_STR(t.text, "from a thread;");
}

static gate both;
static atomic_int refusals;

static proc_error *set_within(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_MEET(&both, 2);
    proc_trace_log(NULL, "", "again");
    proc_error *error = proc_trace_set_hooks(NULL);
    refusals += proc_error_code(error) == EDEADLK;
    proc_error_unref(error);
    return NULL;
}

static void log_helped(const proc_trace_task *task, const char *category, const char *message,
                       void *teller) {
    (void)task, (void)category;
    note(teller, "%s;", message);
    proc_impl *sets = proc_task("within", proc_new(set_within, NULL, NULL));
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(sets), sets), NULL));
}

static void within_helped(void) {
    teller t = TELLER;
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.task_begin = task_begin;
    hooks.log = log_helped;
    hooks.user_data = &t;
    gate_init(&both);
    CHECK_OK(proc_trace_set_hooks(&hooks));
    log_one(NULL);
    CHECK_INT(refusals, 2);
    unset();
    CHECK_STR(t.text, "from a thread;");
}

static void empty(void) {
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    CHECK_OK(proc_trace_set_hooks(&hooks));
    leaf waits = {0};
    proc_impl *both = PROC_CONCURRENT(leaf_new(&waits), proc_new(speak, "hello", NULL));
    CHECK_OK(proc_run(proc_task("task", proc_trace_region("region", both)), NULL));
    unset();
}

#define CHECK_BAD(hooks, text)                                                                     \
    CHECK_FAILS(proc_trace_set_hooks(hooks), EINVAL, "proc_trace_set_hooks: hooks" text)

static void bad_input(void) {
    struct {
        proc_trace_hooks known;
        void (*unknown)(void);
    } newer = {.known = PROC_TRACE_HOOKS_INIT};
    teller t = TELLER;
    set(&t);
    newer.known.size = sizeof newer;
    newer.unknown = unset;
    CHECK_BAD(&newer.known, " has something set that this version of the library does not know");
    newer.known.size = 0;
    CHECK_BAD(&newer.known, "->size is 0, which is not the size of any version of it");
    log_one(NULL);
    CHECK_STR(t.text, "log : from a thread in -;");
    newer.known.size = sizeof newer;
    newer.unknown = NULL;
    CHECK_OK(proc_trace_set_hooks(&newer.known));
    unset();
}

CHECK_MAIN(CASE(told), CASE(regions_once), CASE(words), CASE(outcomes), CASE(elsewhere),
           CASE(enabled), CASE(replacing), CASE(within), CASE(within_helped), CASE(empty),
           CASE(bad_input))
