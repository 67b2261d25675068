"""callbacks: processes whose callbacks are Python functions. What one must know about that is in README.md.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python callbacks.py
"""
import errno
import gc
import sys
import threading

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    typedef struct proc_cancel proc_cancel;
    typedef struct proc_error proc_error;
    typedef struct proc_impl proc_impl;
    typedef proc_error *(*proc_fn)(proc_cancel *cancel, void *user_data);
    typedef void (*proc_destroy_fn)(void *user_data);

    proc_impl *proc_new(proc_fn fn, void *user_data, proc_destroy_fn destroy);
    proc_impl *proc_concurrent(proc_impl *const *impls, size_t count);
    proc_impl *proc_group(proc_impl *const *impls, size_t count);
    proc_impl *proc_task(const char *task_type, proc_impl *impl);
    proc_error *proc_run(proc_impl *impl, proc_cancel *cancel);

    proc_error *proc_error_new(int code, const char *message);
    void proc_error_unref(proc_error *error);
    int proc_error_code(const proc_error *error);
    const char *proc_error_message(const proc_error *error);
    const char *proc_error_task_type(const proc_error *error);
    const proc_error *proc_error_cause(const proc_error *error);
    size_t proc_error_count(const proc_error *error);
    const proc_error *proc_error_at(const proc_error *error, size_t index);
    const proc_error *proc_error_find_task(const proc_error *error, const char *task_type);

    bool proc_wait(proc_cancel *cancel, int64_t timeout_ns);
    proc_error *proc_cancel_error(const proc_cancel *cancel);
    const proc_error *proc_cancel_cause(const proc_cancel *cancel);
""")
lib = ffi.dlopen("libprocession.so.0.1")

FOREVER = -1
handles = set()  # The library holds only addresses: what they stand for is kept alive here, until it is released.
releases = []  # One item for each.


def error_of(_type, exception, _traceback):
    """The error that a callback returns which has raised an exception."""
    code = getattr(exception, "errno", None) or -1
    message = getattr(exception, "strerror", None) or repr(exception)
    return lib.proc_error_new(code, message.encode())


@ffi.callback("proc_fn", onerror=error_of)
def call(cancel, handle):
    return ffi.from_handle(handle)(cancel) or ffi.NULL


@ffi.callback("proc_destroy_fn")
def release(handle):
    handles.remove(handle)
    releases.append(None)


def process(function):
    """A process that is a Python function: it is given the cancel handle, and returns an error or None, or raises."""
    handle = ffi.new_handle(function)
    handles.add(handle)
    return lib.proc_new(call, handle, release)


def task(name, impl):
    return lib.proc_task(name.encode(), impl)


def text(chars):
    return ffi.string(chars).decode()


def check(truth, what):
    if not truth:
        sys.exit(f"callbacks.py: {what}")


def print_tree(error, depth=0):
    indent = "  " * depth
    count = lib.proc_error_count(error)
    if lib.proc_error_task_type(error):
        print(f"{indent}task {text(lib.proc_error_task_type(error))}")
        print_tree(lib.proc_error_cause(error), depth + 1)
    elif count > 1:
        print(f"{indent}{count} errors")
        for index in range(count):
            print_tree(lib.proc_error_at(error, index), depth + 1)
    else:
        print(f"{indent}code {lib.proc_error_code(error)}: {text(lib.proc_error_message(error))}")


def shop():
    """One of four fails; the others wait, see that, and stop. One of them fails to."""
    all_wait = threading.Barrier(4, timeout=30)
    causes = []

    def wait(cancel):
        all_wait.wait()
        check(lib.proc_wait(cancel, FOREVER), "a wait without end ended")
        causes.append(lib.proc_error_code(lib.proc_cancel_cause(cancel)))
        return lib.proc_cancel_error(cancel)

    def write_log(cancel):
        lib.proc_error_unref(wait(cancel))
        raise OSError(errno.ENOSPC, "the log is cut short")

    def use_disk(_cancel):
        all_wait.wait()
        raise OSError(errno.EIO, "the disk is on fire")

    functions = {"web": wait, "mail": wait, "log": write_log, "disk": use_disk}
    children = [task(name, process(function)) for name, function in functions.items()]
    error = lib.proc_run(task("shop", lib.proc_group(children, len(children))), ffi.NULL)
    print_tree(error)
    check(causes == [errno.EIO] * 3, f"the causes of three cancellations are {causes}")
    check_tree(error)
    lib.proc_error_unref(error)


def check_tree(error):
    check(text(lib.proc_error_task_type(error)) == "shop", "the outermost task is not the shop")
    errors = lib.proc_error_cause(error)
    messages = [text(lib.proc_error_message(lib.proc_error_at(errors, i))) for i in range(lib.proc_error_count(errors))]
    check(messages == ["disk: the disk is on fire", "log: the log is cut short"], f"the errors are {messages}")
    log = lib.proc_error_find_task(error, b"log")
    check(lib.proc_error_code(log) == errno.ENOSPC, "the log's error is not found")
    check(not lib.proc_error_find_task(error, b"web"), "who stopped as asked is listed")


def meet(rounds, children):
    """Children that wait for each other, so that each needs a thread: one has the caller's, the others the library's."""
    all_meet = threading.Barrier(children, timeout=30)
    threads = []

    def child(_cancel):
        all_meet.wait()
        threads.append(threading.get_native_id())

    for _ in range(rounds):
        impls = [process(child) for _ in range(children)]
        gc.collect()  # What is not kept alive would go now.
        error = lib.proc_run(lib.proc_concurrent(impls, children), ffi.NULL)
        check(not error, text(lib.proc_error_message(error)))
    on_library_threads = [thread for thread in threads if thread != threading.get_native_id()]
    print(f"{len(on_library_threads)} callbacks on {len(set(on_library_threads))} threads of the library")
    check(len(threads) == rounds * children, f"there were {len(threads)} callbacks")
    check(len(on_library_threads) >= rounds * (children - 1), "the library's threads had too few of them")


def main():
    shop()
    meet(rounds=100, children=101)
    print(f"{len(releases)} releases")
    check(not handles and len(releases) == 4 + 100 * 101, f"{len(handles)} handles are left")


main()
