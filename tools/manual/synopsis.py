"""SYNOPSIS: how the header declares a function or a type."""

import re
import textwrap

from . import names
from .roff import escaped, font

WIDTH = 76


def of(member):
    """The lines between .nf and .fi."""
    declaration = names.declaration(member.name)
    if member.kind == "function":
        declaration = broken(declaration)
    parameters = [name for name, _ in member.parameters()]
    return [line_of(part, parameters) for line in declaration.splitlines() for part in parts(line)]


def parts(line):
    """A line, or, of a long one, what goes on after a comma below it, further to the right."""
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    kept = re.sub("(?<!,) ", "\0", line.lstrip())
    found = textwrap.wrap(kept, WIDTH - len(indent), subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return [indent + part.replace("\0", " ") for part in found]


def broken(declaration):
    """A parameter on each line, where all do not fit into one."""
    declaration = re.sub(r"PROC_(API|MUST_USE)|PROC_PRINTF\(.*?\)", " ", declaration)
    declaration = re.sub(r"\s+", " ", declaration).replace(" ;", ";").strip()
    if len(declaration) <= WIDTH:
        return declaration
    before, after = declaration.split("(", 1)
    return f"{before}(\n    " + re.sub(r", (?![^(]*\)[^;])", ",\n    ", after)


def line_of(line, parameters):
    words = re.split(r"\b(" + "|".join(map(re.escape, parameters)) + r")\b", line) if parameters else [line]
    words[::2] = [font("B", escaped(word)) for word in words[::2]]
    words[1::2] = [font("I", escaped(word)) for word in words[1::2]]
    return "".join(words)
