/* proc_main without signals: what it has in common with proc_run, and what it leaves behind. Laws:
 *
 *   runs               It runs one process, on the calling thread, in a handle that is not cancelled.
 *   verbatim           It returns the process's error verbatim: the same error.
 *   busy               A second proc_main at the same time fails with EBUSY, from a callback and from another thread;
 *                      what it was given is released, not run.
 *   again              Afterwards it may be called again, also after a failure and after bad input.
 *   other_thread       It may be called from any thread.
 *   inside_run         … also from a callback, on a thread of the library too.
 *   dispositions       The former signal dispositions are back when it returns: handler, mask and flags.
 *   own_cancellation   A cancellation that is not of its signals is no echo: it is returned.
 */
#include "leaf.h"

static void runs(void) {
    leaf l = {0};
    CHECK_OK(proc_main(leaf_new(&l)));
    CHECK_INT(l.runs, 1);
    CHECK_INT(l.destroyed, 1);
    CHECK(!l.saw_cancelled);
    CHECK(pthread_equal(l.thread, pthread_self()));
}

static void verbatim(void) {
    leaf l = {.error = proc_error_new(77, "own")};
    proc_error *error = proc_main(leaf_new(&l));
    CHECK(error == l.error);
    proc_error_unref(error);
    proc_error_unref(l.error);
    CHECK_FAILS(proc_main(proc_task("t", PROC_CONCURRENT(failing("same"), failing("same")))), EIO,
                "t: 2 errors:\n- same\n- same");
}

static void check_busy(leaf *l) {
    int destroyed = l->destroyed;
    proc_error *error = proc_main(leaf_new(l));
    CHECK_INT(proc_error_code(error), EBUSY);
    CHECK_HAS(proc_error_message(error), "proc_main");
    proc_error_unref(error);
    CHECK_INT(l->destroyed, destroyed + 1);
}

static proc_error *main_inside(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    check_busy(user_data);
    return NULL;
}

static void *main_beside(void *user_data) {
    check_busy(user_data);
    return NULL;
}

static proc_error *main_on_thread(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, main_beside, user_data), 0);
    pthread_join(thread, NULL);
    return NULL;
}

static void busy(void) {
    leaf never = {0};
    CHECK_OK(proc_main(proc_new(main_inside, &never, NULL)));
    CHECK_OK(proc_main(proc_new(main_on_thread, &never, NULL)));
    CHECK_OK(proc_main(
        PROC_GROUP(proc_new(main_inside, &never, NULL), proc_new(main_on_thread, &never, NULL))));
    CHECK_INT(never.runs, 0);
    CHECK_OK(proc_main(succeeding()));
}

static void again(void) {
    leaf l = {0};
    proc_impl *impl = leaf_new(&l);
    for (int i = 0; i < 100; i++) {
        CHECK_OK(proc_main(proc_ref(impl)));
        CHECK_FAILS(proc_main(failing("fails")), EIO, "fails");
        proc_error_unref(proc_main(PROC_GROUP(proc_ref(impl), NULL)));
        proc_error_unref(proc_main(NULL));
    }
    proc_unref(impl);
    CHECK_INT(l.runs, 100);
}

static void *call_main(void *user_data) {
    CHECK_OK(proc_main(leaf_new(user_data)));
    return NULL;
}

static void other_thread(void) {
    pthread_t thread;
    leaf l = {0};
    CHECK_INT(pthread_create(&thread, NULL, call_main, &l), 0);
    pthread_join(thread, NULL);
    CHECK_INT(l.runs, 1);
}

static proc_error *main_in_turn(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    GATE_MEET((gate *)user_data, 3);
    leaf l = {.fails = "inside"};
    pthread_mutex_lock(&turn);
    CHECK_FAILS(proc_main(PROC_CONCURRENT(leaf_new(&l), succeeding())), EIO, "inside");
    pthread_mutex_unlock(&turn);
    return NULL;
}

static void inside_run(void) {
    gate all;
    gate_init(&all);
    proc_impl *impl = proc_new(main_in_turn, &all, NULL);
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(impl), proc_task("t", proc_ref(impl)), impl), NULL));
}

static volatile sig_atomic_t handled;

static void handle(int signal_number) { handled = signal_number; }

static void check_dispositions(void) {
    struct sigaction interrupt, terminate;
    sigaction(SIGINT, NULL, &interrupt);
    sigaction(SIGTERM, NULL, &terminate);
    CHECK(interrupt.sa_handler == handle);
    CHECK((interrupt.sa_flags & (SA_RESTART | SA_NODEFER | SA_SIGINFO)) == SA_RESTART);
    CHECK(sigismember(&interrupt.sa_mask, SIGUSR2) == 1);
    CHECK(sigismember(&interrupt.sa_mask, SIGUSR1) == 0);
    CHECK(terminate.sa_handler == SIG_IGN);
}

static void dispositions(void) {
    struct sigaction former[2];
    struct sigaction own = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigaddset(&own.sa_mask, SIGUSR2);
    sigaction(SIGINT, &own, &former[0]);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_IGN}, &former[1]);
    CHECK_OK(proc_main(succeeding()));
    check_dispositions();
    CHECK_FAILS(proc_main(failing("fails")), EIO, "fails");
    check_dispositions();
    proc_error_unref(proc_main(PROC_GROUP(NULL, succeeding())));
    check_dispositions();
    raise(SIGTERM);
    raise(SIGINT);
    CHECK_INT(handled, SIGINT);
    sigaction(SIGINT, &former[0], NULL);
    sigaction(SIGTERM, &former[1], NULL);
}

static proc_error *trigger_own(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(cancel, proc_error_new(EINTR, user_data));
    return proc_cancel_error(cancel);
}

static void own_cancellation(void) {
    CHECK_FAILS(proc_main(proc_new(trigger_own, "own", NULL)), EINTR, "own");
}

CHECK_MAIN(CASE(runs), CASE(verbatim), CASE(busy), CASE(again), CASE(other_thread),
           CASE(inside_run), CASE(dispositions), CASE(own_cancellation))
