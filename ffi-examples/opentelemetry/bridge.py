"""bridge: procession's tasks and regions as spans of OpenTelemetry.

    spans = bridge.Spans(tracer)      # from here on each task is a span below that of the task around it, on whatever threads
    …
    spans.close()                     # waits for hooks that run; spans of tasks that still run are not exported

W3C trace context, in and out:

    request = spans.task_begin(cancel, b"request", headers)     # a task by hand that continues the trace of who sent a request
    headers = spans.headers(cancel)                             # for a request that is sent from the task that this handle is in

What one must know about hooks in Python is in README.md.
"""
import atexit
import subprocess
import threading

from cffi import FFI
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ffi = FFI()
where = subprocess.run(["pkg-config", "--variable=cdef", "procession"], check=True, capture_output=True, text=True).stdout.strip()
with open(where, encoding="utf-8") as declarations:
    ffi.cdef(declarations.read())
lib = ffi.dlopen("libprocession.so.0.2")

W3C = TraceContextTextMapPropagator()


def text(chars):
    """Names and messages may be any bytes."""
    return ffi.string(chars).decode(errors="replace")


def context_of(span):
    return trace.set_span_in_context(span, Context()) if span else Context()


class Spans:
    """Hooks that make a span of each task, and of each region in a task. One of these at a time."""

    def __init__(self, tracer):
        self.tracer = tracer
        self.alive = {}  # The spans of tasks that run, by the task's number: not by its word, see README.md.
        self.here = threading.local()  # What belongs to one thread: its regions, and what the task that it begins continues.
        self.hooks = ffi.new("proc_trace_hooks *", {"size": ffi.sizeof("proc_trace_hooks")})
        self.callbacks = [self._callback(name) for name in ("task_begin", "task_end", "region_begin", "region_end", "log")]
        set_hooks(self.hooks)
        atexit.register(self.close)  # Python's end would find hooks set; and until then, this keeps alive what they need.

    def _callback(self, name):
        callback = ffi.callback(ffi.typeof(getattr(self.hooks, name)), getattr(self, "_" + name))
        setattr(self.hooks, name, callback)
        return callback

    def close(self):
        """No hook runs when this returns, and none will."""
        set_hooks(ffi.NULL)
        atexit.unregister(self.close)

    def task_begin(self, cancel, task_type, headers):
        """Does proc_task_begin. The task is below the span that the headers of a request name, if they name one."""
        self.here.remote = W3C.extract(headers, Context())
        try:
            return lib.proc_task_begin(cancel, task_type)
        finally:
            self.here.remote = None

    def headers(self, cancel):
        """The headers by which a request that is sent from this task continues its trace."""
        headers = {}
        W3C.inject(headers, context_of(self.alive.get(lib.proc_trace_task_id(cancel))))
        return headers

    def _span(self, task):
        return self.alive.get(task.id) if task else None

    def _task_begin(self, task, parent, _user_data):
        context = getattr(self.here, "remote", None) or context_of(self._span(parent))
        self.alive[task.id] = self.tracer.start_span(text(task.task_type), context, attributes={"procession.task": task.id})
        return ffi.NULL

    def _task_end(self, task, error, cause, _user_data):
        span = self.alive.pop(task.id, None)
        if not span:
            return
        if cause:
            span.add_event("cancelled", {"cause": text(lib.proc_error_message(cause))})
        if error:
            span.set_attribute("procession.error.code", lib.proc_error_code(error))
            span.set_status(trace.StatusCode.ERROR, text(lib.proc_error_message(error)))
        span.end()

    def _regions(self):
        return self.here.__dict__.setdefault("regions", {})

    def _region_begin(self, task, region, region_type, _user_data):
        span = self._span(task)
        if span:
            self._regions()[region] = self.tracer.start_span(text(region_type), context_of(span))

    def _region_end(self, region, _user_data):
        regions = self._regions()
        while region in regions:  # What has begun inside of it ends with it.
            regions.popitem()[1].end()

    def _log(self, task, category, message, _user_data):
        span = self._span(task)
        if span:
            span.add_event(text(message), {"category": text(category)})


def set_hooks(hooks):
    error = lib.proc_trace_set_hooks(hooks)
    if error:
        message = text(lib.proc_error_message(error))
        lib.proc_error_unref(error)
        raise RuntimeError(message)
