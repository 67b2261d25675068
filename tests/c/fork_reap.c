/* proc_main_options.reap: orphans that become children of the program, which is a subreaper or process 1, are reaped; its own children
 * never. Each case plays in a child program. Laws:
 *
 *   forked       An orphan is reaped that a forked child has forked, though that one ended at once,
 *   session      … one that a program has started in a session of its own,
 *   seen         … and one that was the child of another one for some time.
 *   own          The program's own children are left, also if it asks for their status only later: forked, in a session of their own, by
 *                vfork, and executed; and those that were there before.
 *   off          Without it an orphan is left.
 *   afterwards   … and so it is after proc_main.
 *   process_one  It works as process 1, also if /proc is another namespace's. (Not where no namespace can be had: that is said.)
 */
#include "child.h"
#include "leaf.h"
#include <sched.h>

/* Ends when nobody has the other end any more. */
static void await_end(int fd) {
    char byte;
    while (read(fd, &byte, 1) == -1)
        ;
}

typedef struct orphan {
    pid_t pid;
    int holds; /* closing it ends the orphan */
} orphan;

/* Forks a child that forks one, and ends; both execute nothing. */
static orphan orphan_forked(void) {
    int numbers[2], lives[2];
    CHECK_INT(pipe2(numbers, O_CLOEXEC), 0);
    CHECK_INT(pipe2(lives, O_CLOEXEC), 0);
    pid_t middle = fork();
    if (middle == 0) {
        pid_t pid = fork();
        if (pid == 0) {
            close(lives[1]);
            await_end(lives[0]);
            _exit(7);
        }
        _exit(write(numbers[1], &pid, sizeof pid) != sizeof pid);
    }
    orphan o = {.holds = lives[1]};
    CHECK_INT(waitpid(middle, NULL, 0), middle);
    CHECK_INT(read(numbers[0], &o.pid, sizeof o.pid), sizeof o.pid);
    close(numbers[0]);
    close(numbers[1]);
    close(lives[0]);
    return o;
}

/* Executes a shell that starts a program in the background, and tells its number; it ends when `goes_on` is closed. */
static orphan orphan_executed(bool has_session, int *shell, int *goes_on) {
    int numbers[2], lives[2], waits[2];
    char text[32] = "";
    CHECK_INT(pipe2(numbers, O_CLOEXEC), 0);
    CHECK_INT(pipe2(lives, O_CLOEXEC), 0);
    CHECK_INT(pipe2(waits, O_CLOEXEC), 0);
    *shell = vfork();
    if (*shell == 0) {
        if (has_session)
            setsid();
        dup2(lives[0], 0);
        dup2(numbers[1], 1);
        dup2(waits[0], 9);
        execl("/bin/sh", "sh", "-c", "exec 8<&0; cat <&8 >/dev/null 9<&- & echo $!; read x <&9",
              (char *)NULL);
        _exit(127);
    }
    close(numbers[1]);
    CHECK(read(numbers[0], text, sizeof text - 1) > 0);
    close(numbers[0]);
    close(lives[0]);
    close(waits[0]);
    *goes_on = waits[1];
    return (orphan){.pid = atoi(text), .holds = lives[1]};
}

static bool is_there(pid_t pid) { return kill(pid, 0) == 0; }

static void pass_time(int64_t time_ns) {
    proc_cancel *other = proc_cancel_new(NULL);
    CHECK(!proc_wait(other, time_ns));
    proc_cancel_unref(other);
}

static void end_and_see_reaped(orphan *o) {
    CHECK(is_there(o->pid));
    close(o->holds);
    time_t end = time(NULL) + check_deadline();
    while (is_there(o->pid) && time(NULL) < end)
        pass_time(PROC_MS(1));
    CHECK(!is_there(o->pid));
}

static proc_error *reap_forked(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    for (int i = 0; i < 3; i++) {
        orphan o = orphan_forked();
        end_and_see_reaped(&o);
    }
    return NULL;
}

static proc_error *reap_session(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    int shell, goes_on;
    orphan o = orphan_executed(true, &shell, &goes_on);
    close(goes_on);
    CHECK_INT(waitpid(shell, NULL, 0), shell);
    end_and_see_reaped(&o);
    return NULL;
}

