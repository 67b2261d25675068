"""Whose is what a pointer points to: what docs/conventions.md says by types and names, and the comments in the words of its grammar.

    borrowed     used until the function returns, and the caller's all the time
    lent         used for longer: `until` says how long; it stays the caller's
    handed over  the callee's from the call on, of an array each element, even if the call fails
    owned        a result that is the caller's, to be released by `release` or to be handed on
"""

import re

from . import comments

# What is handed over wherever it is passed on without const.
VALUES = ("proc_impl", "proc_error")


class UnclearError(Exception):
    """A comment does not say what it has to say."""


def base(type_name):
    return re.sub(r"\b(const|struct)\b|[*\s]", "", type_name)


def pointers(type_name):
    return type_name.count("*")


def is_const(type_name):
    """Whether what the pointer points to is const; of an array of pointers, what these point to."""
    return type_name.startswith("const ")


class Rules:
    def __init__(self, kinds, parsed):
        self.kinds = kinds  # By the type's name: handle, struct, callback or enum.
        self.comments = parsed  # By the declaration's name.

    def is_code(self, variable):
        return bool(variable.code) or self.kinds.get(base(variable.type)) == "callback"

    def is_pointer(self, variable):
        return self.is_code(variable) or pointers(variable.type) > 0

    def said(self, function, variable):
        """What is said of a parameter: here, or where this refers to; of a function that is as another one, there."""
        here = self.comments.get(function)
        text = here.parameters.get(variable.name, "") if here else ""
        other = comments.referred(text) or (not text and here and here.like)
        if not other:
            return text
        there = self.comments[other].parameters
        return text + " " + (there.get(variable.name) or next(iter(there.values())))

    def errors(self, function):
        """The list of errors, here and where the result refers to."""
        here = self.comments[function]
        other = comments.referred(here.returns) or (not here.errors and here.like)
        return f"{here.errors} {self.errors(other)}".strip() if other else here.errors

    def returned(self, function):
        """What is said of the result, here and where this refers to."""
        here = self.comments[function]
        other = comments.referred(here.returns) or (not here.returns and here.like)
        return f"{here.returns} {self.returned(other)}".strip() if other else here.returns

    def threads(self, function):
        """The same for its threads."""
        text = self.comments[function].threads
        other = comments.referred(text)
        return f"{text} {self.comments[other].threads}" if other else text

    def parameter(self, function, variable, siblings):
        """Of a function or a callback."""
        text = self.said(function.name, variable)
        owned = self._lent_with(function, variable, siblings) or self._parameter(function, variable, text)
        default = "allowed" if function.kind == "callback" or self.is_code(variable) else None
        return owned | {"null": self._clear(comments.null(text) or default, function.name, variable, "may it be NULL")}

    def _lent_with(self, function, variable, siblings):
        """Code is lent as its data is, and data until it is destroyed."""
        later = siblings[siblings.index(variable) + 1 :]
        destroy = next((each.name for each in later if base(each.type) == "proc_destroy_fn"), None)
        if base(variable.type) == "proc_destroy_fn" and not self._data(siblings):
            return {"ownership": "lent", "until": "the last of what it releases is released"}
        if base(variable.type) == "proc_destroy_fn":
            return {"ownership": "lent", "until": "it has been called"}
        is_data = variable.type == "void *" and function.kind == "function"
        if destroy and (is_data or self.is_code(variable)):
            return {"ownership": "lent", "until": f"`{destroy}` has been called"}
        if self.is_code(variable):
            data = self._data(later)
            text = self.said(function.name, data)
            return {"ownership": "lent", "until": self._clear(comments.until(text), function.name, data, "how long is it lent")}
        return None

    @staticmethod
    def _data(siblings):
        return next((each for each in siblings if each.type == "void *"), None)

    def _parameter(self, function, variable, text):
        if "handed over" in text:
            unless = re.search(r"handed over, but for (E\w+)", text)
            return {"ownership": "handed over"} | ({"unless": unless[1]} if unless else {})
        if comments.until(text) or self._static(variable):
            return {"ownership": "lent", "until": comments.until(text) or self._static(variable)}
        kept = re.search(r"\bstays (yours|what it was)\b|\bborrowed\b", text) or is_const(variable.type)
        releases = function.name.endswith("_unref")
        if not kept and (base(variable.type) in VALUES or releases):
            return {"ownership": "handed over"}
        if variable.name == "user_data" and function.kind == "function":
            self._clear(None, function.name, variable, "how long is it lent")
        longer = re.search(r"borrowed until ([^;.,]*)", text)
        return {"ownership": "borrowed"} | ({"until": longer[1]} if longer else {}) | self._written(function, variable)

    def _static(self, variable):
        """How long a struct of this type is lent, wherever it is passed."""
        of = self.comments.get(base(variable.type))
        return of and comments.until(of.ownership)

    def _written(self, function, variable):
        of_ours = self.kinds.get(base(variable.type)) == "handle"
        is_written = function.kind == "function" and not of_ours and "const" not in variable.type
        return {"written": True} if is_written else {}

    def result(self, function, release):
        text = self.returned(function.name)
        nulls = comments.null(text) and ("never" if comments.null(text) == "never" else "possible")
        owned = {"null": self._clear(nulls, function.name, None, "may the result be NULL")}
        if "borrowed" in text or is_const(function.result):
            since = re.search(r"borrowed until ([^;.,]*)", text)
            self._clear("borrowed" in text or None, function.name, None, "how long the result is lent")
            return {"ownership": "borrowed", "until": self._term(since, function)} | owned
        self._clear(base(function.result) in release or None, function.name, None, "whose the result is")
        named = re.search(r"until .* (?:with|by) `(proc_\w+)`", self.comments[function.name].ownership)
        return {"ownership": "owned", "release": named[1] if named else release[base(function.result)]} | owned

    @staticmethod
    def _term(since, function):
        return since[1] if since else f"`{function.variables[0].name}` is released"

    def field(self, struct, variable, siblings):
        data = self._data(siblings)
        text = variable.comment
        term = comments.until(data.comment if self.is_code(variable) and data else text)
        nulls = comments.null(text) or comments.null(struct.comment.replace("\n", " "))
        owned = {"ownership": "lent", "until": term} if term else {"ownership": "borrowed"}
        out = {"written": True} if variable.name.endswith("_out") else {}
        return owned | out | {"null": self._clear(nulls, struct.name, variable, "may it be NULL")}

    @staticmethod
    def _clear(value, where, variable, question):
        if value is None:
            what = f", {variable.name}" if variable else ""
            raise UnclearError(f"the comment of {where}{what} does not say: {question}?")
        return value
