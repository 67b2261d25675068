"""All that happened in a task, as a tree: tasks, regions, waits, logs, spawns, and the gaps between them."""

from .reader import Listener


class Node:
    __slots__ = ("kind", "name", "begin", "end", "is_unfinished", "thread", "task", "notes", "children")

    def __init__(self, kind, name, begin, thread, task):
        self.kind = kind
        self.name = name
        # None, of a task of which nothing is known but its name and those below it.
        self.begin = begin
        # None, of what takes no time.
        self.end = None
        self.is_unfinished = False
        # The name of the thread; None of a task, which may begin and end on any.
        self.thread = thread
        self.task = task
        self.notes = {}
        self.children = []


class Tree(Listener):
    """What the tasks of a family do, but no more than so many things."""

    def __init__(self, root, family, most):
        self.family = family
        # The node of each task, and which of them have their place.
        self.tasks = {root: Node("task", "", None, None, root)}
        self.placed = {root}
        self.flows = {}
        self.room = most - 1
        self.left_out = 0

    def add(self, kind, name, begin, thread, task, parent=None):
        """A thing that happens in a task of the family; None if there is no room."""
        parent = parent or self.task(task)
        if parent is None or self.room == 0:
            self.left_out += 1
            return None
        self.room -= 1
        node = Node(kind, name, begin, thread.name, task)
        parent.children.append(node)
        return node

    def task(self, task):
        """The task's node, which may be wanted before the task is described; None if there is no room."""
        if task not in self.tasks and self.room:
            self.room -= 1
            self.tasks[task] = Node("task", "", None, None, task)
        return self.tasks.get(task)

    def task_described(self, task, parent, name):
        if task not in self.family:
            return
        node = self.task(task)
        if node is None or (task not in self.placed and self.task(parent) is None):
            self.left_out += 1
            return
        node.name = name
        if task not in self.placed:
            self.placed.add(task)
            self.task(parent).children.append(node)

    def task_begins(self, time, task, name, began):
        node = self.tasks.get(task)
        if node is not None:
            node.begin, node.name = time, name
            if began is not None:
                node.notes["began"] = began
        return node

    def task_labelled(self, begun, label):
        if begun is not None:
            begun.notes["label"] = label

    def task_ends(self, time, begun, arguments):
        if begun is not None:
            begun.end = time
            begun.notes.update(arguments)

    def task_unfinished(self, time, begun):
        if begun is not None:
            begun.end = time
            begun.is_unfinished = True

    def region_begins(self, time, thread, task, name):
        return self.begins("region", time, thread, task, name)

    def wait_begins(self, time, thread, task, call):
        return self.begins("wait", time, thread, task, call)

    def begins(self, kind, time, thread, task, name):
        if task in self.family:
            return self.add(kind, name, time, thread, task, innermost(thread, task))
        return None

    def region_ends(self, time, begun):
        self.task_ends(time, begun, {})

    def region_unfinished(self, time, begun):
        self.task_unfinished(time, begun)

    def log(self, time, thread, task, category, message):
        if task in self.family:
            node = self.add("log", message, time, thread, task, innermost(thread, task))
            if node is not None and category:
                node.notes["category"] = category

    def spawn(self, time, thread, task, flow):
        if task in self.family:
            node = self.add("spawn", "spawn", time, thread, task)
            if node is not None:
                self.flows[flow] = node

    def arrive(self, time, thread, task, flow):
        origin = self.flows.get(flow)
        if origin is not None:
            origin.end = time
            origin.notes["to"] = thread.name
        elif task in self.family and flow is None:
            self.add("arrive", "arrive", time, thread, task)

    def task_arrives(self, task, name, flow):
        if flow in self.flows:
            self.flows[flow].notes["of"] = f"{name}, task {task}"


def innermost(thread, task):
    """The innermost region or wait of the task that is open on the thread, if there is one."""
    found = (node for node in reversed(thread.open) if node is not None and node.task == task)
    return next(found, None)


def complete(tree, root, start):
    """The root's node, with all below it in the order of time and with gaps. Tasks of which nothing is known stand where the
    trace starts."""
    nodes = [tree.tasks[root]]
    for node in nodes:
        if node.begin is None:
            node.begin = node.end = start
            node.notes["began"] = "and ended before the trace"
        elif node.kind == "task":
            node.children += gaps(node)
        node.children.sort(key=lambda child: child.begin if child.begin is not None else start)
        nodes += node.children
    return nodes[0]


def gaps(task):
    """When nothing ran that is shown below a task. Where nothing ever does, that is no gap."""
    spans = [child for child in task.children if child.kind in ("task", "region") and child.begin is not None]
    reached, found = task.begin, []
    for child in sorted(spans, key=lambda child: child.begin):
        if child.begin > reached:
            found.append(gap(task, reached, child.begin))
        reached = max(reached, child.end)
    if spans and task.end > reached:
        found.append(gap(task, reached, task.end))
    return found


def gap(task, begin, end):
    node = Node("gap", "", begin, None, task.task)
    node.end = end
    return node


def walk(root):
    """The nodes of a tree, each with its depth, from top to bottom. It may be deeper than a recursion."""
    ahead = [(root, 0)]
    while ahead:
        node, depth = ahead.pop()
        yield node, depth
        ahead += [(child, depth + 1) for child in reversed(node.children)]
