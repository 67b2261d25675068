"""declarations.py PROCESSION.JSON: whether what examples declare by hand is what the library has. A wrong declaration may work for long, for nobody
checks it: too few arguments, an int for 64 bits. Of each function the examples' result and parameters are compared with those of procession.json,
as letters: pointer, int, 64 bits (l), bool (z), void; of Zig also, where a pointer may be NULL (?p), which a parameter need not allow.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
LETTERS = {"void": "v", "bool": "z", "int": "i", "uint32_t": "i", "proc_dump_format": "i"}
WIDE = {"size_t", "ssize_t", "int64_t", "uint64_t", "nfds_t"}
JNA = {"void": "v", "byte": "z", "int": "i", "long": "l"}
ZIG = {"void": "v", "bool": "z", "c_int": "i", "usize": "l", "i64": "l"}


def letter(c_type):
    return LETTERS.get(c_type, "l" if c_type in WIDE else "p")


def parts(text):
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def node():
    """By prototypes in C, which may be put together of two texts."""
    source = re.sub(r"' \+\s*'", "", (HERE / "node/procession.mjs").read_text())
    for result, name, parameters in re.findall(r"library\.func\(\s*'([^'(]*?)(proc_\w+)\(([^']*)\)'", source):
        types = [result.strip()] + [re.sub(r"\w+$", "", part).strip() for part in parts(parameters)]
        yield name, "".join(letter(each) for each in types)


def java():
    source = (HERE / "java/Procession.java").read_text()
    for result, name, parameters in re.findall(r"^        (\S+) (proc_\w+)\((.*)\);", source, re.M):
        yield name, "".join(JNA.get(each.split()[0], "p") for each in (result, *parts(parameters)))


def java_ffm():
    """By letters, of which `t` is a pointer to a text."""
    sources = "".join((HERE / "java-ffm" / name).read_text() for name in ("Procession.java", "Five.java"))
    for how, name, types in re.findall(r'\b(call|pointer)\(\s*"(proc_\w+)", "(\w*)"', sources):
        yield name, ("" if how == "call" else "p") + types.replace("t", "p")
    yield from ((name, "pp") for name in re.findall(r'\btext\("(proc_\w+)"', sources))
    yield from ((name, "ppl") for name in re.findall(r'\bseveral\("(proc_\w+)"', sources))


def zig():
    for name, parameters, result in re.findall(r"extern fn (proc_\w+)\((.*)\) (.*);", (HERE / "zig/procession.zig").read_text()):
        types = [result] + [each.split(":", 1)[1].strip() for each in parts(parameters)]
        yield name, " ".join(ZIG.get(each, "?p" if each.startswith("?") else "p") for each in types)


def shape(function):
    """What a declaration is to be, with a question mark where NULL may come or go."""
    for each in (function["result"], *function["parameters"]):
        yield ("?" if each.get("null") in ("allowed", "possible") else "") + letter(each["type"])


def right(letters, wanted):
    if not {" ", "?"} & set(letters):
        return letters == "".join(wanted).replace("?", "")
    declared = letters.split()
    stricter = [each.removeprefix("?") if index and given == "p" else each for index, (given, each) in enumerate(zip(declared, wanted))]
    return len(declared) == len(wanted) and declared == stricter


def main(path):
    functions = json.loads(pathlib.Path(path).read_text())["functions"]
    for declared in (node, java, java_ffm, zig):
        found = list(declared())
        for name, letters in found:
            wanted = list(shape(functions[name]))
            if not right(letters, wanted):
                sys.exit(f"declarations.py: {declared.__name__} has {name} as {letters}, which is {' '.join(wanted)}")
        print(f"{declared.__name__} declares {len(set(found))} functions as they are")


main(*sys.argv[1:])
