"""The man pages: one in section 3 for each function and type, links to these for macros, and procession(7)."""

import re

from . import synopsis
from .names import declaration
from .roff import Roff, escaped

# The headings of a page for the sections of a comment, in their order.
SECTIONS = {
    "return": "RETURN VALUE",
    "Errors": "ERRORS",
    "Ownership": "OWNERSHIP",
    "Threads": "THREADS",
    "Example": "EXAMPLES",
}
MENTIONED = 12  # how many pages SEE ALSO names at most, beside procession(7)


class Pages:
    """All pages of a model."""

    def __init__(self, model, version, date):
        self.model, self.version, self.date = model, version, date
        self.members = model.members()
        self.names = {name for name, member in self.members.items() if member.kind != "define"}

    def all(self):
        """The lines of each page by the name of its file."""
        pages = {"man7/procession.7": self.overview()}
        for member in self.members.values():
            pages[f"man3/{member.name}.3"] = self.link(member) if member.kind == "define" else self.page(member)
            for value in member.fields if member.kind == "enum" else []:
                pages[f"man3/{value.name}.3"] = [f".so man3/{member.name}.3"]
        return pages

    def link(self, macro):
        """A macro is told of with its function or type, or else in the overview."""
        name = macro.name.lower()
        for target in (name.removesuffix("_init"), re.sub("_(major|minor|patch)$", "", name)):
            if target in self.names:
                return [f".so man3/{target}.3"]
        return [".so man7/procession.7"]

    def title(self, name, section):
        return [f'.TH {escaped(name)} {section} {self.date} "procession {self.version}" "The manual of procession"', ".nh", ".ad l"]

    def roff(self, member):
        return Roff(self.names - {member.name}, [name for name, _ in member.parameters()])

    def page(self, member):
        roff = self.roff(member)
        brief = member.part("briefdescription")
        text = roff.blocks(brief) + roff.blocks(member.part("detaileddescription"))
        lines = self.title(member.name, 3) + [".SH NAME", name_line(member.name, roff.plain(brief))]
        lines += [".SH LIBRARY", "procession (pkg\\-config procession; \\-lprocession)"]
        lines += [".SH SYNOPSIS", ".nf", ".B #include <procession.h>", ".PP", *synopsis.of(member), ".fi"]
        lines += [".SH DESCRIPTION", *without_first(text), *described("VALUES" if member.kind == "enum" else "FIELDS", fields(member), roff)]
        lines += described("PARAMETERS", member.parameters(), roff)
        lines += self.sections(member, roff)
        return lines + self.see_also(member)

    def sections(self, member, roff):
        lines = []
        for kind, heading in SECTIONS.items():
            found = [*self.borrowed(member, kind, roff), *self.own(member, kind, roff)]
            lines += [f".SH {heading}", *without_first(found)] if found else []
        return lines

    def own(self, member, kind, roff):
        """What the member's comment says, but that it is as for another function."""
        found = member.section(kind)
        lines = roff.blocks(found, capital=True) if found is not None else []
        text = re.sub(r"^As for \\fBproc_\w+\\fR\(3\)\. ?", "", lines[1]) if kind == "return" and lines else None
        return lines if text is None else [lines[0], text, *lines[2:]] if text else lines[2:] and [lines[0], *lines[2:]]

    def borrowed(self, member, kind, roff):
        """Where a function returns what another one does, what that one's comment says, also of errors, comes first."""
        found = member.section("return")
        other = found is not None and re.match(r"as for (proc_\w+)\.", "".join(found.itertext()).strip())
        section = self.members[other[1]].section(kind) if other and kind in ("return", "Errors") else None
        return [] if section is None else roff.blocks(section, capital=True)

    def see_also(self, member):
        """What the page speaks of, and its neighbours."""
        mentioned = [name for name in member.mentions() if name in self.names]
        names = list(dict.fromkeys(mentioned + self.neighbours(member)))
        names = sorted(name for name in names[:MENTIONED] if name != member.name)
        return [".SH SEE ALSO", *(f".BR {escaped(name)} (3)," for name in names), ".BR procession (7)"]

    def neighbours(self, member):
        """Of a function, those beside it in its section, the nearest first; of a type, the functions that have to do with it."""
        if member.kind != "function":
            functions = (m.name for m in self.members.values() if m.kind == "function")
            return [name for name in functions if re.search(rf"\b{member.name}\b", declaration(name))]
        section = next([m.name for m in members] for _, members in self.model.sections if member in members)
        return sorted(section, key=lambda name: abs(section.index(name) - section.index(member.name)))

    def overview(self):
        roff = Roff(self.names)
        file = self.model.overview
        lines = self.title("procession", 7) + [".SH NAME", name_line("procession", "structured concurrency for daemons")]
        lines += [".SH SYNOPSIS", ".nf", ".B #include <procession.h>", ".PP"]
        lines += [".BI \"cc \" daemon.c \" $(pkg\\-config \\-\\-cflags \\-\\-libs procession)\"", ".fi"]
        lines += [".SH DESCRIPTION", *roff.blocks(file.find("detaileddescription"))[1:]]
        for title, members in self.model.sections[2:] + self.model.sections[1::-1]:
            lines += [f".SH {escaped(title.upper())}", *(line for m in members for line in self.entry(m, roff))]
        return lines + [".SH SEE ALSO", ".BR proc_main (3),", ".BR proc_new (3),", ".BR proc_group (3)"]

    def entry(self, member, roff):
        return [".TP", roff.mention(member.name), *roff.paragraph(roff.inline(member.part("briefdescription").find("para")))]


def without_first(lines):
    """A section begins with a paragraph anyhow."""
    return lines[1:] if lines[:1] == [".PP"] else lines


def name_line(name, brief):
    """`NAME`: what whatis(1) finds, which is one line without fonts."""
    return f"{escaped(name)} \\- {brief[:1].lower()}{brief[1:].rstrip('.')}"


def fields(member):
    return [(f.name, f.part("briefdescription"), f.part("detaileddescription")) for f in member.fields]


def described(heading, items, roff):
    """A list of names, each with its descriptions."""
    lines = [f".SH {heading}"] if items else []
    for name, *descriptions in items:
        text = [line for part in descriptions for line in roff.blocks(part, continued=".IP", capital=True)]
        lines += [".TP", f".I {escaped(name)}", *text[1:]]
    return lines
