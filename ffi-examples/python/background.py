"""background: a job beside the program, which starts a program of its own, and is ended before Python ends. What one must
know about that is in README.md.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python background.py
"""
import atexit
import contextlib
import errno
import signal
import subprocess
import sys
import threading

from procession import FOREVER, ffi, handles, lib, process


class Job:
    """A process that runs beside the program until `end`, which Python calls at the latest when it is about to end."""

    def __init__(self, function):
        self.cancel = lib.proc_cancel_new(ffi.NULL)
        self.job = lib.proc_start(process(function), self.cancel, ffi.NULL, ffi.NULL)
        atexit.register(self.end)

    def end(self):
        """Cancels it and waits for it; tells what went wrong. Meanwhile its callbacks can have the GIL, and return."""
        atexit.unregister(self.end)
        cause = lib.proc_error_new(errno.ECANCELED, b"it is ended")
        lib.proc_cancel_trigger(self.cancel, cause)
        error = lib.proc_job_join(self.job)
        lib.proc_cancel_unref(self.cancel)
        return error


@contextlib.contextmanager
def signals_let_in():
    """What is started in here hears signals. The library's threads block them, and a program inherits that."""
    before = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def check(truth, what):
    if not truth:
        sys.exit(f"background.py: {what}")


helper_runs = threading.Event()
helper_ends = []


def run_helper(cancel):
    """A program that runs for as long as this callback, and is asked to stop then."""
    with signals_let_in():
        helper = subprocess.Popen(["sleep", "1000"])
    helper_runs.set()
    lib.proc_wait(cancel, FOREVER)
    helper.terminate()
    helper_ends.append(helper.wait(timeout=30))
    return lib.proc_cancel_error(cancel)


def tick(cancel):
    """It is in Python most of the time, so it would be there when Python ends."""
    while not lib.proc_wait(cancel, 1000):
        pass
    return lib.proc_cancel_error(cancel)


def main():
    job = Job(run_helper)
    check(helper_runs.wait(timeout=30), "the helper does not run")
    error = job.end()
    check(lib.proc_error_code(error) == errno.ECANCELED, "the job has another error than that it was cancelled")
    lib.proc_error_unref(error)
    check(helper_ends == [-signal.SIGTERM], f"the helper has ended by {helper_ends}")
    check(not handles, f"{len(handles)} handles are left")
    print("the helper heard SIGTERM")
    Job(tick)  # Nobody ends this one, but for atexit.


main()
