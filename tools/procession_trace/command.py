"""The command line."""

import argparse
import os
import signal
import stat
import sys

from . import data, lines, tables
from .choice import Choice
from .path import Path
from .summary import Summary
from .text import Terminal, escaped
from .trace import NoTrace, read_trace
from .tree import Tree, complete

NAME = "procession-trace"
LIMIT = 10_000

DESCRIPTION = """
Tells what is in a trace that procession has written: how many tasks and regions of each name there were, how many failed,
were cancelled or did not end, and how long they took; who started which, and what waited; or with --tree, all that happened
in one task; or with --path, what that one has waited for, from its beginning to its end.
"""
EPILOG = """
The exit status is 0; 1 if the file cannot be read, is no trace, has no such task, or is damaged; 2 if the command is wrong.
A trace that was cut short is read up to there, and that is no failure. COLUMNS in the environment is how wide the output is;
NO_COLOR keeps it from having colours.
"""


class Failure(Exception):
    """Why there is nothing to show."""


def version():
    try:
        from .version import VERSION
    except ImportError:
        return "(in its source tree)"
    return VERSION


def parser():
    parser = argparse.ArgumentParser(prog=NAME, description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("file", metavar="FILE", help="the trace")
    parser.add_argument("--tree", metavar="NAME|ID", help="show this task; of a name, the one that took longest")
    parser.add_argument("--path", metavar="NAME|ID", help="show the critical path of this task")
    parser.add_argument("--first", action="store_true", help="with --tree or --path NAME: the one that began first")
    parser.add_argument("--limit", metavar="N", type=count, help=f"with these: show so many things at most ({LIMIT})")
    parser.add_argument("--json", action="store_true", help="for other programs")
    parser.add_argument("--version", action="version", version=f"{NAME} {version()}")
    return parser


def count(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def main(arguments):
    """Returns the exit status."""
    command = parser()
    options = command.parse_args(arguments)
    if options.tree is not None and options.path is not None:
        command.error("--tree or --path, not both")
    if options.tree is None and options.path is None and (options.first or options.limit is not None):
        command.error("--first and --limit go with --tree and --path")
    show = show_tree if options.tree is not None else show_path if options.path is not None else show_summary
    try:
        trace = show(options)
        sys.stdout.flush()
    except (NoTrace, Failure) as error:
        return complain(options.file, error)
    except OSError as error:
        return complain(error.filename or "standard output", error.strerror)
    return warn(options.file, trace)


def show_summary(options):
    summary = Summary()
    trace = read_trace(options.file, summary)
    if options.json:
        print(data.dump(data.summary(trace, summary)))
    else:
        write(tables.show(trace, summary, Terminal()))
    return trace


def show_tree(options):
    root, family = choose(options, options.tree)
    tree = Tree(root, family, options.limit or LIMIT)
    trace = read_trace(options.file, tree)
    node = complete(tree, root, trace.start)
    if options.json:
        print(data.dump(data.tree(trace, node, tree)))
    else:
        write(lines.show(node, tree, Terminal()))
    return trace


def show_path(options):
    root, family = choose(options, options.path)
    path = Path(family)
    trace = read_trace(options.file, path)
    steps, most = path.steps(root), options.limit or LIMIT
    shown, left_out = steps[:most], len(steps[most:])
    if options.json:
        print(data.dump(data.path(trace, shown, left_out)))
    else:
        write(lines.show_path(path.tasks[root], shown, left_out, Terminal()))
    return trace


def choose(options, which):
    """The task that is asked for, and all that are below it."""
    if stat.S_ISFIFO(os.stat(options.file).st_mode):
        raise Failure("a pipe can be read only once, and --tree and --path read twice")
    choice = Choice(asked(which), options.first)
    read_trace(options.file, choice)
    root = choice.chosen()
    if root is None:
        raise Failure(f"there is no task of that id or name: {choice.name}")
    return root, choice.family(root)


def asked(name):
    """The name as it is in a trace, where what is not UTF-8 is replaced."""
    return os.fsencode(name).decode(errors="replace")


def write(text):
    for line in text:
        print(line)


def warn(file, trace):
    """Says how much of the file was not as it should be."""
    if trace.damage is not None:
        return complain(file, f"damaged at byte {trace.offset}: {trace.damage}; shown is what stands before it")
    if trace.rest:
        complain(file, f"cut short: its last {trace.rest} bytes are the beginning of a packet; shown is what stands before it")
    if trace.strays:
        complain(file, f"tasks that end in it and do not begin: {trace.strays}; they are not shown")
    return 0


def complain(subject, text):
    print(f"{NAME}: {escaped(str(subject))}: {escaped(str(text))}", file=sys.stderr)
    return 1


def run():
    """The program: it ends as others do when it is interrupted, or when nobody reads its output any more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.stderr = sys.stderr or open(os.devnull, "w")
    if sys.stdout is None:
        os._exit(complain("standard output", "it is closed"))
    # A name may have letters that the locale has not.
    sys.stdout.reconfigure(errors="backslashreplace")
    status = main(sys.argv[1:])
    # All is written, or said to have failed: at exit, Python would try again.
    sys.stderr.flush()
    os._exit(status)
