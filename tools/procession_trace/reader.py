"""What the packets of a trace mean, told to a listener in the order of the file.

That is the order of time, with two exceptions (docs/trace.md): what is shown at an earlier moment than it is known, and a
task that two threads make known, which may be said to end before it is said to begin.
"""

from .protobuf import Damaged, read, signed
from .schema import PACKET

SEQUENCE = 1
STATE_CLEARED = 1
BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4

REALTIME, MONOTONIC, INCREMENTAL = 1, 3, 64

# The two lowest bits of a track's number say what it is of; the rest of a task's is the task's id.
OF_TASK, OF_THREAD = 1, 2
LOST = 3
PROCESS = 4

LATEST = 1 << 63


class Listener:
    """What can happen. Times are in nanoseconds of the monotonic clock. Whatever a beginning returns is given to the end."""

    def task_described(self, task, parent, name):
        """Comes before the beginning, or alone, of a task that ended before the trace. Parent 0 is none."""

    def task_begins(self, time, task, name, began):
        """`began` says why the beginning is not the true one, else it is None."""

    def task_arrives(self, task, name, flow):
        """The flow, which has arrived, leads on to this task, which has just begun."""

    def task_labelled(self, begun, label):
        """Which one of its kind it is; "": it is not said any more. The arguments of the end have it, too."""

    def task_ends(self, time, begun, arguments):
        pass

    def task_unfinished(self, time, begun):
        """At the end of the trace, which is the time."""

    def region_begins(self, time, thread, task, name):
        pass

    def region_ends(self, time, begun):
        pass

    def region_unfinished(self, time, begun):
        pass

    def wait_begins(self, time, thread, task, call):
        """It ends, or does not, as regions do."""

    def log(self, time, thread, task, category, message):
        pass

    def spawn(self, time, thread, task, flow):
        pass

    def arrive(self, time, thread, task, flow):
        """The flow is that of the spawn, None if that is not in the trace."""


class Thread:
    def __init__(self):
        self.name = ""
        # When a region last began or ended here.
        self.time = 0
        # What the listener has returned for the regions that are open, innermost last.
        self.open = []

    def pass_to(self, time):
        if time < self.time:
            raise Damaged("time goes backwards on a thread")
        self.time = time


