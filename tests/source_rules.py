"""What the house asks of every source file, as functions from (path, text) to a list of faults.

`test_architecture.py` runs them over the whole portal and shows that each can find what it looks for.
Import directions between the rooms are import-linter's (`make lint`); here stands what it cannot say.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

FUNCTION_LIMIT = 40  # lines without docstring; 30 is the aim
FILE_LIMIT = 300
TEMPLATE_LIMIT = 80

IMPURE = {
    "asyncio", "ctypes", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil",
    "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
ALLOWED_OUTSIDE = {"portal.domain": set[str](), "portal.content": {"pydantic", "typing_extensions", "yaml"}}
DOORS = ("portal/store.py", "portal/__init__.py", "portal/commands/", "portal/migrations/env.py", "tools/")
CLOCK = "portal/services/tools.py"
CLOCK_READS = {
    "datetime.now",
    "datetime.utcnow",
    "date.today",
    "datetime.date.today",
    "datetime.datetime.now",
}
DRAWERS = {"common", "utils", "util", "helpers", "helper", "misc", "shared"}
UUIDS = {"uuid1", "uuid4"}
#: What tells a right secret from a wrong one: compared in constant time, or by the database as an index.
PROOF_NAME = re.compile(r"(^|_)(token|mac|digest|secret|password|signature|hash|recovery_code|otp)$")
ASKS_DATABASE = {"where", "and_", "or_", "join", "join_from", "outerjoin", "select", "exists"}
SECRET_NAME = re.compile(r"token|secret|code|password|key$", re.IGNORECASE)
LATER = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")))

TEMPLATE_RULES = {
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "script in an attribute": re.compile(r"<[^>]*\son[a-z]+\s*=|javascript:", re.IGNORECASE),
    "something from another host": re.compile(
        r"""\s(?:src|srcset|action)\s*=\s*["'](?:https?:)?//|<link[^>]*https?://"""
    ),
    "unescaped text": re.compile(r"\|\s*safe\b|autoescape\s+false"),
}


def python_faults(path: str, text: str) -> list[str]:
    """Every fault of one Python file; `path` is relative to the project, with slashes."""
    tree = ast.parse(text)
    checks = (_sizes, _doors, _secrets, _comparisons, _templates_from_files, _clock, _rooms)
    faults = [f"{path}: named like a drawer for anything; name what it is about"] if _is_drawer(path) else []
    if len(text.splitlines()) > FILE_LIMIT:
        faults.append(f"{path}: {len(text.splitlines())} lines, at most {FILE_LIMIT}; split it by subject")
    return faults + [f"{path}:{fault}" for check in checks for fault in check(path, tree)]


def template_faults(path: str, text: str) -> list[str]:
    """Every fault of one template: length, and what the strict policy or escaping would break on."""
    lines = len(text.splitlines())
    faults = (
        [f"{path}: {lines} lines, at most {TEMPLATE_LIMIT}; take a component out"]
        if lines > TEMPLATE_LIMIT
        else []
    )
    for what, pattern in TEMPLATE_RULES.items():
        faults += [
            f"{path}:{text[: hit.start()].count(chr(10)) + 1}: {what}" for hit in pattern.finditer(text)
        ]
    return faults


def unfinished(path: str, text: str) -> list[str]:
    """Notes to do something later: do it, or open an issue."""
    return [
        f"{path}:{n}: {line.strip()}" for n, line in enumerate(text.splitlines(), 1) if LATER.search(line)
    ]


def _is_drawer(path: str) -> bool:
    return path.rsplit("/", 1)[-1].removesuffix(".py") in DRAWERS


