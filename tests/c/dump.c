/* proc_dump. Laws:
 *
 *   tree            Every running process is a line, below what it is inside of, on whatever thread: runs, combinators, tasks
 *                   and regions with their names, callbacks with their addresses. What has ended is not there.
 *   what_it_does    Running, in proc_wait, in a proc_run of its own, joining its children, or waiting for its signal.
 *   places          How many places of a nursery with a limit are taken, and how many calls wait for one.
 *   not_started     … and how many children nobody has begun yet.
 *   cancelled       … and why its handle is cancelled, from then on; also of one that was cancelled from above.
 *   thread_ids      The thread is the kernel's number of the thread that runs it.
 *   thread_ids_of_helpers  … also if that is one which helps with the fan-out of another.
 *   json            The same as JSON, in which names may hold anything.
 *   nothing_runs    If nothing runs, that is what it says.
 *   bad_input       An unknown format, a descriptor that is none, a pipe that nobody reads: errors that say so.
 *   slow_reader     A full pipe that does not block is waited for, and everything arrives.
 *   under_load      1,000 dumps while four threads run trees: each is whole.
 */
#include "asleep.h"
#include "child.h"
#include "dumped.h"
#include "interpose.h"
#include "leaf.h"
#include <fcntl.h>
#include <sys/stat.h>

static void check_dump(proc_dump_format format, const char *const *parts, size_t count) {
    char *text = dump(format);
    const char *at = text;
    for (size_t i = 0; i < count && at; i++) {
        at = strstr(at, parts[i]);
        if (!CHECK(at != NULL))
            fprintf(stderr, "missing, or not in this place: %s\nin:\n%s\n", parts[i], text);
    }
    free(text);
}

