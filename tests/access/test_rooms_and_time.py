"""What time, a changed role, a fault and a broken glass do to who may enter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from access import cells, table
from access.practice import BODY, House
from cast import OFFICE
from moving_clock import Clock
from portal.services import admin_cases, break_glass, mails, people
from portal.services.tools import Tools
from portal.store import Store

ROWS = table.rows()


@pytest.fixture
def tools(house: House) -> Iterator[Tools]:
    """The house's own, and everything put back afterwards."""
    held: Tools = house.app.extensions["portal.house"].tools
    clock: Clock = held.clock  # type: ignore[assignment]
    began = clock.at
    yield held
    clock.at = began
    house.restore()


@pytest.fixture
def move(tools: Tools) -> Callable[..., None]:
    """Let time pass."""
    return tools.clock.move  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def store(house: House) -> Store:
    found: Store = house.app.extensions["portal.house"].store
    return found


def get(house: House, role: str, path: str) -> int:
    return int(house.browser(role)[0].get(path).status_code)


def count(store: Store, statement: str) -> int:
    with store.staff.read() as session:
        return int(session.execute(text(statement)).scalar() or 0)


def test_t47_idle_and_absolute_limits(house: House, move: Callable[..., None]) -> None:
    """Partner 15 minutes / 4 hours, staff 15 minutes / 12 hours, to the second."""
    move(minutes=15)
    assert [get(house, role, path) for role, path in (("a", "/my"), ("thea", "/caseload"))] == [200, 200]
    move(minutes=15, seconds=1)
    assert [get(house, role, path) for role, path in (("a", "/my"), ("thea", "/caseload"))] == [303, 303]
    house.restore()
    move(minutes=-30, seconds=-1)
    stayed = []
    for _ in range(13 * 5):
        stayed.append((get(house, "a", "/my") == 200, get(house, "thea", "/caseload") == 200))
        move(minutes=12)
    assert ([one for one, _ in stayed].index(False), [one for _, one in stayed].index(False)) == (21, 61)


def test_t47_whoever_is_disabled_is_out_in_the_same_second(house: House, tools: Tools, store: Store) -> None:
    assert get(house, "theo", "/caseload") == 200
    with store.staff.write() as session:
        people.change(session, tools, staff_id=house.staff_ids["theo"], roles=None, disabled=True, by=OFFICE)
    client, csrf = house.browser("theo")
    late = client.post("/caseload/search", data={"csrf_token": csrf, "name": "x"})
    assert (get(house, "theo", "/caseload"), late.status_code) == (303, 401)


def test_t51_roles_and_assignments_hold_from_the_next_request(
    house: House, tools: Tools, store: Store
) -> None:
    case = f"/cases/{house.values['case_id']['own']}"
    assert [get(house, role, case) for role in ("thea", "theo")] == [200, 404]
    with store.staff.write() as session:
        case_id = house.values["case_id"]["own"]
        admin_cases.assign(session, tools, case_id=case_id, therapist="theo@example.org", by=OFFICE)
    assert [get(house, role, case) for role in ("thea", "theo")] == [404, 200]
    with store.staff.write() as session:
        theo = house.staff_ids["theo"]
        people.change(session, tools, staff_id=theo, roles=["admin"], disabled=False, by=OFFICE)
    assert [get(house, "theo", path) for path in (case, "/caseload", "/admin")] == [404, 404, 200]


def test_broken_glass_needs_a_reason_alerts_and_closes_again(
    house: House, tools: Tools, store: Store, move: Callable[..., None]
) -> None:
    path, queued = f"/cases/{house.values['case_id']['own']}", "SELECT count(*) FROM mail"
    client, csrf = house.browser("theo")
    before = count(store, queued)
    for reason in ("", "   ", "\n"):
        assert (
            client.post(f"{path}/break-glass", data={"csrf_token": csrf, "reason": reason}).status_code == 400
        )
    assert (get(house, "theo", path), count(store, queued)) == (404, before)
    opened = client.post(f"{path}/break-glass", data={"csrf_token": csrf, "reason": "Thea is ill."})
    assert (opened.status_code, get(house, "theo", path)) == (303, 200)
    with store.staff.write() as session:
        told = [mail.to for mail in mails.lease(session, tools, limit=50)]
    assert told == ["thea@example.org"]
    events = "SELECT count(*) FROM audit_event WHERE verb = 'break_glass.opened' AND actor_id = '{}'"
    assert count(store, events.format(house.staff_ids["theo"])) == 1
    clock: Clock = tools.clock  # type: ignore[assignment]
    until = clock.at + break_glass.OPEN_FOR
    while clock.at < until:
        assert get(house, "theo", path) == 200
        move(minutes=12)
    assert (get(house, "theo", path), get(house, "theo", "/caseload")) == (404, 200)


