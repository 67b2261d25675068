"""The summary, for people."""

from array import array
from datetime import datetime, timezone

from .histogram import ASCII, BLOCKS, PERCENTILES, Scale, bars, percentile
from .text import BOLD, DIM, RED, escaped, width_of

MOST_ROWS = 50
LEAST_NAME, MOST_NAME = 8, 32
LEAST_BARS, MOST_BARS = 16, 40
GAP = "  "
OTHERS = "(all others)"
NO_TASK = "(no task)"

TASK_COUNTS = (("COUNT", 7, "count"), ("FAILED", 6, "failed"), ("CANC.", 5, "cancelled"), ("UNFIN.", 6, "unfinished"))
STARTED_COUNTS = (("COUNT", 7, "count"),)
REGION_COUNTS = (("COUNT", 7, "count"), ("UNFIN.", 6, "unfinished"))


def show(trace, summary, terminal):
    yield from show_head(trace, summary, terminal)
    for title, rows, counts, said in (
        ("TASK", summary.tasks, TASK_COUNTS, one),
        ("REGION", summary.regions, REGION_COUNTS, one),
        ("WAIT", summary.waits, REGION_COUNTS, wait),
        ("STARTED", summary.started, STARTED_COUNTS, started),
    ):
        if rows.by_name:
            yield ""
            yield from Table(title, rows.sorted(), counts, said, terminal).lines()
    yield from show_longest(trace, summary.longest.sorted(), terminal)
    early = sum(row.began_before for row in summary.tasks.sorted())
    if early:
        yield ""
        yield f"Tasks not measured, since their beginnings are not in the trace: {number(early)}."


def show_head(trace, summary, terminal):
    process = "the process is not named" if trace.pid is None else f"{escaped(trace.program)}, process {trace.pid}"
    yield terminal.paint(BOLD, terminal.cut_line(process))
    took = terminal.duration(trace.end - trace.start)
    yield f"{took} from {date(trace.realtime)} on; {number(trace.events)} events, {number(summary.logs)} of them logs"
    if trace.lost:
        lost = f"{number(trace.lost)} events were lost, since the disk took too long: counts may be too low."
        yield terminal.paint(RED, lost)
    if not summary.tasks.by_name and not summary.regions.by_name:
        yield "There is no task in it, and no region."


def show_longest(trace, waits, terminal):
    if waits:
        yield ""
        yield terminal.paint(BOLD, "Longest waits for a place, since the trace began:")
    for began, took, name, task, thread in waits:
        where = f"{escaped(name)}, task {task}" if name else NO_TASK
        times = f"{terminal.duration(began - trace.start):>8}  {terminal.duration(took):>8}"
        yield terminal.cut_line(f"{times}  {where}, on {escaped(thread)}")


def number(count):
    return f"{count:,}"


def date(realtime):
    try:
        return datetime.fromtimestamp(realtime // 10**9, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def one(name):
    return name


def wait(names):
    call, task = names
    return f"{call} in {task or NO_TASK}"


def started(names):
    spawner, task = names
    return f"{task} by {spawner or NO_TASK}"


class Table:
    def __init__(self, title, rows, counts, said, terminal):
        """`said` makes a text of a row's name."""
        self.title = title
        self.said = said
        self.rows = rows[:MOST_ROWS]
        self.left_out = rows[MOST_ROWS:]
        self.counts = [(head, max(width, self.widest(field)), field) for head, width, field in counts]
        self.terminal = terminal
        self.ordered = [array("Q", sorted(row.durations)) for row in self.rows]
        self.arrange()

    def label(self, row):
        return OTHERS if row.name is None else self.said(row.name)

    def widest(self, field):
        return max(len(number(getattr(row, field))) for row in self.rows)

    def arrange(self):
        """Histograms stand beside the numbers where there is room, else below them."""
        numbers = sum(len(GAP) + width for _, width, _ in self.counts) + len(GAP + "1.00ms") * (len(PERCENTILES) + 1)
        longest = max(width_of(self.terminal.cut(self.label(row), MOST_NAME)) for row in self.rows)
        room = self.terminal.width - numbers
        name = min(max(LEAST_NAME, longest), MOST_NAME)
        self.beside = room - name - len(GAP) >= LEAST_BARS
        self.name_width = name if self.beside else max(LEAST_NAME, min(name, room))
        beside = room - self.name_width - len(GAP)
        self.bars_width = min(MOST_BARS, beside) if self.beside else MOST_BARS // 2
        known = [ordered for ordered in self.ordered if ordered]
        if known:
            least, greatest = min(ordered[0] for ordered in known), max(ordered[-1] for ordered in known)
            self.scale = Scale(least, greatest, self.bars_width)

    def lines(self):
        yield self.head()
        for row, ordered in zip(self.rows, self.ordered):
            yield self.row_line(row, ordered) + (GAP + self.bars(ordered) if self.beside else "").rstrip()
            if ordered and not self.beside:
                yield GAP + self.terminal.paint(DIM, self.framed(self.bars(ordered)))
        if self.left_out:
            count = sum(row.count for row in self.left_out)
            yield f"and {number(len(self.left_out))} more names with {number(count)} in all; --json has them"

    def head(self):
        heads = [self.title.ljust(self.name_width), *(head.rjust(width) for head, width, _ in self.counts)]
        heads += [name.rjust(6) for name in (*(f"P{percent}" for percent in PERCENTILES), "MAX")]
        if self.beside and any(self.ordered):
            low, high = self.ends()
            heads.append(low + high.rjust(self.bars_width - len(low)))
        return self.terminal.paint(BOLD, GAP.join(heads))

    def ends(self):
        """The ends of the scale: powers of ten, so no digits behind the point are needed."""
        return [self.terminal.duration(end).replace(".00", "").replace(".0", "") for end in (self.scale.low, self.scale.high)]

    def framed(self, text):
        low, high = self.ends()
        return f"{low} {text} {high}"

    def row_line(self, row, ordered):
        cells = [self.terminal.fit(self.label(row), self.name_width)]
        cells += [self.count(row, width, field) for _, width, field in self.counts]
        cells += [self.duration(ordered, percent).rjust(6) for percent in (*PERCENTILES, 100)]
        return GAP.join(cells)

    def count(self, row, width, field):
        count = getattr(row, field)
        text = number(count).rjust(width)
        return self.terminal.paint(RED, text) if field == "failed" and count else text

    def duration(self, ordered, percent):
        return self.terminal.duration(percentile(ordered, percent)) if ordered else "-"

    def bars(self, ordered):
        return bars(self.scale.counts(ordered), BLOCKS if self.terminal.has_unicode else ASCII) if ordered else ""