/* The dump has all of these in it, in this order. */
#define CHECK_DUMP(...)                                                                            \
    check_dump(PROC_DUMP_TEXT, (const char *const[]){__VA_ARGS__},                                 \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define CHECK_JSON(...)                                                                            \
    check_dump(PROC_DUMP_JSON, (const char *const[]){__VA_ARGS__},                                 \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

typedef struct looker {
    gate arrived; /* opened by each who is in place */
    size_t others;
    void (*look)(void);
} looker;

/* Waits until the others are where they wait for cancellation, looks, and cancels them. */
static proc_error *look_and_end(proc_cancel *cancel, void *user_data) {
    looker *l = user_data;
    GATE_WAIT_FOR(&l->arrived, l->others);
    free(
        dump_until(", proc_wait\n", l->others)); /* They open the gate a moment before they wait. */
    l->look();
    proc_cancel_trigger(cancel, NULL);
    return NULL;
}

static proc_error *arrive_and_wait(proc_cancel *cancel, void *user_data) {
    gate_open(&((looker *)user_data)->arrived);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void look_at(looker *l, proc_impl *impl) {
    CHECK_OK(
        proc_run(PROC_GROUP(impl, proc_task("looker", proc_new(look_and_end, l, NULL))), NULL));
}

static void look_at_tree(void) {
    CHECK_DUMP("\nproc_run, thread ", "\n└─group, thread ", "task web #",
               "trace_region parse, thread ", "sequence, thread ", "callback 0x", ", proc_wait\n");
    CHECK_DUMP("task looker #", "callback 0x");
    char *text = dump(PROC_DUMP_TEXT);
    CHECK(strstr(text, "task done") == NULL);
    free(text);
}

static void tree(void) {
    looker l = {.others = 1, .look = look_at_tree};
    gate_init(&l.arrived);
    proc_impl *waiting = proc_new(arrive_and_wait, &l, NULL);
    proc_impl *steps = PROC_SEQUENCE(proc_task("done", succeeding()), waiting);
    look_at(&l, proc_task("web", proc_trace_region("parse", steps)));
}

static proc_error *run_waiting(proc_cancel *cancel, void *user_data) {
    proc_impl *waiting = proc_new(arrive_and_wait, user_data, NULL);
    return proc_run(proc_task("inner", waiting), cancel);
}

static void look_at_nested(void) {
    CHECK_DUMP("task outer #", "─callback 0x", ", proc_run\n", "proc_run, thread ", "task inner #",
               "callback 0x", ", proc_wait\n");
    CHECK_JSON("\"name\":\"inner\",\"path\":\"outer/inner\"", "\"doing\":\"proc_wait\"");
}

static void nested(void) {
    looker l = {.others = 1, .look = look_at_nested};
    gate_init(&l.arrived);
    look_at(&l, proc_task("outer", proc_new(run_waiting, &l, NULL)));
}

/* The caller's thread runs the first child, which ends; then it has nothing to do but join the others. */

static proc_error *leave_first(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_WAIT_FOR(&((looker *)user_data)->arrived, 2);
    return NULL;
}

static void look_for(const char *process, const char *doing) {
    char *text = dump_until(doing, 1);
    CHECK_HAS(text, process);
    free(text);
}

static void look_at_joining(void) { look_for("group, thread ", ", joining children\n"); }
static void look_at_any(void) { look_for("any, thread ", ", joining children\n"); }
static void look_at_nursery(void) {
    look_for("nursery, thread ", ", 2 of 3 places taken, joining children\n");
    CHECK_JSON("\"kind\":\"nursery\"", "\"places\":{\"limit\":3,\"taken\":2,\"wanted\":0}");
}

static proc_error *fail_first(proc_cancel *cancel, void *user_data) {
    proc_error_unref(leave_first(cancel, user_data));
    return proc_error_new(EIO, "first");
}

static proc_error *spawn_and_leave(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    for (int i = 0; i < 2; i++)
        CHECK_OK(proc_spawn(nursery, proc_new(arrive_and_wait, user_data, NULL)));
    return leave_first(cancel, user_data);
}

static void joining(void) {
    looker l = {.others = 2, .look = look_at_joining};
    gate_init(&l.arrived);
    proc_impl *waiting = proc_new(arrive_and_wait, &l, NULL);
    look_at(&l, PROC_GROUP(proc_new(leave_first, &l, NULL), proc_ref(waiting), proc_ref(waiting)));
    l.look = look_at_any;
    gate_init(&l.arrived);
    /* Here another thread may be the first to take the first child, if there is time for that. */
    if (order_is_seen())
        look_at(&l, PROC_ANY(proc_new(fail_first, &l, NULL), proc_ref(waiting), proc_ref(waiting)));
    proc_unref(waiting);
    l.look = look_at_nursery;
    gate_init(&l.arrived);
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = 3;
    look_at(&l, proc_with_nursery(spawn_and_leave, &l, NULL, &options));
}

static proc_error *spawn_too_many(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 2; i++)
        proc_error_unref(proc_spawn(nursery, proc_new(arrive_and_wait, user_data, NULL)));
    return NULL;
}

static void look_at_places(void) {
    look_for("nursery, thread ", ", proc_spawn\n");
    CHECK_DUMP(", 1 of 1 places taken, 1 wanted\n");
    CHECK_JSON("\"places\":{\"limit\":1,\"taken\":1,\"wanted\":1}");
}

static void places(void) {
    looker l = {.others = 1, .look = look_at_places};
    gate_init(&l.arrived);
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = 1;
    look_at(&l, proc_with_nursery(spawn_too_many, &l, NULL, &options));
}

static void look_at_on_signal(void) {
    look_for("on_signal SIGHUP, thread ", ", waiting for its signal\n");
    CHECK_JSON("\"kind\":\"on_signal\",\"name\":\"SIGHUP\"",
               "\"doing\":\"waiting for its signal\"");
}

static void on_signal(void) {
    looker l = {.others = 0, .look = look_at_on_signal};
    gate_init(&l.arrived);
    look_at(&l, proc_on_signal(SIGHUP, succeeding()));
}

static void what_it_does(void) {
    nested();
    joining();
    on_signal();
}

/* Nobody else can begin the other four, for there is no thread to be had. */
static proc_error *look_at_unclaimed(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    bool *has_looked = user_data;
    if (!*has_looked) {
        *has_looked = true;
        CHECK_DUMP("group, thread ", "\n  ├─4 not yet started\n  └─callback 0x");
        CHECK_JSON("\"kind\":\"group\"", "\"not_started\":4,\"children\":[{\"kind\":\"callback\"");
    }
    return NULL;
}

static void not_started_role(void) {
    bool has_looked = false;
    threads_left = 1; /* the sentinel */
    proc_impl *one = proc_new(look_at_unclaimed, &has_looked, NULL);
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(one), proc_ref(one), proc_ref(one), proc_ref(one), one),
                      NULL));
    CHECK(has_looked);
}

