/* proc_every. Laws:
 *
 *   at_multiples    It runs at once, and then at the multiples of its period since then, not before them.
 *   skips           A run that takes longer than the period skips the times that it misses: the next is at a multiple again.
 *   stopped         So does the program when it is stopped: it runs once for all the times that it missed.
 *   stops           Cancelled, in a run or between two, it succeeds; a child that returns the cause has not failed.
 *   born            Cancelled from the start, it runs nothing.
 *   fails           An error of the child ends it, also after a cancellation.
 *   timed           Within a timeout it runs until that, and both succeed.
 *   rests           Between runs it takes no thread but its own, and no processor.
 *   same_place      It is the same thread, task and handle.
 *   dumped          It has its word, and says when it goes on.
 *   bad_input       A period of 0 or less, a bad process and NULL are bad input.
 */
#include "child.h"
#include "dumped.h"
#include "leaf.h"
#include <sched.h>

enum { RUNS = 5 };

typedef struct runs {
    int count;
    int64_t at[RUNS];
    int64_t first_takes;
    proc_cancel *cancels; /* in the last one */
    bool echoes;
} runs;

static proc_error *note(proc_cancel *cancel, void *user_data) {
    runs *r = user_data;
    r->at[r->count++] = proc_now();
    if (r->count == 1)
        while (proc_now() - r->at[0] < r->first_takes)
            sched_yield();
    if (r->count < RUNS)
        return NULL;
    proc_cancel_trigger(r->cancels, proc_error_new(77, "enough"));
    return r->echoes ? proc_cancel_error(cancel) : NULL;
}

static runs run_every(int64_t period, int64_t first_takes) {
    runs r = {.first_takes = first_takes, .cancels = proc_cancel_new(NULL), .echoes = first_takes};
    CHECK_OK(proc_run(proc_every(period, proc_new(note, &r, NULL)), r.cancels));
    CHECK_INT(r.count, RUNS);
    proc_cancel_unref(r.cancels);
    return r;
}

static void at_multiples(void) {
    int64_t began = proc_now();
    runs r = run_every(PROC_MS(3), 0);
    for (int i = 0; i < RUNS; i++)
        CHECK(r.at[i] - began >= i * PROC_MS(3));
}

static void skips(void) {
    int64_t began = proc_now();
    runs r = run_every(PROC_MS(4), PROC_MS(10));
    for (int i = 1; i < RUNS; i++)
        CHECK(r.at[i] - began >= (i + 2) * PROC_MS(4));
}

/* How it ran in a program that was stopped. */
typedef struct gap {
    int runs, after;
    int64_t last, longest;
    proc_cancel *cancels;
} gap;

static const int64_t PERIOD = PROC_MS(2);

static proc_error *note_gap(proc_cancel *cancel, void *user_data) {
    gap *g = user_data;
    int64_t now = proc_now();
    (void)cancel;
    if (g->runs++ == 0)
        child_tell('r');
    else if (now - g->last > g->longest)
        g->longest = now - g->last;
    g->last = now;
    if (g->longest >= 10 * PERIOD && ++g->after == 3)
        proc_cancel_trigger(g->cancels, NULL);
    return NULL;
}

/* In the longest gap as many times were missed as there were, but for one. */
static void stopped_role(void) {
    gap g = {.cancels = proc_cancel_new(NULL)};
    int64_t began = proc_now();
    CHECK_OK(proc_run(proc_every(PERIOD, proc_new(note_gap, &g, NULL)), g.cancels));
    CHECK(g.runs <= 2 + (g.last - began) / PERIOD - g.longest / PERIOD);
    proc_cancel_unref(g.cancels);
}

static void stopped(void) {
    child c = child_start("stopped_role");
    CHECK_INT(child_event(&c), 'r');
    CHECK_INT(kill(c.pid, SIGSTOP), 0);
    CHECK_OK(proc_run(proc_delay(12 * PERIOD), NULL));
    CHECK_INT(kill(c.pid, SIGCONT), 0);
    child_passes(&c);
}

