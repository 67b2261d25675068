/* proc_ready and proc_service: when the service manager, who is the test, hears that the program is up. Laws:
 *
 *   first_call       Without services, it is up at the first call, from whatever handle below proc_main's.
 *   nobody           If nobody calls, it is never up.
 *   other_handles    A call with NULL, or with a handle that is not below proc_main's, does nothing.
 *   all_services     With services, it is up when each of them has said so: no sooner, and several calls of one count as one.
 *   outside          What is called outside of them does not count while one is expected.
 *   innermost        The innermost service around the handle is the one that is up, on whatever thread.
 *   later_step       A service that a sequence begins later is expected from the start.
 *   success          A service that succeeds is up.
 *   failure          One that fails is not; nor is the program that goes on without it.
 *   below            Services of a tree that a callback runs are expected too.
 *   again            … and if it fails, before some of them have begun, those of the next one are expected instead.
 *   on_signal        Below proc_on_signal, and outside of proc_main, a service is a task like any other.
 *   cancelled        One that succeeds because it was cancelled is not, be it by a signal or by a failure.
 *   too_late         Once the program is stopping, it is not up any more.
 *   next_main        Each run of proc_main begins anew.
 *   is_a_task        A service is a task: its errors begin with its name. Bad input is EINVAL.
 */
#include "manager.h"

/* What the scenes are made of: in this order, where set, each waits, says that it is up, and tells so. */
typedef struct part {
    manager *m;
    gate *waits, *opens;
    int calls;
    const char *fails;
    const char *hears;
} part;

static proc_error *play_part(proc_cancel *cancel, void *user_data) {
    part *p = user_data;
    if (p->waits)
        GATE_WAIT(p->waits);
    for (int i = 0; i < p->calls; i++)
        proc_ready(cancel);
    if (p->hears && *p->hears)
        CHECK_HAS(manager_hears(p->m), p->hears);
    else if (p->hears)
        manager_hears_nothing(p->m);
    if (p->opens)
        gate_open(p->opens);
    return p->fails ? proc_error_new(EIO, p->fails) : NULL;
}

static proc_impl *playing(part *p) { return proc_new(play_part, p, NULL); }
static proc_impl *serving(part *p) { return proc_service("service", playing(p)); }

/* Hears of the stop, and of nothing before. */
static void hears_of_main(manager *m, proc_impl *impl) {
    CHECK_OK(manager_main(impl, 0));
    CHECK_HAS(manager_hears(m), "STOPPING=1\n");
    manager_hears_nothing(m);
}

static proc_error *call_below(proc_cancel *cancel, void *user_data) {
    proc_cancel *below = proc_cancel_new(cancel);
    proc_ready(below);
    proc_cancel_unref(below);
    CHECK_HAS(manager_hears(user_data), "READY=1\n");
    return NULL;
}

static void first_call(void) {
    manager m;
    manager_listen(&m, true);
    part first = {.m = &m, .calls = 2, .hears = "READY=1\n"}, second = {.m = &m, .calls = 1};
    hears_of_main(&m, PROC_SEQUENCE(playing(&first), playing(&second)));
    hears_of_main(&m, PROC_GROUP(proc_task("t", proc_new(call_below, &m, NULL))));
    manager_close(&m);
}

static void nobody(void) {
    manager m;
    manager_listen(&m, true);
    hears_of_main(&m, succeeding());
    manager_close(&m);
}

static proc_error *call_elsewhere(proc_cancel *cancel, void *user_data) {
    proc_cancel *other = proc_cancel_new(NULL);
    (void)cancel;
    proc_ready(NULL);
    proc_ready(other);
    proc_cancel_unref(other);
    manager_hears_nothing(user_data);
    return NULL;
}

static void other_handles(void) {
    manager m;
    manager_listen(&m, true);
    hears_of_main(&m, proc_new(call_elsewhere, &m, NULL));
    manager_close(&m);
}

