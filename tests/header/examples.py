"""examples.py COMPILER INCLUDE: whether each example in the comments of procession.h compiles, without a warning.

One that defines something stands at the top of a file, any other is what a callback does. examples.h has what they take for granted.
"""

import pathlib
import re
import subprocess
import sys
import textwrap

HERE = pathlib.Path(__file__).parent
EXAMPLE = re.compile(r"^ \* ```c\n(.*?)^ \* ```$.*?^ \*/\n.*?\b(\w+)\(", re.M | re.S)
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-Wno-unused-parameter", "-x", "c", "-"]


def examples(header):
    """By the function that it belongs to, the code of each."""
    return {name: re.sub(r"^ \* ?", "", code, flags=re.M) for code, name in EXAMPLE.findall(header)}


def program(code):
    if re.match(r"static |int main\(", code):
        return f'#include "examples.h"\n{code}'
    body = textwrap.indent(code, "    ")
    last = "" if re.search(r"^return .*\n?\Z", code, re.M) else "    return NULL;\n"
    return f'#include "examples.h"\nproc_error *example(proc_cancel *cancel, void *user_data) {{\n{body}{last}}}\n'


def main(compiler, include):
    found = examples(pathlib.Path(include, "procession.h").read_text())
    wrong = []
    for name, code in found.items():
        command = [compiler, f"-I{include}", f"-I{HERE}", *FLAGS]
        if subprocess.run(command, input=program(code), text=True, check=False).returncode:
            print(f"the example of {name} does not compile:\n{program(code)}", file=sys.stderr)
            wrong.append(name)
    print(f"{len(found)} examples")
    sys.exit(1 if wrong or len(found) < 40 else 0)


main(*sys.argv[1:])
