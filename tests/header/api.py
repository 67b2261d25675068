"""api.py COMPILER INCLUDE LIBRARY: whether include/procession.json says what the header and the library say. Laws:

    names      It has the functions that the library has, and no others.
    ownership  Of each pointer that goes in or comes out it says whose it is, and whether it may be NULL; what is lent, how long; what is
               owned, how it is released.
    layout     Sizes, offsets, types, constants and defaults are those that a C compiler finds in the header, and so are the types of functions.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

OWNERSHIPS = {"borrowed", "lent", "handed over"}
NULLS = {"never", "allowed", "refused", "refused unless empty"}


def check(truth, what):
    if not truth:
        sys.exit(f"api.py: {what}")


def names(api, library):
    symbols = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    exported = {line.split()[-1].split("@")[0] for line in symbols.splitlines()}
    different = {name for name in exported if name.startswith("proc_")} ^ set(api["functions"])
    check(not different, f"functions that only one of library and procession.json has: {sorted(different)}")


def is_pointer(variable, api):
    return "*" in variable["type"] or variable["type"] in api["callbacks"]


def ownership(api):
    for name, function in {**api["functions"], **api["callbacks"]}.items():
        for parameter in function["parameters"]:
            a_pointer_is_somebodys(f"{name}, {parameter['name']}", parameter, api)
        a_result_is_somebodys(name, function["result"], api)
    for name, struct in api["structs"].items():
        for field in struct["fields"]:
            a_pointer_is_somebodys(f"{name}, {field['name']}", field, api)
    for name, handle in api["handles"].items():
        check(handle["release"] in api["functions"], f"{name} is released by nothing")


def a_pointer_is_somebodys(where, variable, api):
    if is_pointer(variable, api):
        check(variable.get("ownership") in OWNERSHIPS and variable.get("null") in NULLS, f"{where}: {variable}")
        check(variable["ownership"] != "lent" or variable["until"], f"{where} is lent until when?")


def a_result_is_somebodys(name, result, api):
    if "*" in result["type"]:
        known = result.get("release") in api["functions"] if result.get("ownership") == "owned" else result.get("until")
        check(known and result["null"] in ("never", "possible"), f"the result of {name}: {result}")


def c_type_of(function, name=""):
    parameters = [parameter["type"] for parameter in function["parameters"]] + ["..."] * ("format" in function)
    return f"{function['result']['type']} (*{name})({', '.join(parameters) or 'void'})"


def assertions(api):
    for name, value in api["constants"].items():
        yield f"{name} == {value}"
    for enum in api["enums"].values():
        yield from (f"{name} == {value}" for name, value in enum.items())
    for name, struct in api["structs"].items():
        yield f"sizeof({name}) == {struct['size']} && _Alignof({name}) == {struct['alignment']}"
        for field in struct["fields"]:
            place = f"(({name} *)0)->{field['name']}"
            yield f"offsetof({name}, {field['name']}) == {field['offset']} && sizeof({place}) == {field['size']}"
            if "elements" not in field:
                yield f"_Generic({place}, {field['type']}: 1, default: 0)"
    for name, callback in api["callbacks"].items():
        yield f"_Generic(({name})0, {c_type_of(callback)}: 1, default: 0)"
    for name, function in api["functions"].items():
        yield f"_Generic(&{name}, {c_type_of(function)}: 1, default: 0)"


def defaults(api):
    for name, struct in api["structs"].items():
        given = [field for field in struct["fields"] if "default" in field]
        if given:
            yield f"{name} {name}_ = {name.upper()}_INIT;"
        for field in given:
            element = "[0]" if "elements" in field else ""
            yield f"if ({name}_.{field['name']}{element} != {c_value(field['default'])}) return {field['offset']};"


def c_value(value):
    return "NULL" if value is None else f"{value}U" if value and value > 2**63 else str(int(value))


def layout(api, compiler, include):
    asserted = "\n".join(f'_Static_assert({each}, "{each.replace(chr(34), chr(39))}");' for each in assertions(api))
    source = f"#include <procession.h>\n{asserted}\nint main(void) {{\n{chr(10).join(defaults(api))}\nreturn 0;\n}}\n"
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(directory, "program")
        command = [compiler, "-std=c11", "-x", "c", "-w", f"-I{include}", "-o", program, "-"]
        subprocess.run(command, input=source, text=True, check=True)
        status = subprocess.run([program], check=False).returncode
    check(status == 0, f"the default of the field at {status} is another one")


def main(compiler, include, library):
    api = json.loads(pathlib.Path(include, "procession.json").read_text())
    names(api, library)
    ownership(api)
    layout(api, compiler, include)


main(*sys.argv[1:])