def sensitive(house: House) -> list[tuple[str, str, dict[str, Any]]]:
    """(role, path, body) of every act that needs a fresh sign-in, with a body that would be taken."""
    case, theo = f"/cases/{house.values['case_id']['own']}", house.staff_ids["theo"]
    return [
        ("ada", "/admin/exports", {"format": "csv"}),
        ("ada", "/admin/people", {"email": "n@example.org", "full_name": "New", "roles": "admin"}),
        ("ada", f"/admin/people/{theo}", {"roles": "admin"}),
        ("ada", f"/admin/people/{theo}/reset", {}),
        ("ada", "/admin/settings", {"practice_name": "Lakeside"}),
        ("thea", "/sign-in/recovery-codes", {}),
        ("thea", f"{case}/clearances", {"tier": "A", "note": "Seen and heard."}),
        ("thea", f"{case}/releases", {"slot": "a", "letter": "free", "body": BODY}),
        ("theo", f"/releases/{house.values['letter_id']['own']}/approval", {"decision": "approve"}),
        ("a", "/my/contact", {"channel": "phone", "address": "555 0177"}),
    ]


def test_t48_sensitive_acts_ask_for_the_password_after_five_minutes(
    house: House, store: Store, move: Callable[..., None]
) -> None:
    move(minutes=5, seconds=1)
    things = "SELECT (SELECT count(*) FROM export) + (SELECT count(*) FROM staff_account) + (SELECT count(*) "
    things += "FROM clearance) + (SELECT count(*) FROM letter) + (SELECT count(*) FROM statement) + "
    things += "(SELECT count(*) FROM staff_code) + (SELECT count(*) FROM notice)"
    before, answers = count(store, things), {}
    for role, path, body in sensitive(house):
        client, csrf = house.browser(role)
        answer = client.post(path, data={"csrf_token": csrf, **body})
        kept = all(value in answer.text for value in body.values() if len(value) > 8)
        answers[path] = (answer.status_code, "password" in answer.text, kept)
    assert (set(answers.values()), count(store, things)) == ({(400, True, True)}, before)


def test_t48_within_five_minutes_they_do_not(house: House, move: Callable[..., None]) -> None:
    move(minutes=5)
    statuses = {}
    for role, path, body in sensitive(house):
        client, csrf = house.browser(role)
        if role != "a":  # a contact is changed with the password, however fresh the sign-in
            statuses[path] = client.post(path, data={"csrf_token": csrf, **body}).status_code
    assert set(statuses.values()) == {303}, statuses


def test_t62_a_fault_in_any_view_is_one_page_that_tells_nothing(house: House, tools: Tools) -> None:
    told = set()
    for entrance in cells.entrances(house):
        if entrance.endpoint == "static":
            continue
        row = ROWS[_key(entrance)]
        role = next((one for one in ("a", "thea", "ada", "half") if row[one, "own"] != 404), "a")
        view = house.app.view_functions[entrance.endpoint]
        house.app.view_functions[entrance.endpoint] = _failing(view)
        try:
            answer = cells.ask(house, role, entrance, "own")
        finally:
            house.app.view_functions[entrance.endpoint] = view
        told.add((answer.status_code, "planted" in answer.text, len(answer.data)))
    sizes = {size for _, _, size in told if size}  # a draft's answer is empty
    assert ({(status, leak) for status, leak, _ in told}, len(sizes)) == ({(500, False)}, 1)


def _key(entrance: cells.Entrance) -> table.Key:
    return entrance.endpoint, entrance.method


def _failing(view: Any) -> Any:
    def fail(**_: Any) -> None:
        raise RuntimeError("planted")

    fail.access = replace(view.access, find=None)  # type: ignore[attr-defined]
    return fail


def test_t23_t28_no_page_leads_elsewhere_or_names_anybody_in_a_query(house: House) -> None:
    elsewhere, queries = set(), set()
    for entrance in cells.entrances(house):
        if entrance.method != "GET" or entrance.endpoint == "static":
            continue
        for role in ("anonymous", "a", "thea", "ada"):
            page = cells.ask(house, role, entrance, "own").data.decode(errors="replace")
            for address in re.findall(r'(?:href|src|action)="([^"]*)"', page):
                if address.startswith(("http:", "https:", "//")):
                    elsewhere.add(address)
                if "?" in address and not address.startswith("/static/"):
                    queries.add(re.sub(r"=.*", "", address.partition("?")[2]))
    assert elsewhere == {"https://www.weather.gov/"}
    assert queries <= {"after", "before", "format", "kind", "report", "round", "since", "until", "urgency"}


def test_t50_a_new_column_shows_nowhere(house: House, store: Store, tools: Tools) -> None:
    """A partner's pages name what they show; whatever else an account holds stays where it is."""
    secret = "planted-column-value"
    paths = ("/my", "/my/account", "/my/consent", "/my/contact", "/my/message", "/my/add", "/my/withdraw")
    before = [house.browser("a")[0].get(path).data for path in paths]
    with store.staff.write() as session:
        for name in ("account", "partner", "intake", "notice", "statement"):
            session.execute(text(f"ALTER TABLE {name} ADD COLUMN planted TEXT DEFAULT '{secret}'"))
    after = [house.browser("a")[0].get(path).data for path in paths]
    assert (after, secret.encode() in b"".join(after)) == (before, False)
