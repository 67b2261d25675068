/* proc_background: a child that is there for the others. Laws:
 *
 *   others_end       It is cancelled when all others have ended, and not before, with the cause "all others have ended", which does not count.
 *   waits_for_them   That holds for others that wait without a thread, too.
 *   own_success      Its own success ends nothing.
 *   own_failure      Its failure cancels the others, and counts; so does one after it was cancelled.
 *   failure_beside   The failure of another one reaches it with its own cause.
 *   from_above       A cancellation from above does so, too, and is passed on.
 *   in_tasks         It is found through tasks and services, and through nothing else.
 *   alone            If all are of the background, they are cancelled at once.
 *   one_handle       Those of a group share a handle below the group's, which stays as it is.
 *   limited          Each takes a place of a limit.
 *   elsewhere        Anywhere else it is as if it were not there.
 *   many_runs        One process may run several times at once.
 *   bad_input        NULL and mistakes are told as ever.
 *   nursery          In a nursery, the body and what it spawns are the others, also those that wait without a thread.
 *   nursery_ends     Failures of others that on_failure takes end them as well; an echo is not given to it.
 *   nursery_late     What comes after they were cancelled is cancelled, too.
 *   nursery_place    Each takes a place of a nursery's limit, and is counted as a child.
 *   nursery_stops    A nursery's cancellation reaches it with its cause.
 *   nursery_races    Whoever is the last, nobody is forgotten.
 *   nursery_over     When a nursery has completed, nothing is left of what its background was cancelled with.
 *   stack            In a stack they are cancelled from the last to the first.
 *   stack_stops      When a stack stops, they are layers as the others.
 *   stack_begins     Once all others have ended, none begins any more; one that is not up holds up nothing.
 */
#include "leaf.h"

/* Waits for its cancellation, because of the end of the others. */
static proc_error *outlast(proc_cancel *cancel, void *user_data) {
    leaf_wait_cancelled(cancel);
    const proc_error *cause = proc_cancel_cause(cancel);
    CHECK_INT(proc_error_code(cause), ECANCELED);
    CHECK_STR(proc_error_message(cause), "all others have ended");
    if (user_data)
        ++*(atomic_int *)user_data;
    return proc_cancel_error(cancel);
}

static proc_impl *outlasting(atomic_int *count) {
    return proc_background(proc_new(outlast, count, NULL));
}

/* Waits for its cancellation for any other reason. */
static proc_error *be_cancelled(proc_cancel *cancel, void *user_data) {
    leaf_wait_cancelled(cancel);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), user_data);
    return proc_cancel_error(cancel);
}

static proc_impl *cancelled_for(const char *why) {
    return proc_new(be_cancelled, (void *)why, NULL);
}

typedef struct scene {
    gate begun, go;
    atomic_int ended;
    proc_cancel *seen;
    proc_nursery *nursery;
} scene;

static void scene_init(scene *s) {
    *s = (scene){0};
    gate_init(&s->begun);
    gate_init(&s->go);
}

/* Shows its handle, and outlasts the others. */
static proc_error *show(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    s->seen = cancel;
    gate_open(&s->begun);
    return outlast(cancel, &s->ended);
}

/* Looks at it when only this one is left. */
static proc_error *look(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    GATE_WAIT(&s->begun);
    CHECK(!proc_cancelled(s->seen) && !proc_cancelled(cancel));
    CHECK_INT(s->ended, 0);
    return NULL;
}

static void others_end(void) {
    scene s;
    scene_init(&s);
    CHECK_OK(proc_run(PROC_GROUP(proc_background(proc_new(show, &s, NULL)), succeeding(),
                                 proc_new(look, &s, NULL), outlasting(&s.ended)),
                      NULL));
    CHECK_INT(s.ended, 2);
}

static proc_error *complete(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_promise_complete(user_data, NULL);
    return NULL;
}

static void waits_for_them(void) {
    atomic_int ended = 0;
    CHECK_OK(proc_run(PROC_GROUP(outlasting(&ended), proc_delay(PROC_MS(2))), NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_delay(PROC_MS(1)), outlasting(&ended),
                                 proc_task("t", proc_delay(PROC_MS(2)))),
                      NULL));
    proc_promise *promise = proc_promise_new();
    CHECK_OK(proc_run(PROC_GROUP(proc_await(promise), outlasting(&ended), succeeding(),
                                 proc_new(complete, promise, NULL)),
                      NULL));
    proc_promise_unref(promise);
    CHECK_OK(proc_run(PROC_GROUP(proc_background(proc_delay(PROC_FOREVER)), succeeding()), NULL));
    CHECK_INT(ended, 3);
}

