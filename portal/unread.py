"""What a process that serves pages lets go of: words of its libraries that nobody reads there (0104).

Docstrings of SQLAlchemy are two megabytes; what ``typing`` keeps of overloads is half of one, and Flask-Login
loads a client for tests and with it a debugger. What goes this early makes room for what is loaded next.

How a function holds its docstring is a matter of each Python: on one that was not tried nothing is let go of,
and a process is some megabytes larger.
"""

from __future__ import annotations

import dis
import sys
import typing
from collections.abc import Iterator
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

#: Characters of a docstring from which on it is worth the time.
_LONG: Final = 400
#: ``Py_TPFLAGS_HEAPTYPE``: a class that was written in Python.
_CHANGES: Final = 1 << 9
#: Where this was tried: implementation, and the first two numbers of its version.
TRIED: Final = frozenset({("cpython", 3, 11)})
#: How byte code takes the first of a function's constants, which its docstring is.
_TAKES_FIRST: Final = tuple(bytes((code, 0)) for code in dis.hasconst if code < 256)


def load_lightly() -> None:
    """Load SQLAlchemy without what it says to people, and have Flask-Login load without its client for tests.

    Before anything else that is large.
    """
    if (sys.implementation.name, *sys.version_info[:2]) not in TRIED:
        return
    name = "flask_login.test_client"
    if name not in sys.modules:
        empty: Any = ModuleType(name)
        empty.FlaskLoginClient = None
        sys.modules[name] = empty
    import_module("sqlalchemy.orm")
    forget("sqlalchemy")


def forget(package: str) -> None:
    """Let go of the long docstrings of what this package has loaded, and of all overloads."""
    typing.clear_overloads()
    bare: dict[int, tuple[CodeType, CodeType]] = {}
    for held in _held(package):
        one = held
        while type(one) is FunctionType:
            if one.__doc__ and len(one.__doc__) >= _LONG:
                _forget_doc(one, bare)
            one = one.__dict__.get("__wrapped__")


def _held(package: str) -> Iterator[Any]:
    """Functions of its modules and classes, and what else stands there; classes forget theirs on the way."""
    for name, module in [*sys.modules.items()]:
        if type(module) is ModuleType and name.partition(".")[0] == package:
            for one in [*vars(module).values()]:
                yield one
                if isinstance(one, type) and one.__module__ == name:
                    _forget_class(one)
                    for part in vars(one).values():
                        yield part.fget if type(part) is property else getattr(part, "__func__", part)


def _forget_class(kind: type) -> None:
    doc = kind.__dict__.get("__doc__")  # no text where each object has a place of its own for it
    if type(doc) is str and len(doc) >= _LONG and kind.__flags__ & _CHANGES:
        kind.__doc__ = None


def _forget_doc(function: FunctionType, bare: dict[int, tuple[CodeType, CodeType]]) -> None:
    """``bare``: codes that stand for others already, as many functions share one; held, so that no number of
    an old one is given to a new one."""
    code, doc = function.__code__, function.__doc__
    function.__doc__ = None
    if id(code) not in bare:
        bare[id(code)] = code, _without(code, doc)
    function.__code__ = bare[id(code)][1]


def _without(code: CodeType, doc: str | None) -> CodeType:
    """The same code without its docstring; unchanged where it begins with another text, or uses this one."""
    if code.co_consts[:1] != (doc,) or any(taken in code.co_code for taken in _TAKES_FIRST):
        return code
    return code.replace(co_consts=(None, *code.co_consts[1:]))
