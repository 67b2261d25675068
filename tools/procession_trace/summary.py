"""Counts what happens, and measures how long it takes, by name."""

from array import array

from .reader import Listener

# A program may make names without end. When those that are known are so large, further ones are counted together.
MOST_BYTES = 32 << 20
# What a name costs beside its text.
EACH = 1000


class Row:
    """All tasks, or all regions, of one name."""

    def __init__(self, name):
        self.name = name
        self.count = 0
        self.failed = 0
        self.cancelled = 0
        self.unfinished = 0
        # Of these, how long they took is not known.
        self.began_before = 0
        # Of those that began and ended in the trace: eight bytes each, so that percentiles are exact.
        self.durations = array("Q")


class Rows:
    def __init__(self, most_bytes=MOST_BYTES):
        self.by_name = {}
        self.bytes_left = most_bytes
        # All that have names for which there was no room.
        self.others = Row(None)

    def row(self, name):
        row = self.by_name.get(name)
        return self.add(name) if row is None else row

    def add(self, name):
        self.bytes_left -= len(name) + EACH
        if self.bytes_left < 0:
            return self.others
        row = self.by_name[name] = Row(name)
        return row

    def sorted(self):
        """The most frequent ones first."""
        rows = sorted(self.by_name.values(), key=lambda row: (-row.count, row.name))
        return rows + [self.others] if self.others.count else rows


class Summary(Listener):
    def __init__(self):
        self.tasks = Rows()
        self.regions = Rows()
        self.logs = 0
        self.spawns = 0

    def task_begins(self, time, task, name, began):
        row = self.tasks.row(name)
        row.count += 1
        if began is None:
            return row, time
        row.began_before += 1
        return row, None

    def task_ends(self, time, begun, arguments):
        row, began = begun
        if began is not None:
            row.durations.append(time - began)
        if "error" in arguments:
            row.failed += 1
        elif "cancelled" in arguments:
            row.cancelled += 1

    def task_unfinished(self, time, begun):
        begun[0].unfinished += 1

    def region_begins(self, time, thread, task, name):
        row = self.regions.row(name)
        row.count += 1
        return row, time

    def region_ends(self, time, begun):
        row, began = begun
        row.durations.append(time - began)

    def region_unfinished(self, time, begun):
        begun[0].unfinished += 1

    def log(self, time, thread, task, category, message):
        self.logs += 1

    def spawn(self, time, thread, task, flow):
        self.spawns += 1
