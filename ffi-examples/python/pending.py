"""pending: 5,000 operations of asyncio that the library waits for, and no thread for any of them; and callbacks of the library on asyncio's own
thread. What one must know about that is in README.md.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python pending.py
"""
import asyncio
import os
import signal
import sys
import threading

from procession import error_of, ffi, lib, nursery, process, several, task, text

MANY = 5000


def check(truth, what):
    if not truth:
        sys.exit(f"pending.py: {what}")


class Queue:
    """What is to run on the thread of this loop, which runs it when the library says that there is something."""

    def __init__(self, loop):
        self.loop, self.queue = loop, lib.proc_queue_new()
        self.descriptor = lib.proc_queue_fd(self.queue)
        loop.add_reader(self.descriptor, lib.proc_queue_run, self.queue, ffi.NULL, 0)

    def process(self, function):
        return lib.proc_on_queue(self.queue, process(function))

    def close(self):
        self.loop.remove_reader(self.descriptor)
        lib.proc_queue_unref(self.queue)


def awaited(coroutine):
    """The process that waits for a coroutine of this loop: an exception is its error."""
    promise = lib.proc_promise_new()
    impl = lib.proc_await(promise)

    def complete(done):
        exception = None if done.cancelled() else done.exception()
        lib.proc_promise_complete(promise, error_of(exception) if exception else ffi.NULL)
        lib.proc_promise_unref(promise)

    asyncio.ensure_future(coroutine).add_done_callback(complete)
    return impl


async def answer(number, asked):
    await asked.wait()
    if number == MANY // 2:
        raise OSError(5, "no answer")


def threads():
    return len(os.listdir("/proc/self/task"))


async def operations(queue):
    """They all end when they are asked to, and then a callback for each of them runs here."""
    asked, turns, here = asyncio.Event(), [], threading.get_ident()

    def turn(_cancel):
        turns.append(threading.get_ident() == here)

    children = [task("operation", awaited(answer(number, asked))) for number in range(MANY)]
    turned = [queue.process(turn) for _ in range(MANY)]
    both = several(lib.proc_concurrent, *children, *turned)
    running = asyncio.create_task(asyncio.to_thread(lib.proc_run, both, ffi.NULL))
    while len(turns) < MANY:
        await asyncio.sleep(0)
    most = threads()
    asked.set()
    error = await running
    check(text(lib.proc_error_message(error)) == "operation: no answer", text(lib.proc_error_message(error)))
    lib.proc_error_unref(error)
    check(all(turns), "a callback did not run on the thread of the loop")
    check(most < MANY // 10, f"{MANY} pending operations have {most} threads")
    print(f"{MANY} pending operations, {len(turns)} callbacks on the loop's thread, {most} threads")


async def stopped(queue):
    """A nursery whose children are spawned here, in a program that SIGTERM stops."""
    most, never = [], asyncio.Event()

    def body(opened, _cancel):
        """On a thread of the library. What it spawns runs here, and spawns the others; then nothing of the nursery needs a thread."""

        def fill(_cancel):
            for number in range(MANY):
                check(not lib.proc_try_spawn(opened, awaited(answer(number, never))), "a child is refused")
            most.append(threads())
            os.kill(os.getpid(), signal.SIGTERM)

        return lib.proc_spawn(opened, queue.process(fill))

    error = await asyncio.to_thread(lib.proc_main, task("server", nursery(body)))
    check(not error, "a stop by SIGTERM is an error")
    check(most[0] < MANY // 10, f"a nursery of {MANY} has {most[0]} threads")
    print(f"a nursery of {MANY} pending operations, {most[0]} threads, was stopped by SIGTERM")


async def main():
    queue = Queue(asyncio.get_running_loop())
    await operations(queue)
    await stopped(queue)
    queue.close()


asyncio.run(main())
