/* child.h: for what can only be seen from outside, or in a library that has no thread yet: the test program runs itself
 * again, in a role (see ROLE in check.h). The child tells events, single letters, on its stdout; its stderr is kept.
 * A child does not outlive the test, and is not run under valgrind, even if that is.
 */
#ifndef CHILD_H
#define CHILD_H

#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

typedef struct child {
    pid_t pid;
    int events;
    int errors;
    int status;      /* as of waitpid */
    char text[8192]; /* its stderr, once it has ended */
} child;

enum { CHILD_PATH = 4096 };

/* The path of this program. Valgrind answers this call for the program that it runs, but not the use of the link. */
static inline void child_self(char path[CHILD_PATH]) {
    ssize_t length = readlink("/proc/self/exe", path, CHILD_PATH - 1);
    path[length > 0 ? length : 0] = '\0';
}

static inline _Noreturn void child_exec(const char *name, const char *role, int events,
                                        int errors) {
    char self[CHILD_PATH];
    child_self(self);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    unsetenv("CHECK_SERIAL"); /* Valgrind does not watch it, so its threads run by themselves. */
    dup2(events, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    /* A program for another processor, of which the system does not know what runs it (scripts/platforms.sh). */
    const char *emulator = getenv("CHECK_EMULATOR");
    if (emulator)
        execl(emulator, emulator, "-0", name, self, role, (char *)NULL);
    else
        execl(self, name, role, (char *)NULL);
    _exit(127);
}

/* Starts this program again, under that name, to play that role. */
static inline child child_start_named(const char *name, const char *role) {
    int events[2];
    FILE *errors = tmpfile();
    if (!errors || pipe2(events, O_CLOEXEC) != 0) {
        perror("child_start");
        abort();
    }
    child c = {.events = events[0], .errors = dup(fileno(errors))};
    fcntl(c.errors, F_SETFD, FD_CLOEXEC);
    fclose(errors);
    c.pid = fork();
    if (c.pid < 0) { /* A signal to process -1 would go to every process there is. */
        perror("child_start");
        abort();
    }
    if (c.pid == 0)
        child_exec(name, role, events[1], c.errors);
    close(events[1]);
    return c;
}

static inline child child_start(const char *role) { return child_start_named("child", role); }

/* The next event that the child tells, or 0 if it has ended. */
static inline char child_event(child *c) {
    struct pollfd readable = {.fd = c->events, .events = POLLIN};
    char event = 0;
    if (poll(&readable, 1, (int)check_deadline() * 1000) != 1) {
        fprintf(stderr, "%s: the child tells nothing, and time is up\n", check_case_name);
        kill(c->pid, SIGKILL);
        abort();
    }
    return read(c->events, &event, 1) == 1 ? event : 0;
}

/* Waits for the end of the child, whatever it still tells. */
static inline void child_end(child *c) {
    while (child_event(c))
        ;
    waitpid(c->pid, &c->status, 0);
    ssize_t length = pread(c->errors, c->text, sizeof c->text - 1, 0);
    c->text[length > 0 ? length : 0] = '\0';
    close(c->events);
    close(c->errors);
}

/* All checks in the child held, and it ended by itself. */
static inline void child_passes(child *c) {
    child_end(c);
    if (!CHECK(WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0))
        fprintf(stderr, "  status %#x, and the child said: %s\n", (unsigned)c->status, c->text);
}

static inline void child_run(const char *role) {
    child c = child_start(role);
    child_passes(&c);
}

/* In the child. */
static inline void child_tell(char event) { CHECK(write(STDOUT_FILENO, &event, 1) == 1); }

/* A case of which all plays in a child, in the role that `law_role` is: IN_CHILD makes it, and BOTH names the two for CHECK_MAIN. */
#define IN_CHILD(law)                                                                              \
    static void law(void) { child_run(#law "_role"); }
#define BOTH(law) CASE(law), ROLE(law##_role)

#endif