enum { SERVICES = 5 };

/* Each waits for the one before it. Nothing is heard before the last one. */
static void all_services(void) {
    manager m;
    gate gates[SERVICES];
    part parts[SERVICES];
    proc_impl *impls[SERVICES];
    manager_listen(&m, true);
    for (int i = 0; i < SERVICES; i++) {
        gate_init(&gates[i]);
        parts[i] = (part){.m = &m,
                          .waits = i > 0 ? &gates[i - 1] : NULL,
                          .opens = &gates[i],
                          .calls = 3,
                          .hears = i < SERVICES - 1 ? "" : "READY=1\n"};
        impls[i] = serving(&parts[i]);
    }
    hears_of_main(&m, proc_group(impls, SERVICES));
    manager_close(&m);
}

static void outside(void) {
    manager m;
    gate called;
    manager_listen(&m, true);
    gate_init(&called);
    part other = {.m = &m, .calls = 1, .hears = "", .opens = &called};
    part service = {.m = &m, .waits = &called, .calls = 1, .hears = "READY=1\n"};
    hears_of_main(&m, PROC_CONCURRENT(playing(&other), proc_task("t", serving(&service))));
    manager_close(&m);
}

static void innermost(void) {
    manager m;
    gate called;
    manager_listen(&m, true);
    gate_init(&called);
    part inner = {.m = &m, .calls = 1, .hears = "", .opens = &called};
    part outer = {.m = &m, .waits = &called, .calls = 1, .hears = "READY=1\n"};
    proc_impl *both = PROC_GROUP(proc_task("t", serving(&inner)), playing(&outer));
    hears_of_main(&m, proc_service("outer", PROC_SEQUENCE(both)));
    manager_close(&m);
}

static void later_step(void) {
    manager m;
    manager_listen(&m, true);
    part first = {.m = &m, .calls = 1, .hears = ""};
    part second = {.m = &m, .calls = 1, .hears = "READY=1\n"};
    hears_of_main(&m, PROC_SEQUENCE(serving(&first), serving(&second)));
    manager_close(&m);
}

static void success(void) {
    manager m;
    manager_listen(&m, true);
    part loads = {.m = &m, .hears = ""}, then = {.m = &m, .hears = "READY=1\n"};
    hears_of_main(&m, PROC_SEQUENCE(serving(&loads), playing(&then)));
    manager_close(&m);
}

static void failure(void) {
    manager m;
    gate failed;
    manager_listen(&m, true);
    gate_init(&failed);
    part fails = {.m = &m, .fails = "fails", .opens = &failed};
    part works = {.m = &m, .calls = 1, .waits = &failed, .hears = ""};
    proc_impl *impl = PROC_CONCURRENT(serving(&fails), serving(&works));
    CHECK_FAILS(manager_main(impl, 0), EIO, "service: fails");
    CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
    manager_hears_nothing(&m);
    manager_close(&m);
}

static proc_error *run_below(proc_cancel *cancel, void *user_data) {
    return proc_run(proc_ref(user_data), cancel);
}

static void below(void) {
    manager m;
    gate called;
    manager_listen(&m, true);
    gate_init(&called);
    part first = {.m = &m, .calls = 1, .hears = "", .opens = &called};
    part second = {.m = &m, .waits = &called, .calls = 1, .hears = "READY=1\n"};
    proc_impl *tree = PROC_GROUP(serving(&first), serving(&second));
    hears_of_main(&m, proc_new(run_below, tree, NULL));
    proc_unref(tree);
    manager_close(&m);
}

/* The first time a step fails after one service is up and before the other has begun. */
static proc_error *try_twice(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    part up = {.m = m, .calls = 1, .hears = ""}, last = {.m = m, .calls = 1, .hears = "READY=1\n"};
    proc_impl *first = PROC_SEQUENCE(serving(&up), failing("no database"), serving(&last));
    CHECK_FAILS(proc_run(first, cancel), EIO, "no database");
    manager_hears_nothing(m);
    return proc_run(PROC_SEQUENCE(serving(&up), serving(&last)), cancel);
}

