/* proc_child from many threads, in a program that forks all the while.
 * Laws:
 *
 *   many           Hundreds of programs, eight at a time, while others fork: each has its own result and its own output, and
 *                  no process and no descriptor is left over.
 *   cancelled      So it is when they are cancelled at any moment.
 *   forked         In a child of fork, programs are run as anywhere; those of its parent are not touched by it.
 */
#include "fds.h"
#include "programs.h"

enum { AT_ONCE = 8 };

static atomic_bool is_over;

/* The children of this thread are waited for by it, each by its number. */
static void *fork_all_the_while(void *count) {
    while (!is_over) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
        ++*(size_t *)count;
    }
    return NULL;
}

typedef proc_error *one(proc_cancel *cancel, size_t index, void *user_data);

static void run_under_forks(one *run, size_t count) {
    pthread_t forking[2];
    size_t forks[2] = {0};
    int before = fds_open();
    is_over = false;
    for (int i = 0; i < 2; i++)
        pthread_create(&forking[i], NULL, fork_all_the_while, &forks[i]);
    CHECK_OK(proc_run(proc_each(count, AT_ONCE, run, NULL, NULL), NULL));
    is_over = true;
    for (int i = 0; i < 2; i++)
        pthread_join(forking[i], NULL);
    CHECK_INT(fds_open(), before);
    check_no_child();
}

static proc_error *run_one(proc_cancel *cancel, size_t index, void *user_data) {
    char script[100], expected[100];
    written w = {.count = {0}};
    (void)user_data;
    snprintf(script, sizeof script, "echo %zu; exit %zu", index, index % 200);
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", script));
    options.on_output = keep_written;
    options.user_data = &w;
    proc_error *error = proc_run(proc_child(&options), cancel);
    snprintf(expected, sizeof expected, "sh: exit status %zu", index % 200);
    if (index % 200)
        CHECK_FAILS(error, ECHILD, expected);
    else
        CHECK_OK(error);
    CHECK_INT(strtoull(w.text[1], NULL, 10), index);
    return NULL;
}

static void many(void) { run_under_forks(run_one, check_scaled(300)); }

static proc_error *cancel_one(proc_cancel *cancel, size_t index, void *user_data) {
    (void)user_data;
    proc_child_options options =
        program_of(ARGUMENTS("sh", "-c", "true; true; sleep 0.005 & sleep 0.004"));
    options.stop_after_ns = index % 3 ? PROC_SECONDS(60) : 0;
    proc_error *error =
        proc_run(proc_timeout(PROC_MS(1) * (int64_t)(index % 12), proc_child(&options)), cancel);
    CHECK(error == NULL || proc_error_code(error) == ETIMEDOUT);
    proc_error_unref(error);
    return NULL;
}

static void cancelled(void) { run_under_forks(cancel_one, check_scaled(200)); }

/* It forks, while its program waits for the end of its input. */
static proc_error *fork_beside(proc_cancel *cancel, void *user_data) {
    int *input = user_data, status = -1;
    (void)cancel;
    pid_t pid = fork();
    if (pid == 0) {
        close(input[1]);
        proc_error *error = run_shell("exit 3");
        _exit(proc_error_code(error) == ECHILD ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    close(input[1]);
    return NULL;
}

static void forked(void) {
    int input[2];
    CHECK_INT(pipe2(input, O_CLOEXEC), 0);
    proc_child_options options = program_of(ARGUMENTS("cat"));
    options.in = input[0];
    CHECK_OK(proc_run(PROC_GROUP(proc_child(&options), proc_new(fork_beside, input, NULL)), NULL));
    close(input[0]);
    check_no_child();
}

CHECK_MAIN(CASE(many), CASE(cancelled), CASE(forked))
