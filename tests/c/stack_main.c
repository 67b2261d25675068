/* A stack as the purpose of a program: when that is up, and how it stops. The service manager is the test. Laws:
 *
 *   plain        Where there are no services, the program is up when all children are, and one of them has said so.
 *   services     Where there are, it is up when all of them are, those too that have not begun.
 *   in_service   A service that is a stack is up when all children are.
 *   nobody       If all succeed and nobody has said anything, the program is not up.
 *   supervised   A child that fails and is run again is up when it says so then.
 *   below        Services that a callback of a child runs count for that child.
 *   told         At each step the manager is told at which layer the stack is, and that it takes longer.
 *   longer       … and that again and again while the step goes on, but not while the program is up and does not stop.
 *   stop         A signal stops it from the last to the first.
 */
#include "manager.h"
#include "supervised.h"
#include <sched.h>
#include <sys/syscall.h>

/* By how many seconds the library's clock, in this program, is ahead. */
static atomic_long ahead;

int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = (int)syscall(SYS_clock_gettime, clock, time);
    if (!failed && clock == CLOCK_MONOTONIC)
        time->tv_sec += ahead;
    return failed;
}

static atomic_int begun;

/* What a child does: b: notes that it has begun; 0: nobody has; R: says that it is up; n: nobody has heard that the program is; u: hears it; f: fails, and goes on after that
 * in its next run; else waits for its cancellation, or ends. */
typedef struct script {
    manager *m;
    const char *acts;
} script;

/* Before it may come how far the stack is. */
static void hears_until(manager *m, const char *what) {
    while (strncmp(manager_hears(m), what, strlen(what)) != 0)
        CHECK(strstr(m->message, "STATUS=") && !strstr(m->message, "STOPPING=1"));
}

static void is_not_up(manager *m) {
    wait_until_others_sleep();
    while (manager_receive(m, MSG_DONTWAIT))
        CHECK(!strstr(m->message, "READY=1"));
}

static proc_error *act(proc_cancel *cancel, void *user_data) {
    script *s = user_data;
    while (*s->acts) {
        switch (*s->acts++) {
        case 'b':
            begun++;
            break;
        case '0':
            CHECK_INT(begun, 0);
            break;
        case 'R':
            proc_ready(cancel);
            break;
        case 'n':
            is_not_up(s->m);
            break;
        case 'u':
            hears_until(s->m, "READY=1\n");
            break;
        case 'w':
            leaf_wait_cancelled(cancel);
            return proc_cancel_error(cancel);
        default:
            return proc_error_new(EIO, "fails");
        }
    }
    return NULL;
}

static proc_impl *acting(script *s) { return proc_new(act, s, NULL); }
static proc_impl *serving(script *s) { return proc_service("service", acting(s)); }

static void check_stack(manager *m, proc_impl *impl) {
    CHECK_OK(manager_main(impl, 0));
    hears_until(m, "STOPPING=1\n");
    is_not_up(m);
    manager_close(m);
}

static void plain(void) {
    manager m;
    manager_listen(&m, true);
    script a = {&m, "nR"}, b = {&m, "n"}, c = {&m, "nRu"};
    check_stack(&m, PROC_STACK(acting(&a), acting(&b), acting(&c)));
    manager_listen(&m, true);
    script d = {&m, "R"}, e = {&m, "n"}, f = {&m, "u"};
    check_stack(&m, PROC_SEQUENCE(PROC_STACK(acting(&d), acting(&e)), acting(&f)));
}

static void services(void) {
    manager m;
    manager_listen(&m, true);
    script a = {&m, "nR"}, b = {&m, "n"}, c = {&m, "nRu"};
    check_stack(&m, PROC_STACK(serving(&a), acting(&b), serving(&c)));
    manager_listen(&m, true);
    script d = {&m, "nR"}, e = {&m, "nRu"}, f = {&m, ""};
    check_stack(&m, PROC_STACK(acting(&d), serving(&e), acting(&f)));
}

static void in_service(void) {
    manager m;
    manager_listen(&m, true);
    script a = {&m, "nR"}, b = {&m, "nRu"}, other = {&m, "R"};
    proc_impl *app = proc_service("app", PROC_STACK(acting(&a), PROC_STACK(acting(&b))));
    check_stack(&m, PROC_SEQUENCE(serving(&other), app));
}

static void nobody(void) {
    manager m;
    manager_listen(&m, true);
    script a = {&m, "n"}, b = {&m, "n"}, c = {&m, "n"};
    check_stack(&m, PROC_SEQUENCE(PROC_STACK(acting(&a), acting(&b)), acting(&c)));
}

