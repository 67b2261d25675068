"""A header of C++ as Doxygen wants it: the namespace without that of the ABI, the short name in its full length, `Ownership:` and the like as headings."""

import re

NAMESPACE = re.compile(r"^inline namespace (?:v\d+_\d+|PROCESSION_WITH_ASIO) \{$|^\} // namespace (?:v\d+_\d+|PROCESSION_WITH_ASIO)$", re.M)
COMMENT = re.compile(r"/\*\*.*?\*/", re.S)
LABEL = re.compile(r"^( *\*) (Ownership|Threads|Errors): (\w)", re.M)
NAME = re.compile(r"`?\bproc::(?!detail)(\w+(?:::\w+)*)`?")
TAG = re.compile(r"<(\w+)>")
STANDARD = re.compile(r"`([^`]*)std::([^`]*)`")
CODE = re.compile(r"^ *\*     .*$", re.M)


def filtered(text, name):
    """The whole header for Doxygen, line by line as it was."""
    kind = "@mainpage procession.hpp" if name == "procession.hpp" else "@file"
    if name == "procession.hpp":
        text += "/** @namespace procession All that is C++. `proc` is short for it. */\n"
    text = NAMESPACE.sub("", text).replace("/*\n", f"/** {kind}\n", 1)
    return COMMENT.sub(lambda found: comment(found[0]), text)


def comment(text):
    """Names as links, but not in code."""
    text = LABEL.sub(lambda found: f"{found[1]} @par {found[2]}\n{found[1]} {found[3].upper()}", text)
    return "\n".join(line if CODE.fullmatch(line) else prose(line) for line in text.split("\n"))


def prose(line):
    """What is the standard library's has no page here."""
    line = STANDARD.sub(r"<code>\1std\::\2</code>", TAG.sub(r"\<\1\>", line))
    return NAME.sub(r"procession::\1", line)