static void own_success(void) {
    scene s;
    scene_init(&s);
    leaf first = {.opens = &s.go}, other = {.waits = &s.go};
    CHECK_OK(proc_run(PROC_GROUP(proc_background(leaf_new(&first)), leaf_new(&other)), NULL));
    CHECK(!other.saw_cancelled);
    CHECK_OK(proc_run(PROC_GROUP(proc_background(succeeding()), succeeding()), NULL));
}

static void own_failure(void) {
    CHECK_FAILS(proc_run(PROC_GROUP(proc_background(failing("down")), cancelled_for("down")), NULL),
                EIO, "down");
    leaf late = {.until_cancelled = true, .fails = "late"};
    CHECK_FAILS(proc_run(PROC_GROUP(proc_background(leaf_new(&late)), succeeding()), NULL), EIO,
                "late");
}

static void failure_beside(void) {
    CHECK_FAILS(
        proc_run(PROC_GROUP(proc_background(cancelled_for("beside")), failing("beside")), NULL),
        EIO, "beside");
}

static void from_above(void) {
    proc_cancel *above = proc_cancel_new(NULL);
    proc_cancel_trigger(above, proc_error_new(71, "above"));
    CHECK_FAILS(proc_run(PROC_GROUP(proc_background(cancelled_for("above")), succeeding()), above),
                71, "above");
    proc_cancel_unref(above);
}

static void in_tasks(void) {
    proc_impl *task = proc_task("outer", proc_task("inner", outlasting(NULL)));
    CHECK_OK(proc_run(PROC_GROUP(task, succeeding()), NULL));
    task = proc_service("service", proc_background(outlasting(NULL)));
    CHECK_OK(proc_run(PROC_GROUP(task, succeeding()), NULL));
    task = proc_task("t", proc_background(failing("down")));
    CHECK_FAILS(proc_run(PROC_GROUP(succeeding(), task), NULL), EIO, "t: down");
    proc_impl *hidden = proc_trace_region("r", proc_background(cancelled_for("down")));
    CHECK_FAILS(proc_run(PROC_GROUP(hidden, failing("down")), NULL), EIO, "down");
    scene s;
    scene_init(&s);
    leaf region = {.waits = &s.go}, last = {.opens = &s.go};
    hidden = proc_trace_region("r", proc_background(leaf_new(&region)));
    CHECK_OK(proc_run(PROC_GROUP(hidden, outlasting(NULL), leaf_new(&last)), NULL));
}

static void alone(void) {
    atomic_int ended = 0;
    CHECK_OK(proc_run(PROC_GROUP(outlasting(&ended)), NULL));
    CHECK_OK(proc_run(PROC_GROUP(outlasting(&ended), proc_task("t", outlasting(&ended))), NULL));
    proc_impl *two[] = {outlasting(&ended), outlasting(&ended)};
    CHECK_OK(proc_run(proc_group_limit(1, two, 2), NULL));
    CHECK_INT(ended, 5);
}

static proc_error *look_twice(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    GATE_WAIT_FOR(&s->begun, 2);
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static proc_error *meet_and_cancel(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    gate_open(&s->begun);
    GATE_WAIT_FOR(&s->begun, 2);
    return outlast(cancel, &s->ended);
}

static void one_handle(void) {
    scene s;
    scene_init(&s);
    proc_impl *meets = proc_background(proc_new(meet_and_cancel, &s, NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(meets), meets, proc_new(look_twice, &s, NULL)), NULL));
    CHECK_INT(s.ended, 2);
}

static void limited(void) {
    atomic_int ended = 0;
    proc_impl *three[] = {outlasting(&ended), succeeding(), succeeding()};
    CHECK_OK(proc_run(proc_group_limit(2, three, 3), NULL));
    proc_impl *last[] = {succeeding(), outlasting(&ended)};
    CHECK_OK(proc_run(proc_group_limit(1, last, 2), NULL));
    CHECK_INT(ended, 2);
    leaf never = {0};
    proc_impl *held_up[] = {proc_background(proc_delay(PROC_FOREVER)), leaf_new(&never)};
    proc_impl *timed = proc_timeout(PROC_MS(5), proc_group_limit(1, held_up, 2));
    proc_error *error = proc_run(timed, NULL);
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    CHECK_INT(never.runs, 0);
    proc_error_unref(error);
}

static void elsewhere(void) {
    leaf plain = {0};
    CHECK_OK(proc_run(proc_background(leaf_new(&plain)), NULL));
    leaf first = {0}, second = {0};
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_background(leaf_new(&first)), succeeding()), NULL));
    CHECK_OK(proc_run(PROC_SEQUENCE(proc_background(leaf_new(&second)), succeeding()), NULL));
    CHECK(!plain.saw_cancelled && !first.saw_cancelled && !second.saw_cancelled);
    CHECK_OK(proc_run(PROC_RACE(proc_background(succeeding()), proc_delay(PROC_FOREVER)), NULL));
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_background(proc_delay(1)), proc_delay(1)), NULL));
    CHECK_FAILS(proc_run(proc_background(failing("down")), NULL), EIO, "down");
}

