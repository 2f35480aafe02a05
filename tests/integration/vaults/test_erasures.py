"""Erasing a person or a case: nothing of theirs is left, the other keeps their own, a ledger knows the id."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cast import OFFICE, Cast, Pair
from portal import worker
from portal.domain.access import Viewer
from portal.models import Base, CaseFile, Job, Mail, Partner, Recommendation, table_of
from portal.services import admin_cases, audit_chain, erasure_ledger, erasures, retention
from portal.services.erasure_ledger import Erased, LedgerDamaged
from portal.services.errors import NotFound, OutOfOrder
from portal.services.tools import Tools

#: What stays of a practice when nobody is left in it.
_STAYS = {"practice", "staff_account", "staff_session", "staff_link", "audit_event", "job", "mail"}


@pytest.fixture
def thea(company: Cast) -> Viewer:
    return company.therapist()


@pytest.fixture
def pair(company: Cast, thea: Viewer) -> Pair:
    """Both sent; interviewed, cleared, signed."""
    pair = company.couple(therapist="thea@example.org")
    pair.a.joins().sends(harm_received__physical="past_year")
    pair.b.joins().sends()
    pair.b.says("message", text="a message")
    company.works()
    pair.interview("a", thea)
    pair.interview("b", thea)
    pair.clear("A", thea)
    pair.sign(thea)
    return pair


def _count(cast: Cast) -> dict[str, int]:
    with cast.store.staff.read() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def _partner(pair: Pair, slot: str) -> str:
    p = table_of(Partner).c
    with pair.cast.store.staff.read() as session:
        return session.execute(select(p.id).where(p.case_id == pair.id, p.slot == slot)).scalar_one()


def _erase(pair: Pair, slot: str) -> str:
    partner_id = _partner(pair, slot)
    with pair.cast.store.staff.write() as session:
        erasures.erase_person(session, pair.cast.tools, partner_id=partner_id, by=OFFICE)
    return partner_id


def _verbs(cast: Cast, *verbs: str) -> list[tuple[str, str, str]]:
    events = Base.metadata.tables["audit_event"].c
    with cast.store.staff.read() as session:
        rows = session.execute(
            select(events.verb, events.subject_id, events.detail).where(events.verb.in_(verbs))
        )
        return [(row.verb, row.subject_id, row.detail) for row in rows]


def test_nothing_is_left_of_an_erased_case(pair: Pair) -> None:
    opened = pair.cast.tools.vault.opened
    opened.recall("a name", b"", lambda: "Ana")
    with pair.cast.store.staff.write() as session:
        erasures.erase_case(session, pair.cast.tools, case_id=pair.id, by=OFFICE)
    assert opened.recall("a name", b"", str) == ""
    pair.cast.works()
    assert set(_count(pair.cast)) <= _STAYS
    assert _verbs(pair.cast, "case.erased") == [("case.erased", pair.id, '{"reason": "policy"}')]
    with pair.cast.store.staff.read() as session:
        assert audit_chain.verify(session, pair.cast.tools)[1] is None
        open_jobs = select(table_of(Job).c.kind).where(table_of(Job).c.done_at.is_(None))
        assert session.scalars(open_jobs).all() == []


def test_no_invitation_goes_out_to_somebody_who_was_erased_while_it_waited(company: Cast) -> None:
    with company.store.staff.write() as session:
        case_id = admin_cases.open_case(
            session, company.tools, email_a="ana@example.org", email_b="", therapist="", by=OFFICE
        )
        erasures.erase_case(session, company.tools, case_id=case_id, by=OFFICE)
    company.works()
    assert company.outbox == []
    with company.store.staff.read() as session:
        m = table_of(Mail).c
        assert session.execute(select(m.sent_at, m.body_box)).all() == [(None, b"")]


def test_no_table_of_a_person_or_a_case_is_forgotten() -> None:
    """Whatever refers to a case, a person, an account or an intake, at however many removes, is erased."""
    belong = {"case_file"}
    for table in Base.metadata.sorted_tables:
        if {key.column.table.name for key in table.foreign_keys} & belong:
            belong.add(table.name)
    lists = (erasures._OF_INTAKES, erasures._OF_ACCOUNTS, erasures._OF_PARTNERS, erasures._OF_CASES)
    erased = {table_of(model).name for models in lists for model in models}
    assert belong == erased | {"case_file", "partner", "finding"}


def test_the_other_keeps_what_is_theirs_and_is_routed_anew(pair: Pair) -> None:
    before, kept = pair.file(), _partner(pair, "b")
    partner_id = _erase(pair, "a")
    c = table_of(Recommendation).c
    with pair.cast.store.staff.read() as session:
        assert session.scalar(select(func.count(c.id)).where(c.case_id == pair.id)) == 0
    pair.cast.works()
    after = pair.file()
    assert (list(after["partners"]), _partner(pair, "b")) == (["b"], kept)
    assert after["partners"]["b"] == before["partners"]["b"]
    assert pair.route()[0] == "wait"
    assert pair.findings() == []
    assert _count(pair.cast)["account"] == 1
    assert _verbs(pair.cast, "person.erased") == [
        ("person.erased", pair.id, f'{{"partner": "{partner_id}", "reason": "policy", "slot": "a"}}')
    ]


def test_with_the_last_person_the_case_goes_too(pair: Pair) -> None:
    _erase(pair, "a")
    _erase(pair, "b")
    pair.cast.works()
    assert set(_count(pair.cast)) <= _STAYS


def test_findings_copied_by_a_merge_do_not_stand_in_the_way(pair: Pair, thea: Viewer) -> None:
    from portal.services import case_merges

    someone = pair.cast.alone()
    someone.comes_in().sends()
    pair.cast.works()
    p = table_of(Partner).c
    with pair.cast.store.staff.write() as session:
        other = session.execute(select(p.case_id).where(p.id == someone.viewer.partner_id)).scalar_one()
        case_merges.merge(session, pair.cast.tools, case_id=pair.id, other=other, slot="a", by=thea)
    left = pair.a.viewer.partner_id
    with pair.cast.store.staff.write() as session:
        erasures.erase_person(session, pair.cast.tools, partner_id=left, by=OFFICE)
    pair.cast.works()
    assert _partner(pair, "a") == someone.viewer.partner_id


def test_what_is_held_or_not_there_is_refused(pair: Pair) -> None:
    tools, store = pair.cast.tools, pair.cast.store
    with store.staff.write() as session:
        retention.hold(session, tools, case_id=pair.id, is_held=True, by=OFFICE)
    before = _count(pair.cast)
    for attempt in (
        lambda s: erasures.erase_case(s, tools, case_id=pair.id, by=OFFICE),
        lambda s: erasures.erase_person(s, tools, partner_id=pair.a.viewer.partner_id, by=OFFICE),
    ):
        with pytest.raises(OutOfOrder, match="legal_hold"), store.staff.write() as session:
            attempt(session)
    assert _count(pair.cast) == before
    for attempt in (
        lambda s: erasures.erase_case(s, tools, case_id="none", by=OFFICE),
        lambda s: erasures.erase_person(s, tools, partner_id="none", by=OFFICE),
        lambda s: retention.hold(s, tools, case_id="none", is_held=True, by=OFFICE),
    ):
        with pytest.raises(NotFound), store.staff.write() as session:
            attempt(session)
    with store.staff.write() as session:
        retention.hold(session, tools, case_id=pair.id, is_held=False, by=OFFICE)
        erasures.erase_case(session, tools, case_id=pair.id, by=OFFICE)
    assert [verb for verb, *_ in _verbs(pair.cast, "case.held", "case.hold_lifted")] == [
        "case.held", "case.hold_lifted"
    ]  # fmt: skip


def test_the_ledger_in_the_second_place_holds_ids_only(pair: Pair, tmp_path: Path) -> None:
    second, cast = tmp_path / "second", pair.cast
    partner_id = _erase(pair, "a")
    cast.clock.move(seconds=1)
    with cast.store.staff.write() as session:
        erasures.erase_case(session, cast.tools, case_id=pair.id, by=OFFICE)
    worker.sweep(replace(cast.place, anchor=second))
    worker.sweep(replace(cast.place, anchor=second))
    erased = erasure_ledger.read(cast.tools, second)
    assert [(one.kind, one.id) for one in erased] == [("person", partner_id), ("case", pair.id)]
    words = (second / erasure_ledger.FILE).read_text().split()
    assert words[1:3] + words[5:7] == ["person", partner_id, "case", pair.id]
    with cast.store.staff.read() as session:
        assert erasure_ledger.keep(cast.tools, second, erasure_ledger.told(session)) == 0


def test_a_place_that_cannot_be_reached_is_tried_again(pair: Pair, tmp_path: Path) -> None:
    cast, second = pair.cast, tmp_path / "second"
    second.write_text("a file")
    partner_id = _erase(pair, "a")
    worker.sweep(replace(cast.place, anchor=second))
    second.unlink()
    cast.clock.move(minutes=2)
    worker.sweep(replace(cast.place, anchor=second))
    assert [one.id for one in erasure_ledger.read(cast.tools, second)] == [partner_id]


def test_replaying_erases_again_and_does_it_once(pair: Pair) -> None:
    tools, store = pair.cast.tools, pair.cast.store
    ledger = [
        Erased("2026-11-23T15:00:00+00:00", "person", _partner(pair, "a")),
        Erased("2026-11-23T15:00:00+00:00", "case", "long gone"),
        Erased("2026-11-23T16:00:00+00:00", "case", pair.id),
    ]
    with store.staff.write() as session:
        assert erasure_ledger.replay(session, tools, ledger, by=OFFICE) == 2
        assert erasure_ledger.replay(session, tools, ledger, by=OFFICE) == 0
        assert session.scalars(select(table_of(CaseFile).c.id)).all() == []


@pytest.mark.parametrize("line", ["", "a b c", "2026 person x " + "0" * 64, "2026 couple x y", "é"])
def test_a_line_that_is_none_is_named(tools: Tools, tmp_path: Path, line: str) -> None:
    (tmp_path / erasure_ledger.FILE).write_text(f"{line}\n")
    with pytest.raises(LedgerDamaged, match="line 1"):
        erasure_ledger.read(tools, tmp_path)
