"""schema.py SCHEMA: what proc_dump writes as JSON is what docs/dump.schema.json says. Laws:

    valid       Dumps of trees of all kinds, taken from within their callbacks and at any moment from outside, are valid.
    complete    Each property and each kind that the schema knows is in one of them.
    strict      (The schema refuses what is not in it: an unknown property, a missing one, an unknown kind.)

It is given the library by the loader, as ffi-examples are; `./x test ffi` runs it.
"""
import json
import os
import signal
import sys
import threading

import jsonschema
from cffi import FFI

ffi = FFI()
ffi.cdef("""
    typedef struct proc_cancel proc_cancel;
    typedef struct proc_error proc_error;
    typedef struct proc_impl proc_impl;
    typedef struct proc_job proc_job;
    typedef proc_error *(*proc_fn)(proc_cancel *cancel, void *user_data);

    proc_impl *proc_new(proc_fn fn, void *user_data, void *destroy);
    proc_impl *proc_concurrent(proc_impl *const *impls, size_t count);
    proc_impl *proc_group(proc_impl *const *impls, size_t count);
    proc_impl *proc_sequence(proc_impl *const *impls, size_t count);
    proc_impl *proc_task(const char *task_type, proc_impl *impl);
    proc_impl *proc_trace_region(const char *region_type, proc_impl *impl);
    proc_impl *proc_on_signal(int signal_number, proc_impl *impl);
    proc_error *proc_run(proc_impl *impl, proc_cancel *cancel);
    proc_error *proc_main(proc_impl *impl);
    proc_job *proc_start(proc_impl *impl, proc_cancel *cancel, void *on_done, void *user_data);
    proc_error *proc_job_join(proc_job *job);
    proc_error *proc_error_new(int code, const char *message);
    void proc_cancel_trigger(proc_cancel *cancel, proc_error *cause);
    bool proc_wait(proc_cancel *cancel, int64_t timeout_ns);
    proc_error *proc_dump(int fd, int format);
""")
lib = ffi.dlopen("libprocession.so.0.1")

JSON = 1
callbacks = []  # What the library may call is kept alive.
dumps = []


def process(function):
    callback = ffi.callback("proc_fn", lambda cancel, _: function(cancel) or ffi.NULL)
    callbacks.append(callback)
    return lib.proc_new(callback, ffi.NULL, ffi.NULL)


def several(combine, *children):
    return combine(list(children), len(children))


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
        check(not lib.proc_job_join(lib.proc_start(tree(), cancel, ffi.NULL, ffi.NULL)), "a job fails")

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
    for broken in ({**one, "more": 1}, {**one, "kind": "other"}, {key: one[key] for key in one if key != "path"}):
        check(not validator.is_valid({"processes": [broken]}), f"the schema accepts {broken}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    runs()
    many()
    at_a_signal()
    for seen in dumps:
        validator.validate(seen)
    check_complete(schema)
    check_strict(validator)
    print(f"{len(dumps)} dumps are as the schema says")


main()
