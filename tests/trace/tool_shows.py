"""How procession-trace shows what is odd, late, deep, or much; and on what."""

import contextlib
import io
import os
import subprocess
from unittest import mock

from driving import ENVIRONMENT, PROGRAM, as_json, ask, in_file, program, same, trace_file
from procession_trace import packets
from procession_trace.reader import Listener
from procession_trace.summary import EACH, Rows
from procession_trace.text import in_unit, width_of
from procession_trace.trace import read_trace
from written import START, Written

WIDTHS = (20, 40, 80, 100, 140, 200)
# Narrower, the summary's numbers and the tree's times would take all.
LEAST_SUMMARY, LEAST_TREE = 76, 40


def names():
    expected = ["", "\"quoted\" 'twice' \\", "a\nb\tc\r", "größe 🦀", "%s %n", "</script>", "x" * 65536,
                "in\ufffdvalid\ufffd", "y" * 65536 + "…"]
    file = trace_file("calls_names")
    shown = as_json(file)
    for rows in (shown["tasks"], shown["regions"]):
        same(sorted(row["name"] for row in rows), sorted(expected))
    for width in WIDTHS:
        for options in ([], *(["--tree", name] for name in (expected[2], expected[3], "in\udcffvalid\udcc3"))):
            answer = program(file, *options, COLUMNS=str(width))
            same(answer.returncode, 0)
            lines = answer.stdout.split("\n")
            assert len(lines) > 3 and all(line.isprintable() for line in lines)
            least = LEAST_TREE if options else LEAST_SUMMARY
            same([line for line in lines if width_of(line) > max(width, least)], [])
    tree = as_json(file, "--tree", expected[2])["tree"]
    same([thing["name"] for thing in tree if thing["kind"] != "gap"], [expected[2]] * 3)
    same(tree[0]["arguments"], {"error": expected[2], "code": -1})
    # Nor may a name turn what follows around or give orders to the terminal.
    orders = Written().begins(0, 1, "\x1b[2J\u202e").says(1, "\x9b1m", task=1)
    assert "\\x1b[2J\\u{202e}" in ask(in_file(orders.bytes())).stdout
    assert "log \\x9b1m, on main" in ask(in_file(orders.bytes()), "--tree", "1").stdout


def order():
    early = Written().ends(50, 1).begins(10, 1, "raced").ends(60, 2)
    answer = ask(in_file(early.bytes()), "--json")
    same([(row["name"], row["max"]) for row in answer.data["tasks"]], [("raced", 40)])
    same(answer.data["ends_without_beginning"], 1)
    assert "tasks that end in it and do not begin: 1;" in answer.stderr
    # A child is described before its parent is, and says something before it begins.
    raced = Written().described(3, "child", parent=2).says(12, "here", task=3).begins(20, 3, "child", parent=2)
    raced.begins(0, 1, "root").begins(5, 2, "parent", parent=1).ends(30, 3).ends(40, 2).ends(50, 1)
    tree = ask(in_file(raced.bytes()), "--json", "--tree", "root").data["tree"]
    same([(thing["depth"], thing["kind"], thing["name"]) for thing in tree], [
        (0, "task", "root"), (1, "gap", ""), (1, "task", "parent"), (2, "gap", ""), (2, "task", "child"), (3, "log", "here"),
        (2, "gap", ""), (1, "gap", ""),
    ])
    known_by_name = Written().begins(0, 1, "root").described(2, "gone", parent=1).begins(10, 3, "left", parent=2)
    tree = ask(in_file(known_by_name.bytes()), "--json", "--tree", "root").data["tree"]
    same([(thing["depth"], thing["name"]) for thing in tree], [(0, "root"), (1, "gone"), (2, "left")])
    deep = Written()
    for task in range(1, 3001):
        deep.begins(task, task, f"level {task}", parent=task - 1)
    for options in ([], ["--json"]):
        same(ask(in_file(deep.bytes()), "--tree", "level 1", *options).status, 0)
    assert "[2999] level 3000" in ask(in_file(deep.bytes()), "--tree", "level 1").stdout


def labels():
    traced = Written().begins(0, 1, "GET").labels(5, 1, "/early").labels(10, 1, "/report?id=7\n")
    traced.begins(20, 2, "sql", parent=1).labels(25, 2, "select").ends(30, 2, "select").ends(40, 1, "/report?id=7\n")
    tree = ask(in_file(traced.bytes()), "--tree", "1").stdout
    assert 'GET "/report?id=7\\n", task 1' in tree and 'sql "select", task 2' in tree, tree
    # It does not end, so that no end says which one it is; and one of which that is not said any more.
    hangs = Written().begins(0, 1, "GET").labels(5, 1, "/hangs").begins(6, 2, "PUT", parent=1).labels(7, 2, "/x").labels(8, 2, "")
    tree = ask(in_file(hangs.bytes()), "--tree", "1").stdout
    assert 'GET "/hangs", task 1 UNFINISHED' in tree and "PUT, task 2" in tree, tree


