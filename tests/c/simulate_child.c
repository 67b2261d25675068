/* Programs in a simulation. Laws:
 *
 *   nobody_plays  If nothing plays programs, proc_child fails with ENOTSUP and starts none.
 *   options       What plays one has the options of the proc_child until its process has ended.
 *   statuses      Success is exit status 0, an error the exit status that its code says, no process a program that is not there.
 *   takes_time    It runs in the time of the run.
 *   stopped       A proc_child that is cancelled cancels the handle of the process, waits for it, and fails with the cause.
 *   killed        Programs that are killed by chance end by SIGKILL: before they begin, on their way, or when they have done all.
 *   found         Who takes what a program has written for its success fails only if programs are killed; and again with the seed.
 *   bad_input     More than 1,000 of 1,000, or less than 0.
 */
#include "simulated.h"
#include <signal.h>
#include <sys/wait.h>

/* What the run asks for, and what becomes of it. */
typedef struct story {
    proc_child_options options;
    int status;
    int64_t timeout_ns;
    proc_error
        *error; /* what plays the program returns that, and 10 s later if it is not cancelled */
    int begun, half, whole, released;
    char written[32];
} story;

static const char *const arguments[] = {"convert", "in.png", NULL};

static void note_output(int stream, const char *bytes, size_t count, void *user_data) {
    story *s = user_data;
    CHECK_INT(stream, 1);
    strncat(s->written, bytes, count);
}

static story new_story(void) {
    story s = {.options = PROC_CHILD_OPTIONS_INIT, .status = -1, .timeout_ns = PROC_FOREVER};
    s.options.argv = arguments;
    s.options.on_output = note_output;
    return s;
}

static proc_impl *run_program(void *user_data) {
    story *s = user_data;
    s->status = -1;
    s->begun = s->half = s->whole = s->released = 0;
    s->written[0] = 0;
    s->options.user_data = s;
    s->options.status_out = &s->status;
    return proc_timeout(s->timeout_ns, proc_child(&s->options));
}

/* A process that plays a program, and what it has been lent. */
typedef struct part {
    const proc_child_options *options;
    story *story;
} part;

static proc_error *convert(proc_cancel *cancel, void *user_data) {
    const proc_child_options *options = ((part *)user_data)->options;
    story *s = ((part *)user_data)->story;
    s->begun++;
    options->on_output(1, "half ", 5, options->user_data);
    s->half++;
    if (proc_wait(cancel, PROC_SECONDS(10)))
        return proc_cancel_error(cancel);
    options->on_output(1, "whole", 5, options->user_data);
    s->whole++;
    return proc_error_ref(s->error);
}

static void release_part(void *user_data) {
    part *p = user_data;
    CHECK_STR(p->options->argv[1], "in.png");
    p->story->released++;
    free(p);
}

static proc_impl *play(const proc_child_options *options, void *user_data) {
    CHECK_STR(options->argv[0], "convert");
    CHECK(options->argv[2] == NULL);
    part *p = malloc(sizeof *p);
    *p = (part){.options = options, .story = user_data};
    return proc_new(convert, p, release_part);
}

static proc_impl *play_none(const proc_child_options *options, void *user_data) {
    (void)options, (void)user_data;
    return NULL;
}

static proc_simulation played(void) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = 1;
    options.child = play;
    return options;
}

static void nobody_plays(void) {
    story s = new_story();
    proc_simulation options = PROC_SIMULATION_INIT;
    CHECK_SIMULATION(
        proc_simulate(run_program, &s, &options), ENOTSUP,
        "convert: a simulation runs no programs, and options->child of proc_simulate is NULL");
    CHECK_INT(s.status, -1);
}

static proc_impl *check_options(const proc_child_options *options, void *user_data) {
    const story *s = user_data;
    CHECK_INT(options->size, sizeof *options);
    CHECK(options->argv != s->options.argv && options->envp != s->options.envp);
    CHECK_STR(options->envp[0], "A=1");
    CHECK(options->envp[1] == NULL);
    CHECK_STR(options->directory, "/nowhere");
    CHECK_INT(options->in, 70);
    CHECK_INT(options->out, 71);
    CHECK_INT(options->err, 72);
    CHECK(options->on_output == note_output && options->user_data == s);
    CHECK_INT(options->stop_after_ns, 73);
    CHECK(options->status_out == &s->status);
    return play(options, user_data);
}

static void options(void) {
    story s = new_story();
    const char *const environment[] = {"A=1", NULL};
    s.options.envp = environment;
    s.options.directory = "/nowhere";
    s.options.in = 70, s.options.out = 71, s.options.err = 72;
    s.options.stop_after_ns = 73;
    proc_simulation options = played();
    options.child = check_options;
    CHECK_OK(proc_simulate(run_program, &s, &options));
    CHECK_STR(s.written, "half whole");
    CHECK_INT(s.released, 1);
}

