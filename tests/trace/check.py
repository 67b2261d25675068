#!/usr/bin/env python3
"""check.py DIRECTORY: what Perfetto's trace processor says of the traces that the Rust tests left there.

The trace processor is lenient, so each check compares all rows of a query with those that it must give. What is checked
here of mapping.pftrace is what src/trace/tests/mapping.rs has told.
"""

import os
import sys

from processor import Processor, parse

START = 1_000_000

SLICES = """
    select slice.ts, dur, slice.name, category, depth, coalesce(thread.name, track.name) as place,
           parent.name as above, extract_arg(slice.arg_set_id, 'correlation_id') as task
    from slice join track on track.id = slice.track_id
    left join track as parent on parent.id = track.parent_id
    left join thread_track on thread_track.id = track.id left join thread using (utid)
    order by slice.ts, slice.id
"""

# Since the start, duration, name, category, depth, track, the track above, task.
MAPPING = [
    (0, 2620, "early", "task", 0, "early", None, 6),
    (100, 1100, "request", "task", 0, "request", None, 1),
    (200, 200, "parse", "region", 0, "main", None, 1),
    (250, 0, "GET /x", "log", 1, "main", None, 1),
    (300, 0, "spawn", "spawn", 1, "main", None, 1),
    (440, 0, "arrive", "spawn", 0, "worker", None, 1),
    (450, 650, "query", "task", 0, "query", "request", 2),
    (500, 400, "sql", "region", 0, "worker", None, 2),
    (550, 50, "fetch", "region", 1, "worker", None, 2),
    (2000, 100, "fails", "task", 0, "fails", None, 3),
    (2200, 100, "stops", "task", 0, "stops", None, 4),
    (2400, -1, "hangs", "task", 0, "hangs", None, 5),
    (2500, -1, "stuck", "region", 0, "worker", None, 5),
    (2610, -1, "late", "task", 0, "late", "early", 7),
    (2640, -1, "missed", "task", 0, "missed", None, 8),
    (2660, -1, "orphan", "task", 0, "orphan", "gone", 10),
    (3100, 200, "outer", "region", 0, "next", None, None),
    (3200, 100, "unended", "region", 1, "next", None, None),
    (3400, 100, "left", "region", 0, "next", None, None),
    (3600, 100, "its own", "region", 0, "next", None, None),
    (3800, 0, "arrive", "spawn", 0, "next", None, None),
    (4100, -1, "serve", "task", 0, "serve", None, 11),
    (4110, 190, "accept", "task", 0, "accept", "serve", 12),
    (4120, 0, "spawn", "spawn", 0, "main", None, 12),
    (4150, 0, "arrive", "spawn", 0, "helper", None, 11),
    (4160, -1, "conn", "task", 0, "conn", "serve", 13),
    (4170, 30, "proc_spawn", "wait", 0, "main", None, 12),
    (4180, -1, "proc_poll", "wait", 0, "helper", None, 13),
    (4210, 0, "spawn", "spawn", 0, "main", None, 12),
    (4220, 0, "arrive", "spawn", 0, "next", None, 11),
    (4230, 0, "early bird", "log", 0, "next", None, 11),
    (4240, 40, "loud", "task", 0, "loud", "serve", 14),
    (4245, 0, "spawn", "spawn", 0, "main", None, 12),
    (4250, 0, "arrive", "spawn", 0, "next", None, 11),
    (4260, 10, "apart", "task", 0, "apart", None, 15),
]


def same(actual, expected):
    assert actual == expected, f"\n  is       {actual}\n  expected {expected}"


def mapping(trace):
    rows = [(ts - START, *rest, task and int(task.removeprefix("tp:#"))) for ts, *rest, task in trace.query(SLICES)]
    same(rows, MAPPING)


def arguments(trace):
    rows = trace.query("""
        select slice.name, substr(key, 7) as argument, display_value from slice join args using (arg_set_id)
        where key glob 'debug.*' order by slice.ts, key
    """)
    same(rows, [
        ("early", "began", "before the trace"),
        ("GET /x", "category", "http"),
        ("fails", "code", "5"),
        ("fails", "error", 'disk: "gone"\n'),
        ("stops", "cancelled", "stopped by SIGTERM"),
        ("missed", "began", "earlier; the event was lost"),
        ("early bird", "category", "http"),
    ])


def flows(trace):
    rows = trace.query("""
        select a.name as origin, a.ts as spawned, b.name as target, b.ts as arrived
        from flow join slice as a on a.id = slice_out join slice as b on b.id = slice_in order by b.ts
    """)
    same([(origin, spawned - START, target, arrived - START) for origin, spawned, target, arrived in rows], [
        ("spawn", 300, "arrive", 440),
        ("arrive", 440, "query", 450),
        ("spawn", 4120, "arrive", 4150),
        ("arrive", 4150, "conn", 4160),
        ("spawn", 4210, "arrive", 4220),
        ("spawn", 4245, "arrive", 4250),
    ])


