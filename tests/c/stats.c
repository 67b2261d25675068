/* proc_get_stats. Cases that look at everything play in a fresh program. Laws:
 *
 *   nothing_yet     In a program in which nothing has run, all is 0.
 *   adds_up         When nothing runs, the numbers are exactly what happened: callbacks and those that failed, tasks and those
 *                   that failed, runs of several children. On whatever threads, and after these have ended.
 *   running         Callbacks and tasks that run now, also those that are in a proc_run of their own.
 *   cancellations   What is cancelled counts once; what goes along with it does not, nor what is born cancelled, nor a signal
 *                   that arrives for proc_on_signal.
 *   nurseries       Nurseries that run, one inside of another too; children that were accepted, from the body, a child or a thread
 *                   of the program that runs no process, whatever became of them; what is refused does not count.
 *   sizes           A struct of an older header is filled as far as it goes, and what a newer one has more becomes 0.
 *   bad_input       NULL, and a size that was not set: nothing happens.
 *   forked          In a child of fork the numbers begin at 0; the parent's go on. What the parent has begun and the child
 *                   ends, the child does not count.
 */
#include "stats.h"
#include "child.h"
#include "meet.h"
#include "nursery.h"
#include "tasks.h"

enum { CALLERS = 8 };

static void nothing_yet_role(void) {
    proc_stats stats = look();
    const proc_stats nothing = PROC_STATS_INIT;
    CHECK(memcmp(&stats, &nothing, sizeof stats) == 0);
}

static void run_on_threads(int times) {
    pthread_t callers[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        CHECK_INT(pthread_create(&callers[i], NULL, run_trees, &times), 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
}

static void check_trees(proc_stats stats, uint64_t trees, uint64_t meetings) {
    CHECK_INT((long long)stats.processes_running, 0);
    CHECK_INT((long long)stats.processes_started_total,
              (long long)(7 * trees + THREADS * meetings));
    CHECK_INT((long long)stats.processes_failed_total, (long long)(2 * trees));
    CHECK_INT((long long)stats.tasks_running, 0);
    CHECK_INT((long long)stats.tasks_started_total, (long long)(3 * trees + THREADS * meetings));
    CHECK_INT((long long)stats.tasks_failed_total, (long long)(2 * trees));
    CHECK_INT((long long)stats.fan_outs_total, (long long)(2 * trees + meetings));
}

static void adds_up_role(void) {
    int times = (int)check_scaled(200);
    let_go_at_once();
    run_on_threads(times);
    check_trees(look(), (uint64_t)(times * CALLERS), 0);
    for (uint64_t meetings = 1; meetings <= 3; meetings++) {
        CHECK_OK(proc_run(meeting(meet, NULL, "meeting"), NULL));
        check_trees(look(), (uint64_t)(times * CALLERS), meetings);
        wait_for_tasks(1);
        check_trees(look(), (uint64_t)(times * CALLERS), meetings);
        CHECK_INT((long long)look().threads_live, 0);
    }
}

static proc_error *look_inside(proc_cancel *cancel, void *user_data) {
    int callbacks = *(int *)user_data;
    proc_stats stats = look();
    CHECK_INT((long long)stats.processes_running, callbacks);
    CHECK_INT((long long)stats.tasks_running, callbacks);
    if (callbacks == 5)
        return proc_error_new(77, "deepest");
    int deeper = callbacks + 1;
    proc_impl *inside = proc_task("deeper", proc_new(look_inside, &deeper, NULL));
    proc_error *error = proc_run(PROC_GROUP(inside), cancel);
    CHECK_INT((long long)look().processes_running, callbacks);
    CHECK_INT((long long)look().processes_failed_total, 5 - callbacks);
    return error;
}

static atomic_bool has_looked;

/* All of them wait, and one looks. */
static proc_error *look_at_all(proc_cancel *cancel, void *user_data) {
    meet(cancel, NULL);
    if (!atomic_exchange(&has_looked, true))
        CHECK_INT((long long)look().processes_running, THREADS);
    GATE_MEET((gate *)user_data, THREADS);
    return NULL;
}

static void running_role(void) {
    int callbacks = 1;
    gate looked;
    gate_init(&looked);
    proc_error *error = proc_run(proc_task("t", proc_new(look_inside, &callbacks, NULL)), NULL);
    CHECK_INT(proc_error_code(error), 77);
    proc_error_unref(error);
    CHECK_INT((long long)look().processes_failed_total, 5);
    CHECK_OK(proc_run(meeting(look_at_all, &looked, NULL), NULL));
    CHECK_INT((long long)look().processes_running, 0);
}

/* The task's handle, and so the group's. */
static proc_error *cancel_own(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_cancel_trigger(cancel, NULL);
    return NULL;
}

enum { ARRIVALS = 3 };

/* Heard often enough, it cancels all. */
static proc_error *hear(proc_cancel *cancel, void *user_data) {
    if (++*(atomic_int *)user_data == ARRIVALS)
        proc_cancel_trigger(cancel, NULL);
    return NULL;
}

static proc_error *send_until_cancelled(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    while (!proc_wait(cancel, 1000000))
        kill(getpid(), SIGHUP);
    return NULL;
}

static void hear_signals(void) {
    atomic_int heard = 0;
    signal(SIGHUP, SIG_IGN); /* until it is listened to */
    proc_impl *hears = proc_on_signal(SIGHUP, proc_new(hear, &heard, NULL));
    CHECK_OK(proc_run(PROC_GROUP(hears, proc_new(send_until_cancelled, NULL, NULL)), NULL));
    CHECK_INT(heard, ARRIVALS);
}

static void cancellations_role(void) {
    proc_cancel *above = proc_cancel_new(NULL), *below = proc_cancel_new(above);
    proc_cancel_trigger(above, NULL);
    proc_cancel_trigger(above, NULL);
    proc_cancel_trigger(below, NULL);
    proc_cancel_unref(proc_cancel_new(above));
    CHECK_INT((long long)look().cancellations_total, 1);
    leaf l = {.until_cancelled = true};
    proc_error_unref(proc_run(PROC_GROUP(leaf_new(&l), failing("fails")), NULL));
    CHECK_INT((long long)look().cancellations_total, 2);
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), succeeding()), NULL));
    CHECK_INT((long long)look().cancellations_total, 2);
    CHECK_OK(proc_run(PROC_GROUP(proc_task("t", proc_new(cancel_own, NULL, NULL))), NULL));
    CHECK_INT((long long)look().cancellations_total, 3);
    proc_cancel_unref(above);
    proc_cancel_unref(below);
    proc_cancel_unref(proc_task_begin(NULL, NULL)); /* bad input */
    CHECK_INT((long long)look().cancellations_total, 3);
    hear_signals();
    CHECK_INT((long long)look().cancellations_total, 4);
}