def _sizes(_path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > FUNCTION_LIMIT:
            yield f"{node.lineno}: {node.name} has {_length(node)} lines, at most {FUNCTION_LIMIT}"


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return whole
    docstring = function.body[0]
    return whole - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def _doors(path: str, tree: ast.Module) -> Iterator[str]:
    """Engines and sessions come from the store, transactions end there; the cookie session is not used."""
    for name, line in _calls(tree):
        if name in {"create_engine", "sessionmaker", "scoped_session", "Session"} and not path.startswith(
            DOORS
        ):
            yield f"{line}: {name}() outside the store; take a door of portal/store.py"
        if name in {"commit", "rollback"} and path.startswith("portal/services/"):
            yield f"{line}: {name}() in a service; the transaction belongs to whoever handed the Session in"
    for module, names, line in _imports(tree):
        if module == "flask" and "session" in names:
            yield f"{line}: flask.session; who is signed in stands in the portal's own sessions"


def _secrets(path: str, tree: ast.Module) -> Iterator[str]:
    for module, names, line in _imports(tree):
        if module == "random" or ("random" in names and not module):
            yield f"{line}: random can be guessed; draw with Tools, or take a generator handed in"
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.keyword) and _is_uuid_for_secret(node):
            yield f"{node.lineno}: a UUID is an id, not a secret; draw it with secrets"


def _comparisons(_path: str, tree: ast.Module) -> Iterator[str]:
    """Secrets, MACs and digests are compared by hmac.compare_digest; == tells by its time where they part."""
    asked = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] in ASKS_DATABASE
        for part in ast.walk(node)
    } | {id(part) for node in ast.walk(tree) if isinstance(node, ast.BinOp) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and id(node) not in asked:
            sides = [node.left, *node.comparators]
            is_equality = any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
            is_plain = any(isinstance(side, ast.Constant) for side in sides)
            if is_equality and not is_plain and any(PROOF_NAME.search(_last_name(side)) for side in sides):
                yield f"{node.lineno}: {ast.unparse(node)}; compare it with hmac.compare_digest"


def _last_name(node: ast.expr) -> str:
    """The name a value goes by: of a call its function, of row["mac"] the key, of a.b.c the last."""
    while isinstance(node, ast.Call | ast.Subscript):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            return str(node.slice.value)
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_uuid_for_secret(node: ast.Assign | ast.AnnAssign | ast.keyword) -> bool:
    value = node.value
    return value is not None and _is_named_secret(node) and any(name in UUIDS for name, _ in _calls(value))


def _is_named_secret(node: ast.Assign | ast.AnnAssign | ast.keyword) -> bool:
    if isinstance(node, ast.keyword):
        return bool(SECRET_NAME.search(node.arg or ""))
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(SECRET_NAME.search(ast.unparse(target)) for target in targets)


def _templates_from_files(_path: str, tree: ast.Module) -> Iterator[str]:
    for name, line in _calls(tree):
        if name == "render_template_string":
            yield f"{line}: render_template_string; templates are files"


def _clock(path: str, tree: ast.Module) -> Iterator[str]:
    if path == CLOCK or not path.startswith(
        ("portal/domain/", "portal/content/", "portal/services/", "portal/web/")
    ):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in CLOCK_READS:
            yield f"{node.lineno}: the clock is handed in (Tools.now), never read"


def _rooms(path: str, tree: ast.Module) -> Iterator[str]:
    """`domain` is the standard library without clock, chance and I/O; `content` adds pydantic and YAML."""
    room = ".".join(path.removesuffix(".py").split("/")[:2])
    allowed = ALLOWED_OUTSIDE.get(room)
    for module, names, line in _imports(tree):
        if (
            module == "portal"
            and "create_app" in names
            and path != "portal/cli.py"
            and not path.startswith("portal/commands/")
        ):
            yield f"{line}: imports create_app; only the commands and wsgi.py do"
        for top in {module.split(".")[0]} if module else {name.split(".")[0] for name in names}:
            if allowed is not None and top not in {*sys.stdlib_module_names, "portal", *allowed}:
                yield f"{line}: {room} may not import {top}"
            if room == "portal.domain" and top in IMPURE:
                yield f"{line}: {top} brings clock, chance or I/O into the pure room"
    if room == "portal.domain":
        yield from (
            f"{line}: {name}() in the pure room"
            for name, line in _calls(tree)
            if name in {"open", "print", "input"}
        )


def _calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rsplit(".", 1)[-1], node.lineno


def _imports(tree: ast.AST) -> Iterator[tuple[str, list[str], int]]:
    """(module, names, line); the module is empty for `import a, b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield "", [alias.name for alias in node.names], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, [alias.name for alias in node.names], node.lineno
