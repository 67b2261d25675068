"""The messages of Perfetto that a trace of procession has, with the fields of them that it has.

src/trace/tests/schema.rs says the same in Rust; tests/trace/tool.py compares them.
"""

NUMBER, FIXED64, TEXT, MESSAGE = range(4)

# How protocol buffers write each of them.
WIRES = {NUMBER: 0, FIXED64: 1, TEXT: 2, MESSAGE: 2}


class Schema:
    """A message. Each field is its number and its kind; a message in a list may be there more than once."""

    def __init__(self, name, /, **fields):
        self.name = name
        self.fields = {}
        for field, (number, kind) in fields.items():
            self.add(field, number, kind)

    def add(self, field, number, kind):
        is_repeated = isinstance(kind, list)
        inner = kind[0] if is_repeated else kind
        is_message = isinstance(inner, Schema)
        kind = MESSAGE if is_message else inner
        # It is looked up by its tag, which is its number and how it is written.
        self.fields[number << 3 | WIRES[kind]] = (field, kind, inner if is_message else None, is_repeated)


INTERNED = Schema("Interned", iid=(1, NUMBER), name=(2, TEXT))
INTERNED_DATA = Schema(
    "InternedData",
    event_categories=(1, [INTERNED]),
    event_names=(2, [INTERNED]),
    debug_annotation_names=(3, [INTERNED]),
)
CLOCK = Schema("Clock", clock_id=(1, NUMBER), timestamp=(2, NUMBER), is_incremental=(3, NUMBER))
CLOCK_SNAPSHOT = Schema("ClockSnapshot", clocks=(1, [CLOCK]), primary_trace_clock=(2, NUMBER))
DEFAULTS = Schema("Defaults", timestamp_clock_id=(58, NUMBER))
PROCESS = Schema("Process", pid=(1, NUMBER), process_name=(6, TEXT))
THREAD = Schema("Thread", pid=(1, NUMBER), tid=(2, NUMBER), thread_name=(5, TEXT))
COUNTER = Schema("Counter")
TRACK_DESCRIPTOR = Schema(
    "TrackDescriptor",
    uuid=(1, NUMBER),
    name=(2, TEXT),
    process=(3, PROCESS),
    thread=(4, THREAD),
    parent_uuid=(5, NUMBER),
    counter=(8, COUNTER),
)
ANNOTATION = Schema("Annotation", name_iid=(1, NUMBER), int_value=(4, NUMBER), string_value=(6, TEXT))
TRACK_EVENT = Schema(
    "TrackEvent",
    category_iids=(3, NUMBER),
    debug_annotations=(4, [ANNOTATION]),
    type=(9, NUMBER),
    name_iid=(10, NUMBER),
    track_uuid=(11, NUMBER),
    name=(23, TEXT),
    counter_value=(30, NUMBER),
    flow_ids=(47, FIXED64),
    terminating_flow_ids=(48, FIXED64),
    correlation_id=(52, NUMBER),
)
PACKET = Schema(
    "Packet",
    clock_snapshot=(6, CLOCK_SNAPSHOT),
    timestamp=(8, NUMBER),
    trusted_packet_sequence_id=(10, NUMBER),
    track_event=(11, TRACK_EVENT),
    interned_data=(12, INTERNED_DATA),
    sequence_flags=(13, NUMBER),
    timestamp_clock_id=(58, NUMBER),
    trace_packet_defaults=(59, DEFAULTS),
    track_descriptor=(60, TRACK_DESCRIPTOR),
)
TRACE = Schema("Trace", packet=(1, [PACKET]))
