/* proc_timeout and proc_delay. Laws:
 *
 *   in_time         What completes in time decides: success and errors are passed on, and nothing is waited for.
 *   time_is_up      What stops because its time is up fails with that cause, once, which is no echo around it: a group fails with it.
 *   in_spite        What succeeds although its time is up, is a success.
 *   several         Of several that return the cause, the first stands for all, with its task; beside other errors it comes last.
 *   above           A nearer deadline above strikes, and its cause is an echo; nested ones, the nearest one strikes.
 *   at_once         With 0 the child begins, cancelled; with PROC_FOREVER its time is never up.
 *   same_place      It is the same thread, task and values inside, below a handle of its own, which is cancelled at the end.
 *   hooks           Hooks have run when it is over.
 *   blocked         A callback that is blocked outside of the library is released by its hook.
 *   dumped          The dump has the words, and says when it is due.
 *   bad_input       A bad process is bad input, NULL too.
 *   deep            Nested as deep as may be, it runs, and the deadline goes through.
 *   delay_waits     A delay succeeds after its time, not before; with 0 at once.
 *   delay_stops     Cancelled, also before it begins, it fails with the cause, also with 0; for ever, it waits for that.
 *   delay_in_time   A delay that is over before a deadline succeeds, however late anybody looks.
 */
#include "child.h"
#include "dumped.h"
#include "leaf.h"
#include "slow_hook.h"
#include <sched.h>

static proc_impl *stops(leaf *l) {
    *l = (leaf){.until_cancelled = true};
    return leaf_new(l);
}

static void in_time(void) {
    int64_t began = proc_now();
    CHECK_OK(proc_run(proc_timeout(PROC_SECONDS(3600), succeeding()), NULL));
    CHECK_FAILS(proc_run(proc_timeout(PROC_SECONDS(3600), failing("no")), NULL), EIO, "no");
    CHECK(proc_now() - began < PROC_SECONDS(check_deadline()));
}

static void time_is_up(void) {
    leaf l, other;
    int64_t began = proc_now();
    proc_impl *impl = proc_timeout(PROC_MS(10), stops(&l));
    CHECK_FAILS(proc_run(proc_ref(impl), NULL), ETIMEDOUT, "timed out after 10 ms");
    CHECK(proc_now() - began >= PROC_MS(10));
    CHECK_FAILS(proc_run(PROC_GROUP(proc_task("slow", proc_ref(impl)), stops(&other)), NULL),
                ETIMEDOUT, "slow: timed out after 10 ms");
    CHECK_FAILS(proc_run(PROC_SEQUENCE(impl, failing("not run")), NULL), ETIMEDOUT,
                "timed out after 10 ms");
}

static proc_error *late_success(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    leaf_wait_cancelled(cancel);
    return NULL;
}

static proc_error *late_failure(proc_cancel *cancel, void *user_data) {
    leaf_wait_cancelled(cancel);
    return proc_error_new(EIO, user_data);
}

static void in_spite(void) {
    CHECK_OK(proc_run(proc_timeout(PROC_MS(1), proc_new(late_success, NULL, NULL)), NULL));
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(1), proc_new(late_failure, "own", NULL)), NULL), EIO,
                "own");
}

static void several(void) {
    leaf l[3];
    CHECK_FAILS(
        proc_run(proc_timeout(PROC_MS(1), proc_task("t", PROC_SEQUENCE(stops(&l[0])))), NULL),
        ETIMEDOUT, "t: timed out after 1 ms");
    proc_impl *one = proc_task("same", stops(&l[0]));
    CHECK_FAILS(
        proc_run(proc_timeout(PROC_MS(1), PROC_CONCURRENT(one, proc_ref(one), proc_ref(one))),
                 NULL),
        ETIMEDOUT, "same: timed out after 1 ms");
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(1), PROC_GROUP(stops(&l[0]), stops(&l[1]))), NULL),
                ETIMEDOUT, "timed out after 1 ms");
    proc_impl *mixed =
        PROC_CONCURRENT(stops(&l[0]), stops(&l[1]), proc_new(late_failure, "own", NULL));
    proc_error *error = proc_run(proc_timeout(PROC_MS(1), mixed), NULL);
    CHECK_INT(proc_error_code(error), EIO);
    CHECK_INT((int)proc_error_count(error), 2);
    CHECK_INT(proc_error_code(proc_error_at(error, 1)), ETIMEDOUT);
    proc_error_unref(error);
}

