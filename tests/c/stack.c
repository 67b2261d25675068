/* proc_stack: processes that stand on each other. Laws:
 *
 *   upwards          Each child begins when the one before it is up, and not before: when proc_ready is called in it, on whatever
 *                    handle below its own,
 *   success          or when it has succeeded.
 *   services         If there are services in a child, it is up when all of them are; other calls in it do not count.
 *   downwards        When it is cancelled from above, they are cancelled from the last to the first, with the same cause; each has
 *                    completed before the one below hears of it.
 *   deadline         … also by a deadline,
 *   failure          … and so when one has failed, whichever; the first failure is the first error, others come after it, and what
 *                    passes on the cause is not listed.
 *   before_it_is_up  One that fails before it is up keeps those above from being started; those below are stopped.
 *   not_begun        Cancelled as one begins, or from the start, none begins any more, and the cause is the error.
 *   draining         From the beginning of the stop on, all are draining, and not before.
 *   own_handle       Cancelling a child's handle cancels nothing else; who keeps it sees it cancelled when the child has ended.
 *   inherited        Values and the task are those around it. Errors have the names of tasks.
 *   hooks            Hooks run as the stop comes down, and have run when the stack is over.
 *   together         All have a thread each: they may wait for each other.
 *   nested           Stacks in stacks stop from the last to the first, too.
 *   empty            Without children it succeeds.
 *   denied           Where no thread can be had for a child, that fails with EAGAIN, and the stack stops.
 *   bad_input        Bad input, and nothing runs.
 *   dumped           It is shown as `stack`, and each child: [0] up, [1] starting.
 */
#include "child.h"
#include "dumped.h"
#include "interpose.h"
#include "leaf.h"

enum { MOST = 4 };

/* What each child of a stack notes: that it has begun, been asked to stop, and ended. */
typedef struct scene {
    pthread_mutex_t lock;
    char log[200];
    proc_cancel *around;
    gate begun, go_on;
    pthread_t threads[MOST];
} scene;

typedef struct layer {
    scene *s;
    const char *name; /* one letter */
    bool is_up, stops_all, fails_late;
    const char *fails;
    int number;
} layer;

static void scene_init(scene *s) {
    *s = (scene){.around = proc_cancel_new(NULL)};
    pthread_mutex_init(&s->lock, NULL);
    gate_init(&s->begun);
    gate_init(&s->go_on);
}

static void note(scene *s, const char *name, const char *what) {
    pthread_mutex_lock(&s->lock);
    snprintf(s->log + strlen(s->log), sizeof s->log - strlen(s->log), "%s%s ", what, name);
    pthread_mutex_unlock(&s->lock);
}

/* +a: it begins; -a: it hears of the stop; .a: it ends. */
static proc_error *live(proc_cancel *cancel, void *user_data) {
    layer *l = user_data;
    note(l->s, l->name, "+");
    CHECK(!proc_cancelled(cancel));
    l->s->threads[l->number] = pthread_self();
    if (l->is_up) {
        proc_cancel *below = proc_cancel_new(cancel);
        proc_ready(below);
        proc_ready(cancel);
        proc_cancel_unref(below);
    }
    gate_open(&l->s->begun);
    if (l->stops_all)
        proc_cancel_trigger(l->s->around, proc_error_new(77, "enough"));
    if (l->fails)
        return note(l->s, l->name, "."), proc_error_new(5, l->fails);
    leaf_wait_cancelled(cancel);
    note(l->s, l->name, "-");
    for (int i = 0; i < 20; i++)
        sched_yield();
    note(l->s, l->name, ".");
    return l->fails_late ? proc_error_new(6, l->name) : proc_cancel_error(cancel);
}

static proc_impl *living(layer *l) { return proc_new(live, l, NULL); }

static void check_scene(scene *s, proc_impl *impl, int code, const char *text, const char *log) {
    CHECK_FAILS(proc_run(impl, s->around), code, text);
    CHECK_STR(s->log, log);
    proc_cancel_unref(s->around);
}

