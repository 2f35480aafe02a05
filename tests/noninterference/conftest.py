"""One application for all worlds of a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from noninterference.stage import House


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[House]:
    """The portal with clock, mail and randomness in hand."""
    house = House(tmp_path_factory.mktemp("noninterference"), migrated)
    yield house
    house.store.dispose()