static void check_nurseries(uint64_t running, uint64_t spawned) {
    CHECK_INT((long long)look().nurseries_running, (long long)running);
    CHECK_INT((long long)look().children_spawned_total, (long long)spawned);
}

static proc_error *spawn_one_more(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_spawn(user_data, succeeding());
}

static void *spawn_outside(void *user_data) {
    CHECK_OK(proc_spawn(user_data, succeeding()));
    return NULL;
}

static void check_refused(proc_error *error, int code) {
    CHECK_INT(proc_error_code(error), code);
    proc_error_unref(error);
}

/* Here 4 are accepted, and 2 refused. */
static proc_error *spawn_full(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    static leaf l = {.until_cancelled = true}; /* It outlives the body. */
    uint64_t before = look().children_spawned_total;
    check_nurseries(2, before);
    for (uint64_t i = 1; i <= 4; i++) {
        CHECK_OK(proc_spawn(nursery, leaf_new(&l)));
        check_nurseries(2, before + i);
    }
    check_refused(proc_try_spawn(nursery, succeeding()), EAGAIN);
    proc_cancel_trigger(cancel, NULL);
    check_refused(proc_spawn(nursery, succeeding()), ECANCELED);
    check_nurseries(2, before + 4);
    *(proc_nursery **)user_data = proc_nursery_ref(nursery);
    return NULL;
}