static proc_error *say(proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    if (l->waits)
        GATE_WAIT(l->waits);
    proc_ready(cancel);
    return leaf_run(cancel, user_data);
}

static proc_error *begin_second(proc_cancel *cancel, void *user_data) {
    leaf *first = user_data;
    (void)cancel;
    CHECK_INT(first->runs, 1);
    return NULL;
}

/* The second does not begin before the first has said that it is up. */
static proc_error *be_late(proc_cancel *cancel, void *user_data) {
    leaf *second = user_data;
    for (int i = 0; i < 200; i++)
        sched_yield();
    CHECK_INT(second->runs, 0);
    proc_ready(cancel);
    leaf_wait_cancelled(cancel);
    CHECK_INT(second->runs, 1);
    return proc_cancel_error(cancel);
}

static void upwards(void) {
    scene s;
    scene_init(&s);
    layer a = {&s, "a", .is_up = true}, b = {&s, "b", .is_up = true, .number = 1};
    layer c = {&s, "c", .stops_all = true, .number = 2};
    check_scene(&s, PROC_STACK(living(&a), living(&b), living(&c)), 77, "enough",
                "+a +b +c -c .c -b .b -a .a ");
    leaf second = {.fails = "ends it"};
    CHECK_FAILS(proc_run(PROC_STACK(proc_new(be_late, &second, NULL), leaf_new(&second)), NULL),
                EIO, "ends it");
}

static void success(void) {
    leaf l = {0}, m = {0};
    proc_impl *checks = proc_new(begin_second, &l, NULL);
    CHECK_OK(proc_run(PROC_STACK(leaf_new(&l), checks, leaf_new(&m)), NULL));
    CHECK_INT(m.runs, 1);
    CHECK(!pthread_equal(l.thread, pthread_self()));
}

/* The first says so outside of the services, then each of these does; the next child sees all of that. */
static void services(void) {
    gate outside, one, two;
    gate_init(&outside), gate_init(&one), gate_init(&two);
    leaf calls = {.opens = &outside, .until_cancelled = false};
    leaf first = {.waits = &outside, .opens = &one};
    leaf second = {.waits = &one, .opens = &two};
    leaf above = {.fails = "all were up"};
    proc_impl *both =
        PROC_GROUP(proc_service("one", proc_new(say, &first, NULL)), proc_new(say, &calls, NULL),
                   proc_task("t", proc_service("two", proc_new(say, &second, NULL))));
    CHECK_FAILS(proc_run(PROC_STACK(both, leaf_new(&above)), NULL), EIO, "all were up");
    CHECK_INT(first.runs, 1);
    CHECK_INT(second.runs, 1);
    /* One of them is never up, and all end; that is a success of the child. */
    leaf silent = {0}, then = {.fails = "then"};
    proc_impl *one_of_two = PROC_GROUP(proc_service("one", leaf_new(&silent)),
                                       proc_service("two", proc_new(say, &silent, NULL)));
    CHECK_FAILS(proc_run(PROC_STACK(one_of_two, leaf_new(&then)), NULL), EIO, "then");
}

static void downwards(void) {
    scene s;
    scene_init(&s);
    layer a = {&s, "a", .is_up = true, .fails_late = true};
    layer b = {&s, "b", .is_up = true, .number = 1}, c = {&s, "c", .is_up = true, .number = 2};
    layer d = {&s, "d", .stops_all = true, .number = 3};
    proc_error *error = proc_run(
        PROC_STACK(living(&a), living(&b), living(&c), proc_task("top", living(&d))), s.around);
    CHECK_STR(s.log, "+a +b +c +d -d .d -c .c -b .b -a .a ");
    CHECK_INT(proc_error_code(error), 6);
    CHECK_INT(proc_error_count(error), 2);
    CHECK_STR(proc_error_message(proc_error_at(error, 0)), "a");
    CHECK_HAS(proc_error_message(proc_error_at(error, 1)), "enough");
    proc_error_unref(error);
    proc_cancel_unref(s.around);
}

