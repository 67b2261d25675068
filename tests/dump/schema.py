"""schema.py SCHEMA: what proc_dump writes as JSON is what docs/dump.schema.json says. Laws:

    valid       Dumps of trees of all kinds, taken from within their callbacks and at any moment from outside, are valid.
    complete    Each property and each kind that the schema knows is in one of them.
    strict      (The schema refuses what is not in it: an unknown property, a missing one, an unknown kind.)

It is given the library by the loader, as ffi-examples are, and their procession.py by PYTHONPATH; `./x test ffi` runs it.
"""
import json
import os
import signal
import sys
import threading

import jsonschema
from procession import ffi, lib, nursery, process, several

JSON = 1
dumps = []


def check(truth, what):
    if not truth:
        sys.exit(f"schema.py: {what}")


def dump(_cancel=None):
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe:
        reader = threading.Thread(target=lambda: dumps.append(json.load(pipe)))
        reader.start()
        error = lib.proc_dump(writing, JSON)
        os.close(writing)
        reader.join()
    check(not error, "proc_dump fails")


def tree():
    """Of all kinds; the last leaf dumps before and after it has cancelled all others."""
    all_wait = threading.Barrier(3, timeout=30)

    def wait(cancel):
        all_wait.wait()
        lib.proc_wait(cancel, -1)

    def look(cancel):
        all_wait.wait()
        dump()
        lib.proc_cancel_trigger(cancel, lib.proc_error_new(77, b'a "cause"\n'))
        dump()

    region = lib.proc_trace_region(b"region \xff", process(wait))
    steps = several(lib.proc_sequence, lib.proc_task(b'task "x"', region))
    return several(lib.proc_group, steps, several(lib.proc_concurrent, process(wait), lib.proc_task(b"look", process(look))))


def runs():
    """By each function that runs processes, one in another."""

    def start(cancel):
        request = lib.proc_task_begin(cancel, b"by hand")
        lib.proc_task_label(request, b'"/x?y" \xff')
        check(not lib.proc_job_join(lib.proc_start(tree(), cancel, ffi.NULL, ffi.NULL)), "a job fails")
        lib.proc_task_end(request, ffi.NULL)

    check(not lib.proc_main(lib.proc_task(b"outer", process(start))), "proc_main fails")
    check(not lib.proc_run(several(lib.proc_sequence, process(dump)), ffi.NULL), "proc_run fails")


def many():
    """More children than can have been begun while the first dumps, for the others wait for that."""
    has_looked = threading.Event()
    turns = iter(range(2000))

    def look_once(_cancel):
        if next(turns) == 0:
            dump()
            has_looked.set()
        check(has_looked.wait(timeout=30), "the first child does not end")

    child = [process(look_once) for _ in range(2000)]
    check(not lib.proc_run(several(lib.proc_group, *child), ffi.NULL), "a group fails")


