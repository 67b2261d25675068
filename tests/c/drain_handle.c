/* proc_drain_handle: that a handle drains, as an event. Laws:
 *
 *   with_the_handle  It is cancelled when the handle is, with the same cause, and is born so; by hand, from above, by a deadline.
 *   the_same         It is the same each time, also for threads that ask at once; NULL for NULL. That of a drain handle is one of its own.
 *   does_nothing     Cancelling it does nothing to the handle, nor to another one's drain handle.
 *   at_the_signal    In proc_main it is cancelled at the signal, while the handle is not, with the cause that the handle will have; asked for
 *                    before and after, on a handle below as well.
 *   without_a_main   A handle that is not below proc_main hears of no signal.
 *   all_ways         It can be waited for, polled, watched by a descriptor, and have a hook.
 *   hooks_elsewhere  Its hooks do not run on the thread that listens for signals: that cancels meanwhile. proc_main waits for them.
 *   shielded         Inside of a shield it is cancelled when a cancellation from above comes to that, however many there are.
 *   what_cleans_up   In a cleanup of proc_finally it is cancelled by the drain, and not by a cancellation above.
 *   in_a_stack       When a stack stops, those of all layers are cancelled before the layers are.
 *   kept             A reference to it keeps the handle; and when the run is over whose handle that is, it is cancelled.
 *   of_the_handle    It is in the task of the handle and has its values.
 *   echo             Who returns its cause because proc_main was asked to stop, has not failed.
 *   next_main        After a drain, the next proc_main starts afresh.
 *   deep             200,000 of them below each other go one after the other.
 */
#include "dumped.h"
#include "leaf.h"
#include <poll.h>

static proc_error *main_with_drain(proc_impl *impl, int64_t drain_ns) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = drain_ns;
    return proc_main_with(impl, &options);
}

static void with_the_handle(void) {
    proc_cancel *root = proc_cancel_new(NULL), *low = proc_cancel_new(root);
    proc_cancel *soon = proc_cancel_new_timeout(root, PROC_MS(5));
    proc_cancel *of_root = proc_drain_handle(root), *of_low = proc_drain_handle(low);
    CHECK(!proc_cancelled(of_root) && !proc_cancelled(of_low) && !proc_draining(of_low));
    CHECK(proc_wait(proc_drain_handle(soon), PROC_FOREVER));
    CHECK_INT(proc_error_code(proc_cancel_cause(proc_drain_handle(soon))), ETIMEDOUT);
    proc_cancel_trigger(low, proc_error_new(71, "low"));
    CHECK(proc_cancelled(of_low) && !proc_cancelled(of_root));
    CHECK(proc_cancel_cause(of_low) == proc_cancel_cause(low));
    proc_cancel_trigger(root, proc_error_new(72, "root"));
    CHECK(proc_cancel_cause(of_root) == proc_cancel_cause(root));
    proc_cancel *late = proc_cancel_new(root);
    CHECK(proc_cancel_cause(proc_drain_handle(late)) == proc_cancel_cause(root));
    proc_cancel_unref(late);
    proc_cancel_unref(soon);
    proc_cancel_unref(low);
    proc_cancel_unref(root);
}

enum { THREADS = 4 };

typedef struct asking {
    gate start;
    proc_cancel *handle, *got[THREADS];
    atomic_int next;
} asking;

static proc_error *ask(proc_cancel *cancel, void *user_data) {
    asking *a = user_data;
    GATE_MEET(&a->start, THREADS);
    a->got[a->next++] = proc_drain_handle(a->handle);
    (void)cancel;
    return NULL;
}

