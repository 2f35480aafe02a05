"""One application for all worlds of a process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from noninterference.stage import House

if TYPE_CHECKING:
    from databases import Databases


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, all_databases: Databases) -> Iterator[House]:
    """The portal with clock, mail and randomness in hand."""
    house = House(tmp_path_factory.mktemp("noninterference"), all_databases)
    yield house
    house.store.dispose()