static void stops(void) {
    leaf l = {.until_cancelled = true};
    CHECK_FAILS(
        proc_run(PROC_GROUP(proc_every(PROC_SECONDS(3600), succeeding()), failing("no")), NULL),
        EIO, "no");
    CHECK_OK(
        proc_run(PROC_RACE(proc_every(PROC_MS(1), leaf_new(&l)), proc_delay(PROC_MS(3))), NULL));
}

static void born(void) {
    leaf l = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_OK(proc_run(proc_every(1, leaf_new(&l)), cancel));
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 1);
    proc_cancel_unref(cancel);
}

static proc_error *fail_late(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(user_data, NULL);
    CHECK(proc_cancelled(cancel));
    return proc_error_new(EIO, "own");
}

static void fails(void) {
    CHECK_FAILS(proc_run(proc_every(PROC_SECONDS(3600), failing("no")), NULL), EIO, "no");
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK_FAILS(proc_run(proc_every(1, proc_new(fail_late, cancel, NULL)), cancel), EIO, "own");
    proc_cancel_unref(cancel);
}

static void timed(void) {
    leaf l = {0};
    int64_t began = proc_now();
    CHECK_OK(proc_run(proc_timeout(PROC_MS(100), proc_every(PROC_MS(1), leaf_new(&l))), NULL));
    int64_t took = proc_now() - began;
    CHECK(took >= PROC_MS(100));
    CHECK(l.runs >= 1 && l.runs <= 1 + took / PROC_MS(1));
}

static void rests(void) {
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    CHECK_OK(proc_run(proc_timeout(PROC_MS(100), proc_every(PROC_MS(60), succeeding())), NULL));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t used =
        (after.tv_sec - before.tv_sec) * PROC_SECONDS(1) + after.tv_nsec - before.tv_nsec;
    CHECK(check_environment("CHECK_SERIAL", 0) || used < PROC_MS(50));
}

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    CHECK(pthread_equal(pthread_self(), *(pthread_t *)user_data));
    CHECK(proc_current() == cancel && proc_trace_task_id(cancel) != 0);
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_INSIDE(text, "callback", "every, ");
    CHECK_INSIDE(text, "every, ", "task work");
    free(text);
    return proc_error_new(7, "seven");
}

static void same_place(void) {
    pthread_t self = pthread_self();
    proc_impl *looks = proc_every(1, proc_new(look_around, &self, NULL));
    CHECK_FAILS(proc_run(proc_task("work", looks), NULL), 7, "work: seven");
}

static void dumped(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_job *job = proc_start(proc_every(PROC_SECONDS(3600), succeeding()), cancel, NULL, NULL);
    for (bool seen = false; !seen; sched_yield()) {
        char *text = dump(PROC_DUMP_TEXT);
        const char *line = dumped_line(text, "every, ");
        seen = line && strstr(line, "due in 3599.");
        free(text);
    }
    proc_cancel_trigger(cancel, NULL);
    CHECK_OK(proc_job_join(job));
    proc_cancel_unref(cancel);
}

static void bad_input(void) {
    leaf l = {0};
    CHECK_FAILS(proc_run(proc_every(0, leaf_new(&l)), NULL), EINVAL,
                "proc_every: period_ns is 0, but it must be more than 0");
    CHECK_FAILS(proc_run(proc_every(PROC_FOREVER, leaf_new(&l)), NULL), EINVAL,
                "proc_every: period_ns is -1, but it must be more than 0");
    CHECK_INT(l.destroyed, 2);
    CHECK_FAILS(proc_run(proc_every(1, NULL), NULL), EINVAL, "proc_every: impl is NULL");
    CHECK_FAILS(proc_run(proc_every(1, PROC_GROUP(NULL)), NULL), EINVAL,
                "proc_group: impls[0] is NULL");
}

CHECK_MAIN(CASE(at_multiples), CASE(skips), CASE(stopped), ROLE(stopped_role), CASE(stops),
           CASE(born), CASE(fails), CASE(timed), CASE(rests), CASE(same_place), CASE(dumped),
           CASE(bad_input))
