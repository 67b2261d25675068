"""The header as Doxygen wants it: sections as groups, `Ownership:` and the like as headings, names as links."""

import re

from . import names

LABEL = re.compile(r"^ \* (Ownership|Threads|Errors|Example):(.*)$", re.M)
SPAN = re.compile(r"`[^`]*`|\bPROC_[A-Z_]*[A-Z]\b")
BARE = re.compile(r"\b(?:proc|PROC)_\w*\w\b")
CODE = re.compile(r"(^ \* ```.*?^ \* ```$)", re.M | re.S)
CONTENTS = re.compile(r"\A\n/\*\n \* Contents$.*?\*/\n", re.M | re.S)


def filtered(text):
    """The whole header for Doxygen."""
    top, rest = text.split(" */\n", 1)
    return about(top) + sections(CONTENTS.sub("", rest))


def about(top):
    """The first comment, which is for the file."""
    top = re.sub(r" \* Generated from .*\n", "", top).removeprefix("/*")
    return "/** @file" + BARE.sub(lambda found: reference(found[0]), top) + " */ "


def sections(text):
    """Each section with a definition as a group, and each comment with the one that it is in."""
    parts = names.BANNER.split(text)
    titles = ["Macros", "Types", *parts[1::2]]
    definitions = " ".join(f"/** @defgroup {names.section_id(title)} {title} */" for title in titles)
    grouped = [in_group(parts[0], None), *map(in_group, parts[2::2], parts[1::2])]
    return definitions + "\n" + linked(LABEL.sub(heading, "".join(grouped)))


def in_group(text, title):
    """The text, whose comments name their section; before the first one, that depends on what is declared."""

    def member(found):
        name = names.first_declared(text[found.end() :]) or ""
        group = title or ("Macros" if name.startswith("PROC_") else "Types")
        return found[0].replace("/**\n", f"/** @ingroup {names.section_id(group)}\n", 1)

    return names.COMMENT.sub(member, text)


def heading(found):
    text = found[2].strip()
    return f" * @par {found[1]}" + (f"\n * {text[:1].upper()}{text[1:]}" if text else "")


def linked(text):
    """Names as links: in comments, but not in code that these have."""
    parts = CODE.split(text)
    parts[::2] = ["\n".join(map(link, part.split("\n"))) for part in parts[::2]]
    return "".join(parts)


def link(line):
    """A line, which may be one of a comment."""
    return SPAN.sub(lambda found: reference(found[0]), line) if line.lstrip().startswith("*") else line


def reference(span):
    """A name of the header as a link to it, anything else as it is."""
    name = span.strip("`")
    return f'@ref {name} "{name}"' if name in names.declarations() else span
