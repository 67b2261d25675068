"""callbacks: processes whose callbacks are Python functions. What one must know about that is in README.md.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python callbacks.py
"""
import errno
import gc
import sys
import threading

from procession import FOREVER, ffi, handles, lib, process, releases, several, task, text


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
    error = lib.proc_run(task("shop", several(lib.proc_group, *children)), ffi.NULL)
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
        error = lib.proc_run(several(lib.proc_concurrent, *impls), ffi.NULL)
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
