"""examples.py COMPILER INCLUDE: whether each example in the comments of procession.h compiles, without a warning.

One that defines something stands at the top of a file, any other is what a callback does. examples.h has what they take for granted.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
EXAMPLE = re.compile(r"^ \* ```c\n(.*?)^ \* ```$.*?^ \*/\n.*?\b(\w+)\(", re.M | re.S)
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-Wno-unused-parameter", "-x", "c", "-"]


def examples(header):
    """By the function that it belongs to, the code of each."""
    return {name: re.sub(r"^ \* ?", "", code, flags=re.M) for code, name in EXAMPLE.findall(header)}


def function(name, code):
    """An example as a part of one file, in which the compiler calls it by its name."""
    place = f'#line 1 "the example of {name}"\n'
    if re.match(r"static |int main\(", code):
        return f"#define main main_of_{name}\n{place}{code}#undef main\n"
    last = "" if re.search(r"^return .*\n?\Z", code, re.M) else "return NULL;\n"
    return f"proc_error *example_of_{name}(proc_cancel *cancel, void *user_data) {{\n{place}{code}{last}}}\n"


def main(compiler, include):
    found = examples(pathlib.Path(include, "procession.h").read_text())
    source = '#include "examples.h"\n' + "".join(function(name, code) for name, code in found.items())
    command = [compiler, f"-I{include}", f"-I{HERE}", *FLAGS]
    status = subprocess.run(command, input=source, text=True, check=False).returncode
    print(f"{len(found)} examples")
    sys.exit(status or len(found) < 40)


main(*sys.argv[1:])
