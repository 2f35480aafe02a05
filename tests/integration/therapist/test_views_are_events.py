"""No view of a case, an answer or a letter without its event: where none can be written, nothing is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from practice_world import Case, Desk, World
from sqlalchemy import func, select

from portal.domain.access import Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit

#: Staff pages that show nothing of anybody: a form, a list of colleagues, settings.
SHOW_NOBODY = {"/admin/exports", "/admin/people", "/admin/settings"}


@pytest.fixture
def thea(house: World) -> Viewer:
    return house.staff("Thea", roles=("therapist", "admin"))


@pytest.fixture
def couple(house: World, thea: Viewer) -> Case:
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    case.send("b", "Ben Ortiz")
    return case


def _pages(app: Flask, case: Case) -> list[str]:
    """Every GET of staff, with the case's id where one is asked for."""
    given: dict[str, Any] = {
        "case": case.id,
        "case_id": case.id,
        "slot": "a",
        "kind": "case",
        "subject": case.id,
    }
    found = []
    for rule in app.url_map.iter_rules():
        is_staff = rule.rule.startswith(("/caseload", "/cases", "/admin"))
        if is_staff and "GET" in (rule.methods or ()) and set(rule.arguments) <= set(given):
            with app.test_request_context():
                found.append(app.url_for(rule.endpoint, **{name: given[name] for name in rule.arguments}))
    return sorted(found)


def _events(house: World) -> int:
    with house.store.staff.read() as session:
        return session.scalar(select(func.count(table_of(AuditEvent).c.id))) or 0


def test_every_page_of_staff_leaves_an_event(
    app: Flask, house: World, desk: Callable[[Viewer], Desk], thea: Viewer, couple: Case
) -> None:
    client = desk(thea).client
    pages = _pages(app, couple)
    assert {"/caseload", f"/cases/{couple.id}", f"/cases/{couple.id}/partners/a", "/admin/audit"} <= set(
        pages
    )
    silent = set()
    for page in pages:
        before = _events(house)
        assert client.get(page).status_code == 200, page
        if _events(house) == before:
            silent.add(page)
    assert silent <= SHOW_NOBODY


def test_where_no_event_can_be_written_nothing_is_shown(
    app: Flask, desk: Callable[[Viewer], Desk], thea: Viewer, couple: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk(thea).client

    def full(*_given: object, **_named: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(audit, "record", full)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for page in _pages(app, couple):
        answer = client.get(page)
        if page not in SHOW_NOBODY:
            assert answer.status_code == 500, page
            assert "López" not in answer.get_data(as_text=True)