def waits():
    traced = Written().begins(0, 1, "serve").waits(5, 25, "proc_spawn", task=1).waits(30, 31, "proc_poll", task=1)
    for wait in range(6):
        traced.waits(100 + 10 * wait, 101 + 11 * wait, "proc_spawn")
    traced.enters(200, "r", task=1).event(210, 1, 2, "wait", "proc_wait", 1)
    answer = ask(in_file(traced.bytes()), "--json").data
    same([(row["call"], row["task_name"], row["count"], row["unfinished"], row["max"]) for row in answer["waits"]],
         [("proc_spawn", "", 6, 0, 6), ("proc_poll", "serve", 1, 0, 1), ("proc_spawn", "serve", 1, 0, 20),
          ("proc_wait", "serve", 1, 1, None)])
    same([(wait["duration"], wait["task_name"], wait["task"], wait["thread"]) for wait in answer["longest_waits_for_a_place"]],
         [(20, "serve", 1, "main"), *((took, "", 0, "main") for took in (6, 5, 4, 3))])
    shown = ask(in_file(traced.bytes())).stdout
    assert "proc_spawn in serve" in shown and "proc_spawn in (no task)" in shown, shown
    assert "     5ns      20ns  serve, task 1, on main" in shown, shown
    tree = ask(in_file(traced.bytes()), "--tree", "serve").stdout
    assert "wait in proc_spawn, on main" in tree and "    wait in proc_wait, on main UNFINISHED" in tree, tree


def started():
    traced = Written().begins(0, 1, "serve").begins(1, 2, "accept", parent=1)
    traced.starts(10, 3, "conn", 1, 2, 14).starts(20, 4, "conn", 1, 2, 26).starts(30, 5, "sql", 3, 3, 31).flows(40, 9, 41, 2, 1)
    answer = ask(in_file(traced.bytes()), "--json").data
    same(answer["spawns"], 4)
    same([(row["by"], row["name"], row["count"], row["min"], row["max"]) for row in answer["started"]],
         [("accept", "conn", 2, 4, 6), ("conn", "sql", 1, 1, 1)])
    assert "conn by accept" in ask(in_file(traced.bytes())).stdout
    tree = ask(in_file(traced.bytes()), "--tree", "accept").stdout
    assert "spawn of conn, task 3, from main to main" in tree and "spawn, from main to main" in tree, tree
    real = as_json(trace_file("engine_nursery"))
    same(sorted((row["by"], row["name"], row["count"]) for row in real["started"]),
         [("first", "nested", 1), ("serve", "first", 1), ("serve", "second", 1)])
    (longest,) = real["longest_waits_for_a_place"]
    same(longest["task_name"], "serve")


def path():
    def steps(traced, task, *options):
        answer = ask(in_file(traced.bytes()), "--path", task, "--json", *options).data
        return [(step["kind"], step["name"], step["begin"] - START, step["duration"]) for step in answer["path"]]

    # It ends with what it has spawned, and spawns the last one when the first has given up its place.
    served = Written().begins(0, 1, "serve").begins(1, 2, "accept", parent=1).starts(10, 3, "one", 1, 2, 12)
    served.starts(15, 4, "long ago", 1, 2, 16).ends(18, 4).waits(20, 41, "proc_spawn", task=2).ends(40, 3)
    served.starts(42, 5, "two", 1, 2, 50).ends(60, 2).ends(90, 5).ends(100, 1)
    same(steps(served, "serve"), [
        ("task", "serve", 0, 1), ("task", "accept", 1, 9), ("start", "one", 10, 2), ("task", "one", 12, 28), ("task", "accept", 40, 2),
        ("start", "two", 42, 8), ("task", "two", 50, 40), ("task", "serve", 90, 10),
    ])
    same(steps(served, "serve", "--limit", "2"), [("task", "serve", 0, 1), ("task", "accept", 1, 9)])
    shown = ask(in_file(served.bytes()), "--path", "1", "--limit", "4").stdout
    assert "    10ns       2ns  (until it begins: one, task 3)" in shown and "and 4 more steps" in shown, shown
    # One after the other, and one that began nobody knows when.
    steady = Written().described(9, "gone").begins(0, 1, "all", parent=9).begins(5, 2, "a", parent=1).ends(20, 2)
    steady.begins(25, 3, "b", parent=1).begins(30, 4, "c", parent=3).ends(60, 1)
    same(steps(steady, "all"), [("task", "all", 0, 5), ("task", "a", 5, 15), ("task", "all", 20, 5), ("task", "b", 25, 5),
                                ("task", "c", 30, 30)])
    # Each step begins where the one before ends, from the beginning of the task to its end.
    for name, task in (("engine_nursery", "serve"), ("mapping", "serve"), ("engine_tree", "request"), ("load_million", "worker 3")):
        found = as_json(trace_file(name), "--path", task)["path"]
        root = as_json(trace_file(name), "--tree", task, "--limit", "1")["tree"][0]
        ends = [step["begin"] + step["duration"] for step in found]
        same([step["begin"] for step in found], [root["begin"], *ends[:-1]])
        same(ends[-1], root["begin"] + root["duration"])
    # Nor may a trace that cannot be keep it from ending: tasks that have started each other.
    odd = Written().begins(0, 1, "root").described(2, "x", 1).described(3, "y", 1).flows(5, 2, 5, 3, 1).flows(5, 3, 5, 2, 1)
    odd.begins(5, 2, "x", 1, flow=2).begins(5, 3, "y", 1, flow=3).ends(5, 2).ends(5, 3).ends(5, 1)
    same(sum(duration for *_, duration in steps(odd, "root")), 5)


