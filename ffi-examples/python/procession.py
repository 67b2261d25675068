"""procession: the C API as cffi calls it, and processes that are Python functions. What one must know is in README.md."""
import subprocess

from cffi import FFI


def installed(variable):
    return subprocess.run(["pkg-config", f"--variable={variable}", "procession"], check=True, capture_output=True, text=True).stdout.strip()


ffi = FFI()
with open(installed("cdef"), encoding="utf-8") as declarations:
    ffi.cdef(declarations.read())
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
