/* What the header offers, used the way a careful program does; valid C99 and valid C++11. It is compiled, not run. */
struct proc_main_options; /* programs may name it before they include the header */
#include <procession.h>
#include <sys/socket.h>

#define KNOWN(name, holds) typedef char name[(holds) ? 1 : -1]
KNOWN(version_is_known,
      PROC_VERSION_MAJOR * 10000 + PROC_VERSION_MINOR * 100 + PROC_VERSION_PATCH > 0);
KNOWN(units_are_nanoseconds, PROC_SECONDS(2) == 2 * PROC_MS(1000) && PROC_MS(1) == 1000000);
KNOWN(units_are_wide, PROC_SECONDS(1000000) / 1000000 == 1000000000);
KNOWN(forever_is_negative, PROC_FOREVER < 0);
KNOWN(depth_is_known, PROC_MAX_DEPTH == 1000);

#if PROC_VERSION_MAJOR < 0 || PROC_VERSION_MINOR < 0 || PROC_VERSION_PATCH < 0 || PROC_MAX_DEPTH < 1
#error "the version and the depth are for the preprocessor too"
#endif

static proc_error *work(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    if (proc_wait(cancel, PROC_FOREVER) || proc_wait(cancel, PROC_MS(1) + PROC_SECONDS(1)))
        return proc_cancel_error(cancel);
    proc_error *errors[] = {proc_errorf(1, "%s %d", "text", 1), proc_cancel_error(cancel)};
    proc_error *error = proc_error_wrap(proc_error_merge(errors, 2), "%d", 1);
    return proc_error_is_echo(error, cancel) ? proc_cancel_error(cancel) : error;
}

static int wait_for(proc_cancel *cancel, struct pollfd *file, void (*fn)(void *user_data)) {
    proc_hook *hook = proc_on_cancel(cancel, fn, file);
    nfds_t count = file->fd != proc_cancel_fd(cancel);
    proc_hook_remove(hook);
    return proc_poll(cancel, file, count, PROC_MS(1));
}

static ssize_t serve_one(proc_cancel *cancel, int listener, const struct sockaddr *address,
                         socklen_t size) {
    char bytes[10];
    if (proc_connect(cancel, 1, address, size, PROC_FOREVER) < 0)
        return -1;
    const int fd = proc_accept(cancel, listener, PROC_SECONDS(1));
    const ssize_t got = proc_read(cancel, fd, bytes, sizeof bytes, PROC_MS(1));
    return got <= 0 ? got : proc_write_all(cancel, fd, bytes, (size_t)got, 0);
}

static void release(void *user_data) { (void)user_data; }

static proc_error *be_main(void) {
    static const int signals[] = {1, 2};
    int signal_number;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signals = signals;
    options.signal_count = 2;
    options.drain_ns = PROC_SECONDS(5);
    options.grace_ns = PROC_FOREVER;
    options.dump_signal = 3;
    options.notify = true;
    options.signal_out = &signal_number;
    options.force_after_ns = PROC_MS(500);
    options.failure_grace_ns = PROC_SECONDS(5);
    options.reap = true;
    options.on_abandon = release;
    options.user_data = &signal_number;
    proc_early_signals();
    if (proc_listen_fds("web", &signal_number, 1) < 0)
        return proc_errno("proc_listen_fds");
    return proc_main_with(proc_service("type", proc_on_signal(4, proc_new(work, NULL, NULL))),
                          &options);
}

static proc_impl *tree(void) {
    proc_impl *const children[] = {proc_new(work, NULL, release), proc_new(work, NULL, NULL)};
    proc_impl *all = proc_concurrent(children, sizeof children / sizeof *children);
    proc_impl *group =
        PROC_GROUP(all, proc_task("type", PROC_SEQUENCE(proc_new(work, NULL, NULL))));
    return PROC_CONCURRENT(proc_trace_region("type", group), proc_ref(NULL),
                           PROC_GROUP(proc_ref(NULL)));
}

static bool is_busy(void) {
    proc_stats stats = PROC_STATS_INIT;
    proc_get_stats(&stats);
    return stats.processes_running + stats.tasks_running > 0 || stats.cancellations_total > 1;
}

static void configure(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.stack_size = PROC_MIN_STACK_SIZE;
    config.idle_timeout_ns = PROC_FOREVER;
    config.thread_name_prefix = "usage";
    config.on_thread_start = config.on_thread_stop = release;
    proc_error_unref(proc_configure(&config));
}

static void *begin(const proc_trace_task *task, const proc_trace_task *parent, void *user_data) {
    return parent != NULL && parent->id < task->id ? task->word : user_data;
}

static void trace(proc_cancel *cancel) {
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.task_begin = begin;
    proc_error_unref(proc_trace_set_hooks(&hooks));
    proc_cancel *task = proc_task_begin(cancel, "task");
    proc_region *region = proc_region_begin(task, "region");
    proc_trace_logf(task, "usage", "%d", 1);
    proc_region_end(region);
    proc_task_end(task, NULL);
}

int use(void);

int use(void) {
    if (!is_busy())
        configure();
    proc_cancel *cancel = proc_cancel_new(NULL);
    trace(cancel);
    proc_error *error = proc_run(tree(), cancel);
    const proc_error *first = proc_error_at(error, 0);
    const char *texts[3];
    texts[0] = proc_error_message(first);
    texts[1] = proc_error_task_type(proc_error_cause(error));
    texts[2] = proc_version();
    proc_cancel_trigger(cancel, proc_error_new(proc_error_code(first), texts[0]));
    proc_ready(cancel);
    if (serve_one(cancel, 0, NULL, 0) < 0)
        return 1;
    if (proc_draining(cancel))
        proc_error_unref(be_main());
    if (proc_cancelled(cancel) && proc_error_is(proc_cancel_cause(cancel), 1))
        proc_error_unref(proc_errno(texts[1]));
    if (proc_error_payload(proc_error_find_task(error, texts[2])) && proc_error_count(error) > 1)
        proc_error_unref(proc_error_with_payload(1, "m", NULL, release));
    struct pollfd file = {0, POLLIN, 0};
    if (wait_for(cancel, &file, release) < 0)
        proc_error_unref(proc_errno("proc_poll"));
    if (proc_error_find_payload(error, "type") == NULL)
        proc_error_unref(proc_error_with_typed_payload(1, "m", "type", NULL, release));
    proc_cancel_unref(proc_cancel_ref(cancel));
    proc_unref(tree());
    return proc_exit_status(proc_error_ref(error)) + proc_exit_status(proc_main(tree()));
}
