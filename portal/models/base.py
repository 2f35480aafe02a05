"""The base class of all tables, and the column types they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, cast

from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, String, Table, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import UserDefinedType

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC in the database. A naive value is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return None if value is None else _plain(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)

    # SQLite keeps times as texts. Both ways in one step, as a page reads a hundred of them.
    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """How a value is handed to the driver."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """How a value is taken from the driver."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _plain(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("times are stored aware, in UTC")
    return value.astimezone(UTC).replace(tzinfo=None)


#: Characters of a time without its zone.
_NAIVE: Final = len("2026-11-29 13:48:12.100452")


def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is UTC:  # all but what somebody brought along
        return value.isoformat(" ", "microseconds")[:_NAIVE]
    return _plain(value).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class hexed(GenericFunction[str]):  # noqa: N801  (a function, as SQLAlchemy writes its own)
    """Bytes as hex digits, in either case: how a text of several values may hold them."""

    type = String()
    inherit_cache = True


@compiles(hexed)
def _hexed(function: hexed, compiler: SQLCompiler, **options: Any) -> str:
    value = compiler.process(function.clauses, **options)
    return f"encode({value}, 'hex')" if compiler.dialect.name == "postgresql" else f"hex({value})"


class place_of(GenericFunction[Any]):  # noqa: N801  (likewise)
    """Where the row with this id lies, for joins within one statement. SQLite's own number of a row stands in
    every index: whoever found the id by one needs no other index to read the row. On PostgreSQL the id."""

    inherit_cache = True


@compiles(place_of)
def _place_of(function: place_of, compiler: SQLCompiler, **options: Any) -> str:
    name: str = compiler.process(function.clauses, **options)
    return name if compiler.dialect.name == "postgresql" else f"{name.rpartition('.')[0]}.rowid"


class KeptTime(UserDefinedType[Any]):
    """A time as its database gives it: for rows that are known by what they hold before they are read."""

    cache_ok = True


def moment(kept: str | datetime) -> datetime:
    """The time that a ``KeptTime`` tells, aware, UTC. SQLite keeps texts, in the same order as the times."""
    return datetime.fromisoformat(f"{kept}+00:00") if isinstance(kept, str) else kept.replace(tzinfo=UTC)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """All tables. Ids are drawn UUIDs as text; nothing a person sees is a counter."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime(), bytes: LargeBinary()}


Id = Annotated[str, mapped_column(String(36), primary_key=True)]
Ref = Annotated[str, mapped_column(String(36))]
Short = Annotated[str, mapped_column(String(64))]
Digest = Annotated[str, mapped_column(String(64))]
Hash = Annotated[str, mapped_column(String(255))]


def table_of(model: type[Base]) -> Table:
    """The Core table of a model: hot paths and the partner door name their columns."""
    return cast(Table, model.__table__)
