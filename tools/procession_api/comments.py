"""The grammar of the comments (docs/conventions.md, Documentation): which paragraph and which tag says what, and in which words."""

import errno
import re

PARAGRAPH = re.compile(r"(Ownership|Threads|Example):\s")
TAG = re.compile(r"^@(param (?P<name>\w+)|return) +", re.M)
NAMED = re.compile(r"`(\w+)`")

# The first that a text has is what it says of NULL.
NULL = (
    ("never", r"\bnever NULL\b"),
    ("refused unless empty", r"\bNULL with a (count|size|count of 0)\b.* is bad input|\bNULL with a (count|size) is bad input"),
    ("refused", r"\bNULL\b[^.;:]*\b(is|are) bad input|\bNULL\b[^.;:]* fails with EINVAL|\bafter bad input NULL\b"),
    ("allowed", r"\bNULLs? "),
    ("allowed", r"\bNULLs?\b"),
)


class Comment:
    def __init__(self, text):
        text, _, self.errors = text.partition("\nErrors:")
        untagged, *tagged = re.split(r"^(?=@(?:param|return)\b)", text, flags=re.M)
        self.parameters, self.returns = {}, ""
        for each in tagged:
            self._tag(each)
        self.description, self.ownership, self.threads, self.example = "", "", "", ""
        for each in re.split(r"\n\s*\n", untagged):
            self._paragraph(" ".join(each.split()))

    def _tag(self, text):
        found = TAG.match(text)
        said = " ".join(text[found.end() :].split())
        if found["name"]:
            self.parameters[found["name"]] = said
        else:
            self.returns = said

    def _paragraph(self, text):
        found = PARAGRAPH.match(text)
        if found:
            setattr(self, found[1].lower(), text[found.end() :])
        else:
            self.description = f"{self.description} {text}".strip()

    @property
    def summary(self):
        return re.split(r"(?<=[.:;])\s", self.description, maxsplit=1)[0].rstrip(":;.") + "."

    @property
    def like(self):
        """The function that this one is said to be as: what is not said here is as there."""
        found = re.match(r"(?:As|Like) `(\w+)`", self.description)
        return found and found[1]


def referred(text):
    """The function that a text refers to for what it does not say itself: `as for F`."""
    found = re.match(r"as for `(proc_\w+)`", text)
    return found and found[1]


def null(text):
    return next((word for word, pattern in NULL if re.search(pattern, text)), None)


def until(text):
    """How long something is lent: `it must be there until …`."""
    found = re.search(r"\bbe there until ([^.;:]*)", " ".join(text.split()))
    return found and found[1]


def codes(text):
    """The errno values that a text names."""
    return {word for word in re.findall(r"\bE[A-Z0-9]+\b", text) if hasattr(errno, word)}


def elsewhere(text):
    """The functions, of the system or of ours, whose codes come on top of those that are named."""
    return re.findall(r"(?:as for|or for|that of|as the `errno` of|that `errno` of) `(\w+)`", text)


def thread_rule(text):
    """From which threads it may be called."""
    if "by one at a time" in text:
        return "one at a time"
    return "the one on which it began" if "on which it began" in text else "any"