static void above(void) {
    leaf l;
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(1));
    proc_error *error = proc_run(proc_timeout(PROC_SECONDS(3600), stops(&l)), cancel);
    CHECK(proc_error_is_echo(error, cancel));
    CHECK_STR(proc_error_message(error), "timed out after 1 ms");
    proc_error_unref(error);
    proc_cancel_unref(cancel);
    CHECK_FAILS(
        proc_run(proc_timeout(PROC_MS(2), proc_timeout(PROC_SECONDS(3600), stops(&l))), NULL),
        ETIMEDOUT, "timed out after 2 ms");
    CHECK_FAILS(
        proc_run(proc_timeout(PROC_SECONDS(3600), proc_timeout(PROC_MS(2), stops(&l))), NULL),
        ETIMEDOUT, "timed out after 2 ms");
}

static void at_once(void) {
    leaf l;
    CHECK_FAILS(proc_run(proc_timeout(0, stops(&l)), NULL), ETIMEDOUT, "timed out after 0 s");
    CHECK_INT(l.runs, 1);
    CHECK(l.saw_cancelled);
    l = (leaf){0};
    CHECK_OK(proc_run(proc_timeout(PROC_FOREVER, leaf_new(&l)), NULL));
    CHECK(!l.saw_cancelled);
}

static const proc_key key = {"key"};

typedef struct place {
    pthread_t thread;
    proc_cancel *kept;
} place;

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    place *p = user_data;
    CHECK(proc_value(cancel, &key) == p);
    CHECK(proc_current() == cancel);
    CHECK(proc_trace_task_id(cancel) != 0);
    CHECK(pthread_equal(pthread_self(), p->thread));
    CHECK(proc_cancel_remaining(cancel) > PROC_SECONDS(60));
    p->kept = proc_cancel_ref(cancel);
    return NULL;
}

static void same_place(void) {
    place p = {.thread = pthread_self()};
    proc_cancel *around = proc_cancel_new(NULL);
    proc_impl *looks = proc_timeout(PROC_SECONDS(3600), proc_new(look_around, &p, NULL));
    CHECK_OK(proc_run(proc_with_value(&key, &p, NULL, proc_task("t", looks)), around));
    CHECK(proc_wait(p.kept, PROC_FOREVER));
    CHECK_INT(proc_error_code(proc_cancel_cause(p.kept)), ECANCELED);
    CHECK(!proc_cancelled(around));
    proc_cancel_unref(p.kept);
    proc_cancel_unref(around);
}

static proc_impl *for_5_ms(proc_impl *impl) { return proc_timeout(PROC_MS(5), impl); }

static void hooks(void) { check_slow_hook_over(for_5_ms, NULL); }

static void write_byte(void *user_data) { CHECK(write(((int *)user_data)[1], "x", 1) == 1); }

static proc_error *read_byte(proc_cancel *cancel, void *user_data) {
    int *ends = user_data;
    char byte;
    proc_hook *hook = proc_on_cancel(cancel, write_byte, ends);
    CHECK(read(ends[0], &byte, 1) == 1);
    proc_hook_remove(hook);
    return proc_cancel_error(cancel);
}

static void blocked(void) {
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    CHECK_FAILS(
        proc_run(proc_timeout(PROC_MS(5), PROC_GROUP(proc_new(read_byte, ends, NULL))), NULL),
        ETIMEDOUT, "timed out after 5 ms");
    close(ends[0]);
    close(ends[1]);
}

static proc_error *dump_inside(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_INSIDE(text, "callback", "timeout, ");
    CHECK_INSIDE(text, "timeout, ", "task work");
    CHECK_HAS(dumped_line(text, "timeout, "), "due in 3599.");
    free(text);
    text = dump(PROC_DUMP_JSON);
    CHECK_HAS(text, "\"due_ns\":3599");
    free(text);
    return NULL;
}

