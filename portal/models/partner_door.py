"""What a partner's database connection may do: action x table x column, everything else is refused.

A partner request cannot read a sealed body, a finding, a recommendation, an interview, a review, an
unreleased letter, a staff note, or who the other partner is, not even through a bug: SQLite asks this
list for every column of every statement it prepares (contract.md, "How sealed answers flow").
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Final

#: Columns a partner connection may read; a table that is not named cannot be read at all.
READ: Final[dict[str, frozenset[str]]] = {
    "practice": frozenset(
        "id name phone time_zone confidentiality self_referral has_on_call is_demo languages working_days "
        "holidays public_texts".split()
    ),
    "case_file": frozenset({"id"}),
    # SQLite looks at it for the foreign key of a new case, even where that is null.
    "staff_account": frozenset({"id"}),
    "partner": frozenset({"id"}),
    "invitation": frozenset("id partner_id token_hash expires_at used_at".split()),
    "account": frozenset(
        "id partner_id name_digest password_hash recovery_hash created_at language kept_at "
        "leaving_seen_at disabled_at".split()
    ),
    "partner_session": frozenset(
        "id account_id token_hash created_at last_seen_at authenticated_at device_hash card_box "
        "revoked_at".split()
    ),
    "account_link": frozenset("id account_id token_hash expires_at used_at opens_at".split()),
    "consent": frozenset("id partner_id version policy given_at".split()),
    "statement": frozenset("id partner_id kind said_at".split()),
    # Ciphertext alone: its author moves it to where it belongs and cannot open what is sealed.
    "late_text": frozenset(
        "id account_id target touched draft_box answers_sealed letter_sealed kept_at settled_at".split()
    ),
    "notice": frozenset("id partner_id kind body_box shown_from".split()),
    "intake": frozenset(
        "id partner_id round kind questionnaire variant submit_key begun_at position private "
        "submitted_at".split()
    ),
    "section_state": frozenset(
        "intake_id section version save_digest saved_at touched draft_box opened_at left_at".split()
    ),
}

INSERT: Final = frozenset(
    "case_file partner account partner_session consent statement intake section_state sealed_entry "
    "late_text audit_event job".split()
)

#: Columns a partner connection may change.
UPDATE: Final[dict[str, frozenset[str]]] = {
    "account": frozenset("password_hash recovery_hash language kept_at leaving_seen_at".split()),
    "partner_session": frozenset("last_seen_at authenticated_at card_box revoked_at".split()),
    "account_link": frozenset({"used_at"}),
    "invitation": frozenset({"used_at"}),
    "intake": frozenset("position private submitted_at".split()),
    "late_text": frozenset({"settled_at"}),
    "section_state": frozenset("version save_digest saved_at touched draft_box opened_at left_at".split()),
}

FUNCTIONS: Final = frozenset({"max", "coalesce", "count", "group_concat", "hex"})

#: Words behind which SQLite reads or removes rows without asking the guard: the columns that NATURAL and
#: USING compare, and the row that REPLACE puts out of the way (3.40, tried).
_UNASKED: Final = re.compile(r"\b(?:natural|using|replace)\b", re.IGNORECASE)


class Prohibited(sqlite3.DatabaseError):
    """A statement that the guard could not judge."""


_HARMLESS: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION})


def _allows(action: int, first: str | None, second: str | None) -> bool:
    if action in _HARMLESS:
        return True
    if action == sqlite3.SQLITE_READ:
        return _may_read(first, second)
    if action == sqlite3.SQLITE_INSERT:
        return first in INSERT
    if action == sqlite3.SQLITE_UPDATE:
        return second in UPDATE.get(first or "", frozenset())
    return action == sqlite3.SQLITE_FUNCTION and second in FUNCTIONS


def _may_read(table: str | None, column: str | None) -> bool:
    columns = READ.get(table or "")
    # An empty column name is a bare reference such as count(*): allowed on readable tables only.
    return columns is not None and (column in columns or column == "")


def guard(
    action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
) -> int:
    """SQLite authorizer callback: SQLITE_OK or SQLITE_DENY."""
    return sqlite3.SQLITE_OK if _allows(action, first, second) else sqlite3.SQLITE_DENY


# Looked through once each: they are ours, and few.
@lru_cache(maxsize=512)
def require_judged(statement: str) -> None:
    """Refuse a statement of which the guard would not be told everything. Raises Prohibited.

    Values are bound, never written into a statement, so that nobody's words are looked at here.
    """
    found = _UNASKED.search(statement)
    if found is not None:
        raise Prohibited(f"{found[0].upper()} is prohibited here: the guard is not asked about it")


def install(connection: sqlite3.Connection) -> None:
    """Put the guard on a raw connection, for good."""
    authorizer: Callable[[int, str | None, str | None, str | None, str | None], int] = guard
    connection.set_authorizer(authorizer)
