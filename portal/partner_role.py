"""The partners' role on PostgreSQL: the columns of ``partner_door``, its own rows, and nothing besides.

The owner of the tables (staff, worker, migrations) is subject to no policy; whoever is neither the owner
nor named in a policy finds no row in the tables below, whatever somebody may have granted. Decision 0071
says what this holds and what it does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Engine, text

from portal.models import partner_door

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

#: With the owner's eyes, but only for whoever holds the cookie. pg_temp stands last: a temporary table of
#: the caller's never takes the place of ours.
_FUNCTIONS: Final = """
CREATE OR REPLACE FUNCTION portal_account() RETURNS text STABLE SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp LANGUAGE sql AS $$
  SELECT account_id FROM partner_session
  WHERE token_hash = current_setting('portal.asker', true) AND revoked_at IS NULL $$;
CREATE OR REPLACE FUNCTION portal_partner() RETURNS text STABLE SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp LANGUAGE sql AS $$
  SELECT partner_id FROM account WHERE id = portal_account() $$;
"""

#: What would make the walls below worthless, and how it is said.
_FAULTS: Final = {
    "does not exist": "SELECT count(*) = 0 FROM pg_roles WHERE rolname = :role",
    "must not be a superuser, bypass row-level security, create roles or replicate": (
        "SELECT count(*) > 0 FROM pg_roles WHERE rolname = :role"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication)"
    ),
    "must not be a member of another role": (
        "SELECT count(*) > 0 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
        " WHERE r.rolname = :role"
    ),
    "must not own tables": (
        "SELECT count(*) > 0 FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = :role"
    ),
    "must not own the database or a schema": (
        "SELECT count(*) > 0 FROM pg_roles r WHERE r.rolname = :role AND (r.oid IN"
        " (SELECT datdba FROM pg_database WHERE datname = current_database())"
        " OR r.oid IN (SELECT nspowner FROM pg_namespace))"
    ),
}


def faults(engine: Engine, role: str) -> list[str]:
    """Why this role cannot be the partners': it would see more than its own rows. Empty if it can."""
    with engine.connect() as connection:
        return [
            f"PARTNER_DATABASE_URL: its role {what}"
            for what, question in _FAULTS.items()
            if connection.scalar(text(question), {"role": role})
        ]


def admit(staff: Engine, role: str) -> None:
    """Give the partners' role exactly what the list says, column by column, and its own rows.

    Nothing where that is so already: policies lock their tables, and a process that starts while a long
    report is read would wait for it. Processes that start at once do it one after the other.
    """
    quoted = staff.dialect.identifier_preparer.quote_identifier(role)
    statements = tuple(_statements(quoted))
    seal = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    with staff.connect() as connection:
        if _is_admitted(connection, role, seal):
            return
    with staff.execution_options(begin="IMMEDIATE").begin() as connection:
        if not _is_admitted(connection, role, seal):
            for statement in (*statements, f"COMMENT ON FUNCTION portal_account() IS '{seal}'"):
                connection.exec_driver_sql(statement)


def _is_admitted(connection: Connection, role: str, seal: str) -> bool:
    """Whether these very statements were the last ones, and nobody granted or took anything since."""
    noted = connection.scalar(text("SELECT obj_description(to_regproc('portal_account'), 'pg_proc')"))
    return noted == seal and _granted(connection, role) == _wanted()


def _wanted() -> set[tuple[str, str, str]]:
    return {
        *(("SELECT", table, column) for table, names in partner_door.READ.items() for column in names),
        *(("UPDATE", table, column) for table, names in partner_door.UPDATE.items() for column in names),
        *(("INSERT", table, "") for table in partner_door.INSERT),
        ("SELECT", "alembic_version", "version_num"),
    }


def _granted(connection: Connection, role: str) -> set[tuple[str, str, str]]:
    """(right, table, column) of everything this role or everybody may do; no column: the whole table."""
    tables = (
        "FROM pg_class c {join} CROSS JOIN aclexplode({acl}) a LEFT JOIN pg_roles r ON r.oid = a.grantee"
        " WHERE c.relnamespace = 'public'::regnamespace AND (a.grantee = 0 OR r.rolname = :role)"
    )
    whole = tables.format(join="", acl="c.relacl")
    columns = tables.format(join="JOIN pg_attribute t ON t.attrelid = c.oid", acl="t.attacl")
    rows = connection.execute(
        text(
            f"SELECT a.privilege_type, c.relname, '' {whole}"
            f" UNION SELECT a.privilege_type, c.relname, t.attname {columns}"
        ),
        {"role": role},
    )
    return {(str(right), str(table), str(column)) for right, table, column in rows}


def _statements(role: str) -> Iterator[str]:
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield _FUNCTIONS
    for function in ("portal_account()", "portal_partner()"):
        yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {role}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role}"
    yield f"REVOKE ALL ON SCHEMA public FROM {role}"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    for table, columns in sorted(partner_door.READ.items()):
        yield f"GRANT SELECT ({', '.join(sorted(columns))}) ON {table} TO {role}"
    # A process of the partners alone looks whether the tables are the ones it knows; it cannot change them.
    yield f"GRANT SELECT (version_num) ON alembic_version TO {role}"
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
    yield f"CREATE POLICY own_read ON {table} FOR SELECT TO {role} USING ({own})"
    yield f"CREATE POLICY own_change ON {table} FOR UPDATE TO {role} USING ({own})"
    yield f"CREATE POLICY own_new ON {table} FOR INSERT TO {role} WITH CHECK ({begins} OR {own})"
