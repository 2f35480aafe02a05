"""The lock fits pyproject.toml, is hashed whole, and names no package index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)


def _pins() -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(LOCK)}


def _wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        Requirement(line) for line in project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    ]


def test_no_address_stands_in_the_lock() -> None:
    assert [line for line in LOCK.splitlines() if "://" in line or line.startswith("-")] == []


def test_every_dependency_is_pinned_as_asked() -> None:
    pins = _pins()
    unmet = [
        str(wish)
        for wish in _wanted()
        if not wish.specifier.contains(pins.get(canonicalize_name(wish.name), "0"))
    ]
    assert unmet == []


def test_every_pin_has_its_hashes() -> None:
    entries = re.split(r"\n(?=\S)", LOCK[LOCK.index("\n", LOCK.index("make lock")) + 1 :].strip())
    bare = [
        entry.splitlines()[0] for entry in entries if not (PIN.match(entry) and "--hash=sha256:" in entry)
    ]
    assert bare == []
    assert {canonicalize_name(PIN.findall(entry)[0][0]) for entry in entries} == set(_pins())