def lost(trace):
    rows = trace.query("""
        select ts, value, track.name from counter join track on track.id = track_id order by ts
    """)
    same(rows, [(START + 3900, 12, "events lost"), (START + 4000, 15, "events lost")])


def texts(trace):
    """calls_names.pftrace: names that could go wrong, each as a task, a region and a log."""
    plain = ["", "\"quoted\" 'twice' \\", "a\nb\tc\r", "größe 🦀", "%s %n", "</script>", "x" * 65536,
             "in\ufffdvalid\ufffd", "y" * 65536 + "…"]
    rows = trace.query("""
        select coalesce(name, '') as name, category, extract_arg(arg_set_id, 'debug.error') as error,
               extract_arg(arg_set_id, 'debug.category') as log from slice order by ts
    """)
    same(rows, [row for name in plain for row in [
        (name, "task", name, None),
        (name, "region", None, None),
        (name, "log", None, name or None),
    ]])


def before(trace):
    """calls_before.pftrace: what began before the trace, and what outlives it."""
    rows = trace.query("""
        select slice.name, parent.name as above, dur = -1 as unfinished,
               extract_arg(slice.arg_set_id, 'debug.began') as began
        from slice join track on track.id = track_id left join track as parent on parent.id = track.parent_id
        where category = 'task' order by slice.ts, slice.id
    """)
    same(rows, [
        ("grandparent", None, 1, "before the trace"),
        ("parent", "grandparent", 0, "before the trace"),
        ("child", "parent", 1, None),
    ])
    same(trace.query("select name from slice where category = 'region' and dur = -1"), [("later region",)])


def nesting(trace):
    """calls_nest.pftrace: a task on another thread than its parent, where a flow leads."""
    rows = trace.query("""
        select a.name as origin, from_thread.name as from_thread, b.name as target, to_thread.name as to_thread
        from flow join slice as a on a.id = slice_out join slice as b on b.id = slice_in
        join thread_track as from_track on from_track.id = a.track_id join thread as from_thread on from_thread.utid = from_track.utid
        join thread_track as to_track on to_track.id = b.track_id join thread as to_thread on to_thread.utid = to_track.utid
    """)
    led_on = trace.query("select a.name as origin, b.name as target from flow join slice as a on a.id = slice_out "
                         "join slice as b on b.id = slice_in where b.category = 'task'")
    same(led_on, [("arrive", "query")])
    ((origin, from_thread, target, to_thread),) = rows
    same((origin, target, to_thread), ("spawn", "arrive", "helper"))
    assert from_thread != "helper"


def tree(trace):
    """engine_tree.pftrace: what a tree of processes leaves there by itself, and a job."""
    rows = trace.query("""
        select slice.name, category, parent.name as above, dur > 0 as whole, thread.tid is not null as on_thread,
               extract_arg(slice.arg_set_id, 'debug.error') as error, extract_arg(slice.arg_set_id, 'debug.code') as code,
               extract_arg(slice.arg_set_id, 'debug.cancelled') as cancelled
        from slice join track on track.id = slice.track_id left join track as parent on parent.id = track.parent_id
        left join thread_track on thread_track.id = track.id left join thread using (utid)
        where category != 'spawn' order by slice.name
    """)
    same(rows, [
        ("fails", "task", "request", 1, 0, "gone", 5, None),
        ("it will fail", "log", None, 0, 1, None, None, None),
        ("job", "task", None, 1, 0, None, None, None),
        ("query", "region", None, 1, 1, None, None, None),
        ("request", "task", None, 1, 0, "fails: gone", 5, None),
        ("waits", "task", "request", 1, 0, None, None, "fails: gone"),
    ])
    rows = trace.query("""
        select a.name as origin, b.name as target, a.track_id != b.track_id as elsewhere, a.ts < b.ts as later,
               task.name as task
        from flow join slice as a on a.id = slice_out join slice as b on b.id = slice_in
        left join slice as task on task.category = 'task'
          and extract_arg(task.arg_set_id, 'correlation_id') = extract_arg(b.arg_set_id, 'correlation_id')
        order by a.ts
    """)
    same(rows, [("spawn", "arrive", 1, 1, "request"), ("arrive", "fails", 1, 1, "fails"),
                ("spawn", "arrive", 1, 1, None), ("arrive", "job", 1, 1, "job")])
    rows = trace.query("""
        select region.name as region, task.name as task from slice as region join slice as task
          on extract_arg(task.arg_set_id, 'correlation_id') = extract_arg(region.arg_set_id, 'correlation_id')
        where region.category in ('region', 'log') and task.category = 'task' order by 1
    """)
    same(rows, [("it will fail", "fails"), ("query", "fails")])


