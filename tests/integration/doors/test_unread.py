"""A process that serves pages holds no docstrings of SQLAlchemy, no overloads and no debugger; others do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType

import pytest

from portal import unread

tried = pytest.mark.skipif(
    (sys.implementation.name, *sys.version_info[:2]) not in unread.TRIED, reason="nothing is let go of here"
)
ROOT = Path(__file__).resolve().parents[3]
HELD = """
import json, sys, typing
sys.argv = sys.argv[1:]
from portal import content_reader, unread
content_reader.begin = lambda: None
if sys.argv[-1] == "elsewhere":  # as on a Python that was not tried
    unread.TRIED = frozenset()
import wsgi
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
texts = [one.__doc__ for one in (select, Select.join, Session.get)]
texts += [Session.get.__code__.co_consts[0]]
print(json.dumps([sum(map(bool, texts)), len(typing.get_overloads(select)) > 0, "pdb" in sys.modules]))
"""


@pytest.mark.parametrize(
    ("words", "held"),
    [
        pytest.param(["flask", "serve"], [0, False, False], marks=tried),
        (["flask", "keys"], [4, True, True]),
        (["flask", "serve", "elsewhere"], [4, True, True]),
    ],
)
def test_what_is_held(words: list[str], held: list[object], tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir(mode=0o700)
    told = subprocess.run(
        [sys.executable, "-c", HELD, *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTAL_INSTANCE": str(tmp_path / "instance")},
        capture_output=True,
        check=True,
    )
    assert json.loads(told.stdout) == held


MADE = '''
from functools import wraps
from typing import overload
DOC = """{text}"""
class Kind:
    """{text}"""
    @property
    def one(self):
        """{text}"""
        return self.two()
    @classmethod
    def two(cls):
        """{text}"""
        return 2
class Slotted:
    __slots__ = ("__doc__",)
def same():
    """{text}"""
    return """{text}"""
def marked(function):
    @wraps(function)
    def marked(*given):
        return function(*given)
    return marked
@marked
def named(given, other=3, *, last="last"):
    """{text}"""
    return [given, other, last]
def short():
    """Short."""
@overload
def both(): ...
@overload
def both(given): ...
def both(given=0): return given
'''


@tried
def test_only_docstrings_go_and_all_else_does_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "words " * 100
    made = ModuleType("made_up")
    monkeypatch.setitem(sys.modules, "made_up", made)
    exec(MADE.format(text=text), made.__dict__)
    unread.forget("made_up")
    wrapped = made.named.__wrapped__
    docs = [made.Kind, made.Kind.one.fget, made.Kind.two, made.same, made.named, wrapped]
    assert [one.__doc__ for one in docs] == [None] * 6
    assert (made.DOC, made.same(), made.short.__doc__) == (text, text, "Short.")
    assert (made.Kind().one, made.named(1), made.named(1, 2)) == (2, [1, 3, "last"], [1, 2, "last"])
    assert text not in wrapped.__code__.co_consts
    assert typing.get_overloads(made.both) == []
    assert made.Slotted.__dict__["__doc__"] is not None
