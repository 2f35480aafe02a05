"""Somebody writes a query for the other's answers into a partner's view: it fails, and shows nothing.

The view is the real one; the query stands in the service it calls, with the session it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, func, select

from partner_rooms import Browser
from portal.domain.access import Viewer
from portal.models import (
    CaseFile,
    Finding,
    Intake,
    Letter,
    Partner,
    Recommendation,
    Review,
    SealedEntry,
    Statement,
    table_of,
)
from portal.services import partner_pages

P, INTAKE, S = table_of(Partner).c, table_of(Intake).c, table_of(SealedEntry).c


def _others(viewer: Viewer) -> Any:
    """The partner ids of the viewer's case."""
    mine = select(P.case_id).where(P.id == viewer.partner_id).scalar_subquery()
    return select(P.id).where(P.case_id == mine)


PLANTED: dict[str, Callable[[Viewer], Select[Any]]] = {
    "the other's sealed answers": lambda by: select(S.body_sealed).join_from(
        table_of(SealedEntry), table_of(Intake), S.intake_id == INTAKE.id
    ),
    "how many there are": lambda by: select(func.count()).select_from(table_of(SealedEntry)),
    "whether any is there": lambda by: select(select(S.id).exists()),
    "who the other is": _others,
    "the other's intake": lambda by: select(INTAKE.id).where(INTAKE.partner_id.in_(_others(by))),
    "the case": lambda by: select(table_of(CaseFile).c.urgency),
    "findings": lambda by: select(table_of(Finding).c.partner_id),
    "the recommendation": lambda by: select(table_of(Recommendation).c.body_box),
    "the review": lambda by: select(table_of(Review).c.body_box),
    "letters that wait": lambda by: select(table_of(Letter).c.state),
    "what the other told": lambda by: select(table_of(Statement).c.body_sealed),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_query_fails_in_the_view(
    visit: Callable[..., Browser], app: Flask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    one = visit()
    other = visit(case_id=one.person.case_id, slot="b")
    other.save("safety", 0, fear="strong", go="next")
    other.post("/my/message", text="Please do not tell.")
    assert one.get("/my").status_code == 200
    asked: list[object] = []
    real = partner_pages.notices

    def planted(session: Any, tools: Any, *, by: Viewer) -> Any:
        asked.append(name)
        found = session.execute(PLANTED[name](by)).all()
        raise AssertionError(f"read {len(found)} rows")

    monkeypatch.setattr(partner_pages, "notices", planted)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = one.get("/my")
    assert (asked, answer.status_code) == ([name], 500)
    refused = pytest.raises(Exception, match=r"prohibited|not authorized|permission denied")
    with refused, one.store.partner.read() as session:
        session.execute(PLANTED[name](one.person.viewer)).all()
    monkeypatch.setattr(partner_pages, "notices", real)
    assert one.get("/my").status_code == 200
