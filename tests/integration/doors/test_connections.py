"""The connections to SQLite: which one comes next, and how many pages each keeps."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Connection, text

from portal.store import Store


def raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


@pytest.mark.engine("sqlite")
def test_the_connection_used_last_comes_first(store: Store) -> None:
    """Of the pages it keeps the fewest were changed by others."""
    for door in (store.staff, store.partner):
        with ExitStack() as several:
            held = [raw(several.enter_context(door.engine.connect())) for _ in range(3)]
        last = held[0]  # given back last
        for _ in range(3):
            with door.engine.connect() as connection:
                assert raw(connection) is last


@pytest.mark.engine("sqlite")
def test_staff_keep_more_pages_than_sqlite_does_and_write_as_safely(store: Store) -> None:
    with store.staff.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA cache_size")) == -4000
        assert connection.scalar(text("PRAGMA synchronous")) == 2
