"""Closing, holding and erasing on the admin's page of a case."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from admin_browser import Desk, errors
from practice_world import PASSWORD, Case, World
from sqlalchemy import select

from portal.models import AuditEvent, CaseFile, Partner, table_of

GONE = {"erase_slot": "both", "erase_reason": "mistake", "confirm": "yes", "password": PASSWORD}


@pytest.fixture
def case(house: World) -> Case:
    made = house.case(therapist=house.staff("Thea"))
    made.send("a", harm_received__weapon="past_year")
    made.join("b")
    return made


def _slots(case: Case) -> list[str]:
    p = table_of(Partner).c
    with case.world.store.staff.read() as session:
        return list(session.scalars(select(p.slot).where(p.case_id == case.id).order_by(p.slot)))


def _events(case: Case, *verbs: str) -> list[tuple[str, str, dict[str, str]]]:
    c = table_of(AuditEvent).c
    with case.world.store.staff.read() as session:
        rows = session.execute(
            select(c.verb, c.actor_id, c.detail).where(c.verb.in_(verbs)).order_by(c.happened_at, c.id)
        )
        return sorted((row.verb, row.actor_id, json.loads(row.detail)) for row in rows)


def test_closing_always_asks_for_a_note_and_tells_nothing_of_findings(
    house: World, ada: Desk, case: Case
) -> None:
    path = f"/admin/cases/{case.id}"
    safe = house.case()
    for one in (case, safe):
        answer = ada.post(f"/admin/cases/{one.id}/closing", reason="finished")
        assert (answer.status_code, errors(answer)) == (400, {"note": "Note: Please fill this in."})
    for note, why in (("x\0", "character"), ("x" * 20_001, "longer")):
        answer = ada.post(f"{path}/closing", reason="finished", note=note)
        assert (answer.status_code, why in errors(answer)["note"]) == (400, True)
    answer = ada.post(f"{path}/closing", reason="", note="Asked Thea.")
    assert (answer.status_code, list(errors(answer)), "Asked Thea." in answer.text) == (400, ["reason"], True)
    assert ada.post(f"{path}/closing", reason="finished", note="Asked Thea.").location == path
    page = ada.get(path)
    assert ("the work here is finished" in page.text, "Asked Thea." in page.text) == (True, False)
    again = ada.post(f"{path}/closing", reason="finished", note="Asked Thea.")
    assert (again.status_code, "closed already" in errors(again)["reason"]) == (409, True)
    assert ada.post(f"{path}/reopening").location == path
    answer = ada.post(f"{path}/reopening")
    assert (answer.status_code, errors(answer)) == (
        409,
        {"reopen": "Open the case again: This case is open."},
    )


def test_a_hold_keeps_it_from_being_erased(house: World, ada: Desk, case: Case) -> None:
    path = f"/admin/cases/{case.id}"
    assert ada.post(f"{path}/hold", decision="maybe").status_code == 400
    assert ada.post(f"{path}/hold", decision="hold").location == path
    assert "Lift the hold" in ada.get(path).text
    for slot in ("a", "both"):
        refused = ada.post(f"{path}/erasure", **{**GONE, "erase_slot": slot})
        assert (refused.status_code, "legal hold" in errors(refused)["erase_slot"]) == (409, True)
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]
    stale = ada.post(f"{path}/hold", decision="lift")
    assert (stale.status_code, list(errors(stale)), 'id="hold_password"' in stale.text) == (
        400, ["hold_password"], True,
    )  # fmt: skip
    assert ada.post(f"{path}/hold", decision="lift", password=PASSWORD).status_code == 303
    assert [event[0] for event in _events(case, "case.held", "case.hold_lifted")] == [
        "case.held", "case.hold_lifted",
    ]  # fmt: skip


def test_erasing_one_person_and_then_the_case(house: World, ada: Desk, case: Case) -> None:
    path = f"/admin/cases/{case.id}"
    nothing = ada.post(f"{path}/erasure", password=PASSWORD)
    assert (nothing.status_code, sorted(errors(nothing))) == (400, ["confirm", "erase_reason", "erase_slot"])
    for given in ({}, {"password": "not the one I chose once"}):
        refused = ada.post(f"{path}/erasure", **{**GONE, "password": "", **given})
        assert (refused.status_code, list(errors(refused))) == (400, ["erase_password"])
    one = {**GONE, "erase_slot": "b", "erase_reason": "person_asked"}
    partner_id = case.ids["b"]
    assert ada.post(f"{path}/erasure", **one).location == path
    assert _slots(case) == ["a"]
    nobody = ada.post(f"{path}/erasure", **one)
    assert (nobody.status_code, list(errors(nobody))) == (400, ["erase_slot"])
    assert ada.post(f"{path}/erasure", **GONE).location == "/admin/cases"
    assert (ada.get(path).status_code, _slots(case)) == (404, [])
    assert _events(case, "person.erased", "case.erased") == [
        ("case.erased", ada.viewer.id, {"reason": "mistake"}),
        ("person.erased", ada.viewer.id, {"partner": partner_id, "reason": "person_asked", "slot": "b"}),
    ]


def test_erasing_the_last_person_ends_the_case(house: World, ada: Desk) -> None:
    case = house.case(slots="a")
    case.join("a")
    answer = ada.post(f"/admin/cases/{case.id}/erasure", **{**GONE, "erase_slot": "a"})
    assert answer.location == "/admin/cases"
    with house.store.staff.read() as session:
        assert session.scalars(select(table_of(CaseFile).c.id)).all() == []


def test_a_record_that_was_merged_away_is_not_closed_again(
    house: World, ada: Desk, sit: Callable[..., Desk], case: Case
) -> None:
    from sqlalchemy import update

    with house.store.staff.write() as session:
        session.execute(
            update(table_of(CaseFile)).values(merged_into_id=case.id, closed_at=house.tools.now())
        )
    page = ada.get(f"/admin/cases/{case.id}")
    assert 'id="ending"' not in page.text
    assert ada.post(f"/admin/cases/{case.id}/reopening").status_code == 409