static void supervised(void) {
    manager m;
    proc_supervise_options options = at_most(9);
    manager_listen(&m, true);
    script a = {&m, "nfnR"}, b = {&m, "fnfRu"};
    check_stack(&m, PROC_STACK(proc_supervise(&options, serving(&a)),
                               proc_supervise(&options, proc_task("t", serving(&b)))));
    manager_listen(&m, true);
    script c = {&m, "ffR"}, d = {&m, "nRu"};
    check_stack(&m, PROC_STACK(proc_supervise(&options, acting(&c)), serving(&d)));
}

static proc_error *run_below(proc_cancel *cancel, void *user_data) {
    return proc_run(proc_ref(user_data), cancel);
}

static void below(void) {
    manager m;
    manager_listen(&m, true);
    script a = {&m, "nR0"}, b = {&m, "nR"}, c = {&m, "bnRu"};
    begun = 0;
    proc_impl *both = PROC_SEQUENCE(acting(&a), serving(&b));
    check_stack(&m, PROC_STACK(proc_new(run_below, both, NULL), serving(&c)));
    proc_unref(both);
}

static proc_error *hear_of_both(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    hears_until(m, "EXTEND_TIMEOUT_USEC=90000000\nSTATUS=starting store (1 of 2)\n");
    proc_ready(cancel);
    leaf_wait_cancelled(cancel);
    hears_until(m, "EXTEND_TIMEOUT_USEC=90000000\nSTATUS=stopping store (1 of 2)\n");
    return NULL;
}

static proc_error *hear_of_second(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    hears_until(m, "EXTEND_TIMEOUT_USEC=90000000\nSTATUS=starting 2 of 2\n");
    proc_ready(cancel);
    hears_until(m, "READY=1\nSTATUS=");
    kill(getpid(), SIGTERM);
    hears_until(m, "STOPPING=1\nSTATUS=");
    leaf_wait_cancelled(cancel);
    hears_until(m, "EXTEND_TIMEOUT_USEC=90000000\nSTATUS=stopping 2 of 2\n");
    return NULL;
}

static void told(void) {
    manager m;
    manager_listen(&m, true);
    proc_impl *store = proc_task("store", proc_new(hear_of_both, &m, NULL));
    proc_impl *stack = PROC_STACK(proc_supervise(NULL, store), proc_new(hear_of_second, &m, NULL));
    CHECK_OK(manager_main(proc_task("all", stack), 0));
    is_not_up(&m);
    manager_close(&m);
}

/* For three beats. */
static void hears_of_no_extension(manager *m) {
    for (int beats = 0; beats < 3; beats += strncmp(m->message, "WATCHDOG=1\n", 11) == 0)
        CHECK(!strstr(manager_hears(m), "EXTEND_TIMEOUT_USEC"));
}

/* Half a minute goes by, again and again. Beats come in between, so that somebody looks at the clock. */
static void hear_again(manager *m, const char *step) {
    char what[100];
    snprintf(what, sizeof what, "EXTEND_TIMEOUT_USEC=90000000\nSTATUS=%s slow (1 of 1)\n", step);
    hears_until(m, what);
    for (int i = 0; i < 4; i++) {
        hears_of_no_extension(m);
        ahead += 31;
        hears_until(m, what);
    }
}

static proc_error *be_slow(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    hear_again(m, "starting");
    proc_ready(cancel);
    hears_until(m, "READY=1\n");
    ahead += 31;
    hears_of_no_extension(m);
    kill(getpid(), SIGTERM);
    hears_until(m, "STOPPING=1\n");
    leaf_wait_cancelled(cancel);
    hear_again(m, "stopping");
    return NULL;
}

static void longer(void) {
    manager m;
    manager_listen(&m, true);
    setenv("WATCHDOG_USEC", "20000", 1);
    CHECK_OK(manager_main(PROC_STACK(proc_task("slow", proc_new(be_slow, &m, NULL))), 0));
    manager_close(&m);
}

static atomic_int order;

static proc_error *stand(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    leaf_wait_cancelled(cancel);
    CHECK_INT(--order, *(int *)user_data);
    return proc_cancel_error(cancel);
}

static proc_error *stop_it(proc_cancel *cancel, void *user_data) {
    kill(getpid(), SIGTERM);
    while (!proc_draining(cancel))
        sched_yield();
    return stand(cancel, user_data);
}

static void stop(void) {
    static int numbers[] = {0, 1, 2};
    order = 3;
    CHECK_OK(
        proc_main(PROC_STACK(proc_new(stand, &numbers[0], NULL), proc_new(stand, &numbers[1], NULL),
                             proc_new(stop_it, &numbers[2], NULL))));
    CHECK_INT(order, 0);
}

CHECK_MAIN(CASE(plain), CASE(services), CASE(in_service), CASE(nobody), CASE(supervised),
           CASE(below), CASE(told), CASE(longer), CASE(stop))
