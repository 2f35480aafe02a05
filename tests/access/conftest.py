"""One practice for the whole table."""

from __future__ import annotations

from pathlib import Path

import pytest

from access.practice import House, build
from portal.services.tools import Passwords


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated: Path, passwords: Passwords) -> House:
    """Everybody of the table, each signed in."""
    return build(tmp_path_factory.mktemp("access") / "instance", migrated, passwords)
