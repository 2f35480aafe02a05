"""Insights: what the worker counts, what the page shows and leaves out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask import Flask
from practice_world import Desk, World
from sqlalchemy import event, insert, select

from portal.domain.access import Viewer
from portal.models import AuditEvent, DiscernmentEnd, Insight, Job, table_of
from portal.services import insights
from portal.services.insight_tally import PARTS
from portal.vault import Place
from portal.web.admin import insights_presenter

Sit = Callable[[Viewer], Desk]
OUT = {"lean": "4", "commit_months": "unsure", "first_step": "one_or_two", "doubts_told": "partly"}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EMPTY: dict[str, dict[str, int]] = {part: {} for part in PARTS}


@pytest.fixture
def ada(house: World) -> Viewer:
    return house.staff("Ada", roles=("admin",))


def counts_of(house: World) -> dict[str, Any]:
    while not insights.reckon(house.store, house.tools):
        pass
    with house.store.staff.read() as session:
        row = session.execute(select(table_of(Insight))).one()
    place = Place("insight", "body_box", row.id)
    found: dict[str, Any] = json.loads(house.tools.vault.unbox("staff", place, row.body_box))
    return found


def keep(house: World, **counts: dict[str, int]) -> None:
    """Figures as if they had been reckoned just now."""
    body = json.dumps({**EMPTY, **counts})
    place = Place("insight", "body_box", insights.INSIGHT_ID)
    row = {
        "id": insights.INSIGHT_ID, "body_box": house.tools.vault.box("staff", place, body),
        "made_at": house.tools.now(),
    }  # fmt: skip
    with house.store.staff.write() as session:
        session.execute(insert(table_of(Insight)), [row])


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def test_what_is_counted_of_a_practice(house: World, thea: Viewer) -> None:
    mixed = house.case(therapist=thea)
    mixed.send("a", **OUT)
    mixed.send("b")
    house.tools.clock.move(days=3)  # type: ignore[attr-defined]
    mixed.see("a", thea)
    mixed.sign(thea)
    close = house.case(therapist=thea)
    close.send("a", lean="declined")
    close.send("b")
    close.sign(thea, decision="override", route="consult", reason_code="partner_wish", note="As they asked.")
    ended = {
        "id": house.tools.new_id(), "case_id": mixed.id, "path": 2, "ended_on": "2026-11-26",
        "note_box": b"x", "ended_by": thea.id, "ended_at": house.tools.now(),
        "outcome_due_on": "2027-05-26",
    }  # fmt: skip
    with house.store.staff.write() as session:
        session.execute(insert(table_of(DiscernmentEnd)), [ended])
    begun = house.case(therapist=thea)
    begun.join("a")
    house.case(therapist=thea, slots="")
    found = counts_of(house)
    assert {part: found[part] for part in ("routes", "lean", "reviews", "reasons", "call_days", "forms")} == {
        "routes": {"2026-11|discernment": 1, "2026-11|wait": 1},
        "lean": {"4|1": 1},
        "reviews": {"R17b|discernment|discernment": 1, "R11|wait|consult": 1},
        "reasons": {"partner_wish": 1},
        "call_days": {"3": 1},
        "forms": {"begun": 5, "sent": 4},
    }
    assert found["paths"] == {"2": 1}
    assert found["sign_days"] == {"3": 1, "0": 1}
    assert sum(found["left_at"].values()) == 1


def test_a_withdrawn_form_and_an_interview_before_it_are_not_counted(house: World, thea: Viewer) -> None:
    case = house.case(therapist=thea, slots="a")
    case.join("a")
    case.see("a", thea)
    house.tools.clock.move(days=1)  # type: ignore[attr-defined]
    case.send("a")
    assert counts_of(house)["call_days"] == {}
    case.sign(thea)
    house.tools.clock.move(days=1)  # type: ignore[attr-defined]
    case.say("a", "withdrawal", {"reason": ""})
    assert (counts_of(house)["sign_days"], counts_of(house)["lean"]) == ({}, {})


def test_every_batch_is_counted(house: World, thea: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "BATCH", 1)
    monkeypatch.setattr(insights, "SLICE", 2)
    for _ in range(5):
        house.case(therapist=thea).send("a")
    # Stopped after a slice, and begun anew where it is a day old: nothing is counted twice.
    assert not insights.reckon(house.store, house.tools)
    assert counts_of(house)["routes"] == {"2026-11|wait": 5}
    assert not insights.reckon(house.store, house.tools)
    house.tools.clock.move(days=2)  # type: ignore[attr-defined]
    assert counts_of(house)["routes"] == {"2026-11|wait": 5}
    with house.store.staff.read() as session:
        assert session.scalars(select(table_of(Insight).c.id)).all() == ["practice"]


def test_looking_asks_for_new_figures_and_leaves_an_event(house: World, desk: Sit, ada: Viewer) -> None:
    sit = desk(ada)
    assert "The figures are being reckoned." in sit.get("/admin/insights")
    sit.get("/admin/insights")
    j, e = table_of(Job).c, table_of(AuditEvent).c
    with house.store.staff.read() as session:
        assert len(session.scalars(select(j.id).where(j.kind == "insights")).all()) == 1
        assert len(session.scalars(select(e.id).where(e.verb == "insights.viewed")).all()) == 2
    house.work()
    assert "Counts over the whole practice" in plain(sit.get("/admin/insights"))
    with house.store.staff.read() as session:
        waiting = session.scalars(select(j.due_at).where(j.kind == "insights", j.done_at.is_(None))).all()
    assert [due - house.tools.now() for due in waiting] == [insights.AGAIN_AFTER]


def test_a_page_takes_the_same_few_statements_whatever_it_holds(
    app: Flask, house: World, desk: Sit, ada: Viewer
) -> None:
    sit, taken = desk(ada), []
    for _ in range(2):
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(house.store.staff.engine, "before_cursor_execute", note)
        sit.get("/admin/insights")
        event.remove(house.store.staff.engine, "before_cursor_execute", note)
        taken.append(len([one for one in seen if one.startswith(("SELECT", "INSERT", "UPDATE"))]))
        if taken == taken[:1]:
            keep(house, routes={"2026-11|couples": 40, "2026-10|safety": 9})
    assert taken[1] <= taken[0] <= 8


def test_the_page_draws_and_says_its_figures(house: World, desk: Sit, ada: Viewer) -> None:
    keep(
        house,
        routes={"2026-10|couples": 20, "2026-10|discernment": 7, "2026-11|couples": 30, "2026-11|safety": 3},
        lean={"1|1": 40, "4|1": 9, "1|4": 8, "5|1": 2},
        reviews={
            "R17b|discernment|discernment": 9,
            "R17b|discernment|consult": 6,
            "R18b|couples|couples": 40,
        },
        reasons={"partner_wish": 6, "safety": 2},
        call_days={"1": 10, "3": 10, "9": 20},
        sign_days={"2": 3},
        sections={"start": 52, "basics": 41},
        left_at={"safety": 12, "words": 1},
        forms={"begun": 52, "sent": 31},
        paths={"1": 10, "2": 20, "3": 20},
    )
    page = desk(ada).get("/admin/insights")
    text = plain(page)
    for words in (
        "Oct 2026", "Nov 2026", "Couples therapy 20 30", "All cases 55 89 % 0.74 0.59 – 0.89",
        "R18b · Couples therapy 40", "A partner's wish fewer than 5, or left out",
        "From sending to the first interview, each person 40 3 50 %",
        "From the first form to the signature, each case fewer than 5, or left out",
        "Begun 50", "Sent 30", "Separation, or ending it 20 40 % 41 %",
    ):  # fmt: skip
        assert words in text, words
    assert page.count('role="img"') == 8
    assert "style=" not in page


def test_small_figures_are_left_out_of_the_drawing_and_the_table(app: Flask) -> None:
    view = insights.InsightView(
        {**EMPTY, "lean": {"1|1": 40, "5|1": 2}, "reviews": {"R1|safety|safety": 2}},
        NOON,
    )
    with app.test_request_context():
        blocks = {block.id: block for block in insights_presenter.present(view)}
    assert [row["cells"] for row in blocks["lean"].drawn] == [
        [None, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [None, 0, 0, 0, 0],
    ]  # fmt: skip
    assert (blocks["agreement"].drawn, blocks["agreement"].rows) == ([], [])


def test_kappa_is_not_drawn_where_it_is_not_defined(app: Flask) -> None:
    view = insights.InsightView({**EMPTY, "reviews": {"R18b|couples|couples": 9}}, NOON)
    with app.test_request_context():
        block = next(one for one in insights_presenter.present(view) if one.id == "agreement")
    assert list(block.drawn) == []
    assert [row[:3] for row in block.rows] == [
        ["All cases", 9, "100 %"],
        ["R18b · Couples therapy", 9, "100 %"],
    ]