static void the_same(void) {
    CHECK(proc_drain_handle(NULL) == NULL);
    size_t rounds = check_scaled(100);
    for (size_t round = 0; round < rounds; round++) {
        asking a = {.handle = proc_cancel_new(NULL)};
        gate_init(&a.start);
        proc_impl *impl = proc_new(ask, &a, NULL);
        CHECK_OK(
            proc_run(PROC_CONCURRENT(proc_ref(impl), proc_ref(impl), proc_ref(impl), impl), NULL));
        for (int i = 0; i < THREADS; i++)
            CHECK(a.got[i] && a.got[i] == proc_drain_handle(a.handle));
        proc_cancel *inner = proc_drain_handle(a.got[0]);
        CHECK(inner != a.got[0] && inner == proc_drain_handle(a.got[0]));
        CHECK(proc_drain_handle(inner) == proc_drain_handle(inner));
        if (round % 2)
            proc_cancel_trigger(a.handle, NULL);
        CHECK(proc_cancelled(proc_drain_handle(inner)) == round % 2);
        proc_cancel_unref(a.handle);
    }
}

static void does_nothing(void) {
    proc_cancel *handle = proc_cancel_new(NULL), *low = proc_cancel_new(handle);
    proc_cancel *drains = proc_drain_handle(handle);
    proc_cancel *inner = proc_drain_handle(drains), *below = proc_cancel_new(drains);
    proc_cancel_trigger(inner, NULL);
    CHECK(!proc_cancelled(drains));
    proc_cancel_trigger(drains, proc_error_new(71, "by hand"));
    CHECK(proc_cancelled(below) && proc_drain_handle(handle) == drains);
    CHECK(!proc_cancelled(handle) && !proc_draining(handle) && !proc_cancelled(low));
    CHECK(!proc_cancelled(proc_drain_handle(low)));
    proc_cancel_trigger(handle, NULL);
    CHECK_INT(proc_error_code(proc_cancel_cause(drains)), 71);
    proc_cancel_unref(below);
    proc_cancel_unref(low);
    proc_cancel_unref(handle);
}

static proc_error *be_stopped(proc_cancel *cancel, void *user_data) {
    proc_cancel *low = proc_cancel_new(cancel);
    proc_cancel *own = proc_drain_handle(cancel), *of_low = proc_drain_handle(low);
    CHECK(!proc_cancelled(own) && !proc_cancelled(of_low));
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(own);
    leaf_wait_cancelled(of_low);
    CHECK(proc_draining(cancel) && !proc_cancelled(cancel));
    const proc_error *cause = proc_cancel_cause(own);
    CHECK_INT(proc_error_code(cause), EINTR);
    CHECK_STR(proc_error_message(cause), "stopped by SIGTERM");
    proc_cancel *late = proc_cancel_new(cancel);
    CHECK(proc_cancelled(proc_drain_handle(late)) && !proc_cancelled(late));
    CHECK(proc_cancel_cause(proc_drain_handle(late)) == cause);
    leaf_wait_cancelled(cancel);
    CHECK(proc_cancel_cause(cancel) == cause && proc_cancel_cause(own) == cause);
    proc_cancel_unref(late);
    proc_cancel_unref(low);
    (void)user_data;
    return proc_cancel_error(cancel);
}

static void at_the_signal(void) {
    CHECK_OK(main_with_drain(proc_new(be_stopped, NULL, NULL), PROC_MS(50)));
    CHECK_OK(main_with_drain(
        proc_task("t", PROC_CONCURRENT(proc_new(be_stopped, NULL, NULL), succeeding())),
        PROC_MS(50)));
}

static proc_error *drain_beside(proc_cancel *cancel, void *user_data) {
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(proc_drain_handle(cancel));
    CHECK(!proc_cancelled(proc_drain_handle(user_data)));
    return NULL;
}

static void without_a_main(void) {
    proc_cancel *beside = proc_cancel_new(NULL);
    CHECK(!proc_cancelled(proc_drain_handle(beside)));
    CHECK_OK(main_with_drain(proc_new(drain_beside, beside, NULL), PROC_FOREVER));
    CHECK(!proc_cancelled(proc_drain_handle(beside)));
    proc_cancel_unref(beside);
}

static void open_it(void *user_data) { gate_open(user_data); }

