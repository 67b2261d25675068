"""procession by ctypes, with its ownership. tools/ctypes_bindings has written this of procession.json: do not change it.

What is owned is released when Python has no use for it any more, and may be handed over once. A process, a nursery's body or a hook is any
callable; an exception in it is its error. Where a function tells a failure by errno, it raises OSError.
"""

import ctypes
import errno
import itertools
import os
import sys
import weakref

_numbers = itertools.count(1)
_kept = {}  # What the library was lent, by the number that it has in its place.
_for_ever = []  # Callbacks in structs, of which nobody says when they are not needed any more.


class Handle:
    """A pointer of the library's: owned, or borrowed of `owner`, which is kept for as long as this is."""

    def __init__(self, pointer, owner=None, number=None):
        self.pointer, self.owner, self.number, self._end = pointer, owner, number, None

    @classmethod
    def owned(cls, pointer, number=None):
        """What has no references is no memory only: who has started a job or set a hook has to end it."""
        made = pointer and cls(pointer, number=number)
        if made and cls.reference:
            made._end = weakref.finalize(made, getattr(_c, cls.release), pointer)
        return made or None

    @classmethod
    def borrowed(cls, pointer, owner=None):
        return cls(pointer, owner) if pointer else None

    def lend(self):
        if not self.pointer:
            raise ValueError(f"this {type(self).__name__} was handed over, or its callback has returned")
        return self.pointer

    def give(self):
        """Hands it over. Of what is borrowed, that is a further reference."""
        pointer = self.lend()
        if self.reference and not self._end:
            return getattr(_c, self.reference)(pointer)
        if self._end:
            self._end.detach()
        self.pointer = None
        return pointer


class Struct(ctypes.Structure):
    """What has a function for its defaults: they hold where nothing else is given."""

    def __init__(self, **fields):
        super().__init__()
        getattr(_c, self._init_)(ctypes.byref(self), ctypes.sizeof(self))
        for name, value in fields.items():
            setattr(self, name, self._callback(name, value) if name in self._code_ else value)

    def _callback(self, name, function):
        """Any callable as a field has it, which is called by what `_code_` has for it."""
        called, kind = self._code_[name], dict(self._fields_)[name]
        made = kind(lambda *arguments: called(function, *arguments)) if function else kind()
        _for_ever.append(made)
        return made


def passed(value, kind, may_be_null, name):
    if value is None and may_be_null:
        return None
    if not isinstance(value, kind):
        raise TypeError(f"{name} is to be a {kind.__name__}, not {value!r}")
    return value


def lend(value, kind, may_be_null, name):
    value = passed(value, kind, may_be_null, name)
    return value and value.lend()


def give(value, kind, may_be_null, name):
    value = passed(value, kind, may_be_null, name)
    return value and value.give()


def array(values, kind, how, name):
    return (ctypes.c_void_p * len(values))(*(how(value, kind, False, name) for value in values))


def text(value, may_be_null, name):
    value = passed(value, str, may_be_null, name)
    return value if value is None else value.encode()


def address(value):
    """Of ctypes' own, and of bytearrays, the memory; bytes are only read."""
    if isinstance(value, bytearray):
        return (ctypes.c_char * len(value)).from_buffer(value)
    return value if value is None or isinstance(value, (bytes, ctypes.Array)) else ctypes.byref(value)


def keep(value):
    number = next(_numbers)
    _kept[number] = value
    return number


def told(result, name):
    """The result of what tells a failure by errno."""
    if result is None or result == -1:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result


def error_of(exception):
    """The error that stands for an exception."""
    code = getattr(exception, "errno", None) or -1
    return proc_error_new(code, getattr(exception, "strerror", None) or str(exception) or repr(exception))


def call_back(function, arguments, borrowed, returns_error):
    """Calls what the library was lent. What was borrowed for the call cannot be used after it."""
    try:
        result = function(*arguments)
        return result.give() if isinstance(result, Handle) else result
    except BaseException as exception:
        if returns_error:
            return error_of(exception).give()
        sys.excepthook(type(exception), exception, exception.__traceback__)
        return None
    finally:
        for handle in borrowed:
            handle.pointer = None
