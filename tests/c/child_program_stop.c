/* proc_child, cancelled: the whole group is stopped.
 * Laws:
 *
 *   by_term         The group is sent SIGTERM; the result is the cause, and the status is told.
 *   whole_group     Others in the group are stopped, too; none is left when it completes.
 *   by_kill         What takes no notice of SIGTERM is killed when the time is over: the leader, and one whose leader has gone at once.
 *   others_time     Who cleans up after its leader has gone has the same time as that.
 *   at_once         With no time in between there is no SIGTERM.
 *   never           With no end to that time, what takes its time has it; and others in the group are not waited for.
 *   asleep          One that is stopped hears of it.
 *   own_result      A program that had ended before has its own result, and what it has left in its group is left alone.
 *   deadline        A deadline cancels it as anything else does.
 *   failure         So does the failure of a sibling.
 *   deaf_listener   Nobody is left either if what is written is passed on all the while.
 *   reaped          Members of the group that have become children of this program are reaped.
 *   shown           The dump shows that it is being stopped.
 *
 * The programs write down numbers of processes, and "ready".
 */
#include "dumped.h"
#include "programs.h"

enum { PIDS = 4 };

typedef struct stopped {
    proc_child_options options;
    written output;
    gate ready;
    proc_cancel *cancel;
    int status;
    proc_error *error;
    pthread_t runner;
} stopped;

static void hear(int stream, const char *bytes, size_t count, void *user_data) {
    stopped *s = user_data;
    keep_written(stream, bytes, count, &s->output);
    if (strstr(s->output.text[1], "ready"))
        gate_open(&s->ready);
}

static void *run_it(void *user_data) {
    stopped *s = user_data;
    s->error = proc_run(proc_child(&s->options), s->cancel);
    return NULL;
}

/* Runs it on another thread until it is ready. */
static void start(stopped *s, const char *script, int64_t stop_after_ns) {
    memset(s, 0, sizeof *s);
    gate_init(&s->ready);
    s->options = program_of(ARGUMENTS("sh", "-c", script));
    s->options.on_output = hear;
    s->options.user_data = s;
    s->options.stop_after_ns = stop_after_ns;
    s->options.status_out = &s->status;
    s->cancel = proc_cancel_new(NULL);
    CHECK_INT(pthread_create(&s->runner, NULL, run_it, s), 0);
    GATE_WAIT(&s->ready);
}

static void trigger(stopped *s) {
    proc_cancel_trigger(s->cancel, proc_error_new(EINTR, "that will do"));
}

static void end(stopped *s) {
    pthread_join(s->runner, NULL);
    CHECK_FAILS(s->error, EINTR, "that will do");
    proc_cancel_unref(s->cancel);
    check_no_child();
}

static void stop(stopped *s) {
    trigger(s);
    end(s);
}

/* The processes that it has written down are gone. (Who has been killed may still be there for a moment, until it is reaped.) */
static void none_is_left(stopped *s) {
    char *text = s->output.text[1];
    for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n"))
        for (int pid = atoi(word), i = 0; pid > 0 && kill(pid, 0) == 0; i++) {
            if (!CHECK(i < 10000))
                break;
            usleep(1000);
        }
}

static void by_term(void) {
    stopped s;
    start(&s, "echo $$ ready; while :; do sleep 0.01; done", PROC_SECONDS(60));
    stop(&s);
    CHECK(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGTERM);
    none_is_left(&s);
    start(&s, "trap 'echo bye; exit 3' TERM; echo $$ ready; while :; do sleep 0.01; done",
          PROC_SECONDS(60));
    stop(&s);
    CHECK_INT(WEXITSTATUS(s.status), 3);
    CHECK_HAS(s.output.text[1], "bye\n");
    none_is_left(&s);
}

static void whole_group(void) {
    stopped s;
    start(&s, "sleep 1000 & echo $!; (sleep 1000 & echo $!; wait) & echo $! $$ ready; wait",
          PROC_SECONDS(60));
    stop(&s);
    none_is_left(&s);
}

static const char deaf_child[] =
    "(trap '' TERM; echo deaf; while :; do sleep 0.01; done) & echo $!;"
    "echo $$ ready; wait";

static void by_kill(void) {
    stopped s;
    start(&s, "trap '' TERM; echo $$ ready; while :; do sleep 0.01; done", PROC_MS(50));
    stop(&s);
    CHECK(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGKILL);
    none_is_left(&s);
    start(&s, "(trap '' TERM; echo ready; while :; do sleep 0.01; done) & echo $! $$; wait",
          PROC_MS(50));
    stop(&s);
    CHECK(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGTERM);
    none_is_left(&s);
}

static void others_time(void) {
    stopped s;
    start(
        &s,
        "(trap 'sleep 0.2; echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.01; done) &"
        "echo $! $$; wait",
        PROC_SECONDS(60));
    stop(&s);
    CHECK(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGTERM);
    CHECK_HAS(s.output.text[1], "cleaned\n");
    none_is_left(&s);
}

