/* The C API in a C++ program. Laws:
 *
 *   macros         PROC_CONCURRENT, PROC_GROUP and PROC_SEQUENCE do in C++ what they do in C.
 *   exception      An exception that leaves a callback of the C API ends the program with a message that names the process's
 *                  path. It plays in a child process.
 */
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <procession.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

static int failures = 0;

static void check(bool holds, const char *what) {
    if (!holds) {
        failures++;
        std::fprintf(stderr, "not so: %s\n", what);
    }
}

static proc_error *count(proc_cancel *, void *user_data) {
    ++*static_cast<int *>(user_data);
    return nullptr;
}

static proc_error *fail(proc_cancel *, void *) { return proc_error_new(5, "fails"); }

static void macros() {
    int runs = 0;
    auto counting = [&runs] { return proc_new(count, &runs, nullptr); };
    proc_impl *steps = PROC_SEQUENCE(counting(), counting(), counting());
    proc_error *error = proc_run(PROC_GROUP(PROC_CONCURRENT(steps)), nullptr);
    check(error == nullptr && runs == 3, "each of three steps runs");
    proc_impl *failing = proc_new(fail, nullptr, nullptr);
    error = proc_run(PROC_CONCURRENT(proc_ref(failing), proc_task("t", failing)), nullptr);
    check(proc_error_count(error) == 2, "both errors are there");
    proc_error_unref(error);
}

static proc_error *raise_exception(proc_cancel *, void *) { throw std::runtime_error("lost"); }

/* What it says on stderr as it ends. */
static std::string text_of_child(int *status) {
    int ends[2];
    std::string text;
    char part[500];
    if (pipe(ends) != 0)
        std::abort();
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        alarm(30);
        proc_impl *impl =
            proc_task("web", proc_task("request", proc_new(raise_exception, nullptr, nullptr)));
        std::exit(proc_exit_status(proc_run(PROC_GROUP(impl), nullptr)));
    }
    close(ends[1]);
    for (ssize_t length; (length = read(ends[0], part, sizeof part)) > 0;)
        text.append(part, static_cast<size_t>(length));
    close(ends[0]);
    waitpid(child, status, 0);
    return text;
}

static void exception() {
    int status = 0;
    std::string text = text_of_child(&status);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "it is aborted");
    size_t outer = text.find("web");
    check(outer != std::string::npos, "the outer task is named");
    check(outer != std::string::npos && text.find("request", outer) != std::string::npos,
          "the inner task is named");
    if (failures)
        std::fprintf(stderr, "it said: %s\n", text.c_str());
}

int main() {
    alarm(60);
    exception();
    macros();
    return failures > 0;
}
