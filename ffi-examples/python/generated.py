"""generated: the library by ctypes, by a module that tools/ctypes_bindings writes of procession.json. It knows whose each pointer is:
what is owned is released with its last use in Python, what is handed over cannot be used again, and NULL goes only where it may.

    python3 ../../tools/ctypes_bindings "$(pkg-config --variable=api procession)" >procession_ctypes.py
    python3 generated.py
"""
import ctypes
import errno
import gc
import os
import signal
import sys
import threading

import procession_ctypes as proc
from procession_ctypes import PROC_FOREVER


def check(truth, what):
    if not truth:
        sys.exit(f"generated.py: {what}")


def refused(kind, function, *arguments):
    try:
        function(*arguments)
    except kind as exception:
        return exception
    return check(False, f"{function.__name__}{arguments} raises nothing")


def tree(error, depth=0):
    count = proc.proc_error_count(error)
    if proc.proc_error_task_type(error):
        yield f"{'  ' * depth}task {proc.proc_error_task_type(error)}"
        yield from tree(proc.proc_error_cause(error), depth + 1)
    elif count > 1:
        yield f"{'  ' * depth}{count} errors"
        for index in range(count):
            yield from tree(proc.proc_error_at(error, index), depth + 1)
    else:
        yield f"{'  ' * depth}code {proc.proc_error_code(error)}: {proc.proc_error_message(error)}"


def group():
    """One of three fails, the others are cancelled, and one of them fails to stop."""

    def wait(cancel):
        proc.proc_wait(cancel, PROC_FOREVER)
        return proc.proc_cancel_error(cancel)

    def write_log(cancel):
        proc.proc_wait(cancel, PROC_FOREVER)
        raise OSError(errno.ENOSPC, "the log is cut short")

    def use_disk(_cancel):
        raise OSError(errno.EIO, "the disk is on fire")

    functions = {"web": wait, "log": write_log, "disk": use_disk}
    children = [proc.proc_task(name, proc.proc_new(function)) for name, function in functions.items()]
    error = proc.proc_run(proc.proc_task("shop", proc.proc_group(children)), None)
    lines = list(tree(error))
    print("\n".join(lines))
    check("    task disk" in lines and "      code 28: the log is cut short" in lines and len(lines) == 6, "the tree is another one")
    cause = proc.proc_error_cause(error)
    del error
    gc.collect()
    check(proc.proc_error_count(cause) == 2, "what was borrowed of an error went with it")


def nursery():
    """Children that are promises, and a signal that cancels them all."""
    failures, promises = [], [proc.proc_promise_new() for _ in range(3)]

    def log(error):
        failures.append(proc.proc_error_message(error))

    def body(opened, _cancel):
        for promise in promises:
            check(proc.proc_spawn(opened, proc.proc_task("request", proc.proc_await(promise))) is None, "a child is refused")
        proc.proc_promise_complete(promises[0], None)
        proc.proc_promise_complete(promises[1], proc.proc_error_new(errno.EIO, "no answer"))
        while proc.proc_nursery_count(opened) > 1:
            proc.proc_wait(None, 0)
        os.kill(os.getpid(), signal.SIGTERM)

    options = proc.proc_nursery_options(on_failure=log)
    error = proc.proc_main(proc.proc_with_nursery(body, options))
    check(error is None, error and proc.proc_error_message(error))
    check(failures == ["request: no answer"], f"the failures are {failures}")
    print("a nursery was cancelled by SIGTERM, after", *failures)


class Payload:
    alive = 0

    def __init__(self):
        Payload.alive += 1

    def __del__(self):
        Payload.alive -= 1


def ownership():
    """Errors go with their last use; what was handed over is not used again, and what is borrowed is not given away."""
    error = proc.proc_error_with_typed_payload(errno.EIO, "it carries something", "payload", Payload())
    check(isinstance(proc.proc_error_payload(error), Payload), "the payload is another one")
    wrapped = proc.proc_error_merge([error, proc.proc_error_new(1, "another one")])
    refused(ValueError, proc.proc_error_code, error)
    check(Payload.alive == 1, "an error in another one was released")
    del error, wrapped
    check(Payload.alive == 0, "an error was not released")

    impl = proc.proc_new(lambda cancel: None)
    check(proc._kept, "the library was lent nothing")
    refused(TypeError, proc.proc_sequence, [impl, None])
    refused(TypeError, proc.proc_finally, impl, None)
    twice = proc.proc_sequence([proc.proc_ref(impl), impl])
    refused(ValueError, proc.proc_run, impl, None)
    check(proc.proc_run(twice, None) is None, "two runs fail")
    seen = []
    proc.proc_run(proc.proc_new(seen.append), None)
    refused(ValueError, proc.proc_cancelled, seen[0])


def errors_of_the_system():
    check(refused(OSError, proc.proc_channel_new, 1, 0, None).errno == errno.EINVAL, "it fails with another code")
    channel, item = proc.proc_channel_new(1, ctypes.sizeof(ctypes.c_int), None), ctypes.c_int()
    proc.proc_channel_send(channel, None, ctypes.c_int(21), 0)
    proc.proc_channel_receive(channel, None, item, 0)
    check(item.value == 21, "the channel has another item")
    check(refused(OSError, proc.proc_channel_receive, channel, None, item, 0).errno == errno.ETIMEDOUT, "there is an item")


def jobs_and_hooks():
    ended, called = threading.Event(), []
    cancel = proc.proc_cancel_new(None)
    hook = proc.proc_on_cancel(cancel, lambda: called.append("hook"))
    job = proc.proc_start(proc.proc_await(proc.proc_promise_new()), cancel, ended.set)
    check(ended.wait(30), "what nobody can complete goes on")
    check(proc.proc_error_code(proc.proc_job_join(job)) == errno.EPIPE, "a job has failed with another code")
    refused(ValueError, proc.proc_job_fd, job)
    proc.proc_cancel_trigger(cancel, None)
    proc.proc_hook_remove(hook)
    check(called == ["hook"], "a hook was not called")


def options():
    """A struct has the library's defaults but for what is given; what a callback is told the length of is bytes, whatever is in them."""
    written = []
    arguments = (ctypes.c_char_p * 3)(b"printf", b"a\\000b", None)
    child = proc.proc_child_options(argv=ctypes.addressof(arguments), on_output=lambda stream, text, count: written.append((stream, text)))
    check(child.stop_after_ns == proc.proc_child_options().stop_after_ns != 0, "a default is another one")
    error = proc.proc_run(proc.proc_child(child), None)
    check(error is None, error and proc.proc_error_message(error))
    check(b"".join(text for stream, text in written if stream == 1) == b"a\0b", f"a child has written {written}")


def simulated():
    """A callback that makes a process hands it over, and is not needed after the call."""
    runs = []

    def program():
        runs.append(proc.proc_simulated())
        return proc.proc_delay(1)

    world = proc.proc_simulation(seed=7, runs=1)
    error = proc.proc_simulate(program, world)
    check(error is None, error and proc.proc_error_message(error))
    check(runs == [True], f"it was run {runs}")


group()
nursery()
options()
simulated()
ownership()
errors_of_the_system()
jobs_and_hooks()
gc.collect()
check(not proc._kept, f"{len(proc._kept)} things are lent for ever")
print("all that was lent is back")
