"""python3 tools/ctypes_bindings PROCESSION.JSON: writes a module of Python's, to standard output, that has the library by ctypes."""

import json
import pathlib
import re
import sys

RUNTIME = pathlib.Path(__file__).with_name("runtime.py")
NUMBERS = ("bool", "char", "int", "int64_t", "uint32_t", "uint64_t", "size_t", "ssize_t")
C_TYPES = {name: "ctypes.c_" + re.sub(r"(\d)_t$", r"\1", name) for name in NUMBERS}
C_TYPES |= {"void": "None", "nfds_t": "ctypes.c_ulong", "const char *": "ctypes.c_char_p"}
# What is passed to C, by the role of a parameter.
ARGUMENTS = {
    "number": "{name}",
    "pointer": "address({name})",
    "length": "len({measured} or ())",
    "size": "ctypes.sizeof({measured})",
    "text": "text({name}, {null}, {place!r})",
    "handle": "{how}({name}, {base}, {null}, {place!r})",
    "handles": "array({name}, {base}, {how}, {place!r})",
    "code": "_{type} if {name} else {type}()",
    "data": "number",
    "end of data": "_proc_destroy_fn",
    "end of items": "{name} or proc_destroy_fn()",
}


class Module:
    def __init__(self, api):
        self.api, self.handles, self.callbacks = api, api["handles"], api["callbacks"]
        # Python composes its texts itself: what takes a format is left out.
        self.functions = {name: each for name, each in api["functions"].items() if "format" not in each}
        for name, function in self.functions.items():
            self.prepare(name, function["parameters"])
        for name, struct in api["structs"].items():
            self.prepare(name, struct["fields"])
        for name, callback in self.callbacks.items():
            self.prepare(name, callback["parameters"])
        self.types = C_TYPES | dict.fromkeys(api["enums"], "ctypes.c_int") | {name: name for name in self.callbacks}

    def prepare(self, owner, variables):
        """Gives each callback a name, which may be that of its parameter or field, and each parameter its role."""
        measured = {each.get("count", each.get("bytes")): each for each in variables}
        for each in variables:
            if "callback" in each:
                each["type"] = f"{owner}_{each['name']}"
                self.callbacks[each["type"]] = each["callback"]
            each["base"] = re.sub(r"\b(const|struct)\b|[*\s]", "", each["type"])
            each |= {"place": f"{owner}: {each['name']}", "null": each.get("null") == "allowed"}
            each["how"] = "give" if each.get("ownership") == "handed over" and "unless" not in each else "lend"
            each["role"] = self.role(each)
            if of := measured.get(each["name"]):
                each |= {"role": "size" if of["base"] in self.api["structs"] else "length", "measured": of["name"]}

    def role(self, each):
        if each["type"] == "proc_destroy_fn":
            return "end of data" if each["until"] == "it has been called" else "end of items"
        if each["type"] == "void *" and each.get("ownership") == "lent":
            return "data"
        if each["type"] in self.callbacks:
            return "code"
        if each["base"] in self.handles:
            return "handles" if "count" in each else "handle"
        if each["type"] == "const char *":
            return "text"
        return "pointer" if "*" in each["type"] else "number"

    def source(self):
        yield RUNTIME.read_text()
        yield f"\n\n_c = ctypes.CDLL({self.api['library']!r}, use_errno=True)"
        for constants in (self.api["constants"], *self.api["enums"].values()):
            yield from (f"{name} = {value}" for name, value in constants.items())
        for name, handle in self.handles.items():
            yield f"\n\nclass {name}(Handle):\n    {handle['summary']!r}"
            yield f"    release, reference = {handle['release']!r}, {handle['reference']!r}"
        for declare, named in ((self.callback, self.callbacks), (self.struct, self.api["structs"]), (self.function, self.functions)):
            for name, each in named.items():
                yield from declare(name, each)

    def c_type(self, variable):
        """A text whose length is told need not end with a zero: it is given as where it is."""
        name = "void *" if "count" in variable else variable["type"]
        return self.types.get(name, "ctypes.c_void_p") + (f" * {variable['elements']}" if "elements" in variable else "")

    def struct(self, name, struct):
        yield f"\n\nclass {name}({'Struct' if struct['init'] else 'ctypes.Structure'}):\n    {struct['summary']!r}"
        code = ", ".join(f"{each['name']!r}: _called_{each['type']}" for each in struct["fields"] if each["role"] == "code")
        yield f"    _init_, _code_ = {struct['init']!r}, {{{code}}}\n    _fields_ = ["
        yield from (f"        ({each['name']!r}, {self.c_type(each)})," for each in struct["fields"])
        yield f"    ]\n\n\nassert ctypes.sizeof({name}) == {struct['size']}"
        yield from (f"assert getattr({name}, {each['name']!r}).offset == {each['offset']}" for each in struct["fields"])

    def callback(self, name, callback):
        """Its type; what is done with its arguments before it, and with its result after it; and what the library calls in its place."""
        names = [each["name"] for each in callback["parameters"]]
        types = [self.c_type(each) for each in (callback["result"], *callback["parameters"])]
        yield f"\n\n{name} = ctypes.CFUNCTYPE({', '.join(types)})"
        yield f"\n\ndef _called_{name}(function, {', '.join(names)}):"
        for each in callback["parameters"]:
            if each["role"] == "handle":
                how = "owned" if each["ownership"] == "handed over" else "borrowed"
                yield f"    {each['name']} = {each['base']}.{how}({each['name']})"
            elif "count" in each:
                yield f"    {each['name']} = ctypes.string_at({each['name']}, {each['count']})"
        ends = [each["name"] for each in callback["parameters"] if each["role"] == "handle" and "returns" in each.get("until", "")]
        returns_error = callback["result"]["type"] == "proc_error *"
        yield f"    return call_back(function, [{', '.join(names[:-1])}], [{', '.join(ends)}], {returns_error})"
        kept = "_kept.pop(given[0], None)" if name == "proc_destroy_fn" else f"_called_{name}(_kept[given[-1]], *given)"
        yield f"\n\n_{name} = {name}(lambda *given: {kept})"

    def function(self, name, function):
        parameters, named = function["parameters"], {each["role"]: each["name"] for each in function["parameters"]}
        types = ", ".join(self.c_type(each) for each in parameters)
        yield f"\n\n_c.{name}.argtypes, _c.{name}.restype = [{types}], {self.c_type(function['result'])}"
        hidden = {"length", "size", "end of data"} | ({"data"} if "code" in named else set())
        taken = ", ".join(each["name"] for each in parameters if each["role"] not in hidden)
        yield f"\n\ndef {name}({taken}):\n    {function['summary']!r}"
        # Nothing is handed over before all else is known to be right.
        checked = [each for each in parameters if each["role"] in ("text", "handle", "handles")]
        yield from (f"    {ARGUMENTS[each['role']].format(**each | {'how': 'lend'})}" for each in checked)
        if "data" in named:
            yield f"    number = keep({named.get('code', named['data'])})"
        arguments = [ARGUMENTS[each["role"]].format(**each) for each in parameters]
        yield f"    ctypes.set_errno(0)\n    result = _c.{name}({', '.join(arguments)})"
        for each in parameters:
            yield from self.ended(each)
        yield f"    return {self.result(name, function, ', number' if 'data' in named else '')}"

    def ended(self, each):
        """What was lent for as long as a call, a job or a hook was there."""
        if each["role"] == "handle" and each["ownership"] == "handed over" and not self.handles[each["base"]]["reference"]:
            unless = f" and ctypes.get_errno() != errno.{each['unless']}" if "unless" in each else ""
            yield f"    if {each['name']}{unless}:\n        {each['name']}.pointer = None"
            yield f"        _kept.pop({each['name']}.number, None)"
        if each["role"] == "data" and each["until"] == "this function has returned":
            yield "    del _kept[number]"

    def result(self, name, function, number):
        result, kind = function["result"], function["result"]["type"].removeprefix("const ").removesuffix(" *")
        value = f"told(result, {name!r})" if function.get("errors", {}).get("by") == "errno" else "result"
        if kind in self.handles and result["ownership"] == "owned":
            return f"{kind}.owned({value}{number})"
        if kind in self.handles:
            return f"{kind}.borrowed({', '.join([value, *(each['name'] for each in function['parameters'][:1])])})"
        python = {"const char *": "result and result.decode(errors='replace')", "void *": "_kept.get(result)"}
        return python.get(result["type"], value)


if __name__ == "__main__":
    print("\n".join(Module(json.loads(pathlib.Path(sys.argv[1]).read_text())).source()))
