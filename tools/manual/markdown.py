"""Markdown as Doxygen wants it: names as links, and links as labels of pages or as files of the site."""

import re
from pathlib import PurePosixPath

from . import names
from .header import reference

CODE = re.compile(r"(^```.*?^```$)", re.M | re.S)
DIAGRAM = re.compile(r"(<!-- drawn by .*?-->\n)?```mermaid\n.*?^```\n(<!-- end of .*?-->\n)?", re.M | re.S)
HEADING = re.compile(r"^(#{1,4}) (.*)$", re.M)
LINK = re.compile(r"(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
SPAN = re.compile(r"(`[^`\n]+`)")
# Files of the repository that are pages of the site: those that Doxygen is given, in this order.
PAGES = [
    "docs/guide.md",
    "README.md",
    *(f"docs/{name}.md" for name in ("daemons", "moving", "conventions", "procession-trace", "races", "simulation", "porting")),
    "c-examples/README.md",
    "ffi-examples/README.md",
    "docs/bench/README.md",
    *(f"docs/{name}.md" for name in ("architecture", "fan-out", "cancel", "time", "signals", "live", "trace", "dependencies", "bench/tricks")),
    "SECURITY.md",
    "SUPPORT.md",
    "CHANGELOG.md",
]
SOURCE = "source"  # where the site has files of the repository that are no pages


def filtered(text, path):
    """A page for Doxygen."""
    here = path.relative_to(names.ROOT).as_posix()
    text = DIAGRAM.sub("", text)
    parts = CODE.split(text)
    labels = set()
    parts[::2] = [prose(part, here, labels) for part in parts[::2]]
    return "".join(parts)


def prose(text, here, labels):
    lines = HEADING.sub(lambda found: labelled(found, here, labels), text).split("\n")
    return "\n".join(line if line.startswith("#") else line_of(line, here) for line in lines)


def line_of(line, here):
    """Links first: what stands in one is no second link."""
    parts = re.split(f"({LINK.pattern})", line)
    step = LINK.groups + 2
    return "".join(
        linked(LINK.fullmatch(part), here) if index % step == 1 else mentioned(part)
        for index, part in enumerate(parts)
        if index % step in (0, 1)
    )


def mentioned(text):
    return SPAN.sub(lambda found: reference(found[0]), text)


def label(page, heading=None):
    """The label of a page, or of a heading in it, which is known by its words as on other sites of Markdown."""
    return "page_" + re.sub(r"\W", "_", page.removesuffix(".md")) + ("" if heading is None else "_" + slug(heading))


def slug(heading):
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")).replace("-", "_")


def labelled(found, here, labels):
    """A heading with its label; of several that say the same, the first has it."""
    marks, title = found.groups()
    plain = re.sub(r"[`*]", "", LINK.sub(r"\2", title))
    plain = "README" if plain == "procession" else plain
    name = label(here, None if marks == "#" else plain)
    if name in labels:
        return f"{marks} {plain}"
    labels.add(name)
    return f"{marks} {plain} {{#{name}}}"


def linked(found, here):
    """A link or a picture, whose place is told from the file that it is in."""
    picture, text, target = found.groups()
    if re.match(r"\w+:", target):
        return found[0]
    place, _, anchor = target.partition("#")
    path = resolved(here, place) if place else here
    if picture:
        return f"![{text}]({PurePosixPath(path).name})"
    if path in PAGES:
        return f"[{text}](@ref {label(path, anchor.replace('-', '_') if anchor else None)})"
    if path == "include/procession.h":
        return f"[{text}](@ref procession.h)"
    if path == "include/procession.hpp":
        return f'<a href="cpp/index.html">{text}</a>'
    return f'<a href="{SOURCE}/{path}">{text}</a>' if (names.ROOT / path).is_file() else text


def resolved(here, place):
    """A path from the root of the repository."""
    parts = []
    for part in (PurePosixPath(here).parent / place).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)
