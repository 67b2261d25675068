"""What include/procession.h declares, each with the comment before it. cbindgen writes it, always in the same way."""

import re
from dataclasses import dataclass, field

BANNER = re.compile(r"/\* -{96}\n \* (?P<title>.*)\n \* -{96} \*/")
COMMENT = r"/\*\*\n(?P<comment>(?: *\*[^\n]*\n)*?) *\*/\n"
MACRO = re.compile(r"#define (?P<name>\w+)(?:\(| \{)")
CONSTANT = re.compile(r"#define (?P<name>\w+) (?P<value>.+)\n")
ENUM = re.compile(r"typedef enum \{\n(?P<body>.*?)\n\} (?P<name>\w+);", re.S)
HANDLE = re.compile(r"typedef struct (?P<name>\w+) (?P=name);")
STRUCT = re.compile(r"typedef struct (?P<name>\w+) \{\n(?P<body>.*?)\n\} (?P=name);", re.S)
CALLBACK = re.compile(r"typedef (?P<result>[^;(]*?)\(\*(?P<name>\w+)\)\((?P<parameters>[^;]*)\);")
FUNCTION = re.compile(
    r"PROC_API\s(?P<must_use>PROC_MUST_USE\s)?(?P<result>[^;(]*?)(?P<name>\w+)\((?P<parameters>[^;]*?)\)"
    r"(?: PROC_PRINTF\((?P<format>\d), \d\))?;"
)
FIELD = re.compile(r"    /\*\*\n(?P<comment>(?: *\*[^\n]*\n)*?) *\*/\n    (?P<declaration>[^;,]*?(?:\([^;]*)?)[;,]\n", re.S)
POINTER_TO_CODE = re.compile(r"(?P<result>.*?)\(\*(?P<name>\w+)\)\((?P<parameters>.*)\)", re.S)
VARIABLE = re.compile(r"(?P<type>.*?)(?P<name>\w+)(?:\[(?P<count>\d+)\])?", re.S)
INIT = re.compile(r"#define PROC_(?P<name>\w+)_INIT \{sizeof\(\w+\), (?P<values>.*)\}\n")
KINDS = {
    "macro": MACRO,
    "constant": CONSTANT,
    "enum": ENUM,
    "handle": HANDLE,
    "struct": STRUCT,
    "callback": CALLBACK,
    "function": FUNCTION,
}


@dataclass
class Variable:
    """A parameter, a field or a result. `code` is what it points to if that is a function: a Declaration without a name."""

    name: str
    type: str
    count: int = 1
    comment: str = ""
    code: object = None


@dataclass
class Declaration:
    kind: str
    name: str
    comment: str
    section: str = ""
    result: str = ""
    value: str = ""
    variables: list = field(default_factory=list)
    must_use: bool = False
    format: int = 0


def plain(comment):
    """A comment without its asterisks."""
    return re.sub(r"^ *\* ?", "", comment, flags=re.M)


def spaced(type_name):
    """A type as C writes it, whatever the line breaks: `proc_impl *const *`."""
    return re.sub(r"\s+", " ", type_name).strip()


def variable(text, comment=""):
    code = POINTER_TO_CODE.fullmatch(text.strip())
    if code:
        pointer = f"{spaced(code['result'])} (*)({spaced(code['parameters'])})"
        return Variable(code["name"], pointer, comment=comment, code=callable_of("callback", code, comment))
    found = VARIABLE.fullmatch(text.strip())
    return Variable(found["name"], spaced(found["type"]), int(found["count"] or 1), comment)


def parameters(text):
    """They are separated by commas, of which those in the type of a function are none."""
    parts = re.split(r",\s*(?![^()]*\))", text.strip())
    return [] if parts == ["void"] else [variable(part) for part in parts if part != "..."]


def callable_of(kind, found, comment, section=""):
    groups = found.groupdict()
    return Declaration(
        kind,
        found["name"],
        comment,
        section,
        result=spaced(found["result"]),
        variables=parameters(found["parameters"]),
        must_use=bool(groups.get("must_use")),
        format=int(groups.get("format") or 0),
    )


def declaration(kind, found, comment, section):
    if kind in ("callback", "function"):
        return callable_of(kind, found, comment, section)
    if kind == "macro":
        return Declaration(kind, found["name"], comment)
    if kind == "constant":
        return Declaration(kind, found["name"], comment, value=found["value"])
    made = Declaration(kind, found["name"], comment)
    if kind == "struct":
        made.variables = [variable(each["declaration"], plain(each["comment"])) for each in FIELD.finditer(found["body"] + "\n")]
    elif kind == "enum":
        names = (each["declaration"] for each in FIELD.finditer(found["body"] + "\n"))
        made.variables = [Variable(name, "int") for name in names]
    return made


def declarations(header):
    """All that have a comment."""
    banners = [(each.end(), each["title"]) for each in BANNER.finditer(header)]
    for comment in re.finditer(r"^" + COMMENT, header, re.M):
        section = next((title for end, title in reversed(banners) if end <= comment.start()), "")
        for kind, pattern in KINDS.items():
            found = pattern.match(header, comment.end())
            if found:
                yield declaration(kind, found, plain(comment["comment"]), section)
                break
        else:
            raise ValueError(f"what is declared after this comment? {header[comment.end():][:80]!r}")


def number(text):
    """The value of a constant expression of the header, which are few: None for NULL."""
    known = {"NULL": None, "false": False, "true": True, "SIZE_MAX": 2**64 - 1, "{0}": 0, "PROC_FOREVER": -1}
    if text in known:
        return known[text]
    unit, amount = re.fullmatch(r"(\w*?)\(?(-?\d+)\)?", text).groups()
    return int(amount) * {"": 1, "INT64_C": 1, "PROC_MS": 10**6, "PROC_SECONDS": 10**9}[unit]


def defaults(header):
    """By the struct's name, what its macro sets the fields after `size` to."""
    return {
        f"proc_{found['name'].lower()}": [number(value) for value in found["values"].split(", ")]
        for found in INIT.finditer(header)
    }
