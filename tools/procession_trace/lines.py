"""The tree of a task, for people: a line for each thing that happened, with the time since the task began."""

from .text import BOLD, DIM, RED, escaped
from .tree import walk

# Further in, the depth is told as a number.
DEEPEST = 16
# What is shorter than such a part of the task is no gap that one would look for.
SHORTEST_GAP = 100
COLUMN = 8


def show(root, tree, terminal):
    yield terminal.paint(BOLD, f"{'AT':>{COLUMN}}  {'TOOK':>{COLUMN}}")
    for node, depth in walk(root):
        if node.kind != "gap" or SHORTEST_GAP * (node.end - node.begin) >= root.end - root.begin:
            yield line(node, depth, root.begin, terminal)
    if tree.left_out:
        yield f"and {tree.left_out:,} more, which --limit leaves out"


def show_path(root, steps, left_out, terminal):
    yield terminal.paint(BOLD, f"{'AT':>{COLUMN}}  {'TOOK':>{COLUMN}}")
    for step in steps:
        times = f"{terminal.duration(step.begin - root.begin):>{COLUMN}}  {terminal.duration(step.end - step.begin):>{COLUMN}}"
        text = terminal.cut_line(f"{times}  {path_words(step)}")
        yield terminal.paint(DIM if step.is_start else BOLD if step.task is root else "", text)
    if left_out:
        yield f"and {left_out:,} more steps, which --limit leaves out"


def path_words(step):
    where = f"{escaped(step.task.name)}, task {step.task.id}"
    if step.is_start:
        return f"(until it begins: {where})"
    return where + (" UNFINISHED" if step.task.is_unfinished else "")


def line(node, depth, start, terminal):
    since = node.begin - start
    at = "-" + terminal.duration(-since) if since < 0 else terminal.duration(since)
    took = "" if node.end is None else terminal.duration(node.end - node.begin)
    head = f"{at:>{COLUMN}}  {took:>{COLUMN}}  {indent(depth)}"
    text = terminal.cut_line(head + " ".join(words(node)))
    return terminal.paint(colour(node, depth), text)


def indent(depth):
    return "  " * depth if depth <= DEEPEST else "  " * DEEPEST + f"[{depth}] "


def colour(node, depth):
    if "error" in node.notes:
        return RED
    return DIM if node.kind == "gap" else BOLD if depth == 0 else ""


def words(node):
    """What is said of it, in words that a terminal may have."""
    notes = {name: escaped(value) if isinstance(value, str) else value for name, value in node.notes.items()}
    if node.kind == "gap":
        return ["(gap)"]
    if node.kind == "log":
        category = f"[{notes['category']}] " if "category" in notes else ""
        return [f"log {category}{escaped(node.name)}, on {escaped(node.thread)}"]
    if node.kind == "spawn":
        of = f" of {notes['of']}" if "of" in notes else ""
        return [f"spawn{of}, from {escaped(node.thread)} to {notes.get('to', 'a thread that has not begun yet')}"]
    if node.kind == "arrive":
        return [f"arrive, on {escaped(node.thread)}"]
    if node.kind == "wait":
        return [f"wait in {escaped(node.name)}, on {escaped(node.thread)}", *outcome(node, notes)]
    where = f"task {node.task}" if node.kind == "task" else f"region on {escaped(node.thread)}"
    label = f' "{notes["label"]}"' if node.notes.get("label") else ""
    return [f"{escaped(node.name)}{label}, {where}", *outcome(node, notes)]


def outcome(node, notes):
    if "began" in notes:
        yield f"(began {notes['began']})"
    if node.is_unfinished:
        yield "UNFINISHED"
    if "error" in notes:
        yield f"FAILED: {notes['error']} (code {notes.get('code', 0)})"
    if "cancelled" in notes:
        yield f"CANCELLED: {notes['cancelled']}"
