"""server: connections that asyncio serves, as children of a nursery. What one must know about that is in README.md.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python server.py

It serves on a free port of 127.0.0.1, which it prints: try `nc 127.0.0.1 PORT`. For each number that a client sends, it gets
twice that. On SIGINT or SIGTERM the server closes every connection and exits with 0.
"""
import asyncio
import errno
import signal
import sys

from procession import FOREVER, error_of, fail, ffi, lib, nursery, task, text

MOST = 16  # connections at a time; further ones are told that the server is busy
STOP = (signal.SIGINT, signal.SIGTERM)


@ffi.callback("proc_failure_fn", onerror=fail)
def log_failure(error, _user_data):
    """A connection has failed, and the others go on. It runs on a thread of the library."""
    print(text(lib.proc_error_message(error)), file=sys.stderr)
    lib.proc_error_unref(error)
    return ffi.NULL


async def readable(descriptor):
    """Waits for a descriptor of the library's. There is nothing to read from it."""
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_reader(descriptor, seen.set)
    try:
        await seen.wait()
    finally:
        loop.remove_reader(descriptor)


async def double(reader, writer):
    """What is no number raises an exception: the error of this connection."""
    try:
        async for line in reader:
            writer.write(b"%d\n" % (2 * int(line)))
            await writer.drain()
    finally:
        writer.close()


class Server:
    """What runs on the loop. Each of its connections is a coroutine there, and in the nursery a promise that is awaited."""

    def __init__(self, opened):
        self.nursery = opened
        self.connections = set()
        self.served = 0

    def accept(self, reader, writer):
        promise = lib.proc_promise_new()
        # The loop must not wait: so not proc_spawn.
        refused = lib.proc_try_spawn(self.nursery, task("connection", lib.proc_await(promise)))
        if refused:
            lib.proc_error_unref(refused)
            lib.proc_promise_unref(promise)
            writer.write(b"busy\n")
            writer.close()
            return
        self.served += 1
        connection = asyncio.create_task(double(reader, writer))
        self.connections.add(connection)
        connection.add_done_callback(lambda _: self.complete(promise, connection))

    def complete(self, promise, connection):
        self.connections.remove(connection)
        exception = None if connection.cancelled() else connection.exception()
        lib.proc_promise_complete(promise, error_of(exception) if exception else ffi.NULL)
        lib.proc_promise_unref(promise)

    async def serve(self):
        """Until the nursery is cancelled. That ends what awaits the promises, but not the coroutines."""
        listener = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        print("server: 127.0.0.1:%d" % listener.sockets[0].getsockname()[1], flush=True)
        await readable(lib.proc_cancel_fd(lib.proc_nursery_cancel(self.nursery)))
        listener.close()
        for connection in self.connections:
            connection.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)
        print(f"server: stopped after {self.served} connections")


async def main():
    loop = asyncio.get_running_loop()
    opened = loop.create_future()

    def body(nursery, cancel):
        """On a thread of the library: the nursery is open until this returns, and its reference for longer."""
        loop.call_soon_threadsafe(opened.set_result, lib.proc_nursery_ref(nursery))
        lib.proc_wait(cancel, FOREVER)
        return lib.proc_cancel_error(cancel)

    def stop(number):
        lib.proc_cancel_trigger(cancel, lib.proc_error_new(errno.ECANCELED, signal.strsignal(number).encode()))

    cancel = lib.proc_cancel_new(ffi.NULL)
    for number in STOP:
        loop.add_signal_handler(number, stop, number)
    options = {"size": ffi.sizeof("proc_nursery_options"), "limit": MOST, "on_failure": log_failure}
    processes = nursery(body, ffi.new("proc_nursery_options *", options))
    job = lib.proc_start(task("server", processes), cancel, ffi.NULL, ffi.NULL)
    ended = asyncio.create_task(readable(lib.proc_job_fd(job)))
    await asyncio.wait((opened, ended), return_when=asyncio.FIRST_COMPLETED)
    try:
        if opened.done():
            await Server(opened.result()).serve()
            lib.proc_nursery_unref(opened.result())
    finally:  # It must not go on when Python ends, whatever has been raised here.
        lib.proc_cancel_trigger(cancel, ffi.NULL)
        await ended
        for number in STOP:
            loop.remove_signal_handler(number)
        lib.proc_cancel_unref(cancel)
        end = lib.proc_job_join(job)
    return end


end = asyncio.run(main())
if lib.proc_error_code(end) == errno.ECANCELED:  # It was asked to stop.
    lib.proc_error_unref(end)
    end = ffi.NULL
sys.exit(lib.proc_exit_status(end))