def others():
    rows = Rows(3 * (EACH + 1))
    for name in "abcdea":
        rows.row(name).count += 1
    same([(row.name, row.count) for row in rows.sorted()], [("a", 2), ("b", 1), ("c", 1), (None, 2)])
    many = Written()
    for number in range(60):
        many.enters(2 * number, f"region {number:02}").leaves(2 * number + 1)
    assert "and 10 more names with 10 in all; --json has them" in ask(in_file(many.bytes())).stdout


def limited():
    wide = Written().begins(0, 1, "root")
    for task in range(2, 102):
        wide.begins(task, task, "child", parent=1).ends(task + 1, task)
    answer = ask(in_file(wide.bytes()), "--tree", "root", "--limit", "11", "--json").data
    same([thing["kind"] for thing in answer["tree"] if thing["kind"] != "gap"], ["task"] * 11)
    same(answer["left_out"], 90)
    assert "and 90 more" in ask(in_file(wide.bytes()), "--tree", "root", "--limit", "11").stdout
    same(ask(in_file(wide.bytes()), "--tree", "root", "--limit", "1").status, 0)
    for option, task in ((["--first"], 2), ([], 2), (["--first", "--limit", "3"], 2)):
        same(ask(in_file(wide.bytes()), "--tree", "child", *option, "--json").data["tree"][0]["task"], task)
    slow = Written().begins(0, 1, "it").ends(1, 1).begins(1, 2, "it").ends(5, 2).begins(5, 3, "it").begins(6, 4, "it").ends(7, 4)
    same(ask(in_file(slow.bytes()), "--tree", "it", "--json").data["tree"][0]["task"], 2)
    same(ask(in_file(slow.bytes()), "--tree", "it", "--first", "--json").data["tree"][0]["task"], 1)


def on_terminal(file, **environment):
    """What it writes to a terminal."""
    terminal, end = os.openpty()
    child = subprocess.Popen([PROGRAM, file], stdout=end, env={**ENVIRONMENT, "TERM": "xterm", **environment})
    os.close(end)
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError:
        pass  # That is how a terminal says that nobody writes to it any more.
    os.close(terminal)
    same(child.wait(), 0)
    return shown.decode()


class Screen(io.StringIO):
    def isatty(self):
        return True


def progress():
    at_once = mock.patch.multiple(packets, PATIENCE=0, INTERVAL=0)
    for stream, patience, shown in (
        (Screen(), at_once, "\rreading: 100 %" * 2 + "\r\x1b[K"),
        (Screen(), contextlib.nullcontext(), ""),
        (io.StringIO(), at_once, ""),
    ):
        with patience, contextlib.redirect_stderr(stream):
            read_trace(trace_file("mapping"), Listener())
        same(stream.getvalue(), shown)


def terminal():
    file = trace_file("mapping")
    assert "\x1b[31m" in on_terminal(file) and "\x1b[1m" in on_terminal(file)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal(file, **environment)
    assert "\x1b" not in program(file).stdout
    ascii_only = program(trace_file("calls_names"), LC_ALL="C").stdout
    assert "us" in ascii_only and "%" in ascii_only and "█" not in ascii_only and "…" not in ascii_only
    by_encoding = program(trace_file("calls_names"), PYTHONIOENCODING="ascii").stdout
    assert by_encoding.isascii() and "gr\\xf6\\xdfe" in by_encoding
    shown = [in_unit(time) for time in (0, 999, 1000, 9994, 9995, 99_949, 99_950, 999_499, 999_500, 59_940_000_000, 10**15)]
    same(shown, [("0", "ns"), ("999", "ns"), ("1.00", "µs"), ("9.99", "µs"), ("10.0", "µs"), ("99.9", "µs"), ("100", "µs"),
                 ("999", "µs"), ("1.00", "ms"), ("59.9", "s"), ("11.6", "d")])
