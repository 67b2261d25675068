/* A program ends while a trace is on. Laws:
 *
 *   grace          When the grace period is over and the library ends the program, the trace has what was recorded last.
 *   second_signal  … and so it has when a second signal ends it, and when a callback that is left in a forbidden way does.
 *   exits          … and when a callback calls exit, on whatever thread, or main returns.
 *   stuck_reader   A pipe whose reader reads nothing holds up neither the end of proc_main nor any of these.
 *
 * What is written are whole packets.
 */
#include "child.h"
#include "leaf.h"
#include "trace_file.h"
#include <sys/resource.h>

static const char last_words[] = "the last words";

/* In a child: its own directory is the test's. */
static const char *path_of_test(void) {
    strcpy(directory, getenv("TEST_DIRECTORY"));
    return in_directory("trace");
}

static void speak(proc_cancel *cancel) {
    proc_trace_log(cancel, "test", last_words);
    child_tell('s');
}

static proc_error *speak_and_hang(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    child_tell('r');
    leaf_wait_cancelled(cancel);
    speak(cancel);
    while (pause() == -1)
        ;
    return NULL;
}

static void hang(int64_t grace_ns) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = grace_ns;
    options.force_after_ns = 0;
    proc_impl *web = proc_task("web", proc_new(speak_and_hang, NULL, NULL));
    proc_error_unref(proc_main_with(web, &options));
}

static void grace_role(void) { hang(PROC_MS(50)); }
static void patient_role(void) { hang(PROC_FOREVER); }

static proc_error *speak_and_exit(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    speak(cancel);
    exit(3);
}

static proc_error *speak_and_leave(proc_cancel *cancel, void *user_data) {
    speak(cancel);
    pthread_exit(user_data);
}

static proc_error *speak_and_return(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    speak(cancel);
    return NULL;
}

static void traced(proc_fn fn) {
    CHECK_OK(proc_trace_start(path_of_test()));
    CHECK_OK(proc_run(proc_task("web", proc_new(fn, NULL, NULL)), NULL));
}

static void exit_role(void) { traced(speak_and_exit); }
static void return_role(void) { traced(speak_and_return); }

static void escape_role(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    traced(speak_and_leave);
}

/* The second of two is on a thread of the library, and the first does not end. */
static gate both;
static pthread_t main_thread;

static proc_error *exit_elsewhere(proc_cancel *cancel, void *user_data) {
    GATE_MEET(&both, 2);
    if (pthread_equal(pthread_self(), main_thread))
        while (pause() == -1)
            ;
    return speak_and_exit(cancel, user_data);
}

static void exit_elsewhere_role(void) {
    main_thread = pthread_self();
    gate_init(&both);
    proc_impl *one = proc_new(exit_elsewhere, NULL, NULL);
    CHECK_OK(proc_trace_start(path_of_test()));
    proc_error_unref(proc_run(PROC_GROUP(proc_ref(one), one), NULL));
}

/* Whether the file has that text, and nothing but whole packets: each is a field 1 with a length (a varint). */
static bool has_whole(const char *path, const char *text) {
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0, at = 0;
    if (file)
        fclose(file);
    while (at < size && bytes[at] == 0x0A) {
        size_t length = 0;
        int shift = 0;
        do
            length |= (size_t)(bytes[++at] & 0x7F) << shift;
        while (shift += 7, bytes[at] & 0x80);
        at += 1 + length;
    }
    return size > 0 && at == size && memmem(bytes, size, text, strlen(text));
}

/* A child that traces to a file in the test's directory. */
static child start(const char *role) {
    setenv("TEST_DIRECTORY", directory, 1);
    setenv("PROCESSION_TRACE", in_directory("trace"), 1);
    child c = child_start(role);
    unsetenv("PROCESSION_TRACE");
    return c;
}

static void check_signaled(child *c, int signal_number) {
    child_end(c);
    if (!CHECK(WIFSIGNALED(c->status) && WTERMSIG(c->status) == signal_number))
        fprintf(stderr, "  status %#x, and the child said: %s\n", (unsigned)c->status, c->text);
}

static void stop(child *c) {
    CHECK_INT(child_event(c), 'r');
    kill(c->pid, SIGTERM);
    CHECK_INT(child_event(c), 's');
}

static void grace(void) {
    make_directory();
    child c = start("grace_role");
    stop(&c);
    check_signaled(&c, SIGTERM);
    CHECK(has_whole(in_directory("trace"), last_words));
    remove_directory();
}

static void second_signal(void) {
    make_directory();
    child c = start("patient_role");
    stop(&c);
    kill(c.pid, SIGTERM);
    check_signaled(&c, SIGTERM);
    CHECK(has_whole(in_directory("trace"), last_words));
    c = start("escape_role");
    check_signaled(&c, SIGABRT);
    CHECK(has_whole(in_directory("trace"), last_words));
    remove_directory();
}

static void check_exits(const char *role, int status) {
    child c = start(role);
    child_end(&c);
    CHECK(WIFEXITED(c.status));
    CHECK_INT(WEXITSTATUS(c.status), status);
    CHECK(has_whole(in_directory("trace"), last_words));
}

static void exits(void) {
    make_directory();
    check_exits("exit_role", 3);
    check_exits("exit_elsewhere_role", 3);
    check_exits("return_role", 0);
    remove_directory();
}

/* More than a pipe holds. */
static void say_much(proc_cancel *cancel) {
    for (int i = 0; i < 20 * 1000; i++)
        proc_trace_log(cancel, "test", "some of many words that nobody reads");
}

static proc_error *say_much_and_return(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    say_much(cancel);
    return NULL;
}

static proc_error *say_much_and_exit(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    say_much(cancel);
    exit(3);
}

static proc_error *say_much_and_hang(proc_cancel *cancel, void *user_data) {
    say_much(cancel);
    return speak_and_hang(cancel, user_data);
}

static void main_of(proc_fn fn) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_AT_ONCE;
    CHECK_OK(proc_main_with(proc_task("web", proc_new(fn, NULL, NULL)), &options));
}

static void much_role(void) { main_of(say_much_and_return); }
static void much_exit_role(void) { main_of(say_much_and_exit); }
static void much_grace_role(void) { main_of(say_much_and_hang); }

static int full_fifo(void) {
    make_directory();
    CHECK_INT(mkfifo(in_directory("trace"), 0600), 0);
    return open(in_directory("trace"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* All at the same time, since each takes its two seconds. */
static void stuck_reader(void) {
    static const char *const roles[] = {"much_role", "much_exit_role", "much_grace_role"};
    static char directories[3][sizeof directory];
    child children[3];
    int readers[3];
    for (int i = 0; i < 3; i++) {
        readers[i] = full_fifo();
        strcpy(directories[i], directory);
        children[i] = start(roles[i]);
    }
    stop(&children[2]);
    child_passes(&children[0]);
    CHECK_HAS(children[0].text, "PROCESSION_TRACE");
    child_end(&children[1]);
    CHECK(WIFEXITED(children[1].status) && WEXITSTATUS(children[1].status) == 3);
    check_signaled(&children[2], SIGTERM);
    for (int i = 0; i < 3; i++) {
        strcpy(directory, directories[i]);
        close(readers[i]);
        remove_directory();
    }
}

CHECK_MAIN(CASE(grace), ROLE(grace_role), CASE(second_signal), ROLE(patient_role),
           ROLE(escape_role), CASE(exits), ROLE(exit_role), ROLE(exit_elsewhere_role),
           ROLE(return_role), CASE(stuck_reader), ROLE(much_role), ROLE(much_exit_role),
           ROLE(much_grace_role))