static void check_status(proc_error *error, const char *text, int status) {
    story s = new_story();
    s.error = error;
    proc_simulation options = played();
    CHECK_SIMULATION(proc_simulate(run_program, &s, &options), text ? ECHILD : 0, text ? text : "");
    CHECK(s.status != -1 && WIFEXITED(s.status));
    CHECK_INT(WEXITSTATUS(s.status), status);
    proc_error_unref(error);
}

static void statuses(void) {
    check_status(NULL, NULL, 0);
    check_status(proc_error_new(3, "no such picture"), "convert: exit status 3: no such picture",
                 3);
    check_status(proc_error_new(255, "all wrong"), "convert: exit status 255: all wrong", 255);
    check_status(proc_error_new(256, "too large"), "convert: exit status 1: too large", 1);
    story s = new_story();
    proc_simulation options = played();
    options.child = play_none;
    CHECK_SIMULATION(proc_simulate(run_program, &s, &options), ENOENT,
                     "convert: No such file or directory");
    CHECK_INT(s.status, -1);
}

static proc_error *check_time(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_INT(proc_now(), PROC_SECONDS(10));
    return NULL;
}

static proc_impl *run_program_and_check_time(void *user_data) {
    return PROC_SEQUENCE(run_program(user_data), proc_new(check_time, NULL, NULL));
}

static void takes_time(void) {
    story s = new_story();
    proc_simulation options = played();
    CHECK_OK(proc_simulate(run_program_and_check_time, &s, &options));
}

static void stopped(void) {
    story s = new_story();
    s.timeout_ns = PROC_SECONDS(5);
    proc_simulation options = played();
    CHECK_SIMULATION(proc_simulate(run_program, &s, &options), ETIMEDOUT, "after 5 s");
    CHECK_INT(s.half, 1);
    CHECK_INT(s.whole, 0);
    CHECK_INT(s.released, 1);
    CHECK(WIFEXITED(s.status) && WEXITSTATUS(s.status) == ETIMEDOUT);
}

static void killed(void) {
    story s = new_story();
    proc_simulation options = played();
    options.kill_children_permille = 1000;
    int before = 0, on_their_way = 0, at_the_end = 0;
    for (options.seed = 1; options.seed <= 100; options.seed++) {
        CHECK_SIMULATION(proc_simulate(run_program, &s, &options), ECHILD,
                         "convert: killed by SIGKILL");
        CHECK(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGKILL);
        CHECK_INT(s.released, 1);
        before += !s.begun;
        on_their_way += s.half && !s.whole;
        at_the_end += s.whole;
    }
    CHECK_INT(before + on_their_way + at_the_end, 100);
    CHECK(before > 0 && on_their_way > 0 && at_the_end > 0);
}

static proc_error *take_what_is_written(proc_cancel *cancel, void *user_data) {
    story *s = user_data;
    proc_error *error = proc_run(proc_child(&s->options), cancel);
    bool looks_done = strcmp(s->written, "half whole") == 0;
    bool is_done = error == NULL;
    proc_error_unref(error);
    return looks_done && !is_done ? proc_error_new(EPROTO, "taken for done") : NULL;
}

static proc_impl *taking_what_is_written(void *user_data) {
    proc_unref(run_program(user_data));
    return proc_new(take_what_is_written, user_data, NULL);
}

/* Each run in this process: that of the first seed up to 1,000 that fails, or NULL. */
static proc_error *first_failure(proc_simulation *options, story *s) {
    proc_error *error = NULL;
    for (options->seed = 1; !error && options->seed <= 1000; options->seed++)
        error = proc_simulate(taking_what_is_written, s, options);
    return error;
}

static void found(void) {
    story s = new_story();
    proc_simulation options = played();
    uint64_t failing = 0;
    options.seed_out = &failing;
    CHECK_OK(first_failure(&options, &s));
    options.kill_children_permille = 100;
    CHECK_SIMULATION(first_failure(&options, &s), EPROTO, "100 of 1000 programs killed");
    CHECK(failing >= 1 && failing <= 1000);
    options.seed = failing;
    CHECK_SIMULATION(proc_simulate(taking_what_is_written, &s, &options), EPROTO, "taken for done");
}

static void bad_input(void) {
    story s = new_story();
    proc_simulation options = played();
    options.kill_children_permille = 1001;
    CHECK_SIMULATION(proc_simulate(run_program, &s, &options), EINVAL, "kill_children_permille");
    options.kill_children_permille = -1;
    CHECK_SIMULATION(proc_simulate(run_program, &s, &options), EINVAL, "kill_children_permille");
}

CHECK_MAIN(CASE(nobody_plays), CASE(options), CASE(statuses), CASE(takes_time), CASE(stopped),
           CASE(killed), CASE(found), CASE(bad_input))