static void not_started(void) { child_run("not_started_role"); }

static proc_error *look_when_cancelled(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK_DUMP("proc_run, thread ", "group, thread ");
    proc_cancel_trigger(cancel, proc_error_new(77, "the disk\nis full"));
    CHECK_DUMP("group, thread ", ", cancelled 0.", " s ago: the disk\\nis full\n", "callback 0x",
               " s ago: (as above)\n");
    CHECK_JSON("\"cancelled\":{\"age_ns\":", ",\"code\":77,\"cause\":\"the disk\\u000ais full\"}",
               ",\"code\":77,\"cause\":\"(as above)\"}");
    return NULL;
}

static void cancelled(void) {
    CHECK_OK(proc_run(PROC_GROUP(PROC_GROUP(proc_new(look_when_cancelled, NULL, NULL))), NULL));
}

static proc_error *look_for_thread(proc_cancel *cancel, void *user_data) {
    char line[60];
    unsigned long long id = proc_trace_task_id(cancel);
    (void)user_data;
    snprintf(line, sizeof line, "task mine #%llu, thread %d, ", id, (int)gettid());
    CHECK_DUMP(line);
    return NULL;
}

static void *run_on_thread(void *user_data) {
    CHECK_OK(proc_run(proc_ref(user_data), NULL));
    return NULL;
}

static void thread_ids(void) {
    proc_impl *impl = proc_task("mine", proc_new(look_for_thread, NULL, NULL));
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        CHECK_INT(pthread_create(&thread, NULL, run_on_thread, impl), 0);
        pthread_join(thread, NULL);
    }
    CHECK_OK(proc_run(impl, NULL));
}

/* Two callbacks with nothing between them and their group: the caller's thread runs one, another one the other. */
enum { TOGETHER = 2 };
static struct {
    gate here, looked;
    atomic_int threads[TOGETHER], next;
} together;

static void look_for_both(void) {
    char *text = dump(PROC_DUMP_TEXT);
    for (int i = 0; i < TOGETHER; i++) {
        char part[40];
        snprintf(part, sizeof part, ", thread %d, ", together.threads[i]);
        const char *callback = strstr(text, "callback 0x");
        while (callback && strncmp(strchr(callback, ','), part, strlen(part)) != 0)
            callback = strstr(callback + 1, "callback 0x");
        if (!CHECK(callback != NULL))
            fprintf(stderr, "no callback on thread %d in:\n%s\n", together.threads[i], text);
    }
    free(text);
}

static proc_error *be_there_together(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    int number = atomic_fetch_add(&together.next, 1);
    together.threads[number] = (int)gettid();
    GATE_MEET(&together.here, TOGETHER);
    if (number == 0)
        look_for_both();
    GATE_MEET(&together.looked, TOGETHER);
    return NULL;
}

static void thread_ids_of_helpers(void) {
    gate_init(&together.here);
    gate_init(&together.looked);
    proc_impl *one = proc_new(be_there_together, NULL, NULL);
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(one), one), NULL));
    CHECK(together.threads[0] != together.threads[1]);
}