static void dumped(void) {
    proc_impl *dumps = proc_new(dump_inside, NULL, NULL);
    CHECK_OK(proc_run(proc_task("work", proc_timeout(PROC_SECONDS(3600) - 1, dumps)), NULL));
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_job *job = proc_start(proc_delay(PROC_SECONDS(3600)), cancel, NULL, NULL);
    for (bool seen = false; !seen;) {
        char *text = dump(PROC_DUMP_TEXT);
        const char *line = dumped_line(text, "delay, ");
        seen = line && strstr(line, "due in 3599.");
        free(text);
    }
    proc_cancel_trigger(cancel, NULL);
    CHECK_FAILS(proc_job_join(job), ECANCELED, strerror(ECANCELED));
    proc_cancel_unref(cancel);
}

static void bad_input(void) {
    CHECK_FAILS(proc_run(proc_timeout(1, NULL), NULL), EINVAL, "proc_timeout: impl is NULL");
    CHECK_FAILS(proc_run(proc_timeout(1, PROC_SEQUENCE(NULL)), NULL), EINVAL,
                "proc_sequence: impls[0] is NULL");
}

static void deep(void) {
    leaf l;
    proc_impl *impl = stops(&l);
    for (int i = 0; i < PROC_MAX_DEPTH; i++)
        impl = proc_timeout(PROC_MS(50) - (i % 3 ? i : 0), impl);
    proc_error *error = proc_run(proc_ref(impl), NULL);
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    proc_error_unref(error);
    error = proc_run(proc_timeout(1, impl), NULL);
    CHECK_INT(proc_error_code(error), ELOOP);
    proc_error_unref(error);
}

static void delay_waits(void) {
    int64_t began = proc_now();
    CHECK_OK(proc_run(proc_delay(PROC_MS(5)), NULL));
    CHECK(proc_now() - began >= PROC_MS(5));
    CHECK_OK(proc_run(proc_delay(0), NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_delay(1), proc_delay(PROC_MS(1))), NULL));
}

static void delay_stops(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK_FAILS(proc_run(PROC_GROUP(proc_delay(PROC_SECONDS(3600)), failing("no")), NULL), EIO,
                "no");
    CHECK_FAILS(proc_run(PROC_RACE(proc_delay(PROC_FOREVER), failing("no")), NULL), EIO, "no");
    proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    CHECK_FAILS(proc_run(proc_delay(0), cancel), 77, "enough");
    CHECK_FAILS(proc_run(proc_delay(PROC_FOREVER), cancel), 77, "enough");
    proc_cancel_unref(cancel);
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(1), proc_delay(PROC_FOREVER)), NULL), ETIMEDOUT,
                "timed out after 1 ms");
}

static proc_error *tell(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    child_tell('r');
    return NULL;
}

static void delay_role(void) {
    proc_impl *delays = PROC_SEQUENCE(proc_new(tell, NULL, NULL), proc_delay(PROC_MS(10)));
    CHECK_OK(proc_run(
        proc_timeout(PROC_SECONDS(check_deadline()), proc_timeout(PROC_MS(300), delays)), NULL));
}

static char state_of(pid_t pid) {
    char path[100], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *stat = fopen(path, "r");
    CHECK(stat && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1);
    fclose(stat);
    return state;
}

/* The program is stopped until both have come. */
static void delay_in_time(void) {
    child c = child_start("delay_role");
    CHECK_INT(child_event(&c), 'r');
    while (state_of(c.pid) == 'R')
        sched_yield();
    CHECK_INT(kill(c.pid, SIGSTOP), 0);
    CHECK_OK(proc_run(proc_delay(PROC_MS(350)), NULL));
    CHECK_INT(kill(c.pid, SIGCONT), 0);
    child_passes(&c);
}

CHECK_MAIN(CASE(in_time), CASE(time_is_up), CASE(in_spite), CASE(several), CASE(above),
           CASE(at_once), CASE(same_place), CASE(hooks), CASE(blocked), CASE(dumped),
           CASE(bad_input), CASE(deep), CASE(delay_waits), CASE(delay_stops), CASE(delay_in_time),
           ROLE(delay_role))
