"""python3 tools/ctypes_bindings PROCESSION.JSON: writes a module of Python's, to standard output, that has the library by ctypes."""

import json
import pathlib
import re
import sys

RUNTIME = pathlib.Path(__file__).with_name("runtime.py")
C_TYPES = {
    "void": "None", "bool": "ctypes.c_bool", "char": "ctypes.c_char", "int": "ctypes.c_int", "size_t": "ctypes.c_size_t",
    "ssize_t": "ctypes.c_ssize_t", "nfds_t": "ctypes.c_ulong", "int64_t": "ctypes.c_int64", "uint64_t": "ctypes.c_uint64",
    "uint32_t": "ctypes.c_uint32", "const char *": "ctypes.c_char_p",
}  # fmt: skip


def base(type_name):
    return re.sub(r"\b(const|struct)\b|[*\s]", "", type_name)


class Module:
    def __init__(self, api):
        self.api = api

    def source(self):
        yield RUNTIME.read_text()
        yield f"\n\n_c = ctypes.CDLL({self.api['library']!r}, use_errno=True)"
        for constants in (self.api["constants"], *self.api["enums"].values()):
            yield from (f"{name} = {value}" for name, value in constants.items())
        for name, handle in self.api["handles"].items():
            yield f"\n\nclass {name}(Handle):\n    {handle['summary']!r}"
            yield f"    release, reference = {handle['release']!r}, {handle['reference']!r}"
        yield from (f"{name} = {self.code(callback)}" for name, callback in self.api["callbacks"].items())
        for name, struct in self.api["structs"].items():
            yield from self.struct(name, struct)
        for name, function in self.functions():
            yield from self.declared(name, function)
        for name, callback in self.all_callbacks():
            yield from self.called(name, callback)
            if "." not in name:
                yield from self.trampoline(name, callback)
        for name, function in self.functions():
            yield from self.function(name, function)

    def functions(self):
        """Python composes its texts itself: what takes a format is left out."""
        return [(name, each) for name, each in self.api["functions"].items() if "format" not in each]

    def all_callbacks(self):
        """Those that have a name, those of parameters, and those of fields, of which each is made for itself."""
        yield from self.api["callbacks"].items()
        for name, function in self.functions():
            yield from ((f"{name}_{each['name']}", each["callback"]) for each in function["parameters"] if "callback" in each)
        for name, struct in self.api["structs"].items():
            yield from ((f"{name}.{each['name']}", each["callback"]) for each in struct["fields"] if "callback" in each)

    def c_type(self, variable):
        if "callback" in variable:
            return self.code(variable["callback"])
        name = variable["type"]
        if name in self.api["callbacks"] or name in C_TYPES:
            return C_TYPES.get(name, name) + (f" * {variable['elements']}" if "elements" in variable else "")
        return "ctypes.c_int" if name in self.api["enums"] else "ctypes.c_void_p"

    def code(self, callback):
        # ctypes would make a copy of a text that a callback is given: it is given where that is.
        types = [self.c_type(callback["result"]), *(self.c_type(each) for each in callback["parameters"])]
        return f"ctypes.CFUNCTYPE({', '.join(types)})"

    def struct(self, name, struct):
        yield f"\n\nclass {name}(ctypes.Structure):\n    {struct['summary']!r}\n    _fields_ = ["
        yield from (f"        ({each['name']!r}, {self.c_type(each)})," for each in struct["fields"])
        yield "    ]"
        if struct["init"]:
            yield "\n    def __init__(self, **fields):\n        super().__init__()"
            yield f"        _c.{struct['init']}(ctypes.byref(self), ctypes.sizeof(self))"
            yield "        for name in (name for name, value in fields.items() if not callable(value)):"
            yield "            setattr(self, name, fields[name])"
            for each in filter(self.is_code, struct["fields"]):
                called = f"{name}_{each['name']}" if "callback" in each else each["type"]
                made = f"in_struct({self.c_type(each)}, _called_{called}, fields[{each['name']!r}])"
                yield f"        if {each['name']!r} in fields:\n            self.{each['name']} = {made}"
        yield f"\n\nassert ctypes.sizeof({name}) == {struct['size']}"
        yield from (f"assert getattr({name}, {each['name']!r}).offset == {each['offset']}" for each in struct["fields"])

    def declared(self, name, function):
        types = ", ".join(self.c_type(each) for each in function["parameters"])
        yield f"_c.{name}.argtypes, _c.{name}.restype = [{types}], {self.c_type(function['result'])}"

    def trampoline(self, name, callback):
        """What the library calls in the place of any callable: `user_data` is the number of that."""
        names = ", ".join(each["name"] for each in callback["parameters"])
        yield f"\n\n@{name if name in self.api['callbacks'] else self.code(callback)}\ndef _{name}({names}):"
        if name == "proc_destroy_fn":
            yield f"    _kept.pop({names}, None)"
        else:
            yield f"    return _called_{name}(_kept[user_data], {names})"

    def called(self, name, callback):
        """What is done with the arguments of a callback before, and with its result after it."""
        names = [each["name"] for each in callback["parameters"]]
        handles = [each for each in callback["parameters"] if base(each["type"]) in self.api["handles"]]
        yield f"\n\ndef _called_{name.replace('.', '_')}(function, {', '.join(names)}):"
        for each in handles:
            how = "owned" if each["ownership"] == "handed over" else "borrowed"
            yield f"    {each['name']} = {base(each['type'])}.{how}({each['name']})"
        ends = "".join(f"{each['name']}, " for each in handles if "returns" in each.get("until", ""))
        given = "".join(f"{each}, " for each in names[:-1])
        returns_error = callback["result"]["type"] == "proc_error *"
        yield f"    return call_back(function, ({given}), ({ends}), {returns_error})"

    def function(self, name, function):
        parameters = function["parameters"]
        lengths = {each.get("count", each.get("bytes")) for each in parameters} - {None}
        has_code = any(self.is_code(each) for each in parameters)
        taken, passed, looked_at = [], [], []
        for each in parameters:
            is_data = each["type"] == "void *" and each["ownership"] == "lent"
            if each["name"] not in lengths and not (is_data and has_code) and not self.is_destroy(each, parameters):
                taken.append(each["name"])
            passed.append(self.argument(name, each, parameters, has_code))
            # Nothing is handed over before all else is known to be right.
            looked_at.append(re.sub(r"^give\(|, give,", lambda found: found[0].replace("give", "lend"), passed[-1]))
        yield f"\n\ndef {name}({', '.join(taken)}):\n    {function['summary']!r}"
        yield from (f"    {each}" for each in looked_at if each.startswith(("lend(", "array(", "text(")))
        number = "None"
        kept = next((each for each in parameters if each["type"] == "void *" and each["ownership"] == "lent"), None)
        if kept:
            number = "number"
            value = next((each["name"] for each in parameters if self.is_code(each)), kept["name"])
            yield f"    number = keep({value})"
        yield f"    ctypes.set_errno(0)\n    result = _c.{name}({', '.join(passed)})"
        yield from self.ended(parameters)
        yield f"    return {self.result(name, function, number)}"

    def is_code(self, each):
        return "callback" in each or (each["type"] in self.api["callbacks"] and each["type"] != "proc_destroy_fn")

    @staticmethod
    def is_destroy(each, parameters):
        return each["type"] == "proc_destroy_fn" and any(other["type"] == "void *" for other in parameters)

    def argument(self, function, each, parameters, has_code):
        name, kind, null = each["name"], base(each["type"]), each.get("null") == "allowed"
        of = next((other for other in parameters if name in (other.get("count"), other.get("bytes"))), None)
        if of:
            is_struct = base(of["type"]) in self.api["structs"]
            return f"ctypes.sizeof({of['name']})" if is_struct else f"len({of['name']} or ())"
        if self.is_destroy(each, parameters):
            return "_proc_destroy_fn"
        if self.is_code(each):
            trampoline = f"_{each['type'] if 'callback' not in each else f'{function}_{name}'}"
            return f"{trampoline} if {name} else {self.c_type(each)}()"
        if each["type"] == "proc_destroy_fn":
            return f"{name} or proc_destroy_fn()"
        if each["type"] == "void *" and each["ownership"] == "lent":
            return "number"
        if kind in self.api["handles"]:
            how = "give" if each["ownership"] == "handed over" and "unless" not in each else "lend"
            if "count" in each:
                return f"array({name}, {kind}, {how}, '{function}: {name}')"
            return f"{how}({name}, {kind}, {null}, '{function}: {name}')"
        if each["type"] == "const char *":
            return f"text({name}, {null}, '{function}: {name}')"
        return f"address({name})" if "*" in each["type"] else name

    def ended(self, parameters):
        """What was lent for as long as a job or a hook was there, which is handed over by this call."""
        for each in parameters:
            handle = self.api["handles"].get(base(each["type"]))
            if handle and not handle["reference"] and each["ownership"] == "handed over":
                unless = f"    if ctypes.get_errno() != errno.{each['unless']}:\n        {each['name']}.give()\n" if "unless" in each else ""
                yield f"{unless}{'    ' * bool(unless)}    _kept.pop({each['name']} and {each['name']}.number, None)"

    def result(self, name, function, number):
        result, kind = function["result"], base(function["result"]["type"])
        errno = function.get("errors", {}).get("by") == "errno"
        value = f"told(result, {name!r})" if errno and kind != "bool" and kind != "size_t" else "result"
        if kind in self.api["handles"]:
            owner = next((each["name"] for each in function["parameters"]), None)
            owned = f"{kind}.owned({value}, {number})" if number != "None" else f"{kind}.owned({value})"
            return owned if result["ownership"] == "owned" else f"{kind}.borrowed({value}, {owner})"
        if result["type"] == "const char *":
            return "result and result.decode(errors='replace')"
        return "_kept.get(result)" if result["type"] == "void *" else value


if __name__ == "__main__":
    print("\n".join(Module(json.loads(pathlib.Path(sys.argv[1]).read_text())).source()))
