"""What procession.json says, put together; docs/conventions.md explains it to who reads it."""

import re

from . import comments, declarations, layout
from .ownership import VALUES, Rules, base, pointers

FORMAT = 1  # Changes with the meaning of what is there, not if something is added.

# How a failure is told, by the type of the result; if by none of these, then by errno.
WAYS = {"proc_error *": "returned", "proc_impl *": "process", "proc_cancel *": "cause", "proc_job *": "job"}


class Document:
    def __init__(self, header):
        self.header = header
        self.declared = list(declarations.declarations(header))
        self.comments = {each.name: comments.Comment(each.comment) for each in self.declared}
        self.rules = Rules({each.name: each.kind for each in self.declared if each.kind not in ("function", "macro")}, self.comments)
        self.enums = [each.name for each in self._of("enum")]
        self.release = {each.name: self._released_by(each) for each in self._of("handle")}

    def _of(self, kind):
        return [each for each in self.declared if each.kind == kind]

    def as_json(self):
        constants = {each.name: declarations.number(each.value) for each in self._of("constant")}
        version = [constants[f"PROC_VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH")]
        return {
            "format": FORMAT,
            "version": "{}.{}.{}".format(*version),
            "library": "libprocession.so.{}.{}".format(*version[:2]),
            "constants": constants,
            "enums": {each.name: self._enum(each) for each in self._of("enum")},
            "handles": {each.name: self._handle(each) for each in self._of("handle")},
            "structs": {each.name: self._struct(each) for each in self._of("struct")},
            "callbacks": {each.name: self._callback(each) for each in self._of("callback")},
            "functions": {each.name: self._function(each) for each in self._of("function")},
        }

    @staticmethod
    def _enum(enum):
        return {each.name: value for value, each in enumerate(enum.variables)}

    def _released_by(self, handle):
        """The function of the kind that takes one over and does nothing else; what has no references says which."""
        for each in self._of("function"):
            if each.name.endswith("_unref") and base(each.variables[0].type) == handle.name:
                return each.name
        return re.search(r"once, with `(proc_\w+)`", self.comments[handle.name].ownership)[1]

    def _handle(self, handle):
        comment = self.comments[handle.name]
        release = self.release[handle.name]
        reference = release.removesuffix("unref") + "ref"
        return {
            "summary": comment.summary,
            "reference": reference if release.endswith("_unref") else None,
            "release": release,
            "handed_over": handle.name in VALUES,
            "threads": comments.thread_rule(comment.threads),
        }

    def _type(self, variable):
        said = {"name": variable.name, "type": variable.type}
        if variable.count > 1:
            said["elements"] = variable.count
        if variable.code:
            said["callback"] = self._callback(variable.code)
        return said

    def _struct(self, struct):
        places, size, alignment = layout.offsets(struct.variables, self.enums)
        given = [None, *declarations.defaults(self.header).get(struct.name, [])]
        fields = []
        for index, (each, (offset, length)) in enumerate(zip(struct.variables, places)):
            field = self._type(each) | {"offset": offset, "size": length}
            if 0 < index < len(given):
                field["default"] = given[index]
            if self.rules.is_pointer(each):
                field |= self.rules.field(struct, each, struct.variables) | self._length(each, struct.variables)
            fields.append(field)
        initialised = self.comments.get(f"{struct.name}_init")
        return {
            "summary": self.comments[struct.name].summary,
            "size": size,
            "alignment": alignment,
            "init": f"{struct.name}_init" if initialised else None,
            "fields": fields,
        }

    @staticmethod
    def _length(variable, siblings):
        """The parameter or the field that says how many there are: the next."""
        later = siblings[siblings.index(variable) + 1 :]
        if not later or not pointers(variable.type) or pointers(later[0].type):
            return {}
        name = later[0].name
        kind = "count" if name == "count" or name.endswith("_count") else "bytes" if name == "size" else None
        return {kind: name} if kind else {}

    def _parameters(self, function):
        for each in function.variables:
            said = self._type(each)
            if self.rules.is_pointer(each):
                said |= self.rules.parameter(function, each, function.variables)
                said |= self._length(each, function.variables)
            yield said | (self._descriptor(function, "descriptors are") if each.type == "int *" else {})

    def _callback(self, callback):
        said = {"parameters": list(self._parameters(callback)), "result": {"type": callback.result}}
        release = {"proc_error *": "proc_error_unref", "proc_impl *": "proc_unref"}.get(callback.result)
        if release:
            said["result"] |= {"ownership": "owned", "release": release, "null": "possible"}
        elif pointers(callback.result):
            said["result"] |= {"ownership": "lent", "until": comments.until(callback.comment), "null": "possible"}
        return said

    def _result(self, function):
        said = {"type": function.result}
        if pointers(function.result):
            said |= self.rules.result(function, self.release)
        return said | self._descriptor(function, "descriptor is")

    def _descriptor(self, function, subject):
        """One is returned, several are stored where a parameter points to."""
        comment = self.comments.get(function.name)
        found = comment and re.search(rf"{subject} (yours|the \w+'s)", comment.ownership)
        return {"descriptor": "owned" if found[1] == "yours" else "borrowed"} if found else {}

    def _errors(self, function):
        """By which way a failure is told, and the codes that the comment names."""
        comment = self.comments[function.name]
        returned = self.rules.returned(function.name)
        way = WAYS.get(function.result) or ("errno" if "`errno`" in comment.returns + comment.errors else None)
        bad = [text for text in comment.parameters.values() if re.search("bad input|fails with", text)]
        errors = self.rules.errors(function.name)
        named = comments.codes(" ".join([errors or f"{comment.description} {returned}", self.rules.threads(function.name), *bad]))
        if any("bad input" in text for text in bad):
            named.add("EINVAL")
        if not way or not named:
            return {}
        elsewhere = [each for each in comments.elsewhere(comment.returns + errors) if each != comments.referred(comment.returns)]
        return {"errors": {"by": way, "codes": sorted(named)} | ({"also_those_of": elsewhere} if elsewhere else {})}

    def _function(self, function):
        comment = self.comments[function.name]
        return {
            "section": function.section,
            "summary": comment.summary,
            "parameters": list(self._parameters(function)),
            **({"format": function.format} if function.format else {}),
            "result": self._result(function) | ({"must_use": True} if function.must_use else {}),
            "threads": comments.thread_rule(self.rules.threads(function.name)),
            "async_signal_safe": comment.threads.startswith("async-signal-safe"),
            **({"threads_in_words": comment.threads} if comment.threads else {}),
            **self._errors(function),
        }
