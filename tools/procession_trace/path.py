"""The critical path of a task: what it has waited for, from its end back to its beginning.

- A task ends when all that it has started has ended: what it waited for at its end is the last task in it that ended.
- A task that another one has started begins when a thread has time for it. What went before is what that other one did until
  it started this one. One that was started nowhere else began where the last one beside it had ended, if one had.
- Whoever waited for a place, or for others to end, went on because the last one that ended meanwhile did.
"""

from bisect import bisect_right

from .reader import Listener

WAITS_FOR_TASKS = ("proc_spawn", "proc_nursery_wait")


class Task:
    __slots__ = ("id", "name", "parent", "begin", "end", "is_unfinished", "started", "children", "waits")

    def __init__(self, task, name, parent):
        self.id = task
        self.name = name
        self.parent = parent
        # None: it began and ended before the trace.
        self.begin = self.end = None
        self.is_unfinished = False
        # The task that started it, and when; None: its parent, as it began.
        self.started = None
        # In the order in which they ended.
        self.children = []
        # When it began and ended to wait for others.
        self.waits = []


class Step:
    """So long the path leads through a task, or through the time until it begins."""

    def __init__(self, task, begin, end, is_start=False):
        self.task = task
        self.begin = begin
        self.end = end
        self.is_start = is_start


class Path(Listener):
    def __init__(self, family):
        self.family = family
        self.tasks = {}
        self.flows = {}

    def task_described(self, task, parent, name):
        if task in self.family and task not in self.tasks:
            self.tasks[task] = Task(task, name, parent)

    def task_begins(self, time, task, name, began):
        begun = self.tasks.get(task)
        if begun is not None:
            begun.begin = time
        return begun

    def task_ends(self, time, begun, arguments):
        if begun is not None:
            begun.end = time

    def task_unfinished(self, time, begun):
        if begun is not None:
            begun.end, begun.is_unfinished = time, True

    def spawn(self, time, thread, task, flow):
        if task in self.family:
            self.flows[flow] = task, time

    def task_arrives(self, task, name, flow):
        if task in self.tasks:
            self.tasks[task].started = self.flows.get(flow)

    def wait_begins(self, time, thread, task, call):
        return (task, time) if task in self.tasks and call in WAITS_FOR_TASKS else None

    def region_ends(self, time, begun):
        if begun is not None:
            self.tasks[begun[0]].waits.append((begun[1], time))

    def steps(self, root):
        """In the order of time, one where the other ends."""
        root = self.tasks[root]
        self.sort(root)
        steps, met, left = [], {root}, set()
        task, at, is_end = root, root.end, True
        while True:
            before = self.joined(task, at, met) if is_end else self.waited_for(task, at, met)
            if before is not None:
                steps.append(Step(task, before.end, at))
                task, at, is_end = before, before.end, True
                met.add(task)
                continue
            steps.append(Step(task, task.begin, at))
            if task is root:
                break
            begun = task
            # In a real trace no path comes to the beginning of a task twice.
            task, at, is_end = (root, begun.begin, True) if begun in left else self.starter(begun, root)
            left.add(begun)
            steps.append(Step(begun, at, begun.begin, is_start=True))
        return [step for step in reversed(steps) if step.end > step.begin] or steps[:1]

    def sort(self, root):
        for task in self.tasks.values():
            if task.begin is not None and task is not root:
                self.above(task, root).children.append(task)
        for task in self.tasks.values():
            task.children.sort(key=lambda child: child.end)

    def above(self, task, root):
        """The innermost task around it of which the beginning is known."""
        for _ in range(len(self.tasks)):
            task = self.tasks.get(task.parent, root)
            if task.begin is not None:
                return task
        return root

    def starter(self, task, root):
        """Where the path leads on to from the beginning of a task; and whether that is where others had to have ended."""
        by, time = task.started or (None, None)
        spawner = self.tasks.get(by)
        if spawner is None or spawner.begin is None or not spawner.begin <= time <= task.begin:
            return self.above(task, root), task.begin, True
        return spawner, time, False

    def joined(self, task, at, met):
        return last_ended(task.children, task.begin, at, met)

    def waited_for(self, task, at, met):
        """Whom it has waited for last, before then: one of its own, or one beside it."""
        ended = bisect_right([until for _, until in task.waits], at)
        if ended == 0:
            return None
        since, until = task.waits[ended - 1]
        parent = self.tasks.get(task.parent)
        beside = parent.children if parent is not None else []
        found = [last_ended(tasks, since, until, met) for tasks in (task.children, beside)]
        return max((task for task in found if task), key=lambda task: task.end, default=None)


def last_ended(tasks, since, until, met):
    """Of tasks in the order of their ends, the last one that ended in that time, and is not on the path yet."""
    place = bisect_right([task.end for task in tasks], until)
    while place > 0 and tasks[place - 1].end >= since:
        place -= 1
        if tasks[place] not in met:
            return tasks[place]
    return None
