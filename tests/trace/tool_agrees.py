"""What procession-trace shows of what the Rust tests traced: as it was, and as Perfetto's trace processor has it."""

import os
import re

from driving import HERE, as_json, program, same, trace_file
from processor import Processor

# What each file in golden/ is the answer to.
GOLDEN = {
    "wide.txt": (120, []),
    "narrow.txt": (80, []),
    "summary.json": (80, ["--json"]),
    "tree.txt": (100, ["--tree", "request"]),
    "tree.json": (100, ["--tree", "1", "--json"]),
    "unfinished.txt": (100, ["--tree", "hangs"]),
    "failed.txt": (100, ["--tree", "fails"]),
    "cancelled.txt": (100, ["--tree", "stops"]),
    "before.txt": (60, ["--tree", "early"]),
}


def golden():
    file = trace_file("mapping")
    whole = as_json(file)
    for name, (width, options) in GOLDEN.items():
        answer = program(file, *options, COLUMNS=str(width))
        same((answer.returncode, answer.stderr), (0, ""))
        # The process that wrote it is another one each time.
        shown = answer.stdout.replace(whole["program"], "PROGRAM").replace(str(whole["pid"]), "PID")
        shown = re.sub(r'"bytes_read": \d+', '"bytes_read": ALL', shown)
        path = os.path.join(HERE, "golden", name)
        if os.environ.get("PROCESSION_WRITE_GOLDEN"):
            with open(path, "w", encoding="utf-8") as golden:
                golden.write(shown)
        with open(path, encoding="utf-8") as golden:
            same(shown, golden.read())


ROWS = """
    with measured as (
        select name, category, dur, row_number() over (partition by category, name order by dur) as place,
               count(*) over (partition by category, name) as number
        from slice where dur >= 0 and extract_arg(arg_set_id, 'debug.began') is null
    ), percentiles as (
        select name, category, max(iif(place = (number * 50 + 99) / 100, dur, null)) as p50,
               max(iif(place = (number * 90 + 99) / 100, dur, null)) as p90,
               max(iif(place = (number * 99 + 99) / 100, dur, null)) as p99, min(dur) as least, max(dur) as most,
               sum(dur) as total, count(*) as measured
        from measured group by 1, 2
    ), counts as (
        select name, category, count(*) as count, sum(dur = -1) as unfinished,
               sum(extract_arg(arg_set_id, 'debug.error') is not null) as failed,
               sum(extract_arg(arg_set_id, 'debug.cancelled') is not null) as cancelled,
               sum(extract_arg(arg_set_id, 'debug.began') is not null) as before
        from slice where category in ('task', 'region') group by 1, 2
    )
    select coalesce(name, '') as name, category, count, unfinished, failed, cancelled, before, coalesce(measured, 0) as measured,
           p50, p90, p99, least, most, coalesce(total, 0) as total
    from counts left join percentiles using (name, category) order by 2, 1
"""
COUNTS = ("count", "unfinished", "failed", "cancelled", "began_before", "measured")
TIMES = ("p50", "p90", "p99", "min", "max", "total")


def agrees():
    for name in ("mapping", "calls_before", "load_million"):
        shown = as_json(trace_file(name))
        rows = [
            (row["name"], category, *(row.get(field, 0) for field in COUNTS), *(row[field] for field in TIMES))
            for category in ("region", "task")
            for row in sorted(shown[f"{category}s"], key=lambda row: row["name"])
        ]
        trace = Processor(trace_file(name))
        same(rows, trace.query(ROWS))
        assert rows
        ((logs, spawns),) = trace.query("""
            select sum(category = 'log') as logs, sum(category = 'spawn' and name = 'spawn') as spawns from slice
        """)
        same((shown["logs"], shown["spawns"]), (logs, spawns))
        for row in shown["tasks"] + shown["regions"]:
            same(sum(part["count"] for part in row["histogram"]), row["measured"])
        trace.close()


FAMILY = """
    with recursive family(id, name) as (
        select id, name from track where name = '{name}'
        union all select track.id, track.name from track join family on track.parent_id = family.id
    ), tasks as (
        select extract_arg(arg_set_id, 'correlation_id') as task from slice join family on family.id = track_id
    )
    select category as kind, slice.name, slice.ts, dur, task from slice
    join tasks on tasks.task = extract_arg(slice.arg_set_id, 'correlation_id')
    where category in ('task', 'region', 'log') order by slice.ts, slice.id
"""


def family():
    for file, name in (("calls_nest", "request"), ("calls_before", "grandparent"), ("mapping", "request")):
        tree = as_json(trace_file(file), "--tree", name)["tree"]
        end = max(thing["begin"] + (thing["duration"] or 0) for thing in tree)
        shown = [
            (thing["kind"], thing["name"], thing["begin"], -1 if thing["unfinished"] else thing["duration"] or 0, thing["task"])
            for thing in sorted(tree, key=lambda thing: thing["begin"])
            if thing["kind"] in ("task", "region", "log")
        ]
        trace = Processor(trace_file(file))
        rows = [(*row[:4], int(row[4].removeprefix("tp:#"))) for row in trace.query(FAMILY.format(name=name))]
        trace.close()
        same(sorted(shown), sorted(rows))
        assert len(rows) > 2 and all(thing["begin"] <= end for thing in tree)


def bounded():
    # All runs are limited, so `agrees` has had the summary.
    answer = program(trace_file("load_million"), "--tree", "worker 3")
    same((answer.returncode, answer.stderr), (0, ""))
    assert re.fullmatch(r"worker 3, task \d+", answer.stdout.split("\n")[1].split("  ")[-1])
