/* proc_alive and proc_healthy: who vouches for himself, and for how long. Laws:
 *
 *   within_time      The program is healthy while all who vouch are within their time; who needs to no longer is not late, and
 *                    who was late may vouch again.
 *   each_service     The innermost service vouches, or, outside of all, the program: none of them for another.
 *   ended            A service that has ended does not vouch any more, and nobody does after proc_main.
 *   nothing_else     NULL, and handles that are not below proc_main, do nothing.
 *   dumped           The dump names who is late, and for how long.
 *   beat             While one is late there is no WATCHDOG=1, and as soon as all are within their time again there is one.
 *   deadlock         A program in a lock-order deadlock is restarted by its manager; what runs then is not.
 *   busy             Nor is one that is busy.
 */
#include "child.h"
#include "dumped.h"
#include "manager.h"
#include <pthread.h>

#define HOUR PROC_SECONDS(3600)

static proc_error *vouch(proc_cancel *cancel, void *unused) {
    CHECK(proc_healthy());
    proc_alive(cancel, HOUR);
    CHECK(proc_healthy());
    proc_alive(cancel, 0);
    CHECK(!proc_healthy());
    proc_alive(cancel, HOUR);
    CHECK(proc_healthy());
    proc_alive(cancel, PROC_MS(1));
    while (proc_healthy())
        proc_wait(cancel, PROC_MS(1));
    proc_alive(cancel, PROC_FOREVER);
    CHECK(proc_healthy());
    proc_alive(cancel, INT64_MAX);
    CHECK(proc_healthy());
    return unused;
}

static void within_time(void) {
    CHECK_OK(proc_main(proc_new(vouch, NULL, NULL)));
    CHECK_OK(proc_main(proc_service("s", proc_new(vouch, NULL, NULL))));
    CHECK_OK(proc_main(proc_task("t", proc_new(vouch, NULL, NULL))));
}

static proc_error *be_late(proc_cancel *cancel, void *unused) {
    proc_alive(cancel, 0);
    CHECK(!proc_healthy());
    return unused;
}

static proc_impl *late_service(void) { return proc_service("late", proc_new(be_late, NULL, NULL)); }

static proc_error *vouch_around(proc_cancel *cancel, void *inner) {
    proc_alive(cancel, 0);
    CHECK_OK(proc_run(proc_service("inner", proc_ref(inner)), cancel));
    CHECK(!proc_healthy());
    proc_alive(cancel, HOUR);
    CHECK(proc_healthy());
    return NULL;
}

/* The one around it is late already. */
static proc_error *vouch_inside(proc_cancel *cancel, void *unused) {
    proc_alive(cancel, HOUR);
    CHECK(!proc_healthy());
    return unused;
}

static void each_service(void) {
    proc_impl *inner = proc_new(vouch_inside, NULL, NULL);
    CHECK_OK(proc_main(proc_new(vouch_around, inner, NULL)));
    CHECK_OK(proc_main(proc_service("outer", proc_new(vouch_around, inner, NULL))));
    proc_unref(inner);
}

static proc_error *have_run(proc_cancel *cancel, void *unused) {
    for (int i = 0; i < 3; i++) {
        CHECK_OK(proc_run(late_service(), cancel));
        CHECK(proc_healthy());
    }
    return unused;
}

static proc_error *keep_late(proc_cancel *cancel, void *kept) {
    proc_alive(cancel, 0);
    *(proc_cancel **)kept = proc_cancel_ref(cancel);
    return NULL;
}

static proc_error *use_kept(proc_cancel *cancel, void *kept) {
    CHECK_OK(proc_run(proc_service("s", proc_new(keep_late, kept, NULL)), cancel));
    proc_alive(*(proc_cancel **)kept, 0);
    CHECK(proc_healthy());
    return NULL;
}

static void ended(void) {
    proc_cancel *kept;
    CHECK_OK(proc_main(proc_new(have_run, NULL, NULL)));
    CHECK_OK(proc_main(proc_new(be_late, NULL, NULL)));
    CHECK(proc_healthy());
    CHECK_OK(proc_main(proc_new(use_kept, &kept, NULL)));
    proc_alive(kept, 0);
    CHECK(proc_healthy());
    proc_cancel_unref(kept);
}

static proc_error *say_in_vain(proc_cancel *cancel, void *unused) {
    proc_alive(cancel, 0);
    CHECK(proc_healthy());
    return unused;
}

static void nothing_else(void) {
    proc_alive(NULL, 0);
    CHECK(proc_healthy());
    CHECK_OK(proc_run(proc_service("s", proc_new(say_in_vain, NULL, NULL)), NULL));
}

static proc_error *look_at_the_late(proc_cancel *cancel, void *unused) {
    CHECK_DUMPED("running\nproc_main");
    proc_alive(cancel, 0);
    CHECK_DUMPED("running\nlate for 0.");
    CHECK_DUMPED(" s: service store/cache\nproc_main");
    char *text = dump(PROC_DUMP_JSON);
    CHECK_HAS(text, "}],\"late\":[{\"path\":\"store/cache\",\"late_ns\":");
    check_balanced(text);
    free(text);
    return unused;
}