static void at_once(void) {
    stopped s;
    start(&s, "trap 'echo heard' TERM; echo $$ ready; while :; do sleep 0.01; done", 0);
    stop(&s);
    CHECK(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGKILL);
    CHECK(strstr(s.output.text[1], "heard") == NULL);
    none_is_left(&s);
}

static void never(void) {
    stopped s;
    start(
        &s,
        "trap 'sleep 0.2; echo cleaned; exit 0' TERM; echo $$ ready; while :; do sleep 0.01; done",
        PROC_FOREVER);
    stop(&s);
    CHECK_HAS(s.output.text[1], "cleaned\n");
    none_is_left(&s);
    start(&s, "(trap '' TERM; exec sh -c 'echo pid:$$ ready; exec sleep 1000') & wait",
          PROC_FOREVER);
    stop(&s);
    CHECK_HAS(s.output.text[1], "pid:");
    CHECK_INT(kill(atoi(strstr(s.output.text[1], "pid:") + 4), SIGKILL), 0);
}

static void asleep(void) {
    stopped s;
    siginfo_t state;
    start(&s,
          "trap 'echo heard; exit 0' TERM; echo $$ ready; kill -STOP $$; while :; do sleep 0.01; "
          "done",
          PROC_SECONDS(60));
    CHECK_INT(waitid(P_ALL, 0, &state, WSTOPPED | WNOWAIT), 0);
    stop(&s);
    CHECK_HAS(s.output.text[1], "heard\n");
    none_is_left(&s);
}

/* Cancels the process that it is told of, when the program has ended: nobody has looked yet, for it is this that is run. */
static void cancel_when_it_has_ended(int stream, const char *bytes, size_t count, void *user_data) {
    stopped *s = user_data;
    siginfo_t ended;
    hear(stream, bytes, count, s);
    CHECK_INT(waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), 0);
    trigger(s);
}

static void own_result(void) {
    stopped s = {.output = {.count = {0}}};
    gate_init(&s.ready);
    s.options = program_of(ARGUMENTS("sh", "-c", "sleep 1000 >/dev/null & echo $!; exit 3"));
    s.options.on_output = cancel_when_it_has_ended;
    s.options.user_data = &s;
    s.cancel = proc_cancel_new(NULL);
    run_it(&s);
    CHECK_FAILS(s.error, ECHILD, "sh: exit status 3");
    CHECK_INT(kill(atoi(s.output.text[1]), SIGKILL), 0);
    proc_cancel_unref(s.cancel);
}

static void deadline(void) {
    proc_impl *impl = proc_timeout(PROC_MS(50), shell("sleep 1000"));
    CHECK_FAILS(proc_run(impl, NULL), ETIMEDOUT, "timed out after 50 ms");
    check_no_child();
}

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return proc_error_new(EIO, "broken");
}

static void failure(void) {
    proc_impl *group = PROC_GROUP(shell("sleep 1000"), proc_new(fail, NULL, NULL));
    CHECK_FAILS(proc_run(group, NULL), EIO, "broken");
    check_no_child();
}

/* It would never come to an end of what it reads. */
static void swallow(int stream, const char *bytes, size_t count, void *user_data) {
    (void)stream, (void)bytes, (void)count;
    gate_open(&((stopped *)user_data)->ready);
}

static void deaf_listener(void) {
    stopped s = {.output = {.count = {0}}};
    gate_init(&s.ready);
    s.options = program_of(ARGUMENTS("sh", "-c", "trap '' TERM; yes & yes >&2"));
    s.options.on_output = swallow;
    s.options.user_data = &s;
    s.options.stop_after_ns = PROC_MS(50);
    s.cancel = proc_cancel_new(NULL);
    CHECK_INT(pthread_create(&s.runner, NULL, run_it, &s), 0);
    GATE_WAIT(&s.ready);
    stop(&s);
}

/* As in a container whose process 1 this is; without its doing, zombies would be left, and be waited for. */
static void subreaper_role(void) {
    stopped s;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    start(&s, "(sleep 1000 & echo $!; sleep 1000 & echo $!; wait) & echo $! $$ ready; wait",
          PROC_SECONDS(10000));
    stop(&s);
    none_is_left(&s);
    start(&s, deaf_child, PROC_MS(50));
    stop(&s);
    none_is_left(&s);
}
static void reaped(void) { child_run("subreaper_role"); }

static void shown(void) {
    stopped s;
    start(&s, "trap 'echo heard' TERM; echo $$ ready; while :; do sleep 0.01; done",
          PROC_SECONDS(1000));
    trigger(&s);
    free(dump_until(", stopping, due in ", 1));
    kill(-atoi(s.output.text[1]), SIGKILL);
    end(&s);
}

CHECK_MAIN(CASE(by_term), CASE(whole_group), CASE(by_kill), CASE(others_time), CASE(at_once),
           CASE(never), CASE(asleep), CASE(own_result), CASE(deadline), CASE(failure),
           CASE(deaf_listener), CASE(reaped), CASE(shown), ROLE(subreaper_role))
