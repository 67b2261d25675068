/* Deadlines in a child of fork. Laws:
 *
 *   waited_for      A handle with a deadline that was made before the fork has it in the child, too, for who waits and who asks.
 *   listened_to     A descriptor that is asked for, and a hook that is added, in the child hear of it there.
 *   parent_goes_on  The parent's hooks and descriptors hear of it, whatever the child does.
 *   new_ones        Deadlines that are made in the child strike there, though a thread of the parent's served before.
 */
#include "fds.h"
#include "forks.h"

static void open_gate(void *user_data) { gate_open(user_data); }

static void wait_for_it(void *user_data) {
    proc_cancel *cancel = user_data;
    CHECK(proc_cancel_remaining(cancel) > PROC_FOREVER);
    CHECK(proc_wait(cancel, PROC_FOREVER));
    CHECK_FAILS(proc_cancel_error(cancel), ETIMEDOUT, "timed out after 20 ms");
}

static void listen_to_it(void *user_data) {
    proc_cancel *cancel = user_data;
    gate called;
    gate_init(&called);
    proc_hook *hook = proc_on_cancel(cancel, open_gate, &called);
    CHECK_BECOMES_READABLE(proc_cancel_fd(cancel));
    GATE_WAIT(&called);
    proc_hook_remove(hook);
    CHECK(proc_cancelled(cancel));
}

/* With a hook and a descriptor, and so with a thread that serves. */
static void play(void (*in_child)(void *user_data)) {
    gate called;
    gate_init(&called);
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(20));
    proc_cancel *below = proc_cancel_new(cancel);
    int fd = proc_cancel_fd(cancel);
    proc_hook *hook = proc_on_cancel(below, open_gate, &called);
    forks_run(in_child, below);
    GATE_WAIT(&called);
    CHECK_BECOMES_READABLE(fd);
    proc_hook_remove(hook);
    proc_cancel_unref(below);
    proc_cancel_unref(cancel);
}

static void nothing(void *user_data) { (void)user_data; }

static void make_new_ones(void *user_data) {
    (void)user_data;
    for (int i = 0; i < 3; i++) {
        proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(2));
        listen_to_it(cancel);
        proc_cancel_unref(cancel);
    }
}

static void waited_for(void) { play(wait_for_it); }
static void listened_to(void) { play(listen_to_it); }
static void parent_goes_on(void) { play(nothing); }
static void new_ones(void) { play(make_new_ones); }

CHECK_MAIN(CASE(waited_for), CASE(listened_to), CASE(parent_goes_on), CASE(new_ones))
