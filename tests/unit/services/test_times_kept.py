"""Times as SQLite keeps them: the very texts that SQLAlchemy writes, both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import DateTime
from sqlalchemy.dialects import sqlite

from portal.models.base import UtcDateTime

DIALECT = sqlite.dialect()
TIMES = [
    datetime(2026, 11, 23, 15, 4, 5, 67, tzinfo=UTC),
    datetime(2026, 11, 23, 0, 0, tzinfo=UTC),
    datetime(987, 1, 2, tzinfo=UTC),
]


def _kept(value: datetime | None) -> object:
    write = UtcDateTime().bind_processor(DIALECT)
    assert write is not None
    return write(value)


@pytest.mark.parametrize("moment", TIMES)
def test_a_time_is_kept_as_sqlalchemy_would_keep_it_and_comes_back(moment: datetime) -> None:
    write = DateTime().dialect_impl(DIALECT).bind_processor(DIALECT)
    read = UtcDateTime().result_processor(DIALECT, None)
    assert write is not None
    assert read is not None
    assert _kept(moment) == write(moment.replace(tzinfo=None))
    assert (read(_kept(moment)), read(None), _kept(None)) == (moment, None, None)


def test_a_time_of_elsewhere_is_kept_in_utc_and_one_of_nowhere_is_refused() -> None:
    elsewhere = TIMES[0].astimezone(timezone(timedelta(hours=-5)))
    assert _kept(elsewhere) == "2026-11-23 15:04:05.000067"
    with pytest.raises(ValueError, match="aware"):
        _kept(datetime(2026, 11, 23))  # noqa: DTZ001  (what must not be kept)
