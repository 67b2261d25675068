"""Durations, names and colours, as a terminal shows them."""

import locale
import os
import shutil
import sys
import unicodedata

# What each unit has of the one before it.
UNITS = (("ns", 1), ("µs", 1000), ("ms", 1000), ("s", 1000), ("m", 60), ("h", 60), ("d", 24))
ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
BOLD, DIM, RED = "1", "2", "31"


class Terminal:
    """What standard output can show."""

    def __init__(self, stream=None):
        stream = stream or sys.stdout
        self.width = max(40, shutil.get_terminal_size((100, 24)).columns)
        self.has_unicode = is_utf8(stream.encoding) and is_utf8(locale.nl_langinfo(locale.CODESET))
        self.has_colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.ellipsis = "…" if self.has_unicode else "..."

    def paint(self, colour, text):
        return f"\x1b[{colour}m{text}\x1b[m" if self.has_colour and text else text

    def duration(self, nanoseconds):
        """Three digits that matter, and a unit."""
        value, unit = in_unit(nanoseconds)
        unit = unit if self.has_unicode else unit.replace("µ", "u")
        return f"{value}{unit}"

    def fit(self, text, width):
        """The text, escaped, cut or filled up to that width."""
        text = self.cut(text, width)
        return text + " " * (width - width_of(text))

    def cut(self, text, width):
        """The text, escaped, and cut where it is longer than that width."""
        # A name may be long. What is behind that would be cut in any case, unless it is of signs without a width.
        return self.cut_line(escaped(text[: 4 * width]), width)

    def cut_line(self, shown, width=None):
        """What is escaped already, cut where it is longer than that width, or than the terminal's."""
        width = width or self.width
        if width_of(shown) <= width:
            return shown
        room = width - len(self.ellipsis)
        while width_of(shown) > room:
            shown = shown[: max(0, min(len(shown) - 1, room))]
        return shown + self.ellipsis


def is_utf8(encoding):
    return (encoding or "").lower().replace("-", "") == "utf8"


def in_unit(nanoseconds):
    """The number to be shown, as text, and its unit."""
    value = nanoseconds
    for index, (unit, _) in enumerate(UNITS):
        last = index + 1 == len(UNITS)
        step = None if last else UNITS[index + 1][1]
        limit = 1000 if step == 1000 else 100
        shown = str(value) if index == 0 else three_digits(value)
        if last or float(shown) < limit:
            return shown, unit
        value = value / step
    raise AssertionError("the last unit takes all")


def three_digits(value):
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f}"


def escaped(text):
    """The text in one line, without anything that a terminal would obey."""
    if text == "":
        return '""'
    return "".join(ESCAPES.get(sign) or (sign if sign.isprintable() else code(sign)) for sign in text)


def code(sign):
    number = ord(sign)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{{{number:x}}}"


def width_of(text):
    """How many columns it takes."""
    if text.isascii():
        return len(text)
    return sum(columns(sign) for sign in text)


def columns(sign):
    if unicodedata.combining(sign) or unicodedata.category(sign) == "Me":
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
