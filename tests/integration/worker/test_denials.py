"""A flood of refused sign-ins leaves a trail of what happened, and no disk full of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from sqlalchemy import select, text

from portal.domain.access import ANONYMOUS, Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit, audit_chain, denials, sign_ins
from portal.services.sign_ins import Claim
from portal.services.tools import Tools
from portal.store import Store

ANA = "22222222-2222-4222-8222-222222222222"
NOBODY, HERS = Claim("partner", "digest"), Claim("partner", "digest", ANA)
THEA = Viewer(kind="staff", id="11111111-1111-4111-8111-111111111111")


LAST = "id = (select id from audit_event order by happened_at desc limit 1)"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour keeps five of each, and a turn of the worker takes four."""
    monkeypatch.setattr(denials, "MOST", 5)
    monkeypatch.setattr(audit_chain, "BATCH", 4)


def refuse(store: Store, tools: Tools, claims: Sequence[Claim]) -> None:
    with store.staff.write() as session:
        for claim in claims:
            tools.clock.move(seconds=1)  # type: ignore[attr-defined]
            sign_ins.deny(session, tools, claim=claim)


def chain(store: Store, tools: Tools) -> tuple[int, str | None]:
    """As the worker does; what verify says then."""
    while True:
        with store.staff.write() as session:
            if audit_chain.extend(session, tools) < audit_chain.BATCH:
                break
    with store.staff.read() as session:
        return audit_chain.verify(session, tools)


def to_the_hour(tools: Tools) -> str:
    """Move on to a full hour, and name it."""
    now = tools.now()
    tools.clock.move(seconds=3600 - now.minute * 60 - now.second)  # type: ignore[attr-defined]
    return tools.now().isoformat()[:13]


def trail(store: Store) -> list[tuple[object, ...]]:
    """Verb, whom it was about, detail, whether it is numbered; in the order of time."""
    c = table_of(AuditEvent).c
    with store.staff.read() as session:
        rows = session.execute(
            select(c.verb, c.subject_id, c.detail, c.number).order_by(c.happened_at, c.id)
        ).all()
    return [(row.verb, row.subject_id, json.loads(row.detail), row.number is not None) for row in rows]


def single(of: str) -> tuple[object, ...]:
    return ("sign_in.denied", of, {}, True)


def told(of: str, hour: str, count: int, since: str, until: str, *, numbered: bool) -> tuple[object, ...]:
    detail = {"count": count, "since": f"{hour}:{since}+00:00", "until": f"{hour}:{until}+00:00"}
    return ("sign_in.denied", of, detail, numbered)


def test_what_goes_beyond_is_told_of_by_one_event_about_each(store: Store, tools: Tools) -> None:
    hour = to_the_hour(tools)
    refuse(store, tools, [NOBODY] * 12 + [HERS] * 7)
    assert chain(store, tools) == (12, None)
    assert sorted(trail(store), key=str) == sorted(
        [
            *[single("")] * 5, *[single(ANA)] * 5,
            told("", hour, 7, "00:06", "00:12", numbered=False),
            told(ANA, hour, 2, "00:18", "00:19", numbered=False),
        ], key=str,
    )  # fmt: skip
    # More of that hour come to what is told already, whatever else happens.
    refuse(store, tools, [NOBODY] * 3)
    with store.staff.write() as session:
        audit.record(session, tools, by=THEA, verb="case.opened", subject=("case", "c"))
    assert chain(store, tools) == (13, None)
    grown = told("", hour, 10, "00:06", "00:22", numbered=False)
    assert [row for row in trail(store) if row[2] and row[1] == ""] == [grown]
    # When the hour is over it is numbered as any other, and the next one begins anew.
    second = to_the_hour(tools)
    refuse(store, tools, [NOBODY] * 6)
    assert chain(store, tools) == (19, None)
    assert sorted((row for row in trail(store) if row[2]), key=str) == sorted(
        [
            (*grown[:3], True), told(ANA, hour, 2, "00:18", "00:19", numbered=True),
            told("", second, 1, "00:06", "00:06", numbered=False),
        ], key=str,
    )  # fmt: skip


def test_a_night_leaves_as_much_as_its_hours_whenever_the_worker_looks(store: Store, tools: Tools) -> None:
    to_the_hour(tools)
    for _ in range(3):  # the worker was away all night
        refuse(store, tools, [NOBODY] * 40)
        to_the_hour(tools)
    assert chain(store, tools) == (18, None)
    counts = [row[2]["count"] for row in trail(store) if row[2]]  # type: ignore[index]
    assert (counts, [row for row in trail(store) if not row[3]]) == ([35, 35, 35], [])


def test_refused_codes_of_one_person_are_told_of_as_theirs(store: Store, tools: Tools) -> None:
    to_the_hour(tools)
    with store.staff.write() as session:
        for _ in range(8):
            sign_ins.deny_code(session, tools, by=THEA)
    assert chain(store, tools) == (6, None)
    verb, subject, detail, _ = trail(store)[-1]
    assert (verb, subject, detail["count"]) == ("sign_in.code_denied", THEA.id, 3)  # type: ignore[index]


def test_below_the_limit_nothing_is_folded_and_another_kind_never_is(store: Store, tools: Tools) -> None:
    to_the_hour(tools)
    refuse(store, tools, [NOBODY] * 5)
    with store.staff.write() as session:
        for _ in range(9):
            audit.record(session, tools, by=ANONYMOUS, verb="case.opened", subject=("case", ""))
    assert chain(store, tools) == (14, None)
    assert len(trail(store)) == 14


def test_what_somebody_changed_is_not_folded_away(store: Store, tools: Tools) -> None:
    to_the_hour(tools)
    refuse(store, tools, [NOBODY] * 8)
    with store.staff.write() as session:
        session.execute(text(f"update audit_event set subject_kind = 'x' where {LAST}"))
    assert "was changed" in str(chain(store, tools)[1])


@pytest.mark.parametrize(
    "forged", ['{"x": 1}', '{"count": 1, "since": "then", "until": "2026-11-23T15"}', '{"count": "9"}']
)
def test_what_only_looks_like_the_one_that_tells_of_many_stops_no_worker(
    store: Store, tools: Tools, forged: str
) -> None:
    """The partners' process could write one, with a sound MAC."""
    to_the_hour(tools)
    refuse(store, tools, [HERS] * 8)
    with store.partner.write() as session:
        audit.record(
            session,
            tools,
            by=ANONYMOUS,
            verb="sign_in.denied",
            subject=("account", ANA),
            detail=json.loads(forged),
        )
    assert chain(store, tools)[1] is None
    details = [row[2] for row in trail(store) if row[2]]
    assert json.loads(forged) in details
    assert [one["count"] for one in details if one != json.loads(forged)] == [3]  # type: ignore[index]


@pytest.mark.engine("sqlite")
def test_a_row_that_nobody_can_read_stops_no_worker(store: Store, tools: Tools) -> None:
    to_the_hour(tools)
    refuse(store, tools, [NOBODY] * 3)
    with store.staff.write() as session:
        session.execute(text(f"update audit_event set happened_at = '9' where {LAST}"))
    assert "cannot be read" in str(chain(store, tools)[1])
    with store.staff.read() as session:
        assert session.scalar(text("select count(*) from audit_event where number is not null")) == 3
