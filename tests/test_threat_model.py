"""The page about threats names tests: each must be there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(\w+))?`")


def _found(name: str) -> Path | None:
    """The file of this path, or the only test file of this name."""
    path = ROOT / name
    return path if path.exists() else next(iter(sorted((ROOT / "tests").rglob(Path(name).name))), None)


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_it_names_is_there() -> None:
    named = _NAMED.findall(PAGE)
    assert len(named) > 20
    missing = [
        (file, test)
        for file, test in named
        if (path := _found(file)) is None or (test and test not in _tests(path))
    ]
    assert missing == []


def test_every_kind_of_seizure_has_its_row() -> None:
    for taken in (
        "your open session", "your inbox", "your password", "the process that serves partners",
        "the database file", "a backup", "a staff laptop", "Spyware",
    ):  # fmt: skip
        assert f"**{taken}" in PAGE, taken


def test_the_readme_leads_to_it() -> None:
    assert "(docs/threat-model.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