class Reader:
    """Reads packets, one after the other. What is known of the trace as a whole is in its attributes."""

    def __init__(self, listener):
        self.listener = listener
        self.pid = None
        self.program = ""
        self.start = None
        self.realtime = None
        self.end = None
        self.events = 0
        self.lost = 0
        # Tasks whose end came, and no beginning.
        self.early_ends = {}
        self.clock = None
        self.names = {}
        self.categories = {}
        self.arguments = {}
        self.threads = {}
        self.open_tasks = {}

    def packet(self, data):
        packet = read(PACKET, data)
        try:
            self.understand(packet)
        except KeyError as error:
            raise Damaged(f"there is no {error.args[0]}") from None

    def understand(self, packet):
        if packet["trusted_packet_sequence_id"] != SEQUENCE:
            raise Damaged("it is of another sequence")
        if packet.get("sequence_flags") == STATE_CLEARED:
            self.clear(packet)
        elif self.start is None:
            raise Damaged("the trace does not begin with it")
        if "interned_data" in packet:
            self.define(packet["interned_data"])
        if "track_descriptor" in packet:
            self.describe(packet["track_descriptor"])
        if "track_event" in packet:
            self.event(self.time(packet), packet["track_event"])

    def clear(self, packet):
        """A place where the sequence begins anew."""
        if packet["trace_packet_defaults"]["timestamp_clock_id"] != INCREMENTAL:
            raise Damaged("the clock is another one")
        clocks = {clock["clock_id"]: clock["timestamp"] for clock in packet["clock_snapshot"]["clocks"]}
        self.clock = clocks[INCREMENTAL]
        self.names, self.categories, self.arguments = {}, {}, {}
        if self.start is None:
            # Without either of them it is no trace, which `start` stands for.
            self.realtime = clocks[REALTIME]
            self.start = self.end = clocks[MONOTONIC]

    def define(self, interned):
        places = (
            (self.categories, "event_categories"),
            (self.names, "event_names"),
            (self.arguments, "debug_annotation_names"),
        )
        for known, kind in places:
            for entry in interned.get(kind, ()):
                known[entry["iid"]] = entry["name"]

    def describe(self, track):
        number = track["uuid"]
        if number == PROCESS:
            process = track["process"]
            self.pid, self.program = signed(process["pid"]), process.get("process_name", "")
        elif number & 3 == OF_THREAD:
            thread = track["thread"]
            name = thread.get("thread_name") or f"thread {signed(thread['tid'])}"
            self.threads.setdefault(number, Thread()).name = name
        elif number & 3 == OF_TASK:
            parent = track["parent_uuid"]
            parent = 0 if parent == PROCESS else task_of(parent)
            self.listener.task_described(task_of(number), parent, track["name"])
        elif number != LOST:
            raise Damaged(f"track {number} is of nothing that is known")

    def time(self, packet):
        time = packet["timestamp"]
        if packet.get("timestamp_clock_id") != MONOTONIC:
            time += self.clock
            self.clock = time
        if time >= LATEST:
            raise Damaged("it is of a time beyond all clocks")
        if time > self.end:
            self.end = time
        return time

    def event(self, time, event):
        self.events += 1
        kind, track = event["type"], event["track_uuid"]
        if kind == BEGIN:
            self.begin(time, track, event)
        elif kind == END:
            self.finish(time, track, event)
        elif kind == INSTANT and track & 3 == OF_TASK:
            self.label(task_of(track), event)
        elif kind == INSTANT:
            self.instant(time, self.threads[track], event)
        elif kind == COUNTER and track == LOST:
            self.lost = max(self.lost, event["counter_value"])
        else:
            raise Damaged(f"an event of type {kind} on track {track}")

    def begin(self, time, track, event):
        category = self.categories[event["category_iids"]]
        if category == "task":
            self.begin_task(time, task_of(track), event)
        elif category in ("region", "wait"):
            thread = self.threads[track]
            thread.pass_to(time)
            begins = self.listener.region_begins if category == "region" else self.listener.wait_begins
            thread.open.append(begins(time, thread, event.get("correlation_id", 0), self.name(event)))
        else:
            raise Damaged(f"a slice of category {category}")

    def begin_task(self, time, task, event):
        if event["correlation_id"] != task:
            raise Damaged(f"task {task} is on another's track")
        if task in self.open_tasks:
            raise Damaged(f"task {task} begins twice")
        said = self.said(event)
        name = self.name(event)
        begun = self.listener.task_begins(time, task, name, said.get("began"))
        if "terminating_flow_ids" in event:
            self.listener.task_arrives(task, name, event["terminating_flow_ids"])
        if "label" in said:
            self.listener.task_labelled(begun, said["label"])
        end = self.early_ends.pop(task, None)
        if end is None:
            self.open_tasks[task] = time, begun
        else:
            self.listener.task_ends(max(time, end[0]), begun, end[1])

    def label(self, task, event):
        category = self.categories[event["category_iids"]]
        if category != "task":
            raise Damaged(f"an instant of category {category} on a task's track")
        if task in self.open_tasks:
            self.listener.task_labelled(self.open_tasks[task][1], self.said(event)["label"])

    def finish(self, time, track, event):
        if track & 3 == OF_THREAD:
            thread = self.threads[track]
            thread.pass_to(time)
            if not thread.open:
                raise Damaged("a region ends that has not begun")
            return self.listener.region_ends(time, thread.open.pop())
        task, arguments = task_of(track), self.said(event)
        began, begun = self.open_tasks.pop(task, (None, None))
        if began is None:
            self.early_ends[task] = time, arguments
        elif time < began:
            raise Damaged(f"task {task} ends before it begins")
        else:
            self.listener.task_ends(time, begun, arguments)

    def instant(self, time, thread, event):
        category = self.categories[event["category_iids"]]
        task = event.get("correlation_id", 0)
        if category == "log":
            self.listener.log(time, thread, task, self.said(event).get("category", ""), self.name(event))
        elif category == "spawn" and self.name(event) == "spawn":
            self.listener.spawn(time, thread, task, event["flow_ids"])
        elif category == "spawn":
            # In traces of 0.1 no flow led further.
            self.listener.arrive(time, thread, task, event.get("flow_ids", event.get("terminating_flow_ids")))
        else:
            raise Damaged(f"an instant of category {category}")

    def name(self, event):
        return self.names[event["name_iid"]] if "name_iid" in event else event["name"]

    def said(self, event):
        """The arguments of an event."""
        annotations = event.get("debug_annotations", ())
        return {self.arguments[annotation["name_iid"]]: value_of(annotation) for annotation in annotations}

    def close(self):
        """There is no more: what is open has not ended."""
        for _, begun in self.open_tasks.values():
            self.listener.task_unfinished(self.end, begun)
        for thread in self.threads.values():
            for begun in thread.open:
                self.listener.region_unfinished(self.end, begun)


def task_of(track):
    if track & 3 != OF_TASK:
        raise Damaged(f"track {track} is of no task")
    return track >> 2


def value_of(annotation):
    return annotation["string_value"] if "string_value" in annotation else signed(annotation["int_value"])
