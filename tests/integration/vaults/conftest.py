from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import sealed_practice
from moving_clock import Clock
from portal.services.tools import Passwords
from sealed_practice import Filled


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, migrated: Path, passwords: Passwords) -> Path:
    """Built once; copied by whoever needs one."""
    folder = tmp_path_factory.mktemp("model") / "instance"
    folder.mkdir(mode=0o700)
    shutil.copy(migrated, folder / "portal.sqlite3")
    with sealed_practice.opened(folder, Clock(), passwords) as filled:
        sealed_practice.build(filled.store, filled.tools, filled.clock, folder / "exports")
    return folder


@pytest.fixture
def filled(model: Path, tmp_path: Path, passwords: Passwords) -> Iterator[Filled]:
    """A copy of the practice of one's own."""
    folder = Path(shutil.copytree(model, tmp_path / "instance"))
    with sealed_practice.opened(folder, Clock(), passwords) as filled:
        yield filled
