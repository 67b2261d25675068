"""Doxygen's XML as roff, with the macros of man(7)."""

import re
import textwrap

LISTS = {"itemizedlist", "orderedlist"}
CODE = {"programlisting", "verbatim"}
APART = {"parameterlist", "simplesect"}  # what is rendered in a place of its own
FONTS = {"bold": "B", "emphasis": "I"}
SPECIAL = str.maketrans({"\\": "\\e", "^": "\\(ha", "~": "\\(ti", "`": "\\(ga"})


def prose(text):
    """Text in which nothing is a request."""
    return text.translate(SPECIAL)


def escaped(text):
    """The same for code: hyphens are minus signs, and quotes are straight."""
    return prose(text).replace("-", "\\-").replace("'", "\\(aq")


def font(letter, text):
    return f"\\f{letter}{text}\\fR" if text else ""


def guarded(line):
    """A line of text, whatever it begins with."""
    return "\\&" + line if line[:1] in (".", "'") else line


class Roff:
    """Renders for one page: it knows which other names have a page, and which words are parameters."""

    def __init__(self, pages, parameters=()):
        self.pages, self.parameters = pages, set(parameters)

    def mention(self, name):
        if name in self.parameters:
            return font("I", escaped(name))
        return font("B", escaped(name)) + ("(3)" if name in self.pages else "")

    def inline(self, element):
        """What an element has that stands in lines."""
        parts = [prose(element.text or "")]
        for child in element:
            parts += [self.inline_child(child), prose(child.tail or "")]
        return "".join(parts)

    def inline_child(self, child):
        if child.tag in LISTS | CODE | APART:
            return ""
        if child.tag in ("ref", "computeroutput"):
            return self.mention("".join(child.itertext()))
        if child.tag in FONTS:
            return font(FONTS[child.tag], escaped("".join(child.itertext())))
        return self.inline(child)

    def plain(self, element):
        """One line without fonts."""
        return prose(" ".join("".join(element.itertext()).split()))

    def paragraph(self, text):
        lines = textwrap.wrap(" ".join(text.split()), 100, break_long_words=False, break_on_hyphens=False)
        return [guarded(line) for line in lines]

    def blocks(self, element, continued=".PP", capital=False):
        """The lines of a description. The first is the request that begins a paragraph."""
        lines = []
        for para in element.findall("para"):
            text = prose(para.text or "")
            for child in [*para, None]:
                if child is None or child.tag in LISTS | CODE:
                    found = self.paragraph(text)
                    lines += [continued, *found] if found else []
                    lines += self.block(child) if child is not None else []
                    text = ""
                else:
                    text += self.inline_child(child)
                text += prose(child.tail or "") if child is not None else ""
        if capital and len(lines) > 1:
            lines[1] = lines[1][:1].upper() + lines[1][1:]
        return lines

    def block(self, element):
        if element.tag in CODE:
            return self.code(element)
        ordered = element.tag == "orderedlist"
        items = enumerate(element.findall("listitem"), 1)
        return [line for number, item in items for line in self.item(item, f"{number}. 3" if ordered else "\\(bu 2")]

    def item(self, item, mark):
        """An item of a list. One that begins with codes is told of by these, as ERRORS has it."""
        lines = self.blocks(item, ".IP")[1:]
        codes = re.match(r"(E[A-Z]+(?:, E[A-Z]+)*(?: and so on)?): ", lines[0])
        if re.match("Any other|The cause,", lines[0]):
            return [".PP", *lines]
        if codes is None:
            return [f".IP {mark}", *lines]
        text = lines[0][codes.end() :]
        return [".TP", f".B {codes[1]}", guarded(text[:1].upper() + text[1:]), *lines[1:]]

    def code(self, element):
        for space in element.iter("sp"):
            space.text = " "
        lines = ["".join(line.itertext()) for line in element.findall("codeline")] or (element.text or "").splitlines()
        return [".PP", ".in +4n", ".EX", *(guarded(escaped(line)) for line in lines), ".EE", ".in"]
