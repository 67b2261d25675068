"""Counts what happens, and measures how long it takes, by name."""

import heapq
from array import array

from .reader import Listener

# A program may make names without end. When those that are known are so large, further ones are counted together.
MOST_BYTES = 32 << 20
# What a name costs beside its text.
EACH = 1000


# So many waits for a place are told of each.
LONGEST = 5


class Row:
    """All tasks, or all regions, of one name; or all waits of one function in tasks of one name, or all tasks of one name that
    those of another one have started: then there are two names, and "" is no task's."""

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
        self.bytes_left -= (len(name) if isinstance(name, str) else sum(map(len, name))) + EACH
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
        self.waits = Rows()
        # From the spawn to the beginning.
        self.started = Rows()
        self.longest = Longest()
        self.logs = 0
        self.spawns = 0
        # The names of the tasks that are open.
        self.names = {}
        # When, and in tasks of which name, flows began that may still lead to a task; and the last that has come to each thread.
        self.flows = {}
        self.arrived = {}

    def task_begins(self, time, task, name, began):
        self.names[task] = name
        row = self.tasks.row(name)
        row.count += 1
        if began is None:
            return row, time, task
        row.began_before += 1
        return row, None, task

    def task_arrives(self, task, name, flow):
        spawned, spawner, arrived = self.flows.pop(flow, (None, None, None))
        if arrived is not None and arrived >= spawned:
            row = self.started.row((spawner, name))
            row.count += 1
            row.durations.append(arrived - spawned)

    def task_ends(self, time, begun, arguments):
        row, began, task = begun
        del self.names[task]
        if began is not None:
            row.durations.append(time - began)
        if "error" in arguments:
            row.failed += 1
        elif "cancelled" in arguments:
            row.cancelled += 1

    def task_unfinished(self, time, begun):
        begun[0].unfinished += 1

    def region_begins(self, time, thread, task, name):
        return self.begins(self.regions.row(name), time)

    def wait_begins(self, time, thread, task, call):
        row, *begun = self.begins(self.waits.row((call, self.name(task))), time)
        return row, *begun, (call, self.name(task), task, thread.name)

    def begins(self, row, time):
        row.count += 1
        return row, time

    def region_ends(self, time, begun):
        row, began, *wait = begun
        row.durations.append(time - began)
        self.longest.consider(began, time, *wait)

    def region_unfinished(self, time, begun):
        row, began, *wait = begun
        row.unfinished += 1
        self.longest.consider(began, time, *wait)

    def log(self, time, thread, task, category, message):
        self.logs += 1

    def spawn(self, time, thread, task, flow):
        self.spawns += 1
        self.flows[flow] = time, self.name(task), None

    def arrive(self, time, thread, task, flow):
        before = self.arrived.pop(thread, None)
        self.flows.pop(before, None)  # It has led to no task.
        if flow in self.flows:
            self.arrived[thread] = flow
            self.flows[flow] = *self.flows[flow][:2], time

    def name(self, task):
        return self.names.get(task, "")


class Longest:
    """The longest waits for a place in a nursery."""

    def __init__(self):
        self.heap = []

    def consider(self, began, ended, wait=None):
        if wait is not None and wait[0] == "proc_spawn":
            add = heapq.heappush if len(self.heap) < LONGEST else heapq.heappushpop
            add(self.heap, (ended - began, -began, wait[1:]))

    def sorted(self):
        """Each with when it began, how long it took, and the task's name and id, and the thread."""
        return [(-began, took, *where) for took, began, where in sorted(self.heap, reverse=True)]