static void deadline(void) {
    scene s;
    scene_init(&s);
    layer a = {&s, "a", .is_up = true}, b = {&s, "b", .number = 1};
    check_scene(&s, proc_timeout(PROC_MS(500), PROC_STACK(living(&a), living(&b))), ETIMEDOUT,
                "timed out after 500 ms", "+a +b -b .b -a .a ");
}

static proc_error *fail_when_told(proc_cancel *cancel, void *user_data) {
    layer *l = user_data;
    note(l->s, l->name, "+");
    proc_ready(cancel);
    GATE_WAIT_FOR(&l->s->begun, 2);
    note(l->s, l->name, ".");
    return proc_error_new(5, l->fails);
}

static void failure(void) {
    scene s;
    scene_init(&s);
    layer a = {&s, "a", .is_up = true}, b = {&s, "b", .fails = "b fails"};
    layer c = {&s, "c", .fails_late = true};
    proc_impl *fails = proc_task("middle", proc_new(fail_when_told, &b, NULL));
    proc_error *error = proc_run(PROC_STACK(living(&a), fails, living(&c)), s.around);
    CHECK_STR(s.log, "+a +b +c .b -c .c -a .a ");
    CHECK_INT(proc_error_code(error), 5);
    CHECK_INT(proc_error_count(error), 2);
    CHECK_STR(proc_error_message(proc_error_at(error, 0)), "middle: b fails");
    CHECK_STR(proc_error_message(proc_error_at(error, 1)), "c");
    proc_error_unref(error);
    proc_cancel_unref(s.around);

    scene_init(&s);
    layer low = {&s, "a", .is_up = true}, top = {&s, "b", .fails = "b fails", .number = 1};
    check_scene(&s, PROC_STACK(living(&low), living(&top)), 5, "b fails", "+a +b .b -a .a ");
}

static void before_it_is_up(void) {
    scene s;
    scene_init(&s);
    leaf never = {0};
    layer a = {&s, "a", .is_up = true}, b = {&s, "b", .fails = "not up", .number = 1};
    check_scene(&s, PROC_STACK(living(&a), living(&b), leaf_new(&never)), 5, "not up",
                "+a +b .b -a .a ");
    CHECK_INT(never.runs, 0);
    CHECK_INT(never.destroyed, 1);
}

static void not_begun(void) {
    scene s;
    scene_init(&s);
    leaf never = {0};
    layer a = {&s, "a", .is_up = true}, b = {&s, "b", .stops_all = true, .number = 1};
    check_scene(&s, PROC_STACK(living(&a), living(&b), leaf_new(&never)), 77, "enough",
                "+a +b -b .b -a .a ");
    proc_cancel *cancelled = proc_cancel_new(NULL);
    proc_cancel_trigger(cancelled, proc_error_new(77, "enough"));
    CHECK_FAILS(proc_run(PROC_STACK(leaf_new(&never), leaf_new(&never)), cancelled), 77, "enough");
    CHECK_OK(proc_run(proc_stack(NULL, 0), cancelled));
    CHECK_INT(never.runs, 0);
    proc_cancel_unref(cancelled);
}

typedef struct drains {
    proc_cancel *around;
    gate all_up, all_drain;
} drains;