/* How soon it is looked at again is not known: it is tried with ever more time. */
static proc_error *reap_seen(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    bool is_reaped = false;
    for (int64_t time_s = 1; !is_reaped && time_s < check_deadline(); time_s *= 2) {
        int shell, goes_on;
        orphan o = orphan_executed(false, &shell, &goes_on);
        pass_time(PROC_SECONDS(time_s));
        close(goes_on);
        CHECK_INT(waitpid(shell, NULL, 0), shell);
        close(o.holds);
        pass_time(PROC_SECONDS(time_s));
        is_reaped = !is_there(o.pid);
    }
    CHECK(is_reaped);
    return NULL;
}

enum { OWN = 4 };

static pid_t start_own(int kind) {
    static char *const program[] = {"sh", "-c", "exit 3", NULL};
    pid_t pid = kind == 2 ? vfork() : fork();
    if (pid == 0) {
        if (kind == 1)
            setsid();
        if (kind == 3)
            execv("/bin/sh", program);
        _exit(3);
    }
    return pid;
}

static void check_own(pid_t pid) {
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void await_zombie(pid_t pid) {
    siginfo_t info;
    CHECK_INT(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

/* An orphan that is reaped after all of them have ended says that they were looked at. */
static proc_error *leave_own(proc_cancel *cancel, void *user_data) {
    pid_t own[OWN];
    await_zombie(*(pid_t *)user_data);
    for (int i = 0; i < OWN; i++) {
        own[i] = start_own(i);
        await_zombie(own[i]);
    }
    proc_error *error = reap_forked(cancel, NULL);
    for (int i = 0; i < OWN; i++)
        check_own(own[i]);
    return error;
}

static void run_reaping(proc_fn test, void *user_data) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.reap = true;
    CHECK_OK(proc_main_with(PROC_GROUP(proc_new(test, user_data, NULL), succeeding()), &options));
}

static void be_subreaper(void) { CHECK_INT(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }

static void forked_role(void) {
    be_subreaper();
    run_reaping(reap_forked, NULL);
    run_reaping(reap_forked, NULL);
}

static void session_role(void) {
    be_subreaper();
    run_reaping(reap_session, NULL);
}

static void seen_role(void) {
    be_subreaper();
    run_reaping(reap_seen, NULL);
}

static void own_role(void) {
    be_subreaper();
    pid_t before = start_own(1);
    run_reaping(leave_own, &before);
    check_own(before);
}

static void check_left(void) {
    int status = 0;
    orphan o = orphan_forked();
    close(o.holds);
    await_zombie(o.pid);
    pass_time(PROC_MS(300)); /* the time to do what it must not */
    CHECK_INT(waitpid(o.pid, &status, 0), o.pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static proc_error *leave(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    check_left();
    return NULL;
}

static void off_role(void) {
    be_subreaper();
    CHECK_OK(proc_main(proc_new(leave, NULL, NULL)));
}

static void afterwards_role(void) {
    be_subreaper();
    run_reaping(reap_forked, NULL);
    check_left();
}

static void forked(void) { child_run("forked_role"); }
static void session(void) { child_run("session_role"); }
static void seen(void) { child_run("seen_role"); }
static void own(void) { child_run("own_role"); }
static void off(void) { child_run("off_role"); }
static void afterwards(void) { child_run("afterwards_role"); }

static void one_role(void) {
    CHECK_INT(getpid(), 1);
    pid_t before = start_own(0);
    run_reaping(leave_own, &before);
    check_own(before);
}

static void namespace_role(void) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 || unshare(CLONE_NEWPID) == 0)
        child_run("one_role");
    else
        child_tell('n');
    _exit(atomic_load(&check_failures) != 0);
}

static void process_one(void) {
    child c = child_start("namespace_role");
    if (child_event(&c) == 'n')
        printf("%s: not checked: this system allows no pid namespace\n", check_case_name);
    child_passes(&c);
}

CHECK_MAIN(CASE(forked), ROLE(forked_role), CASE(session), ROLE(session_role), CASE(seen),
           ROLE(seen_role), CASE(own), ROLE(own_role), CASE(off), ROLE(off_role), CASE(afterwards),
           ROLE(afterwards_role), CASE(process_one), ROLE(namespace_role), ROLE(one_role))
