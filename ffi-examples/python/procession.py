"""procession: the C API as cffi calls it, and processes that are Python functions. What one must know is in README.md."""
from cffi import FFI

ffi = FFI()
ffi.cdef("""
    typedef struct proc_cancel proc_cancel;
    typedef struct proc_error proc_error;
    typedef struct proc_impl proc_impl;
    typedef struct proc_job proc_job;
    typedef struct proc_nursery proc_nursery;
    typedef struct proc_promise proc_promise;
    typedef proc_error *(*proc_fn)(proc_cancel *cancel, void *user_data);
    typedef void (*proc_destroy_fn)(void *user_data);
    typedef proc_error *(*proc_index_fn)(proc_cancel *cancel, size_t index, void *user_data);
    typedef proc_error *(*proc_nursery_fn)(proc_nursery *nursery, proc_cancel *cancel, void *user_data);
    typedef proc_error *(*proc_failure_fn)(proc_error *error, void *user_data);

    typedef struct proc_nursery_options {
        size_t size;
        size_t limit;
        proc_failure_fn on_failure;
        void *user_data;
    } proc_nursery_options;

    proc_impl *proc_new(proc_fn fn, void *user_data, proc_destroy_fn destroy);
    proc_impl *proc_concurrent(proc_impl *const *impls, size_t count);
    proc_impl *proc_group(proc_impl *const *impls, size_t count);
    proc_impl *proc_sequence(proc_impl *const *impls, size_t count);
    proc_impl *proc_race(proc_impl *const *impls, size_t count);
    proc_impl *proc_any(proc_impl *const *impls, size_t count);
    proc_impl *proc_each(size_t count, size_t limit, proc_index_fn fn, void *user_data, proc_destroy_fn destroy);
    proc_impl *proc_finally(proc_impl *impl, proc_impl *cleanup);
    proc_impl *proc_timeout(int64_t timeout_ns, proc_impl *impl);
    proc_impl *proc_every(int64_t period_ns, proc_impl *impl);
    proc_impl *proc_delay(int64_t duration_ns);
    proc_impl *proc_shield(int64_t grace_ns, proc_impl *impl);
    proc_impl *proc_task(const char *task_type, proc_impl *impl);
    proc_impl *proc_trace_region(const char *region_type, proc_impl *impl);
    proc_impl *proc_on_signal(int signal_number, proc_impl *impl);

    proc_error *proc_run(proc_impl *impl, proc_cancel *cancel);
    proc_error *proc_main(proc_impl *impl);
    int proc_exit_status(proc_error *error);
    proc_job *proc_start(proc_impl *impl, proc_cancel *cancel, void (*on_done)(void *user_data), void *user_data);
    int proc_job_fd(proc_job *job);
    proc_error *proc_job_join(proc_job *job);

    proc_impl *proc_with_nursery(proc_nursery_fn body, void *user_data, proc_destroy_fn destroy,
                                 const proc_nursery_options *options);
    proc_error *proc_try_spawn(proc_nursery *nursery, proc_impl *impl);
    proc_cancel *proc_nursery_cancel(const proc_nursery *nursery);
    proc_nursery *proc_nursery_ref(proc_nursery *nursery);
    void proc_nursery_unref(proc_nursery *nursery);

    proc_promise *proc_promise_new(void);
    void proc_promise_unref(proc_promise *promise);
    bool proc_promise_complete(proc_promise *promise, proc_error *error);
    proc_impl *proc_await(proc_promise *promise);

    proc_error *proc_error_new(int code, const char *message);
    void proc_error_unref(proc_error *error);
    int proc_error_code(const proc_error *error);
    const char *proc_error_message(const proc_error *error);
    const char *proc_error_task_type(const proc_error *error);
    const proc_error *proc_error_cause(const proc_error *error);
    size_t proc_error_count(const proc_error *error);
    const proc_error *proc_error_at(const proc_error *error, size_t index);
    const proc_error *proc_error_find_task(const proc_error *error, const char *task_type);

    proc_cancel *proc_cancel_new(proc_cancel *parent);
    void proc_cancel_unref(proc_cancel *cancel);
    void proc_cancel_trigger(proc_cancel *cancel, proc_error *cause);
    int proc_cancel_fd(proc_cancel *cancel);
    bool proc_wait(proc_cancel *cancel, int64_t timeout_ns);
    proc_error *proc_cancel_error(const proc_cancel *cancel);
    const proc_error *proc_cancel_cause(const proc_cancel *cancel);

    proc_cancel *proc_task_begin(proc_cancel *parent, const char *task_type);
    void proc_task_end(proc_cancel *task, const proc_error *error);
    void proc_task_label(proc_cancel *cancel, const char *label);
    proc_error *proc_dump(int fd, int format);
""")
lib = ffi.dlopen("libprocession.so.0.2")

FOREVER = -1
handles = set()  # The library holds only addresses: what they stand for is kept alive here, until it is released.
releases = []  # One item for each.


def error_of(exception):
    """The error that stands for an exception; it is to be returned, or handed over otherwise."""
    code = getattr(exception, "errno", None) or -1
    message = getattr(exception, "strerror", None) or str(exception) or repr(exception)
    return lib.proc_error_new(code, message.encode())


def fail(_type, exception, _traceback):
    """What a callback returns that has raised an exception."""
    return error_of(exception)


@ffi.callback("proc_fn", onerror=fail)
def call(cancel, handle):
    return ffi.from_handle(handle)(cancel) or ffi.NULL


@ffi.callback("proc_nursery_fn", onerror=fail)
def call_body(opened, cancel, handle):
    return ffi.from_handle(handle)(opened, cancel) or ffi.NULL


@ffi.callback("proc_destroy_fn")
def release(handle):
    handles.remove(handle)
    releases.append(None)


def keep(function):
    handle = ffi.new_handle(function)
    handles.add(handle)
    return handle


def process(function):
    """A process that is a Python function: it is given the cancel handle, and returns an error or None, or raises."""
    return lib.proc_new(call, keep(function), release)


def nursery(function, options=ffi.NULL):
    """A nursery whose body is a Python function: it is given the nursery and the cancel handle."""
    return lib.proc_with_nursery(call_body, keep(function), release, options)


def several(combine, *children):
    return combine(children, len(children))


def task(name, impl):
    return lib.proc_task(name.encode(), impl)


def text(chars):
    return ffi.string(chars).decode()
