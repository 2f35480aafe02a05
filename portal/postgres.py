"""PostgreSQL behind the same doors: one writer at a time where verbs need it, and bounded waits.

SQLite's writer lock becomes an advisory lock of the transaction, so that every verb that reads and then
writes is as safe on either engine. The hot ones, which one row decides, share that lock and hold their row
(decision 0070). What the partners' role may touch stands in ``portal/partner_role.py``.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event, make_url

#: The number of the writer lock; any fixed one, as nothing else in the database takes advisory locks.
_WRITER: Final = 7_305_001
#: How a transaction begins (``execution_options(begin=...)``): as the only writer, or beside its like.
ALONE: Final = "IMMEDIATE"
SHARED: Final = "SHARED"
_LOCKS: Final = {
    ALONE: f"pg_advisory_xact_lock({_WRITER})",
    SHARED: f"pg_advisory_xact_lock_shared({_WRITER})",
}
_WAIT: Final = "10s"
#: A transaction that does nothing for so long holds a lock for nobody: its process hangs or is gone.
_IDLE: Final = "60s"
#: Digest of the partner cookie that this request came with; empty for a visitor.
_asking: ContextVar[str] = ContextVar("asking", default="")


def name_asker(digest: str) -> None:
    """From here on this thread of execution asks for the holder of this cookie; empty: for a visitor."""
    _asking.set(digest)


def is_at(url: str) -> bool:
    """Whether this is the address of a PostgreSQL database."""
    return url.startswith(("postgresql:", "postgresql+"))


def role_in(url: str | URL) -> str:
    """The role an address signs in as; empty where it leaves that to the system."""
    parts = make_url(url)
    named = parts.query.get("user", "")
    return parts.username or (named if isinstance(named, str) else named[0])


def _on_begin(connection: Connection) -> None:
    lock = _LOCKS.get(connection.get_execution_options().get("begin", ""))
    if lock:
        connection.exec_driver_sql(f"SELECT {lock}")


def _on_partner_begin(connection: Connection) -> None:
    lock = _LOCKS.get(connection.get_execution_options().get("begin", ""))
    also = f", {lock}" if lock else ""
    connection.exec_driver_sql(f"SELECT set_config('portal.asker', %s, true){also}", (_asking.get(),))


def prepare(engine: Engine, *, is_partner: bool, longest: int = 0) -> Engine:
    """Set up a fresh engine: bounded waits, the writer lock, for partners who is asking.

    ``longest``: milliseconds that one statement may take, 0 without an end.
    """

    def connect(dbapi: Any, _record: object) -> None:
        with dbapi.cursor() as cursor:
            cursor.execute(
                f"SET lock_timeout = '{_WAIT}'; SET timezone = 'UTC'; SET statement_timeout = {longest:d}; "
                f"SET idle_in_transaction_session_timeout = '{_IDLE}'"
            )
        dbapi.commit()

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", _on_partner_begin if is_partner else _on_begin)
    return engine
