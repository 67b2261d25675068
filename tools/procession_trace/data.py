"""The summary, the tree and the path as JSON. Times and durations are in nanoseconds."""

import json

from .histogram import PERCENTILES, percentile, powers
from .tree import walk

# The version of this format: it changes when something does not mean any more what it meant.
FORMAT = 1


def dump(value):
    # Texts come from the program that was traced: as ASCII, they are the same in every locale.
    return json.dumps(value, indent=1)


def head(trace):
    return {
        "format": FORMAT,
        "program": trace.program,
        "pid": trace.pid,
        "start_realtime": trace.realtime,
        "start_monotonic": trace.start,
        "duration": trace.end - trace.start,
        "events": trace.events,
        "lost_events": trace.lost,
        "ends_without_beginning": trace.strays,
        "cut_short": trace.rest > 0,
        "damaged": trace.damage,
        "bytes_read": trace.offset,
    }


def summary(trace, summary):
    return {
        **head(trace),
        "logs": summary.logs,
        "spawns": summary.spawns,
        "tasks": [task(row) for row in summary.tasks.sorted()],
        "regions": [region(row) for row in summary.regions.sorted()],
        "waits": [named(row, "call", "task_name") for row in summary.waits.sorted()],
        "started": [named(row, "by", "name") for row in summary.started.sorted()],
        "longest_waits_for_a_place": [
            {"begin": began, "duration": took, "task_name": name, "task": task, "thread": thread}
            for began, took, name, task, thread in summary.longest.sorted()
        ],
    }


def task(row):
    counts = {"failed": row.failed, "cancelled": row.cancelled, "began_before": row.began_before}
    return {**region(row), **counts}


def named(row, *names):
    """A row that has two names."""
    measured = region(row)
    del measured["name"]
    return {**dict(zip(names, row.name or (None, None))), **measured}


def region(row):
    """A name of null stands for all those for which there was no room."""
    ordered = sorted(row.durations)
    return {
        "name": row.name,
        "count": row.count,
        "unfinished": row.unfinished,
        "measured": len(ordered),
        "total": sum(ordered),
        "min": ordered[0] if ordered else None,
        **{f"p{percent}": percentile(ordered, percent) if ordered else None for percent in PERCENTILES},
        "max": ordered[-1] if ordered else None,
        "histogram": [{"from": low, "to": high, "count": count} for low, high, count in powers(ordered)],
    }


def tree(trace, root, tree):
    """Flat, so that no reader has to recurse: each thing has its depth, and stands behind what it is in."""
    return {**head(trace), "left_out": tree.left_out, "tree": [thing(node, depth) for node, depth in walk(root)]}


def path(trace, steps, left_out):
    return {**head(trace), "left_out": left_out, "path": [step(each) for each in steps]}


def step(step):
    return {
        "kind": "start" if step.is_start else "task",
        "name": step.task.name,
        "task": step.task.id,
        "begin": step.begin,
        "duration": step.end - step.begin,
        "unfinished": step.task.is_unfinished,
    }


def thing(node, depth):
    duration = None if node.end is None else node.end - node.begin
    return {
        "depth": depth,
        "kind": node.kind,
        "name": node.name,
        "begin": node.begin,
        "duration": duration,
        "unfinished": node.is_unfinished,
        "task": node.task,
        "thread": node.thread,
        "arguments": node.notes,
    }