/* Here 3. */
static proc_error *spawn_from_everywhere(proc_nursery *nursery, proc_cancel *cancel,
                                         void *user_data) {
    (void)user_data;
    pthread_t thread;
    proc_nursery *inner = NULL;
    proc_nursery_options options = limited(4);
    check_nurseries(1, look().children_spawned_total);
    CHECK_OK(proc_spawn(nursery, proc_new(spawn_one_more, nursery, NULL)));
    CHECK_INT(pthread_create(&thread, NULL, spawn_outside, nursery), 0);
    pthread_join(thread, NULL);
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    uint64_t before = look().children_spawned_total;
    proc_error_unref(nursery_run(spawn_full, &inner, cancel, &options));
    check_nurseries(1, before + 4);
    check_refused(proc_spawn(inner, succeeding()), EPIPE);
    check_nurseries(1, before + 4);
    proc_nursery_unref(inner);
    return NULL;
}

static void nurseries_role(void) {
    for (uint64_t times = 1; times <= 3; times++) {
        CHECK_OK(nursery_run(spawn_from_everywhere, NULL, NULL, NULL));
        check_nurseries(0, 7 * times);
    }
}

typedef struct newer {
    proc_stats stats;
    uint64_t more[3];
} newer;

static void sizes(void) {
    proc_stats whole = look();
    proc_stats older;
    memset(&older, 0xAA, sizeof older);
    older.size = offsetof(proc_stats, threads_created_total);
    proc_get_stats(&older);
    CHECK(older.size == offsetof(proc_stats, threads_created_total));
    CHECK(older.threads_live == whole.threads_live && older.threads_peak == whole.threads_peak);
    CHECK(older.threads_created_total == UINT64_C(0xAAAAAAAAAAAAAAAA));
    older.size = offsetof(proc_stats, nurseries_running); /* that of 0.1 */
    proc_get_stats(&older);
    CHECK(older.cancellations_total == whole.cancellations_total);
    CHECK(older.nurseries_running == UINT64_C(0xAAAAAAAAAAAAAAAA));
    newer n;
    memset(&n, 0xAA, sizeof n);
    n.stats.size = sizeof n - sizeof n.more[2];
    proc_get_stats(&n.stats);
    CHECK(n.stats.children_spawned_total == whole.children_spawned_total);
    CHECK(n.more[0] == 0 && n.more[1] == 0 && n.more[2] == UINT64_C(0xAAAAAAAAAAAAAAAA));
}

static void bad_input(void) {
    proc_stats stats, same;
    const size_t sizes[] = {0, sizeof(size_t) - 1, 4097, SIZE_MAX, (size_t)&stats};
    proc_get_stats(NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(&stats, 0xAA, sizeof stats);
        stats.size = sizes[i];
        same = stats;
        proc_get_stats(&stats);
        CHECK(memcmp(&stats, &same, sizeof stats) == 0);
    }
}

static _Noreturn void be_child(proc_cancel *of_parent) {
    alarm((unsigned)check_deadline());
    atomic_store(&check_failures, 0); /* those of the parent */
    proc_error *error = proc_error_new(EIO, "fails");
    proc_task_end(of_parent, error);
    proc_error_unref(error);
    nothing_yet_role();
    int times = 2;
    run_trees(&times);
    check_trees(look(), 2, 0);
    _exit(atomic_load(&check_failures) != 0);
}

static proc_error *fork_inside(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    int status = 0;
    proc_cancel *task = proc_task_begin(cancel, "by hand");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        be_child(task);
    CHECK_INT((long long)look().tasks_running, 1);
    proc_task_end(task, NULL);
    CHECK_INT((long long)look().tasks_running, 0);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return NULL;
}

static void forked_role(void) {
    check_works();
    proc_error_unref(proc_run(tree(), NULL));
    proc_stats before = look();
    CHECK_OK(proc_run(proc_new(fork_inside, NULL, NULL), NULL));
    proc_stats now = look();
    CHECK(now.processes_started_total == before.processes_started_total + 1);
    check_order(&before, &now);
}

IN_CHILD(nothing_yet)
IN_CHILD(adds_up)
IN_CHILD(running)
IN_CHILD(cancellations)
IN_CHILD(nurseries)
IN_CHILD(forked)

CHECK_MAIN(BOTH(nothing_yet), BOTH(adds_up), BOTH(running), BOTH(cancellations), BOTH(nurseries),
           CASE(sizes), CASE(bad_input), BOTH(forked))
