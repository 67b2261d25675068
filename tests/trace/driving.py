"""procession-trace as tool.py uses it: as a program, and, where it is asked thousands of times, without a process for each."""

import contextlib
import io
import json
import os
import resource
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM, FILES = os.path.abspath(sys.argv[1]), sys.argv[2]
MOST_MEMORY = 192 << 20
# What the caller's terminal is like must not matter.
ELSEWHERE = ("NO_COLOR", "COLUMNS", "LC_ALL", "LANG", "PYTHONIOENCODING", "PYTHONUTF8")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | {"LC_CTYPE": "C.UTF-8"}

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(PROGRAM)))
from procession_trace.command import main  # noqa: E402


def trace_file(name):
    return os.path.join(FILES, f"{name}.pftrace")


def content(name):
    with open(trace_file(name), "rb") as file:
        return file.read()


def in_file(data):
    path = os.path.join(os.environ["SCRATCH"], "trace")
    with open(path, "wb") as file:
        file.write(data)
    return path


def program(*arguments, stdin=None, **environment):
    return subprocess.run([PROGRAM, *arguments], stdin=stdin, capture_output=True, encoding="utf-8", errors="surrogateescape",
                          env={**ENVIRONMENT, **environment}, preexec_fn=limit_memory)


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


class Answer:
    def __init__(self, arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.status = main(arguments)
        self.stdout, self.stderr = out.getvalue(), err.getvalue()
        self.data = json.loads(self.stdout) if "--json" in arguments and self.stdout else None


def ask(*arguments):
    return Answer(list(arguments))


def as_json(*arguments):
    answer = program(*arguments, "--json")
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    return json.loads(answer.stdout)


def same(actual, expected):
    assert actual == expected, f"\n  is       {actual}\n  expected {expected}"
