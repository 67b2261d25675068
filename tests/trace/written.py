"""Traces as src/trace would write them, of things that it writes rarely or never, by Perfetto's own library."""

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

START = 1_000_000
PROCESS, PID = 4, 100
MAIN = 2
CATEGORIES = ("task", "region", "log", "spawn", "wait")
ARGUMENTS = ("error", "code", "cancelled", "category", "began", "label")


class Written:
    def __init__(self):
        self.trace = Trace()
        first = self.packet()
        first.sequence_flags = 1
        first.trace_packet_defaults.timestamp_clock_id = 64
        for number, name in enumerate(CATEGORIES, 1):
            first.interned_data.event_categories.add(iid=number, name=name)
        for number, name in enumerate(ARGUMENTS, 1):
            first.interned_data.debug_annotation_names.add(iid=number, name=name)
        for clock, time in ((64, START), (3, START), (6, START), (1, 10**18)):
            first.clock_snapshot.clocks.add(clock_id=clock, timestamp=time)
        self.describe(PROCESS).process.pid = PID
        main = self.describe(MAIN)
        main.parent_uuid = PROCESS
        main.thread.pid = main.thread.tid = PID
        main.thread.thread_name = "main"

    def packet(self):
        return self.trace.packet.add(trusted_packet_sequence_id=1)

    def describe(self, track):
        descriptor = self.packet().track_descriptor
        descriptor.uuid = track
        return descriptor

    def event(self, at, kind, track, category=None, name=None, task=0):
        packet = self.packet()
        packet.timestamp, packet.timestamp_clock_id = START + at, 3
        event = packet.track_event
        event.type, event.track_uuid = kind, track
        if category is not None:
            event.category_iids.append(CATEGORIES.index(category) + 1)
            event.name = name
        if task:
            event.correlation_id = task
        return event

    def described(self, task, name, parent=0):
        track = self.describe(task << 2 | 1)
        track.parent_uuid = parent << 2 | 1 if parent else PROCESS
        track.name = name
        return self

    def begins(self, at, task, name, parent=0, flow=0):
        self.described(task, name, parent)
        event = self.event(at, TrackEvent.TYPE_SLICE_BEGIN, task << 2 | 1, "task", name, task)
        if flow:
            event.terminating_flow_ids.append(flow)
        return self

    def flows(self, at, flow, arrives_at, by=0, task=0):
        """From a spawn in one task to where it arrives in another one, both on the one thread."""
        self.event(at, TrackEvent.TYPE_INSTANT, MAIN, "spawn", "spawn", by).flow_ids.append(flow)
        self.event(arrives_at, TrackEvent.TYPE_INSTANT, MAIN, "spawn", "arrive", task).flow_ids.append(flow)
        return self

    def starts(self, at, task, name, parent, by, begins_at):
        """It is started by another one than that which it is in."""
        self.flows(at, task, begins_at, by, parent)
        return self.begins(begins_at, task, name, parent, flow=task)

    def waits(self, at, until, call, task=0):
        self.event(at, TrackEvent.TYPE_SLICE_BEGIN, MAIN, "wait", call, task)
        return self.leaves(until)

    def labels(self, at, task, label):
        event = self.event(at, TrackEvent.TYPE_INSTANT, task << 2 | 1, "task", "label", task)
        return self.argues(event, label)

    def ends(self, at, task, label=""):
        event = self.event(at, TrackEvent.TYPE_SLICE_END, task << 2 | 1)
        return self.argues(event, label) if label else self

    def argues(self, event, label):
        event.debug_annotations.add(name_iid=ARGUMENTS.index("label") + 1, string_value=label)
        return self

    def enters(self, at, name, task=0):
        self.event(at, TrackEvent.TYPE_SLICE_BEGIN, MAIN, "region", name, task)
        return self

    def leaves(self, at):
        self.event(at, TrackEvent.TYPE_SLICE_END, MAIN)
        return self

    def says(self, at, text, task=0):
        self.event(at, TrackEvent.TYPE_INSTANT, MAIN, "log", text, task)
        return self

    def bytes(self):
        return self.trace.SerializeToString()
