/* proc_configure. Each case plays in a fresh program, in which nothing has run yet. Laws:
 *
 *   busy             Once something has run it is too late (EBUSY): after a run or a job, in a callback, in a thread's hook.
 *   again            Before that, the last call counts.
 *   bad_input        EINVAL, with a message that says what is wrong; then nothing has changed.
 *   newer_caller     A caller whose struct is longer is served as long as it sets nothing that is not known here.
 *   forked           A child of fork may change what it has from its parent until its own first run; its parent may not.
 */
#include "child.h"
#include "meet.h"

static const proc_config defaults = PROC_CONFIG_INIT;

static void check_busy(void) {
    CHECK_FAILS(proc_configure(&defaults), EBUSY, "proc_configure: something has run already");
}

static proc_error *configure_inside(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    check_busy();
    return NULL;
}

static void configure_in_hook(void *user_data) {
    (void)user_data;
    check_busy();
}

static void busy_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.on_thread_start = configure_in_hook;
    CHECK_OK(proc_configure(&config));
    CHECK_OK(proc_run(proc_new(configure_inside, NULL, NULL), NULL));
    check_busy();
    check_works();
    check_busy();
}

static void busy_job_role(void) {
    CHECK_OK(proc_job_join(proc_start(proc_new(configure_inside, NULL, NULL), NULL, NULL, NULL)));
    check_busy();
}

static void busy(void) {
    child_run("busy_role");
    child_run("busy_job_role");
}

/* What pthread_create made its threads with, as one of them knows it. */
static _Atomic size_t stack_seen;

static proc_error *see_stack(proc_cancel *cancel, void *user_data) {
    pthread_attr_t attributes;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
    if (on_library())
        stack_seen = size;
    return meet(cancel, user_data);
}

static void check_stack(size_t from, size_t below) {
    CHECK_OK(proc_run(meeting(see_stack, NULL, NULL), NULL));
    CHECK(stack_seen >= from && stack_seen < below);
}

static void again_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.stack_size = 16 << 20;
    CHECK_OK(proc_configure(&config));
    config.stack_size = 4 << 20;
    CHECK_OK(proc_configure(&config));
    check_stack(4 << 20, 8 << 20);
}

#define CHECK_BAD(config, text) CHECK_FAILS(proc_configure(config), EINVAL, "proc_configure: " text)

static void bad_sizes(void) {
    proc_config config = PROC_CONFIG_INIT;
    CHECK_BAD(NULL, "config is NULL");
    config.size = 0;
    CHECK_BAD(&config, "config->size is 0, which is not the size of any version of it");
    config.size = offsetof(proc_config, flight_recorder_size) - 1;
    CHECK_BAD(&config, "config->size is 63, which is not the size of any version of it");
    config.size = (size_t)&config;
    proc_error *error = proc_configure(&config);
    CHECK_INT(proc_error_code(error), EINVAL);
    proc_error_unref(error);
}

static void bad_input_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    config.stack_size = PROC_MIN_STACK_SIZE - 1;
    CHECK_BAD(&config, "config->stack_size is 16383, less than PROC_MIN_STACK_SIZE, 16384");
    config.stack_size = 64 << 20;
    config.thread_name_prefix = "elevenbytes";
    CHECK_BAD(&config,
              "config->thread_name_prefix has 11 bytes, more than PROC_MAX_NAME_PREFIX, 10");
    bad_sizes();
    check_stack(1 << 20, 64 << 20);
}

typedef struct longer {
    proc_config config;
    long unknown[3];
} longer;

static void newer_caller_role(void) {
    longer newer = {.config = PROC_CONFIG_INIT};
    newer.config.size = sizeof newer;
    newer.config.stack_size = 4 << 20;
    newer.unknown[2] = 1;
    CHECK_BAD(&newer.config,
              "config has something set that this version of the library does not know");
    newer.unknown[2] = 0;
    CHECK_OK(proc_configure(&newer.config));
    check_stack(4 << 20, 8 << 20);
}

/* The child ends here, and tells by its exit status whether all was well. */
static _Noreturn void be_child(void) {
    proc_config config = PROC_CONFIG_INIT;
    alarm((unsigned)check_deadline());
    atomic_store(&check_failures, 0); /* those of the parent */
    config.stack_size = 16 << 20;
    CHECK_OK(proc_configure(&config));
    check_stack(16 << 20, 32 << 20);
    check_busy();
    _exit(atomic_load(&check_failures) != 0);
}

static _Noreturn void be_plain_child(void) {
    alarm((unsigned)check_deadline());
    atomic_store(&check_failures, 0); /* those of the parent */
    check_stack(4 << 20, 8 << 20);
    _exit(atomic_load(&check_failures) != 0);
}

static void in_fork(void (*play)(void)) {
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        play();
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void forked_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.stack_size = 4 << 20;
    CHECK_OK(proc_configure(&config));
    in_fork(be_child);
    in_fork(be_plain_child);
    check_stack(4 << 20, 8 << 20);
    in_fork(be_child);
    in_fork(be_plain_child);
    check_busy();
    check_stack(4 << 20, 8 << 20);
}

IN_CHILD(again)
IN_CHILD(bad_input)
IN_CHILD(newer_caller)
IN_CHILD(forked)

CHECK_MAIN(CASE(busy), ROLE(busy_role), ROLE(busy_job_role), BOTH(again), BOTH(bad_input),
           BOTH(newer_caller), BOTH(forked))
