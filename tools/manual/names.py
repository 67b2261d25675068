"""What include/procession.h declares: the names, their declarations, and the sections that they are in."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include/procession.h"

BANNER = re.compile(r"/\* -{90,}\n \* (.*)\n \* -{90,} \*/\n")
COMMENT = re.compile(r"^/\*\*\n.*?^ \*/\n", re.M | re.S)
DECLARED = re.compile(
    r"^#define (PROC_\w+)|^typedef .*?\(\*(proc_\w+)\)|^typedef struct (proc_\w+)|^\} (proc_\w+);|(?:^|[ *])(proc_\w+)\(", re.M
)


@cache
def header():
    return HEADER.read_text(encoding="utf-8")


def section_id(title):
    """How Doxygen, and a link, call a section."""
    return "section_" + re.sub(r"\W+", "_", title.lower())


def first_declared(text):
    """The name of the declaration that the text begins with."""
    found = DECLARED.search(text)
    return found and next(name for name in found.groups() if name)


@cache
def declarations():
    """Each declaration that has a comment of its own, by name, in the header's order."""
    return {first_declared(rest): declaration_at(rest) for rest in COMMENT.split(header())[1:]}


def declaration_at(text):
    """The declaration that the text begins with, without the comments inside of it."""
    if text.startswith("#"):
        return text[: text.index("\n")]
    found = re.match(r".*?\{.*?^\} \w+;|.*?;", text, re.M | re.S) if re.match(r"typedef \w+.*\{$", text, re.M) else re.match(r".*?;", text, re.S)
    return re.sub(r" */\*\*.*?\*/\n", "", found[0], flags=re.S)


def declaration(name):
    return declarations()[name]