/* The last one stops the stack, and goes on until the others have seen that they drain; they are not cancelled. */
static proc_error *drain(proc_cancel *cancel, void *user_data) {
    drains *d = user_data;
    CHECK(!proc_draining(cancel) && !proc_cancelled(cancel));
    proc_ready(cancel);
    gate_open(&d->all_up);
    GATE_WAIT_FOR(&d->all_up, 3);
    CHECK(!proc_cancelled(cancel));
    while (!proc_draining(cancel))
        sched_yield();
    CHECK(!proc_cancelled(cancel));
    gate_open(&d->all_drain);
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static proc_error *stop_while_it_drains(proc_cancel *cancel, void *user_data) {
    drains *d = user_data;
    CHECK(!proc_draining(cancel));
    gate_open(&d->all_up);
    GATE_WAIT_FOR(&d->all_up, 3);
    proc_cancel_trigger(d->around, proc_error_new(77, "enough"));
    CHECK(proc_draining(cancel));
    GATE_WAIT_FOR(&d->all_drain, 2);
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static void draining(void) {
    drains d = {.around = proc_cancel_new(NULL)};
    gate_init(&d.all_up), gate_init(&d.all_drain);
    proc_impl *stack =
        PROC_STACK(proc_new(drain, &d, NULL), proc_task("t", proc_new(drain, &d, NULL)),
                   proc_new(stop_while_it_drains, &d, NULL));
    CHECK_FAILS(proc_run(stack, d.around), 77, "enough");
    proc_cancel_unref(d.around);
}

static proc_error *cancel_itself(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    proc_cancel_trigger(cancel, proc_error_new(8, "itself"));
    return NULL;
}

static proc_error *keep(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    CHECK(!proc_cancelled(cancel) && !proc_draining(cancel));
    return NULL;
}

static void own_handle(void) {
    proc_cancel *one = NULL, *two = NULL, *around = proc_cancel_new(NULL);
    CHECK_OK(proc_run(PROC_STACK(proc_new(cancel_itself, &one, NULL), proc_new(keep, &two, NULL)),
                      around));
    CHECK(!proc_cancelled(around));
    CHECK_STR(proc_error_message(proc_cancel_cause(one)), "itself");
    CHECK(proc_wait(two, PROC_FOREVER));
    CHECK_INT(proc_error_code(proc_cancel_cause(two)), ECANCELED);
    proc_cancel_unref(one);
    proc_cancel_unref(two);
    proc_cancel_unref(around);
}

static const proc_key key = {"key"};

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    CHECK(proc_value(cancel, &key) == user_data);
    CHECK(proc_current() == cancel);
    uint64_t *task = user_data, id = proc_trace_task_id(cancel);
    CHECK(id != 0 && (*task == 0 || *task == id));
    *task = id;
    return NULL;
}

static void inherited(void) {
    uint64_t task = 0;
    proc_impl *looks = proc_new(look_around, &task, NULL);
    proc_impl *stack = PROC_STACK(proc_ref(looks), PROC_GROUP(looks), failing("fails"));
    CHECK_FAILS(proc_run(proc_with_value(&key, &task, NULL, proc_task("t", stack)), NULL), EIO,
                "t: fails");
}

typedef struct hooked {
    scene *s;
    proc_hook *hooks[2];
} hooked;

static void hook_runs(void *user_data) {
    for (int i = 0; i < 50; i++)
        sched_yield();
    gate_open(&((scene *)user_data)->go_on);
}

static proc_error *with_hook(proc_cancel *cancel, void *user_data) {
    hooked *h = user_data;
    h->hooks[h->hooks[0] != NULL] = proc_on_cancel(cancel, hook_runs, h->s);
    proc_ready(cancel);
    if (h->hooks[1])
        proc_cancel_trigger(h->s->around, NULL);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void hooks(void) {
    scene s;
    scene_init(&s);
    hooked h = {.s = &s};
    proc_impl *hooks = proc_new(with_hook, &h, NULL);
    CHECK_OK(proc_run(PROC_STACK(proc_ref(hooks), hooks), s.around));
    CHECK_INT((long long)s.go_on.opened, 2);
    proc_hook_remove(h.hooks[0]);
    proc_hook_remove(h.hooks[1]);
    proc_cancel_unref(s.around);
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    GATE_MEET((gate *)user_data, 20);
    return NULL;
}

static void together(void) {
    gate met;
    gate_init(&met);
    proc_impl *impls[20];
    for (int i = 0; i < 20; i++)
        impls[i] = proc_new(meet, &met, NULL);
    CHECK_OK(proc_run(proc_stack(impls, 20), NULL));
}

static void nested(void) {
    scene s;
    scene_init(&s);
    layer a = {&s, "a", .is_up = true}, b = {&s, "b", .is_up = true, .number = 1};
    layer c = {&s, "c", .is_up = true, .number = 2}, d = {&s, "d", .stops_all = true, .number = 3};
    /* The inner one is up when both of its children are: only then d begins. */
    proc_impl *inner = PROC_STACK(living(&b), living(&c));
    check_scene(&s, PROC_STACK(living(&a), inner, living(&d)), 77, "enough",
                "+a +b +c +d -d .d -c .c -b .b -a .a ");
    proc_impl *deep = succeeding();
    for (int i = 0; i < 30; i++)
        deep = PROC_STACK(deep);
    CHECK_OK(proc_run(deep, NULL));
}

static void empty(void) {
    CHECK_OK(proc_run(proc_stack(NULL, 0), NULL));
    CHECK_OK(proc_run(PROC_STACK(proc_stack(NULL, 0), succeeding()), NULL));
}

/* In a library that has no thread yet. */
static void denied_role(void) {
    leaf l = {0};
    threads_left = 0;
    proc_impl *stack = PROC_STACK(proc_task("first", leaf_new(&l)), leaf_new(&l));
    proc_error *error = proc_run(stack, NULL);
    CHECK_INT(proc_error_code(error), EAGAIN);
    CHECK_HAS(proc_error_message(error), "first: no thread could be had");
    proc_error_unref(error);
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
}

static void denied(void) { child_run("denied_role"); }

static void bad_input(void) {
    leaf l = {0};
    CHECK_FAILS(proc_run(PROC_STACK(leaf_new(&l), NULL), NULL), EINVAL,
                "proc_stack: impls[1] is NULL");
    CHECK_FAILS(proc_run(proc_stack(NULL, 2), NULL), EINVAL,
                "proc_stack: impls is NULL, but count is 2");
    CHECK_FAILS(proc_run(PROC_STACK(leaf_new(&l), proc_task(NULL, succeeding())), NULL), EINVAL,
                "proc_task: task_type is NULL");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
}

static proc_error *look_at_dump(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    char *text = dump(PROC_DUMP_TEXT);
    const char *low = dumped_line(text, "stack [0]"), *top = dumped_line(text, "stack [1]");
    CHECK(low && dumped_line_has(low, ", up"));
    CHECK(top && dumped_line_has(top, ", starting"));
    CHECK_INSIDE(text, "task low", "stack [0]");
    CHECK_INSIDE(text, "task top", "stack [1]");
    CHECK_INSIDE(text, "stack [0]", "stack, thread");
    free(text);
    text = dump(PROC_DUMP_JSON);
    CHECK_HAS(text, "\"kind\":\"stack\",\"name\":\"[1]\"");
    CHECK_HAS(text, "\"doing\":\"up\"");
    free(text);
    return proc_error_new(EIO, "seen");
}

static proc_error *look_at_stop(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_ready(cancel);
    leaf_wait_cancelled(cancel);
    char *text = dump(PROC_DUMP_TEXT);
    const char *low = dumped_line(text, "stack [0]");
    CHECK(low && dumped_line_has(low, ", stopping, cancelled "));
    free(text);
    return proc_cancel_error(cancel);
}

static void dumped(void) {
    proc_impl *low = proc_task("low", proc_new(look_at_stop, NULL, NULL));
    proc_impl *top = proc_task("top", proc_new(look_at_dump, NULL, NULL));
    CHECK_FAILS(proc_run(PROC_STACK(low, top), NULL), EIO, "top: seen");
}

CHECK_MAIN(CASE(upwards), CASE(success), CASE(services), CASE(downwards), CASE(deadline),
           CASE(failure), CASE(before_it_is_up), CASE(not_begun), CASE(draining), CASE(own_handle),
           CASE(inherited), CASE(hooks), CASE(together), CASE(nested), CASE(empty), CASE(denied),
           ROLE(denied_role), CASE(bad_input), CASE(dumped))
