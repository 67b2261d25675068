#!/usr/bin/env python3
"""tool.py PROGRAM DIRECTORY: procession-trace, as it is installed, on the traces that the Rust tests left there. Laws:

    golden       What it shows of mapping.pftrace is what is in golden/. (PROCESSION_WRITE_GOLDEN=1 writes it anew.)
    agrees       Counts, outcomes and percentiles are those of Perfetto's trace processor, also of a million events.
    family       What it shows of a task are the tasks, regions and logs that the trace processor has below it.
    bounded      192 MiB of memory are enough, Python's own included, for a million events.
    names        Odd names are told in full to programs, and to people in one line, escaped, that is no wider than asked.
    labels       A task is shown with its label, whether it ends or not.
    waits        What waits is counted by function and task, and shown in the tree; the longest waits for a place are told.
    started      Who has started which tasks, and how long these took to begin.
    path         The critical path leads from a task's beginning to its end, through what it has waited for and who has started it.
    order        Ends before beginnings, tasks known by name only, and deep trees are shown as what they are.
    others       When there are too many names, further ones are counted together.
    limited      With --limit, what is left out is counted.
    cut          Of every prefix of a trace, all that is whole is shown, and the rest is told of.
    fuzz         Whatever bytes are in a file, it is shown or refused in words.
    damaged      What procession does not write is noticed, and said where it is; what stands before it is shown.
    refused      What is no trace, or has no such task, is refused: exit status 1.
    usage        A wrong command is refused: exit status 2.
    ends         It ends as it should when its output cannot be written, or is not read.
    progress     Who waits for long is told how far it is, on a terminal only.
    terminal     Colours only on a terminal that may have them, and letters that the locale has.
    schema       It knows the fields that src/trace/tests/schema.rs knows.
    version      Its version is the library's.

A law that is named is tried alone: tool.py PROGRAM DIRECTORY LAW…
"""

import concurrent.futures
import os
import re
import sys
import tempfile

from driving import HERE, program, same
from procession_trace import schema as known
from tool_agrees import agrees, bounded, family, golden
from tool_refuses import cut, damaged, ends, fuzz, refused, usage
from tool_shows import labels, limited, names, order, others, path, progress, started, terminal, waits

ROOT = os.path.join(HERE, "..", "..")


def schema():
    with open(os.path.join(ROOT, "src", "trace", "tests", "schema.rs"), encoding="utf-8") as file:
        source = file.read()
    said = {}
    for name, body in re.findall(r"schema!\((\w+):(.*?)\);", source.split("macro_rules", 1)[1].split("\n}", 1)[1], re.S):
        said[name] = {(int(number), field, kind) for number, field, kind in
                      re.findall(r'(\d+) "(\w+)" (?:Type::Message\(&)?(\w+)', body)}
    same({name: fields_of(getattr(known, name)) for name in said}, said)
    assert len(said) == 13


def fields_of(message):
    kinds = {known.NUMBER: "Number", known.FIXED64: "Fixed64", known.TEXT: "Text"}
    constants = {id(value): name for name, value in vars(known).items()}
    return {
        (tag >> 3, field, constants[id(inner)] if inner else kinds[kind])
        for tag, (field, kind, inner, _) in message.fields.items()
    }


def version():
    with open(os.path.join(ROOT, "Cargo.toml"), encoding="utf-8") as file:
        number = re.search(r'^version = "(.*)"', file.read(), re.M).group(1)
    same(program("--version").stdout, f"procession-trace {number}\n")


LAWS = (golden, agrees, family, bounded, names, labels, waits, started, path, order, others, limited, cut, fuzz, damaged, refused, usage, ends, progress,
        terminal, schema, version)


def alone(name):
    with tempfile.TemporaryDirectory() as directory:
        os.environ["SCRATCH"] = directory
        globals()[name]()
    print(f"procession-trace: {name} passed", flush=True)


def main(laws):
    names = [law.__name__ for law in LAWS]
    assert set(laws) <= set(names), f"there are these laws: {names}"
    # As many at a time as there are cores.
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for _ in pool.map(alone, laws or names):
            pass


if __name__ == "__main__":
    main(sys.argv[3:])
