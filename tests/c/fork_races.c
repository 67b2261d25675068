/* fork at a bad moment. Laws (architecture, fork):
 *
 *   handlers_first   The library is prepared for a fork since it was loaded, so the handlers for fork that a program registers
 *                    run while it works as ever: one may wait for a lock that its holder keeps while he runs a process.
 *   first_use        A fork while another thread uses the library for the first time: the child can use it.
 *   text             A fork while another thread is the first to read an error's text: the child can read it.
 */
#include "child.h"
#include "forks.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gate locked, forking;

static void wait_for_holder(void) {
    gate_open(&forking);
    pthread_mutex_lock(&lock);
}

static void let_go(void) { pthread_mutex_unlock(&lock); }

static void *hold_and_run(void *nothing) {
    pthread_mutex_lock(&lock);
    gate_open(&locked);
    GATE_WAIT(&forking);
    check_works();
    pthread_mutex_unlock(&lock);
    return nothing;
}

static void run(void *nothing) {
    (void)nothing;
    check_works();
}

/* The program's handlers are there before it first uses the library. */
static void register_and_fork(void) {
    pthread_t holder;
    gate_init(&locked);
    gate_init(&forking);
    CHECK_INT(pthread_atfork(wait_for_holder, let_go, let_go), 0);
    check_works();
    CHECK_INT(pthread_create(&holder, NULL, hold_and_run, NULL), 0);
    GATE_WAIT(&locked);
    forks_run(run, NULL);
    pthread_join(holder, NULL);
}

static void handlers_first(void) { child_run("register_and_fork"); }

static void *use_first(void *both) {
    GATE_MEET((gate *)both, 2);
    check_works();
    return NULL;
}

static void use_and_fork(void) {
    gate both;
    pthread_t user;
    gate_init(&both);
    CHECK_INT(pthread_create(&user, NULL, use_first, &both), 0);
    GATE_MEET(&both, 2);
    forks_run(run, NULL);
    pthread_join(user, NULL);
}

static void first_use(void) {
    for (size_t i = check_scaled(50); i > 0; i--)
        child_run("use_and_fork");
}

/* So many that it takes the first reader some milliseconds to put the text together. */
enum { ERRORS = 20000 };

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return proc_error_new(EIO, "one of many");
}

static proc_error *error_of_many(void) {
    static proc_impl *impls[ERRORS];
    proc_impl *one = proc_new(fail, NULL, NULL);
    for (int i = 0; i < ERRORS; i++)
        impls[i] = proc_ref(one);
    proc_unref(one);
    return proc_run(proc_concurrent(impls, ERRORS), NULL);
}

static gate reading;

static void *read_first(void *error) {
    gate_open(&reading);
    CHECK_HAS(proc_error_message(error), "20000 errors:\n- one of many");
    return NULL;
}

static void read_too(void *error) {
    CHECK_HAS(proc_error_message(error), "20000 errors:\n- one of many");
}

static void text(void) {
    for (size_t i = check_scaled(10); i > 0; i--) {
        pthread_t reader;
        proc_error *error = error_of_many();
        gate_init(&reading);
        CHECK_INT(pthread_create(&reader, NULL, read_first, error), 0);
        GATE_WAIT(&reading);
        forks_run(read_too, error);
        pthread_join(reader, NULL);
        proc_error_unref(error);
    }
}

CHECK_MAIN(CASE(handlers_first), ROLE(register_and_fork), CASE(first_use), ROLE(use_and_fork),
           CASE(text))
