"""A practice to measure on: one couple told in full, people about to send, many cases.

The couple is played by the tests' cast through the real services; the many are copies of it, written in bulk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import insert, select, update

from cast import Cast
from portal import create_app
from portal.models import Account, Consent, Partner, Recommendation, table_of
from portal.services import caseload, routing, sessions
from portal.services.caseload_filters import Filters
from portal.services.tools import Passwords, Tools
from portal.store import Store
from portal.vault import Place

THERAPIST = "thea@example.org"
DATABASE = "portal.sqlite3"


@dataclass(frozen=True)
class Practice:
    """Where it lies, and the sessions that measure it. ``senders``: (token, submit key) of filled forms."""

    folder: Path
    staff_id: str
    staff: str
    partner: str
    version: int
    case_id: str
    senders: tuple[tuple[str, str], ...]


def application(folder: Path) -> Flask:
    """The portal over an instance folder, in this process."""
    return create_app({"PORTAL_INSTANCE": str(folder), "PORTAL_THROTTLE": "off"})


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Store, Tools]]:
    """Both doors and the tools of an instance folder."""
    house = application(folder).extensions["portal.house"]
    tools: Tools = house.tools
    try:
        yield house.store, tools
    finally:
        house.close()


def csrf(folder: Path, token: str) -> str:
    """The token that the forms of this session carry."""
    with opened(folder) as (_, tools):
        return tools.vault.mac("csrf", token.encode())


def furnish(folder: Path, *, senders: int) -> Practice:
    """A therapist with one couple that has sent, one person at the form, and people about to send."""
    with opened(folder) as (store, tools):
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        cast = Cast(store, replace(tools, passwords=cheap), lambda: datetime.now(UTC))  # type: ignore[arg-type]
        cast.sets(
            practice_name="Bench", phone="+1 555 0100", on_call_email="call@example.org", confidentiality="b"
        )
        thea = cast.therapist(THERAPIST)
        pair = cast.couple(therapist=THERAPIST)
        pair.a.joins().sends()
        pair.b.joins().sends(fear="some")
        cast.works()
        writer = cast.couple(therapist=THERAPIST).a.joins()
        ready = [cast.couple(therapist=THERAPIST, both=False).a.joins().fills() for _ in range(senders)]
        _pass_the_card(store, tools)
        with store.staff.write() as session:
            staff = sessions.open_staff(session, tools, staff_id=thea.id, second_factor=True)
        tokens = [_token(store, tools, someone.viewer.id) for someone in (writer, *ready)]
        keys = [someone.desk.submit_key for someone in ready]
        return Practice(
            folder, thea.id, staff, tokens[0], writer.desk.version, pair.id,
            tuple(zip(tokens[1:], keys, strict=True)),
        )  # fmt: skip


def _pass_the_card(store: Store, tools: Tools) -> None:
    with store.staff.write() as session:
        values = {"kept_at": tools.now(), "leaving_seen_at": tools.now()}
        session.execute(update(table_of(Account)).values(**values))


def _token(store: Store, tools: Tools, account_id: str) -> str:
    with store.partner.write() as session:
        return sessions.open_partner(session, tools, account_id=account_id)


#: The lists that are measured: each way of asking, in the caseload's own words.
LISTS: dict[str, dict[str, Any]] = {
    "most urgent first": {},
    "waiting longest": {"sort": "waiting"},
    "newest form first": {"sort": "newest"},
    "mine": {"whose": "mine"},
    "one urgency": {"urgency": 3},
    "one route": {"route": "couples"},
    "one language": {"language": "es"},
    "closed": {"status": "closed"},
}
_TIME = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || (abs(random()) % 35000000) || ' seconds')"


def fill(practice: Practice, count: int) -> None:
    """``count`` cases in bulk; those that a first page shows get people, names and a recommendation."""
    with opened(practice.folder) as (_, tools):
        mark = caseload.route_mark(tools, "couples")
    with closing(sqlite3.connect(practice.folder / DATABASE)) as raw, raw:
        kept = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'case_file' AND sql > ''"
        ).fetchall()
        for name, _ in kept:
            raw.execute(f"DROP INDEX {name}")
        raw.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "  # noqa: S608
            "INSERT INTO case_file (id, origin, opened_at, waiting_since, urgency, news_at, route_mark, "
            "languages, therapist_id, closed_at) "
            "SELECT printf('%08x', i) || '-' || lower(hex(randomblob(12))), 'practice', "
            f"{_TIME}, {_TIME}, i % 6, {_TIME}, CASE abs(random()) % 4 WHEN 0 THEN ? ELSE 'other' END, "
            "CASE abs(random()) % 3 WHEN 0 THEN 'es' ELSE 'en' END, "
            "CASE WHEN abs(random()) % 5 < 4 THEN ? END, "
            f"CASE abs(random()) % 3 WHEN 0 THEN {_TIME} END FROM n",
            (count, mark, practice.staff_id),
        )
        for _, sql in kept:
            raw.execute(sql)
    _tell(practice)


def _tell(practice: Practice) -> None:
    """What the shown cases have: two people, two names, a recommendation."""
    with opened(practice.folder) as (store, tools):
        with store.staff.read() as session:
            by = sessions.find_staff(session, tools, practice.staff)
            advice = routing.latest(session, tools, practice.case_id)
            if by is None or advice is None:
                raise RuntimeError("the couple that is copied has no recommendation")
            shown = {
                row.id
                for wanted in LISTS.values()
                for row in caseload.page(session, tools, by=by.viewer, filters=Filters(**wanted)).rows
            }
        with store.staff.write() as session:
            has_people = set(session.scalars(select(table_of(Partner).c.case_id)))
            for case_id in sorted(shown - has_people):
                _people(session, tools, case_id)
                _advice(session, tools, case_id, advice.body)


def _people(session: Any, tools: Tools, case_id: str) -> None:
    for slot, name in (("a", "Ana Almeida"), ("b", "Ben Baker")):
        partner_id, consent_id, now = tools.new_id(), tools.new_id(), tools.now()
        row = {"id": partner_id, "case_id": case_id, "slot": slot, "created_at": now}
        session.execute(insert(table_of(Partner)), [row])
        place = Place("consent", "name_sealed", consent_id)
        consent = {
            "id": consent_id, "partner_id": partner_id, "version": "2026.1", "policy": "b", "language": "en",
            "text_hash": "-", "name_sealed": tools.vault.seal(place, name), "given_at": now,
        }  # fmt: skip
        session.execute(insert(table_of(Consent)), [consent])


def _advice(session: Any, tools: Tools, case_id: str, body: dict[str, Any]) -> None:
    session.execute(insert(table_of(Recommendation)), [advice_row(tools, case_id, body)])


def advice_row(tools: Tools, case_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """A recommendation of this case, boxed."""
    row_id = tools.new_id()
    place = Place("recommendation", "body_box", row_id)
    return {
        "id": row_id, "case_id": case_id, "ruleset": body["ruleset"], "inputs_digest": "-",
        "body_box": tools.vault.box("staff", place, json.dumps(body)), "made_at": tools.now(),
    }  # fmt: skip