static proc_error *hear_in_all_ways(proc_cancel *cancel, void *user_data) {
    gate told;
    gate_init(&told);
    proc_cancel *drains = proc_drain_handle(cancel);
    int fd = proc_cancel_fd(drains);
    struct pollfd one = {.fd = fd, .events = POLLIN};
    CHECK_INT(poll(&one, 1, 0), 0);
    CHECK(!proc_wait(drains, 0));
    proc_hook *hook = proc_on_cancel(drains, open_it, &told);
    kill(getpid(), SIGTERM);
    CHECK_INT(proc_poll(drains, NULL, 0, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
    CHECK_INT(poll(&one, 1, -1), 1);
    GATE_WAIT(&told);
    proc_hook_remove(hook);
    CHECK(proc_wait(drains, 0) && !proc_cancelled(cancel));
    (void)user_data;
    return NULL;
}

static void all_ways(void) {
    CHECK_OK(main_with_drain(proc_new(hear_in_all_ways, NULL, NULL), PROC_FOREVER));
}

typedef struct hooked {
    proc_cancel *cancel;
    proc_hook *hook;
    gate begun;
    atomic_bool is_over;
} hooked;

/* Only the listening thread cancels that. */
static void wait_for_the_cancellation(void *user_data) {
    hooked *h = user_data;
    leaf_wait_cancelled(h->cancel);
    gate_open(&h->begun);
    h->is_over = true;
}

static proc_error *leave_a_hook(proc_cancel *cancel, void *user_data) {
    hooked *h = user_data;
    h->cancel = proc_cancel_ref(cancel);
    h->hook = proc_on_cancel(proc_drain_handle(cancel), wait_for_the_cancellation, h);
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void hooks_elsewhere(void) {
    hooked h = {.cancel = NULL};
    gate_init(&h.begun);
    CHECK_OK(main_with_drain(proc_new(leave_a_hook, &h, NULL), PROC_MS(20)));
    CHECK(h.is_over);
    GATE_WAIT(&h.begun);
    proc_hook_remove(h.hook);
    proc_cancel_unref(h.cancel);
}

static proc_error *be_shielded(proc_cancel *cancel, void *user_data) {
    proc_cancel *drains = proc_drain_handle(cancel);
    CHECK(!proc_cancelled(drains));
    proc_cancel_trigger(user_data, proc_error_new(71, "around"));
    CHECK(proc_cancelled(drains) && !proc_cancelled(cancel) && proc_draining(cancel));
    CHECK(proc_cancel_cause(drains) == proc_cancel_cause(user_data));
    return NULL;
}

static void shielded(void) {
    proc_cancel *around = proc_cancel_new(NULL);
    proc_impl *inside = proc_shield(PROC_SECONDS(1000), proc_new(be_shielded, around, NULL));
    CHECK_OK(proc_run(proc_shield(PROC_FOREVER, PROC_GROUP(inside, succeeding())), around));
    proc_cancel_unref(around);
}

static proc_error *clean_up(proc_cancel *cancel, void *user_data) {
    proc_cancel *drains = proc_drain_handle(cancel);
    proc_cancel_trigger(user_data, NULL);
    CHECK(!proc_cancelled(drains));
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(drains);
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static proc_error *run_below(proc_cancel *cancel, void *user_data) {
    proc_cancel *own = proc_cancel_new(cancel);
    proc_error *error = proc_run(proc_finally(succeeding(), proc_new(clean_up, own, NULL)), own);
    proc_cancel_unref(own);
    (void)user_data;
    return error;
}

static void what_cleans_up(void) {
    CHECK_OK(main_with_drain(proc_new(run_below, NULL, NULL), PROC_FOREVER));
}

typedef struct layer {
    gate *low_drains;
    bool is_low;
} layer;

static proc_error *be_a_layer(proc_cancel *cancel, void *user_data) {
    layer *l = user_data;
    proc_ready(cancel);
    leaf_wait_cancelled(proc_drain_handle(cancel));
    if (l->is_low) {
        CHECK(!proc_cancelled(cancel));
        gate_open(l->low_drains);
    } else {
        GATE_WAIT(l->low_drains); /* so the one below is not cancelled yet */
    }
    leaf_wait_cancelled(cancel);
    return NULL;
}

static proc_error *stop_the_stack(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_cancel_trigger(user_data, NULL);
    return NULL;
}

static void in_a_stack(void) {
    gate low_drains;
    gate_init(&low_drains);
    layer low = {&low_drains, true}, high = {&low_drains, false};
    proc_cancel *handle = proc_cancel_new(NULL);
    CHECK_OK(
        proc_run(PROC_STACK(proc_new(be_a_layer, &low, NULL), proc_new(be_a_layer, &high, NULL),
                            proc_new(stop_the_stack, handle, NULL)),
                 handle));
    proc_cancel_unref(handle);
}

static proc_error *keep_it(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(proc_drain_handle(cancel));
    return NULL;
}

static void kept(void) {
    proc_cancel *root = proc_cancel_new(NULL), *low = proc_cancel_new(root);
    proc_cancel *drains = proc_cancel_ref(proc_drain_handle(low));
    proc_cancel *inner = proc_cancel_ref(proc_drain_handle(drains));
    proc_cancel_unref(low);
    proc_cancel_unref(drains);
    CHECK(!proc_cancelled(inner));
    proc_cancel_trigger(root, proc_error_new(71, "root"));
    CHECK_INT(proc_error_code(proc_cancel_cause(inner)), 71);
    proc_cancel_unref(inner);
    proc_cancel_unref(root);

    proc_cancel *of_group = NULL;
    CHECK_OK(proc_run(PROC_GROUP(proc_new(keep_it, &of_group, NULL), succeeding()), NULL));
    CHECK(proc_cancelled(of_group));
    CHECK_INT(proc_error_code(proc_cancel_cause(of_group)), ECANCELED);
    proc_cancel_unref(of_group);
}

static const proc_key number = {"number"};

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    CHECK(proc_value(proc_drain_handle(cancel), &number) == user_data);
    proc_task_label(proc_drain_handle(cancel), "label");
    CHECK_DUMPED("\"label\"");
    return NULL;
}

static void of_the_handle(void) {
    int value;
    proc_impl *look = proc_task("t", proc_new(look_around, &value, NULL));
    CHECK_OK(proc_run(proc_with_value(&number, &value, NULL, look), NULL));
}

static proc_error *stop_as_it_drains(proc_cancel *cancel, void *user_data) {
    proc_cancel *drains = proc_drain_handle(cancel);
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(drains);
    (void)user_data;
    return proc_cancel_error(drains);
}

static void echo(void) {
    CHECK_OK(
        main_with_drain(proc_task("t", proc_new(stop_as_it_drains, NULL, NULL)), PROC_FOREVER));
}

static proc_error *not_asked(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_cancelled(proc_drain_handle(cancel)));
    (void)user_data;
    return NULL;
}

static void next_main(void) {
    CHECK_OK(main_with_drain(proc_new(stop_as_it_drains, NULL, NULL), PROC_FOREVER));
    CHECK_OK(main_with_drain(proc_new(not_asked, NULL, NULL), PROC_FOREVER));
    CHECK_OK(main_with_drain(proc_new(stop_as_it_drains, NULL, NULL), PROC_FOREVER));
}

static void deep(void) {
    proc_cancel *last = proc_cancel_new(NULL);
    for (size_t i = 0; i < check_scaled(200000); i++) {
        proc_cancel *next = proc_cancel_new(proc_drain_handle(last));
        proc_cancel_unref(last);
        last = next;
    }
    proc_cancel_unref(last);
}

CHECK_MAIN(CASE(with_the_handle), CASE(the_same), CASE(does_nothing), CASE(at_the_signal),
           CASE(without_a_main), CASE(all_ways), CASE(hooks_elsewhere), CASE(shielded),
           CASE(what_cleans_up), CASE(in_a_stack), CASE(kept), CASE(of_the_handle), CASE(echo),
           CASE(next_main), CASE(deep))
