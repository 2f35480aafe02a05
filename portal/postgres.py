"""PostgreSQL behind the same doors: one writer at a time, and a role for partners that sees its own rows.

SQLite's writer lock becomes an advisory lock of the transaction, so that every verb that reads and then
writes is as safe on either engine. The partners' role has the columns of ``partner_door`` and nothing
else; row-level security holds the rows: whose cookie is not named when a transaction begins finds none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from portal.models import partner_door

#: The number of the writer lock; any fixed one, as nothing else in the database takes advisory locks.
_WRITER: Final = 7_305_001
_WAIT: Final = "10s"
#: Digest of the partner cookie that this request came with; empty for a visitor.
_asking: ContextVar[str] = ContextVar("asking", default="")

#: Whose rows they are: the column that leads to the asker. Other readable tables hold nobody's words.
_ROWS: Final = {
    "intake": "partner_id = (SELECT portal_partner())",
    "consent": "partner_id = (SELECT portal_partner())",
    "statement": "partner_id = (SELECT portal_partner())",
    "notice": "partner_id = (SELECT portal_partner())",
    "late_text": "account_id = (SELECT portal_account())",
    "section_state": "intake_id IN (SELECT id FROM intake WHERE partner_id = (SELECT portal_partner()))",
    "sealed_entry": "intake_id IN (SELECT id FROM intake WHERE partner_id = (SELECT portal_partner()))",
}

_FUNCTIONS: Final = """
CREATE OR REPLACE FUNCTION portal_account() RETURNS text STABLE SECURITY DEFINER
  SET search_path = public LANGUAGE sql AS $$
  SELECT account_id FROM partner_session WHERE token_hash = current_setting('portal.asker', true) $$;
CREATE OR REPLACE FUNCTION portal_partner() RETURNS text STABLE SECURITY DEFINER
  SET search_path = public LANGUAGE sql AS $$
  SELECT partner_id FROM account WHERE id = portal_account() $$;
"""


@contextmanager
def asked_by(digest: str) -> Iterator[None]:
    """Partner transactions inside see the rows of whoever holds this cookie."""
    token = _asking.set(digest)
    try:
        yield
    finally:
        _asking.reset(token)


def name_asker(digest: str) -> None:
    """From here on this thread of execution asks for the holder of this cookie; empty: for a visitor."""
    _asking.set(digest)


def _on_connect(dbapi: Any, _record: object) -> None:
    with dbapi.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{_WAIT}'")
        cursor.execute("SET timezone = 'UTC'")
    dbapi.commit()


def _is_writing(connection: Connection) -> bool:
    return connection.get_execution_options().get("begin") == "IMMEDIATE"


def _on_begin(connection: Connection) -> None:
    if _is_writing(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")


def _on_partner_begin(connection: Connection) -> None:
    lock = f", pg_advisory_xact_lock({_WRITER})" if _is_writing(connection) else ""
    connection.exec_driver_sql(f"SELECT set_config('portal.asker', %s, true){lock}", (_asking.get(),))


def prepare(engine: Engine, *, is_partner: bool) -> Engine:
    """Set up a fresh engine: a bounded wait for locks, the writer lock, for partners who is asking."""
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_partner_begin if is_partner else _on_begin)
    return engine


def admit_partners(staff: Engine, role: str) -> None:
    """Give the partners' role exactly what the list says, column by column, and its own rows. Idempotent."""
    quoted = staff.dialect.identifier_preparer.quote_identifier(role)
    with staff.execution_options(begin="IMMEDIATE").begin() as connection:
        for statement in _statements(quoted):
            connection.exec_driver_sql(statement)


def _statements(role: str) -> Iterator[str]:
    yield _FUNCTIONS
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    for table, columns in sorted(partner_door.READ.items()):
        yield f"GRANT SELECT ({', '.join(sorted(columns))}) ON {table} TO {role}"
    for table in sorted(partner_door.INSERT):
        yield f"GRANT INSERT ON {table} TO {role}"
    for table, columns in sorted(partner_door.UPDATE.items()):
        yield f"GRANT UPDATE ({', '.join(sorted(columns))}) ON {table} TO {role}"
    for table, own in _ROWS.items():
        yield from _policies(role, table, own)


def _policies(role: str, table: str, own: str) -> Iterator[str]:
    # Who begins or joins has no cookie yet and may add the first rows; nobody adds to another's.
    begins = "(SELECT portal_account()) IS NULL"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    for name in ("own_read", "own_change", "own_new"):
        yield f"DROP POLICY IF EXISTS {name} ON {table}"
    yield f"CREATE POLICY own_read ON {table} FOR SELECT TO PUBLIC USING ({own})"
    yield f"CREATE POLICY own_change ON {table} FOR UPDATE TO PUBLIC USING ({own})"
    yield f"CREATE POLICY own_new ON {table} FOR INSERT TO PUBLIC WITH CHECK ({begins} OR {own})"