static proc_error *look_at_names(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_JSON(
        "{\"processes\":[{\"kind\":\"proc_run\"", "\"kind\":\"task\",\"name\":\"a\\\"b\\\\\"",
        "\"name\":\"line\\u000abreak\",\"path\":\"a\\\"b\\\\/line\\u000abreak\"", "\"name\":\"\",",
        "\"name\":\"\xEF\xBF\xBD\"", "\"function\":\"0x", "\"children\":[]}]}]}]}]}]}]}\n");
    return NULL;
}

static void json(void) {
    proc_impl *impl = proc_new(look_at_names, NULL, NULL);
    impl = proc_task("line\nbreak", proc_trace_region("", proc_trace_region("\xFF", impl)));
    CHECK_OK(proc_run(proc_task("a\"b\\", impl), NULL));
}

static void nothing_runs(void) {
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_STR(text, "procession: 0 running\n");
    free(text);
    text = dump(PROC_DUMP_JSON);
    CHECK_STR(text, "{\"processes\":[]}\n");
    free(text);
}

static void bad_input(void) {
    int ends[2];
    CHECK_FAILS(proc_dump(1, (proc_dump_format)7), EINVAL,
                "proc_dump: format is 7, neither PROC_DUMP_TEXT nor PROC_DUMP_JSON");
    CHECK_FAILS(proc_dump(-1, PROC_DUMP_TEXT), EBADF,
                "proc_dump: descriptor -1: Bad file descriptor");
    CHECK_INT(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    proc_error *error = proc_dump(ends[1], PROC_DUMP_TEXT);
    CHECK_INT(proc_error_code(error), EPIPE);
    proc_error_unref(error);
    close(ends[1]);
}

static void *drain(void *user_data) {
    char part[512];
    size_t total = 0;
    for (ssize_t length; (length = read(*(int *)user_data, part, sizeof part)) > 0;)
        total += (size_t)length;
    CHECK_INT((long long)total, 65536 + (long long)strlen("procession: 0 running\n"));
    return NULL;
}

static void slow_reader(void) {
    int ends[2];
    pthread_t reader;
    char filling[65536];
    memset(filling, 'x', sizeof filling);
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], filling, sizeof filling) > 0)
        ;
    CHECK_INT(pthread_create(&reader, NULL, drain, &ends[0]), 0);
    CHECK_OK(proc_dump(ends[1], PROC_DUMP_TEXT));
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
}

static atomic_bool enough;

static void *run_trees(void *user_data) {
    (void)user_data;
    while (!enough) {
        proc_impl *pair = PROC_GROUP(succeeding(), proc_task("leaf", succeeding()));
        proc_impl *steps = PROC_SEQUENCE(succeeding(), proc_trace_region("r", succeeding()));
        CHECK_OK(proc_run(proc_task("tree", PROC_CONCURRENT(pair, steps, succeeding())), NULL));
    }
    return NULL;
}

/* Nothing is cut off, and every leaf is in its tree. */
static void check_whole(const char *text) {
    check_balanced(text);
    for (const char *at = text; (at = strstr(at, "\"name\":\"leaf\"")); at++)
        CHECK(strncmp(at, "\"name\":\"leaf\",\"path\":\"tree/leaf\"", 32) == 0);
}

static void under_load(void) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    enough = false;
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, run_trees, NULL), 0);
    for (size_t i = check_scaled(1000); i > 0; i--) {
        char *text = dump(PROC_DUMP_JSON);
        check_whole(text);
        free(text);
    }
    enough = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    nothing_runs();
}

CHECK_MAIN(CASE(tree), CASE(what_it_does), CASE(places), CASE(not_started), ROLE(not_started_role),
           CASE(cancelled), CASE(thread_ids), CASE(thread_ids_of_helpers), CASE(json),
           CASE(nothing_runs), CASE(bad_input), CASE(slow_reader), CASE(under_load))