def of_newer_kinds():
    """One in the other; the innermost dumps while a promise is awaited beside it, and one waits until it is cancelled."""
    promise = lib.proc_promise_new()
    awaited = threading.Event()

    def look(_cancel):
        while not awaited.is_set():
            dump()
            if {"await", "delay"} <= {process["kind"] for process in walk(dumps[-1]) if "kind" in process}:
                awaited.set()
            else:
                dumps.pop()
        lib.proc_promise_complete(promise, ffi.NULL)

    def spawn_and_look(children, _cancel):
        """Spawns a task that only waits, and dumps when it has begun."""
        pending = lib.proc_promise_new()
        task = lib.proc_task(b"waits", lib.proc_trace_region(b"in a region", lib.proc_await(pending)))
        check(not lib.proc_try_spawn(children, task), "a nursery takes no child")
        dump()
        while not any("pending" in process for process in walk(dumps[-1])):
            dumps.pop()
            lib.proc_nursery_wait(children, 1_000_000)
            dump()
        lib.proc_promise_complete(pending, ffi.NULL)
        lib.proc_promise_unref(pending)

    on_output = ffi.callback("void(int, const char *, size_t, void *)", lambda _stream, _bytes, _count, _: dump())
    words = [ffi.new("char[]", b"echo"), ffi.new("char[]", b"hello"), ffi.NULL]
    argv = ffi.new("char *[]", words)
    options = {"size": ffi.sizeof("proc_child_options"), "argv": argv, "in": -1, "on_output": on_output}
    each = ffi.callback("proc_index_fn", lambda _cancel, _index, _: dump() or ffi.NULL)
    hour = 3600 * 10**9
    beside = several(lib.proc_group, process(look), lib.proc_await(promise))
    inner = several(lib.proc_race, beside, lib.proc_every(hour, lib.proc_delay(2 * hour)))
    shielded = lib.proc_finally(lib.proc_shield(0, lib.proc_timeout(hour, inner)), process(dump))
    steps = several(
        lib.proc_sequence,
        shielded,
        lib.proc_supervise(ffi.NULL, several(lib.proc_stack, process(dump))),
        lib.proc_child(ffi.new("proc_child_options *", options)),
        lib.proc_each(1, 0, each, ffi.NULL, ffi.NULL),
        nursery(spawn_and_look, ffi.new("proc_nursery_options *", {"size": ffi.sizeof("proc_nursery_options"), "limit": 2})),
    )
    tree_of_them = several(lib.proc_race, several(lib.proc_any, steps))
    check(not lib.proc_run(tree_of_them, ffi.NULL), "one of the newer kinds fails")
    lib.proc_promise_unref(promise)


def at_a_signal():
    """What runs at each arrival of a signal, of which the first that comes is enough."""

    def send(cancel):
        while not lib.proc_wait(cancel, 1_000_000):
            os.kill(os.getpid(), signal.SIGHUP)

    def dump_and_end(cancel):
        dump()
        lib.proc_cancel_trigger(cancel, ffi.NULL)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # for those that come before it is listened to
    reaction = lib.proc_on_signal(signal.SIGHUP, process(dump_and_end))
    check(not lib.proc_run(several(lib.proc_group, reaction, process(send)), ffi.NULL), "a signal is an error")


def in_a_queue():
    """What runs in a queue, as its owner and the one who runs the queue have it."""
    queue = lib.proc_queue_new()
    job = lib.proc_start(lib.proc_on_queue(queue, process(dump)), ffi.NULL, ffi.NULL, ffi.NULL)
    check(lib.proc_queue_run(queue, ffi.NULL, -1) == 1, "a queue runs nothing")
    check(not lib.proc_job_join(job), "what runs in a queue fails")
    lib.proc_queue_unref(queue)


def walk(value):
    yield value
    for part in value.get("children", value.get("processes", [])):
        yield from walk(part)


def check_complete(schema):
    properties = schema["$defs"]["process"]["properties"]
    processes = [process for seen in dumps for process in walk(seen) if "kind" in process]
    keys = {key for process in processes for key in process}
    check(keys == set(properties), f"not all properties have been seen, or others: {keys ^ set(properties)}")
    kinds = {process["kind"] for process in processes}
    check(kinds == set(properties["kind"]["enum"]), f"not all kinds have been seen: {set(properties['kind']['enum']) - kinds}")


def check_strict(validator):
    one = {"kind": "group", "path": "", "thread": 1, "age_ns": 0, "doing": "running", "children": []}
    check(validator.is_valid({"processes": [one]}), "the schema refuses a group")
    late = {"path": "store/cache", "late_ns": 0}
    check(validator.is_valid({"processes": [one], "late": [late]}), "the schema refuses who is late")
    for broken in ({**one, "more": 1}, {**one, "kind": "other"}, {key: one[key] for key in one if key != "path"}):
        check(not validator.is_valid({"processes": [broken]}), f"the schema accepts {broken}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    runs()
    many()
    of_newer_kinds()
    at_a_signal()
    in_a_queue()
    for seen in dumps:
        validator.validate(seen)
    check_complete(schema)
    check_strict(validator)
    print(f"{len(dumps)} dumps are as the schema says")


main()
