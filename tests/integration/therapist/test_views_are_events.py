"""No view of a case, an answer or a letter without its event: where none can be written, nothing is shown.

Every page that staff alone may open is asked for, those of tomorrow too: one whose address cannot be
filled in here fails. And whatever a page decrypts, it decrypts beside an event of the same request (T60).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from practice_world import PASSWORD, Case, Desk, World
from sqlalchemy import func, select

from portal.domain.access import Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit, export_orders, exports, releases
from portal.vault import Place, Vault

#: Staff pages that show nothing of any partner: a form, a list of colleagues, settings, what was asked for.
SHOW_NOBODY = {
    *("/admin/exports", "/admin/exports/<export>", "/admin/exports/<export>/manifest", "/admin/people"),
    "/cases/<case_id>/handing-back",
    *("/admin/settings", "/sign-in/recovery-codes", "/shortcuts"),
}
#: What may be opened without an event: colleagues' names, settings, who asked for which report, one's own.
OF_STAFF = {"staff_account", "staff_session", "practice", "export"}
EVERYBODY = frozenset({"therapist", "admin"})


@pytest.fixture
def thea(house: World) -> Viewer:
    return house.staff("Thea", roles=("therapist", "admin"))


@dataclass
class Practice:
    """A couple who sent, a letter to one of them, a report; what addresses may name."""

    case: Case
    given: dict[str, Any]


@pytest.fixture
def practice(house: World, thea: Viewer) -> Practice:
    case = house.case(therapist=thea)
    case.send("a", "Ana López", own_words="He has never once listened.")
    case.send("b", "Ben Ortiz")
    case.sign(thea)
    with house.store.staff.write() as session:
        draft = releases.Draft("a", "next_step", "We call you on Thursday, Ana López.")
        letter = releases.write(session, house.tools, case_id=case.id, draft=draft, by=thea)
        report = exports.create(session, house.tools, order=export_orders.Order("csv"), by=thea).id
    house.work()
    same = dict.fromkeys(("case", "case_id", "subject"), case.id)
    return Practice(
        case,
        {**same, "slot": "a", "kind": "case", "letter_id": letter, "export": report, "staff_id": thea.id},
    )


def _is_of_staff(app: Flask, endpoint: str) -> bool:
    access = getattr(app.view_functions[endpoint], "access", None)
    if access is None or access.is_public:
        return False
    staff, partner = Viewer(kind="staff", id="x", roles=EVERYBODY), Viewer(kind="partner", id="x")
    return bool(access.may_enter(staff) and not access.may_enter(partner))


def _pages(app: Flask, practice: Practice) -> dict[str, str]:
    """Every GET that staff alone may ask for: address -> rule."""
    found, given = {}, practice.given
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and _is_of_staff(app, rule.endpoint):
            assert set(rule.arguments) <= set(given), f"say what {rule.rule} may name"
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **{name: given[name] for name in rule.arguments})
            found[path] = rule.rule
    return found


def _events(house: World) -> int:
    with house.store.staff.read() as session:
        return session.scalar(select(func.count(table_of(AuditEvent).c.id))) or 0


@contextmanager
def _opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The tables of which something was decrypted."""
    seen: set[str] = set()
    opens, unboxes = Vault.open, Vault.unbox

    def open_(self: Vault, place: Place, blob: bytes) -> str:
        seen.add(place.table)
        return opens(self, place, blob)

    def unbox(self: Vault, ring: Any, place: Place, blob: bytes) -> str:
        seen.add(place.table)
        return unboxes(self, ring, place, blob)

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "open", open_)
        patch.setattr(Vault, "unbox", unbox)
        yield seen


def test_every_page_of_staff_leaves_an_event(
    app: Flask,
    house: World,
    desk: Callable[[Viewer], Desk],
    thea: Viewer,
    practice: Practice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, case = desk(thea).client, practice.case
    pages = _pages(app, practice)
    assert {
        "/caseload", f"/cases/{case.id}", f"/cases/{case.id}/partners/a", "/admin/audit",
        f"/releases/{practice.given['letter_id']}", f"/admin/exports/{practice.given['export']}/file",
    } <= pages.keys()  # fmt: skip
    silent, read_in_silence = set(), {}
    for page, rule in pages.items():
        before = _events(house)
        with _opened(monkeypatch) as opened:
            answer = client.get(page)
            assert answer.status_code == 200, page
            answer.get_data()
        if _events(house) == before:
            silent.add(rule)
            read_in_silence[page] = opened - OF_STAFF
    assert {page: tables for page, tables in read_in_silence.items() if tables} == {}
    assert silent <= SHOW_NOBODY


def test_so_does_every_act_that_shows_a_case(
    house: World, desk: Callable[[Viewer], Desk], thea: Viewer, practice: Practice
) -> None:
    """A search, and every form that comes back refused with the case around it."""
    sit, path = desk(thea), f"/cases/{practice.case.id}"
    acts = ("interviews", "clearances", "review", "releases", "invitations", "appointments", "requests")
    posts = {f"{path}/{act}": 400 for act in (*acts, "facts", "closing")}
    posts |= {"/caseload/search": 200, f"{path}/reopening": 409, "/caseload/break-glass": 400}
    for post, status in posts.items():
        sit.get("/caseload")
        before = _events(house)
        sit.post(post, {"name": "Ana"} if "search" in post else {}, status)
        assert _events(house) > before + 1, post  # the one is the look at the caseload for its token


def test_where_no_event_can_be_written_nothing_is_shown(
    app: Flask,
    desk: Callable[[Viewer], Desk],
    thea: Viewer,
    practice: Practice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = desk(thea).client

    def full(*_given: object, **_named: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(audit, "record", full)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for page, rule in _pages(app, practice).items():
        answer = client.get(page)
        if rule not in SHOW_NOBODY:
            assert answer.status_code == 500, page
            text = answer.get_data(as_text=True)
            assert [word for word in ("López", "listened", "Thursday", PASSWORD) if word in text] == []
