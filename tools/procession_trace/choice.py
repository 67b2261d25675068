"""Finds the one task that is asked for, and the tasks below it."""

from array import array

from .reader import Listener


class Choice(Listener):
    """The task with that id, else the slowest of that name, or the first."""

    def __init__(self, which, wants_first):
        self.name = which
        self.number = int(which) if which.isascii() and which.isdigit() else None
        self.wants_first = wants_first
        self.has_number = False
        # The best so far of that name: what makes it so, and its id.
        self.best = None
        # Each task that is below another one, and that one: 16 bytes each.
        self.children = array("Q")
        self.parents = array("Q")

    def task_described(self, task, parent, name):
        if parent:
            self.children.append(task)
            self.parents.append(parent)

    def task_begins(self, time, task, name, began):
        self.has_number = self.has_number or task == self.number
        return (task, time) if name == self.name else None

    def task_ends(self, time, begun, arguments):
        if begun is not None:
            self.consider(*begun, time)

    def task_unfinished(self, time, begun):
        """It has taken as long as the trace goes."""
        self.task_ends(time, begun, {})

    def consider(self, task, began, ended):
        rank = (-began if self.wants_first else ended - began, -task)
        if self.best is None or rank > self.best[0]:
            self.best = rank, task

    def chosen(self):
        """The id, or None."""
        if self.has_number:
            return self.number
        return self.best and self.best[1]

    def family(self, root):
        """The ids of a task and of all below it."""
        family, before = {root}, 0
        # Nearly always parents are described first, so that one round finds all, and the next one that these are all.
        while len(family) > before:
            before = len(family)
            family.update(child for child, parent in zip(self.children, self.parents) if parent in family)
        return family