static void many_runs(void) {
    atomic_int ended = 0;
    proc_impl *group = PROC_GROUP(outlasting(&ended), succeeding(), proc_delay(PROC_MS(1)));
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(group), proc_ref(group),
                                      PROC_GROUP(proc_ref(group), proc_background(group))),
                      NULL));
    CHECK(ended == 4);
}

static void bad_input(void) {
    proc_error *error = proc_run(proc_background(NULL), NULL);
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), "proc_background");
    proc_error_unref(error);
    error = proc_run(PROC_GROUP(succeeding(), proc_background(PROC_GROUP(NULL))), NULL);
    CHECK_INT(proc_error_code(error), EINVAL);
    proc_error_unref(error);
}

/* The body spawns what shows itself, looks at it, and leaves others behind. */
static proc_error *spawn_and_look(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    CHECK_OK(proc_spawn(nursery, proc_background(proc_new(show, s, NULL))));
    CHECK_OK(proc_spawn(nursery, succeeding()));
    CHECK_OK(proc_spawn(nursery, proc_task("t", outlasting(&s->ended))));
    CHECK_OK(proc_spawn(nursery, proc_background(succeeding())));
    CHECK_OK(look(cancel, s));
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(2))));
    CHECK_OK(proc_spawn(nursery, proc_new(look, s, NULL)));
    return NULL;
}

static proc_error *spawn_only_background(proc_nursery *nursery, proc_cancel *cancel,
                                         void *user_data) {
    (void)cancel;
    for (int i = 0; i < 3; i++)
        CHECK_OK(proc_spawn(nursery, outlasting(user_data)));
    return NULL;
}

static void nursery(void) {
    scene s;
    scene_init(&s);
    CHECK_OK(proc_run(proc_with_nursery(spawn_and_look, &s, NULL, NULL), NULL));
    CHECK_INT(s.ended, 2);
    atomic_int ended = 0;
    CHECK_OK(proc_run(proc_with_nursery(spawn_only_background, &ended, NULL, NULL), NULL));
    CHECK_INT(ended, 3);
}

static proc_error *take(proc_error *error, void *user_data) {
    CHECK_STR(proc_error_message(error), "taken");
    ++*(atomic_int *)user_data;
    proc_error_unref(error);
    return NULL;
}

static proc_error *spawn_failing(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    CHECK_OK(proc_spawn(nursery, outlasting(user_data)));
    CHECK_OK(proc_spawn(nursery, failing("taken")));
    CHECK_OK(proc_spawn(nursery, proc_background(failing("taken"))));
    return NULL;
}

static void nursery_ends(void) {
    atomic_int ended = 0, taken = 0;
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.on_failure = take;
    options.user_data = &taken;
    CHECK_OK(proc_run(proc_with_nursery(spawn_failing, &ended, NULL, &options), NULL));
    CHECK(ended == 1 && taken == 2);
}

static proc_error *spawn_late(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    proc_error_unref(outlast(cancel, NULL));
    CHECK_OK(proc_spawn(s->nursery, outlasting(&s->ended)));
    CHECK_OK(proc_spawn(s->nursery, succeeding()));
    return NULL;
}

static proc_error *spawn_spawner(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    (void)cancel;
    s->nursery = nursery;
    return proc_spawn(nursery, proc_background(proc_new(spawn_late, s, NULL)));
}

static void nursery_late(void) {
    scene s;
    scene_init(&s);
    CHECK_OK(proc_run(proc_with_nursery(spawn_spawner, &s, NULL, NULL), NULL));
    CHECK_INT(s.ended, 1);
}

static proc_error *fill(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    CHECK_OK(proc_spawn(nursery, outlasting(user_data)));
    CHECK_INT(proc_nursery_count(nursery), 1);
    proc_error *error = proc_try_spawn(nursery, succeeding());
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
    CHECK(!proc_nursery_wait(nursery, PROC_MS(1)));
    return NULL;
}

static void nursery_place(void) {
    atomic_int ended = 0;
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = 1;
    CHECK_OK(proc_run(proc_with_nursery(fill, &ended, NULL, &options), NULL));
    CHECK_INT(ended, 1);
}

static proc_error *spawn_and_stop(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    leaf *stops = (leaf *)s->nursery;
    CHECK_OK(proc_spawn(nursery, proc_background(leaf_new(stops))));
    GATE_WAIT(&s->begun);
    proc_cancel_trigger(cancel, proc_error_new(72, "enough"));
    return NULL;
}

