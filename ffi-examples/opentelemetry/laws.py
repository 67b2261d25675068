"""laws: what holds of bridge.py, whatever threads do. Its spans are kept in memory here.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python laws.py          # all of them
    venv/bin/python laws.py kept     # one

- change     Hooks are set and taken away while threads of the library are in hooks, or wait for the GIL to be: nothing hangs, and
             after close no span begins or ends.
- kept       A thread that kept a task's handle may say something in the task at the very moment at which that ends.
- dropped    Hooks that are set stay, though the program has let go of the Spans.
- regions    Regions that nobody has ended end with the one that they are in, and no others.
- remote     Only the task that is begun for a request is below its sender's span; what is no traceparent is as if none had come.
- headers    The traceparent of a task names its span; in no task, and when it has ended, there is none.
"""
import gc
import sys
import threading

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bridge import Spans, ffi, lib

SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def check(truth, what):
    if not truth:
        sys.exit(f"laws.py: {what}")


def in_memory():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter, provider.get_tracer("laws")


def by_name(exporter):
    return {span.name: span for span in exporter.get_finished_spans()}


def begin(name):
    return lib.proc_task_begin(ffi.NULL, name)


def end(task):
    lib.proc_task_end(task, ffi.NULL)


def is_below(span, parent):
    return span.parent and span.parent.span_id == parent.context.span_id and span.context.trace_id == parent.context.trace_id


@ffi.callback("proc_fn")
def call(cancel, handle):
    return ffi.from_handle(handle)(cancel) or ffi.NULL


def in_group(function, children):
    """A thread that runs a group of children, most of them on threads of the library, which all run the function."""

    def run():
        handle = ffi.new_handle(function)
        impls = [lib.proc_new(call, handle, ffi.NULL) for _ in range(children)]
        lib.proc_error_unref(lib.proc_run(lib.proc_group(impls, children), ffi.NULL))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def change(rounds=30, children=4):
    batch_ends = threading.Barrier(children + 1, timeout=30)

    def work(_cancel):
        for _ in range(3 * rounds):
            for _ in range(20):
                task = begin(b"request")
                lib.proc_region_end(lib.proc_region_begin(task, b"work"))
                end(task)
            batch_ends.wait()

    exporter, tracer = in_memory()
    working = in_group(work, children)
    for _ in range(rounds):
        spans = Spans(tracer)
        batch_ends.wait()
        spans.close()  # while the next batch is worked on
        known = len(exporter.get_finished_spans()), len(spans.alive)
        batch_ends.wait()
        batch_ends.wait()
        check(known == (len(exporter.get_finished_spans()), len(spans.alive)), "a hook was called after close")
    working.join()
    check(set(by_name(exporter)) == {"request", "work"}, f"there are spans of {set(by_name(exporter))}")


def kept(rounds=500, threads=3):
    task = None
    together = threading.Barrier(threads + 1, timeout=30)

    def say():
        for _ in range(rounds):
            together.wait()
            for _ in range(5):
                lib.proc_trace_log(task, b"laws", b"still there")
            together.wait()

    exporter, tracer = in_memory()
    spans = Spans(tracer)
    speakers = [threading.Thread(target=say) for _ in range(threads)]
    for thread in speakers:
        thread.start()
    for _ in range(rounds):
        task = begin(b"short")
        reference = lib.proc_cancel_ref(task)
        together.wait()
        end(task)
        together.wait()
        lib.proc_cancel_unref(reference)
    for thread in speakers:
        thread.join()
    spans.close()
    check(len(exporter.get_finished_spans()) == rounds and not spans.alive, "not every task has ended as a span")


def dropped():
    exporter, tracer = in_memory()
    Spans(tracer)
    gc.collect()
    end(begin(b"task"))
    check(list(by_name(exporter)) == ["task"], "the hooks went with the Spans")
    Spans(tracer).close()


def regions():
    exporter, tracer = in_memory()
    spans = Spans(tracer)
    task = begin(b"task")
    around = lib.proc_region_begin(task, b"around")
    outer = lib.proc_region_begin(task, b"outer")
    inner = lib.proc_region_begin(task, b"inner")
    lib.proc_region_end(outer)
    check([span.name for span in exporter.get_finished_spans()] == ["inner", "outer"], "the inner region did not end")
    lib.proc_region_end(inner)  # It has ended.
    check(len(exporter.get_finished_spans()) == 2, "a region ended twice")
    lib.proc_region_end(around)
    end(task)
    spans.close()
    found = by_name(exporter)
    check(list(found) == ["inner", "outer", "around", "task"], f"there are {list(found)}")
    check(all(is_below(found[name], found["task"]) for name in ("inner", "outer", "around")), "a region is not below its task")


def remote():
    exporter, tracer = in_memory()
    spans = Spans(tracer)
    request = spans.task_begin(ffi.NULL, b"request", {"traceparent": SENDER})
    end(lib.proc_task_begin(request, b"inside"))
    end(request)
    end(begin(b"after"))
    end(spans.task_begin(ffi.NULL, b"garbled", {"traceparent": SENDER.replace("-", "+")}))
    end(spans.task_begin(ffi.NULL, b"alone", {}))
    spans.close()
    found = by_name(exporter)
    sender = found["request"].parent
    check(f"00-{sender.trace_id:032x}-{sender.span_id:016x}-01" == SENDER and sender.is_remote, "the sender's trace ends here")
    check(is_below(found["inside"], found["request"]), "what is inside of a request is elsewhere")
    check(not any(found[name].parent for name in ("after", "garbled", "alone")), "what no request has sent is below one")


def headers():
    exporter, tracer = in_memory()
    spans = Spans(tracer)
    task = begin(b"task")
    sent = spans.headers(task)
    reference = lib.proc_cancel_ref(task)
    end(task)
    check(spans.headers(ffi.NULL) == {} == spans.headers(reference), "there are headers without a task that runs")
    lib.proc_cancel_unref(reference)
    spans.close()
    context = by_name(exporter)["task"].context
    expected = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    check(sent == {"traceparent": expected}, f"the headers are {sent}, not {expected}")


LAWS = {law.__name__: law for law in (change, kept, dropped, regions, remote, headers)}

for name in sys.argv[1:] or LAWS:
    LAWS[name]()
    print(f"{name} holds", flush=True)