def nursery(trace):
    """engine_nursery.pftrace: from who spawned it to each child, and what waits."""
    rows = trace.query("""
        select spawner.name as spawner, over.name as nursery, child.name as child
        from flow as first join flow as second on second.slice_out = first.slice_in
        join slice as spawn on spawn.id = first.slice_out join slice as arrive on arrive.id = first.slice_in
        join slice as child on child.id = second.slice_in
        join slice as spawner on spawner.category = 'task'
          and extract_arg(spawner.arg_set_id, 'correlation_id') = extract_arg(spawn.arg_set_id, 'correlation_id')
        join slice as over on over.category = 'task'
          and extract_arg(over.arg_set_id, 'correlation_id') = extract_arg(arrive.arg_set_id, 'correlation_id')
        where spawn.name = 'spawn' and arrive.name = 'arrive' and child.category = 'task' order by child.name
    """)
    same(rows, [("serve", "serve", "first"), ("first", "serve", "nested"), ("serve", "serve", "second")])
    rows = trace.query("""
        select distinct wait.name as call, task.name as task, wait.dur > 0 as ended, thread.tid is not null as on_thread
        from slice as wait
        join slice as task on task.category = 'task'
          and extract_arg(task.arg_set_id, 'correlation_id') = extract_arg(wait.arg_set_id, 'correlation_id')
        left join thread_track on thread_track.id = wait.track_id left join thread using (utid)
        where wait.category = 'wait' order by 1, 2
    """)
    same(rows, [("proc_spawn", "serve", 1, 1), ("proc_wait", "first", 1, 1), ("proc_wait", "nested", 1, 1)])


def supervise(trace):
    """engine_supervise.pftrace: each run, what it failed with, the delay, and that it was given up."""
    rows = trace.query("""
        select case when name glob 'gave up after 2 failures in *: service: gone' then 'gave up' else name end as name,
               category, dur > 0 as lasts, extract_arg(arg_set_id, 'debug.category') as log
        from slice order by ts, id
    """)
    run = [("supervised", "region", 1, None), ("service", "task", 1, None), ("it will fail", "log", 0, "db")]
    same(rows, [
        ("main", "task", 1, None),
        *run,
        ("service: gone", "log", 0, "proc_supervise"),
        ("proc_supervise", "wait", 1, None),
        *run,
        ("gave up", "log", 0, "proc_supervise"),
    ])


def million(trace):
    """load_million.pftrace: six events a round of eight threads, none lost."""
    rounds = 20_833
    rows = trace.query("""
        select name, category, depth, count(*) as number, min(dur) > 0 as whole from slice group by 1, 2, 3 order by 1
    """)
    same(rows, [
        ("inner", "region", 1, 8 * rounds, 1),
        ("outer", "region", 0, 8 * rounds, 1),
        *[(f"worker {number}", "task", 0, rounds, 1) for number in range(8)],
    ])
    # Tasks of one name that do not overlap are shown on one track.
    same(trace.query("select count(distinct track_id) as number from slice where category = 'task'"), [(8,)])
    same(trace.query("select count(*) as number from counter"), [(0,)])
    # Each inner region is inside of the outer one of the same task.
    rows = trace.query("""
        select count(*) as number from slice as inner join slice as outer on outer.id = inner.parent_id
        where inner.name = 'inner' and outer.name = 'outer'
          and extract_arg(inner.arg_set_id, 'correlation_id') = extract_arg(outer.arg_set_id, 'correlation_id')
    """)
    same(rows, [(8 * rounds,)])


def slow(trace):
    """load_lost.pftrace: what was lost is counted."""
    same(trace.query("select value from counter"), [(100,)])


def last_moments(trace):
    """recorder_last.pftrace: a snapshot, up to its end and without a gap."""
    numbers = [int(name) for (name,) in trace.query("select name from slice order by ts")]
    same(numbers, list(range(numbers[0], 5000)))
    assert 1000 < len(numbers) < 5000


CHECKS = {
    "mapping": [mapping, arguments, flows, lost],
    "calls_names": [texts],
    "calls_before": [before],
    "calls_nest": [nesting],
    "engine_tree": [tree],
    "engine_nursery": [nursery],
    "engine_supervise": [supervise],
    "load_million": [million],
    "load_lost": [slow],
    "recorder_last": [last_moments],
}


def main(directory):
    files = sorted(os.listdir(directory))
    for file in files:
        print(f"{file}: {parse(os.path.join(directory, file))} packets")
    for name, checks in CHECKS.items():
        trace = Processor(os.path.join(directory, f"{name}.pftrace"))
        for check in checks:
            check(trace)
            print(f"{name}: {check.__name__} passed")
        same(trace.query("select name, value from stats where severity != 'info' and value != 0"), [])
        trace.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
