"""docs/security.md names tests: they exist, and no item of the list is missing."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_named_there_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    written = {name for text in files for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
    assert (sorted(named - written), len(named) > 80) == ([], True)


def test_every_item_of_the_list_stands_there() -> None:
    items = set(re.findall(r"T\d\d", PAGE))
    spans = re.findall(r"T(\d\d)-T(\d\d)", PAGE)
    items |= {f"T{number:02}" for first, last in spans for number in range(int(first), int(last) + 1)}
    assert sorted({f"T{number:02}" for number in range(1, 63)} - items) == []