static proc_error *be_late_around(proc_cancel *cancel, void *unused) {
    proc_impl *cache = proc_service("cache", proc_new(look_at_the_late, NULL, NULL));
    CHECK_OK(proc_run(proc_task("store", cache), cancel));
    proc_alive(cancel, 0);
    CHECK_DUMPED(" s: the program\nproc_main");
    return unused;
}

static void dumped(void) { CHECK_OK(proc_main(proc_new(be_late_around, NULL, NULL))); }

/* One that was about to be sent may still come. */
static proc_error *be_late_for_a_while(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    CHECK_HAS(manager_hears(m), "WATCHDOG=1\n");
    proc_alive(cancel, 0);
    for (int others = 0; manager_receive(m, MSG_DONTWAIT);)
        CHECK(++others < 1000);
    proc_wait(cancel, PROC_MS(100));
    bool hears = manager_receive(m, MSG_DONTWAIT);
    CHECK(!hears || !manager_receive(m, MSG_DONTWAIT));
    proc_alive(cancel, HOUR);
    CHECK_HAS(manager_hears(m), "WATCHDOG=1\n");
    CHECK_HAS(manager_hears(m), "WATCHDOG=1\n");
    CHECK_OK(proc_run(late_service(), cancel)); /* Which makes the program ready. */
    manager_hears_until(m, "READY=1\n");
    CHECK_HAS(manager_hears(m), "WATCHDOG=1\n");
    return NULL;
}

static void beat(void) {
    manager m;
    manager_listen(&m, true);
    setenv("WATCHDOG_USEC", "20000", 1);
    CHECK_OK(manager_main(proc_new(be_late_for_a_while, &m, NULL), 0));
    manager_close(&m);
}

static pthread_mutex_t accounts[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static gate both_have_one;

static proc_error *transfer(proc_cancel *cancel, void *first) {
    proc_alive(cancel, PROC_MS(100));
    pthread_mutex_lock(&accounts[(intptr_t)first]);
    GATE_MEET(&both_have_one, 2);
    pthread_mutex_lock(&accounts[1 - (intptr_t)first]);
    return NULL;
}

static proc_impl *transferring(intptr_t first) {
    return proc_service("transfer", proc_new(transfer, (void *)first, NULL));
}

static proc_error *serve(proc_cancel *cancel, void *unused) {
    while (!proc_wait(cancel, PROC_MS(10)))
        proc_alive(cancel, PROC_SECONDS(60));
    return unused;
}

static proc_error *compute(proc_cancel *cancel, void *unused) {
    while (!proc_cancelled(cancel))
        proc_alive(cancel, PROC_SECONDS(60));
    return unused;
}

static void deadlock_role(void) {
    gate_init(&both_have_one);
    proc_error_unref(manager_main(PROC_GROUP(transferring(0), transferring(1)), 0));
}

/* Its end by SIGTERM is none that a shell would call a failure, and no matter here. */
static void serve_role(void) {
    proc_error_unref(manager_main(proc_service("serve", proc_new(serve, NULL, NULL)), 0));
}

static void busy_role(void) {
    proc_impl *busy = proc_service("busy", proc_new(compute, NULL, NULL));
    proc_error_unref(manager_main(PROC_GROUP(busy, proc_ref(busy)), 0));
}

/* As a manager does: waits for so many beats, and ends a program that is late with one. Tells whether it had to. */
static bool watched_life(manager *m, const char *role, int beats) {
    child c = child_start(role);
    struct pollfd readable = {.fd = m->fd, .events = POLLIN};
    bool is_alive = true;
    while (beats > 0 && (is_alive = poll(&readable, 1, 2000) == 1)) {
        CHECK(manager_receive(m, 0));
        beats -= strncmp(m->message, "WATCHDOG=1\n", 11) == 0;
    }
    kill(c.pid, is_alive ? SIGTERM : SIGKILL);
    child_end(&c);
    CHECK(is_alive ? WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0 : WIFSIGNALED(c.status));
    while (manager_receive(m, MSG_DONTWAIT))
        ;
    return !is_alive;
}

static void watch(manager *m) {
    manager_listen(m, true);
    setenv("WATCHDOG_USEC", "1000000", 1);
}

static void deadlock(void) {
    manager m;
    watch(&m);
    CHECK(watched_life(&m, "deadlock_role", 1000));
    CHECK(!watched_life(&m, "serve_role", 3));
    manager_close(&m);
}

static void busy(void) {
    manager m;
    watch(&m);
    CHECK(!watched_life(&m, "busy_role", 3));
    manager_close(&m);
}

CHECK_MAIN(CASE(within_time), CASE(each_service), CASE(ended), CASE(nothing_else), CASE(dumped),
           CASE(beat), CASE(deadlock), CASE(busy), ROLE(deadlock_role), ROLE(serve_role),
           ROLE(busy_role))