static void again(void) {
    manager m;
    manager_listen(&m, true);
    hears_of_main(&m, proc_new(try_twice, &m, NULL));
    manager_close(&m);
}

static proc_error *end_group(proc_cancel *cancel, void *user_data) {
    proc_error_unref(play_part(cancel, user_data));
    proc_cancel_trigger(cancel, NULL);
    return NULL;
}

static void on_signal(void) {
    manager m;
    manager_listen(&m, true);
    part service = {.calls = 1}, other = {.m = &m, .calls = 1, .hears = "READY=1\n"};
    CHECK_OK(proc_run(serving(&service), NULL));
    hears_of_main(&m, PROC_GROUP(proc_on_signal(SIGHUP, serving(&service)),
                                 proc_new(end_group, &other, NULL)));
    manager_close(&m);
}

/* When the other service has said that it is up. */
static proc_error *end_all(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_WAIT((gate *)user_data);
    return proc_error_new(EIO, "ends all");
}

static proc_error *stop_all(proc_cancel *cancel, void *user_data) {
    GATE_WAIT((gate *)user_data);
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static proc_error *say_and_wait(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    gate_open(user_data);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static proc_error *wait_and_succeed(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    leaf_wait_cancelled(cancel);
    return NULL;
}

/* One service says so, the other ends because it is cancelled. */
static proc_error *main_of_two(proc_fn ends) {
    gate said;
    gate_init(&said);
    return manager_main(PROC_GROUP(proc_service("says", proc_new(say_and_wait, &said, NULL)),
                                   proc_service("does not", proc_new(wait_and_succeed, NULL, NULL)),
                                   proc_new(ends, &said, NULL)),
                        0);
}

static void cancelled(void) {
    manager m;
    manager_listen(&m, true);
    for (int i = 0; i < 10; i++) {
        CHECK_FAILS(main_of_two(end_all), EIO, "ends all");
        CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
        CHECK_OK(main_of_two(stop_all));
        CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
        manager_hears_nothing(&m);
    }
    manager_close(&m);
}

static proc_error *call_too_late(proc_cancel *cancel, void *user_data) {
    kill(getpid(), SIGTERM);
    CHECK_HAS(manager_hears(user_data), "STOPPING=1\n");
    proc_ready(cancel);
    manager_hears_nothing(user_data);
    return NULL;
}

static void too_late(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_OK(manager_main(proc_new(call_too_late, &m, NULL), PROC_FOREVER));
    manager_hears_nothing(&m);
    manager_close(&m);
}

static void next_main(void) {
    manager m;
    manager_listen(&m, true);
    for (int i = 0; i < 3; i++) {
        first_call();
        setenv("NOTIFY_SOCKET", m.name, 1);
        hears_of_main(&m, succeeding());
    }
    manager_close(&m);
}

static void is_a_task(void) {
    part fails = {.fails = "fails"};
    proc_error *error = proc_run(serving(&fails), NULL);
    CHECK_STR(proc_error_task_type(error), "service");
    CHECK_FAILS(error, EIO, "service: fails");
    CHECK_FAILS(proc_run(proc_service(NULL, succeeding()), NULL), EINVAL,
                "proc_service: task_type is NULL");
    CHECK_FAILS(proc_run(proc_service("t", NULL), NULL), EINVAL, "proc_service: impl is NULL");
}

CHECK_MAIN(CASE(first_call), CASE(nobody), CASE(other_handles), CASE(all_services), CASE(outside),
           CASE(innermost), CASE(later_step), CASE(success), CASE(failure), CASE(below),
           CASE(again), CASE(on_signal), CASE(cancelled), CASE(too_late), CASE(next_main),
           CASE(is_a_task))
