"""Finds English that a reader of another language would meet: texts in templates and views outside _().

Functions from (path, text) to a list of faults, run over the whole interface by `test_translations.py`, which
also shows that each finds what it looks for. They know texts by their look: between tags, in the attributes
that are read out, and in literals that begin like a sentence. A lower-case word given to a macro gets past.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

MARKS = {"_", "_l", "gettext", "lazy_gettext", "ngettext"}
READ_OUT = {"alt", "aria-description", "aria-label", "data-label", "label", "placeholder", "summary", "title"}
SAME_EVERYWHERE = {
    *("English", "Español", "CSV", "JSON Lines", "SHA-256"),
    "Bad request: unknown host name.",  # said to a program, not to a reader
}

_ENVIRONMENT = Environment(extensions=["jinja2.ext.do"], autoescape=True)
_EXPRESSION = "\N{WHITE SQUARE}"  # stands where a template prints something
_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"[A-ZÁÉÍÓÚÑ¿¡“][^\W\d_]+[ .,:?!…]?|.*[^\W\d_] [^\W\d_].*[.?!…:]$")


def template_faults(path: str, text: str) -> list[str]:
    """Texts of a template that are written into it, and marked texts that are not a literal."""
    faults = [*_page_faults(text), *_literal_faults(text)]
    return [f"{path}:{line}: {what}" for line, what in sorted(faults)]


def python_faults(path: str, text: str) -> list[str]:
    """Literals of a view that read like a sentence, and marked texts that are not a literal."""
    tree = ast.parse(text)
    skipped = set(_not_shown(tree))
    faults = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in MARKS and not _is_literal(node):
            faults.append((node.lineno, "a marked text must be a literal"))
        elif _is_sentence(getattr(node, "value", None)) and id(node) not in skipped:
            faults.append((node.lineno, f"not marked: {node.value!r}"))
    return [f"{path}:{line}: {what}" for line, what in sorted(set(faults))]


def _is_sentence(text: object) -> bool:
    """Two words at least, the first with a capital letter, or an end like a sentence's."""
    words = text.strip() if isinstance(text, str) else ""
    if " " not in words or " | " in words or words in SAME_EVERYWHERE:  # a bar: a type in quotes
        return False
    return _SENTENCE.match(words) is not None


def _is_literal(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def _not_shown(tree: ast.Module) -> Iterator[int]:
    """Literals that nobody reads on a page: marked ones, docstrings, what errors and annotations say."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.Assert) or _is_marked(node) or _is_docstring(node):
            yield from (id(inner) for inner in ast.walk(node))


def _is_marked(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in MARKS


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


class _Page(HTMLParser):
    """Collects what a template shows of its own: texts between tags and attributes that are read out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []

    def handle_data(self, data: str) -> None:
        self._note(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in READ_OUT and value:
                self._note(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def _note(self, text: str) -> None:
        words = text.replace(_EXPRESSION, " ").strip()
        if _WORD.search(words) and words not in SAME_EVERYWHERE:
            self.found.append((self.getpos()[0], f"not marked: {words!r}"))


def _page_faults(text: str) -> list[tuple[int, str]]:
    page = _Page()
    page.feed("".join(_shell(text)))
    page.close()
    return page.found


def _shell(text: str) -> Iterator[str]:
    """The template without its statements; every printed expression is one sign. Lines stay in place."""
    statement: list[str] = []
    silent = ""  # the end of a part that is no text: a class, an address, attributes put together
    for _line, kind, value in _ENVIRONMENT.lex(text):
        if kind == "block_begin":
            statement = []
        elif kind in {"name", "operator"}:
            statement.append(value)
        elif kind == "block_end":
            silent = _silence(statement) if not silent else "" if statement[:1] == [silent] else silent
        elif kind == "variable_end" and not silent:
            yield _EXPRESSION
        yield value if kind == "data" and not silent else "\n" * value.count("\n")


def _silence(statement: list[str]) -> str:
    if statement[:1] == ["block"] and statement[1] in {"look", "home"}:
        return "endblock"
    return "endset" if statement[:1] == ["set"] and "=" not in statement else ""


def _literal_faults(text: str) -> list[tuple[int, str]]:
    tree = _ENVIRONMENT.parse(text)
    calls = [call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") in MARKS]
    marked = {id(inner) for call in calls for inner in call.find_all(nodes.Const)}
    faults = [
        (call.lineno, "a marked text must be a literal")
        for call in calls
        if not call.args or not isinstance(call.args[0], nodes.Const)
    ]
    for const in tree.find_all(nodes.Const):
        if id(const) not in marked and isinstance(const.value, str) and _is_shown(const.value):
            faults.append((const.lineno, f"not marked: {const.value!r}"))
    return faults


def _is_shown(text: str) -> bool:
    """A literal handed to a macro: a sentence, or one word with a capital letter."""
    words = text.strip()
    one_word = re.fullmatch(r"[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+[.:?!…]?", words) is not None
    return words not in SAME_EVERYWHERE and (one_word or _is_sentence(words))