static void nursery_stops(void) {
    scene s;
    scene_init(&s);
    leaf stops = {.started = &s.begun, .until_cancelled = true};
    s.nursery = (proc_nursery *)&stops;
    CHECK_FAILS(proc_run(proc_with_nursery(spawn_and_stop, &s, NULL, NULL), NULL), 72, "enough");
}

static proc_error *spawn_many(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 3; i++) {
        CHECK_OK(proc_spawn(nursery, i == 1 ? outlasting(user_data) : succeeding()));
        CHECK_OK(proc_spawn(nursery, proc_background(succeeding())));
        CHECK_OK(proc_spawn(nursery, i == 2 ? proc_delay(1000) : succeeding()));
    }
    return NULL;
}

static void nursery_races(void) {
    atomic_int ended = 0;
    size_t rounds = check_scaled(300);
    proc_impl *impl = proc_with_nursery(spawn_many, &ended, NULL, NULL);
    for (size_t i = 0; i < rounds; i++)
        CHECK_OK(proc_run(proc_ref(impl), NULL));
    proc_unref(impl);
    CHECK_INT(ended, (int)rounds);
}

static void count_one(void *count) { ++*(atomic_int *)count; }

static proc_error *spawn_and_cancel(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    leaf *stops = (leaf *)s->nursery;
    CHECK_OK(proc_spawn(nursery, proc_background(leaf_new(stops))));
    CHECK_OK(proc_spawn(nursery, leaf_new(stops)));
    GATE_WAIT_FOR(&s->begun, 2);
    proc_cancel_trigger(cancel, proc_error_with_payload(72, "enough", &s->ended, count_one));
    return NULL;
}

static void nursery_over(void) {
    for (size_t rounds = check_scaled(300); rounds > 0; rounds--) {
        scene s;
        scene_init(&s);
        leaf stops = {.started = &s.begun, .until_cancelled = true};
        s.nursery = (proc_nursery *)&stops;
        proc_error_unref(proc_run(proc_with_nursery(spawn_and_cancel, &s, NULL, NULL), NULL));
        CHECK_INT(s.ended, 1);
    }
}

typedef struct layer {
    atomic_int *order;
    int place; /* in which it is to end */
    const char *why;
} layer;

static proc_error *be_layer(proc_cancel *cancel, void *user_data) {
    layer *l = user_data;
    CHECK(!proc_cancelled(cancel));
    proc_ready(cancel);
    leaf_wait_cancelled(cancel);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), l->why);
    CHECK_INT((*l->order)++, l->place);
    return proc_cancel_error(cancel);
}

static proc_impl *background_layer(layer *l) {
    return proc_background(proc_new(be_layer, l, NULL));
}

static void stack(void) {
    atomic_int order = 0;
    const char *why = "all others have ended";
    layer low = {&order, 2, why}, middle = {&order, 1, why}, high = {&order, 0, why};
    CHECK_OK(proc_run(PROC_STACK(background_layer(&low), succeeding(),
                                 proc_task("t", background_layer(&middle)), background_layer(&high),
                                 succeeding()),
                      NULL));
    CHECK_INT(order, 3);
}

static void stack_stops(void) {
    atomic_int order = 0;
    layer low = {&order, 2, "down"}, middle = {&order, 1, "down"}, high = {&order, 0, "down"};
    CHECK_FAILS(proc_run(PROC_STACK(background_layer(&low), proc_new(be_layer, &middle, NULL),
                                    background_layer(&high), failing("down")),
                         NULL),
                EIO, "down");
    CHECK_INT(order, 3);
    leaf late = {.until_cancelled = true, .fails = "late"};
    proc_impl *fails = PROC_STACK(proc_background(leaf_new(&late)), succeeding());
    proc_cancel *above = proc_cancel_new(NULL);
    proc_cancel_trigger(above, proc_error_new(71, "above"));
    CHECK_FAILS(proc_run(fails, above), 71, "above");
    CHECK_INT(late.runs, 0);
    proc_cancel_unref(above);
}

static void stack_begins(void) {
    atomic_int ended = 0;
    CHECK_OK(proc_run(PROC_STACK(outlasting(&ended), outlasting(&ended)), NULL));
    CHECK_INT(ended, 0);
    CHECK_OK(proc_run(PROC_STACK(succeeding(), outlasting(&ended)), NULL));
}

CHECK_MAIN(CASE(others_end), CASE(waits_for_them), CASE(own_success), CASE(own_failure),
           CASE(failure_beside), CASE(from_above), CASE(in_tasks), CASE(alone), CASE(one_handle),
           CASE(limited), CASE(elsewhere), CASE(many_runs), CASE(bad_input), CASE(nursery),
           CASE(nursery_ends), CASE(nursery_late), CASE(nursery_place), CASE(nursery_stops),
           CASE(nursery_races), CASE(nursery_over), CASE(stack), CASE(stack_stops),
           CASE(stack_begins))
