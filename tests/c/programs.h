/* programs.h: programs that the tests of proc_child run: the shell, and the test program itself in a role (ROLE in check.h). */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "child.h"

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline proc_child_options program_of(const char *const *argv) {
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    options.argv = argv;
    return options;
}

static inline proc_error *run_program(const char *const *argv) {
    proc_child_options options = program_of(argv);
    return proc_run(proc_child(&options), NULL);
}

static inline proc_impl *shell(const char *script) {
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", script));
    return proc_child(&options);
}

static inline proc_error *run_shell(const char *script) { return proc_run(shell(script), NULL); }

/* This program, in that role: it runs with these options, but for the arguments. */
static inline proc_error *run_role_with(const char *role, proc_child_options options) {
    char self[CHILD_PATH];
    child_self(self);
    options.argv = ARGUMENTS(self, role);
    return proc_run(proc_child(&options), NULL);
}

static inline void run_role(const char *role) {
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    CHECK_OK(run_role_with(role, options));
}

/* Under valgrind posix_spawn is a fork, whose child cannot say why it has not executed anything. */
static inline bool starts_are_seen(void) { return check_environment("CHECK_SERIAL", 0) == 0; }

/* Releases the error: of a program that could not be started. */
static inline void check_not_started(proc_error *error, int code, const char *message) {
    if (starts_are_seen())
        CHECK_FAILS(error, code, message);
    else if (CHECK(error))
        proc_error_unref(error);
}

/* What was written, by stream, in place of what a listener is given. */
typedef struct written {
    char text[3][1000];
    size_t count[3];
} written;

static inline void keep_written(int stream, const char *bytes, size_t count, void *user_data) {
    written *w = user_data;
    if (!CHECK(stream == 1 || stream == 2) ||
        !CHECK(w->count[stream] + count < sizeof w->text[stream]))
        return;
    memcpy(w->text[stream] + w->count[stream], bytes, count);
    w->count[stream] += count;
}

/* No process is left that this one would have to wait for. */
static inline void check_no_child(void) {
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

#endif
