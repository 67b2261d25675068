"""check: runs the two daemons of shop.py with a collector that keeps what it gets, and looks at the trace that they make.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python check.py
"""
import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SHOP = Path(__file__).with_name("shop.py")
ERROR = 2  # StatusCode of OTLP
spans = []  # (service, span) of whatever was exported

# What the user has chosen for programs of his own, such as how much is sampled, and a proxy, is not for these two.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")} | {"no_proxy": "127.0.0.1"}


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                spans.extend((names["service.name"], span) for span in scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def run_both(collector):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    stock = subprocess.Popen([sys.executable, SHOP, "stock", collector], env=ENVIRONMENT, **pipes)
    try:
        url = stock.stdout.readline().strip()
        subprocess.run([sys.executable, SHOP, "order", collector, url], env=ENVIRONMENT, timeout=60, check=True)
        stock.communicate(timeout=60)  # It ends with its stdin, and sends what it has.
        check(stock.returncode == 0, "the stock failed")
    finally:
        stock.kill()


def check(truth, what):
    if not truth:
        sys.exit(f"opentelemetry: {what}")


def line(service, span):
    words = [span.name, f"({service})"]
    if span.status.code == ERROR:
        code = {each.key: each.value.int_value for each in span.attributes}["procession.error.code"]
        words.append(f"ERROR {code}: {span.status.message}")
    for event in span.events:
        details = " ".join(each.value.string_value for each in event.attributes)
        words.append(f"[{event.name} {details}]")
    return " ".join(words)


def tree(parent=b"", depth=0):
    """What is below a span, by name, since siblings begin in any order."""
    lines = []
    for service, span in sorted(spans, key=lambda each: each[1].name):
        if span.parent_span_id == parent:
            lines.append("  " * depth + line(service, span))
            lines += tree(span.span_id, depth + 1)
    return lines


EXPECTED = """\
order (order) ERROR 5: ask: the stock is empty
  ask (order) ERROR 5: the stock is empty
    GET /stock (stock) [/stock http]
      count (stock)
    work (order)
  mail (order) [cancelled ask: the stock is empty]
    work (order)"""


def main():
    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    run_both(f"http://127.0.0.1:{collector.server_port}")
    shown = "\n".join(tree())
    print(shown)
    check(shown == EXPECTED, "that is not the trace that was expected")
    check(len({span.trace_id for _, span in spans}) == 1, "the spans are in several traces")
    check(all(span.end_time_unix_nano >= span.start_time_unix_nano > 0 for _, span in spans), "a span has no times")


main()
