"""shop: two daemons that work on one request, and tell of it in one trace. check.py runs both and looks at what they export.

    python shop.py stock  COLLECTOR          # serves on a free port of 127.0.0.1, which it prints; ends with its stdin
    python shop.py order  COLLECTOR STOCK    # runs one order, which asks the stock

COLLECTOR and STOCK are URLs. Any collector that takes OTLP over HTTP will do, such as http://127.0.0.1:4318.
"""
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from bridge import Spans, ffi, lib

EIO = 5
FOREVER = -1
functions = []  # user_data is a place here.


def error_of(_type, exception, _traceback):
    """The error that a callback returns which has raised an exception."""
    return lib.proc_error_new(-1, repr(exception).encode())


@ffi.callback("proc_fn", onerror=error_of)
def call(cancel, place):
    return functions[int(ffi.cast("intptr_t", place))](cancel) or ffi.NULL


def task(name, function):
    functions.append(function)
    process = lib.proc_new(call, ffi.cast("void *", len(functions) - 1), ffi.NULL)
    return lib.proc_task(name, lib.proc_trace_region(b"work", process))


def group(*children):
    return lib.proc_group(children, len(children))


class Stock(BaseHTTPRequestHandler):
    """Each request is a task, begun by hand, below the span of who sent it."""

    def do_GET(self):
        request = self.server.spans.task_begin(ffi.NULL, b"GET /stock", self.headers)
        lib.proc_trace_log(request, b"http", self.path.encode())
        lib.proc_error_unref(lib.proc_run(lib.proc_task(b"count", lib.proc_new(call, ffi.NULL, ffi.NULL)), request))
        self.send_response(204)
        self.end_headers()
        lib.proc_task_end(request, ffi.NULL)

    def log_message(self, *_):
        pass


def stock(spans):
    functions.append(lambda _cancel: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stock)
    server.spans = spans
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    print(f"http://127.0.0.1:{server.server_port}/stock", flush=True)
    sys.stdin.read()
    server.shutdown()
    serving.join()
    server.server_close()


def order(spans, url):
    both = threading.Barrier(2, timeout=30)

    def ask(cancel):
        request = urllib.request.Request(url, headers=spans.headers(cancel))
        urllib.request.urlopen(request, timeout=30).close()
        both.wait()
        return lib.proc_error_new(EIO, b"the stock is empty")

    def wait(cancel):
        both.wait()
        lib.proc_wait(cancel, FOREVER)
        return lib.proc_cancel_error(cancel)

    error = lib.proc_run(lib.proc_task(b"order", group(task(b"ask", ask), task(b"mail", wait))), ffi.NULL)
    lib.proc_error_unref(error)


def main(role, collector, *rest):
    provider = TracerProvider(resource=Resource.create({"service.name": role}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{collector}/v1/traces")))
    spans = Spans(provider.get_tracer("procession"))
    {"stock": stock, "order": order}[role](spans, *rest)
    spans.close()
    provider.shutdown()  # sends what is left


main(*sys.argv[1:])
