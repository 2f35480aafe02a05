"""Payloads through every text field into every page, mail and export that shows them (T01, T02, T05, T06)."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from payload_sets import EVERYTHING, MARK, QUERIES, SCRIPTS, WALL, look
from pypdf import PdfReader
from sqlalchemy import text

from cast import OFFICE, Cast
from moving_clock import Clock
from partner_rooms import opened_statements
from portal.domain.access import Viewer
from portal.models import Base
from portal.services import (
    accounts,
    consents,
    contacts,
    export_orders,
    export_streams,
    exports,
    people,
    practice_settings,
    practices,
    sessions,
)
from portal.services.tools import Tools
from portal.store import Store
from portal.typeset import page_count

LETTER = f"Please come by. {SCRIPTS[0]} {SCRIPTS[1]} {SCRIPTS[7]} {QUERIES[2]}"


class Office:
    """The practice behind the pages, and everybody's browsers."""

    def __init__(self, app: Flask, tools: Tools, clock: Clock, folder: Path) -> None:
        self.app, self.tools = app, tools
        self.store: Store = app.extensions["portal.house"].store
        self.company = Cast(self.store, tools, clock, folder)

    def at_desk(self, viewer: Viewer) -> Browser:
        with self.store.staff.write() as session:
            token = sessions.open_staff(session, self.tools, staff_id=viewer.id, second_factor=True)
        return Browser(self.app.test_client(), "portal-staff", token, self.tools)

    def at_home(self, viewer: Viewer) -> Browser:
        with self.store.partner.write() as session:
            token = sessions.open_partner(session, self.tools, account_id=viewer.id)
        return Browser(self.app.test_client(), "portal", token, self.tools)


class Browser:
    """Posts with the session's token."""

    def __init__(self, client: FlaskClient, cookie: str, token: str, tools: Tools) -> None:
        client.set_cookie(cookie, token)
        self.client, self.csrf = client, tools.vault.mac("csrf", token.encode())

    def get(self, path: str) -> str:
        return self.client.get(path).text

    def post(self, path: str, /, **fields: Any) -> Any:
        return self.client.post(path, data={"csrf_token": self.csrf, **fields})


@pytest.fixture
def office(app: Flask, tools: Tools, clock: Clock, tmp_path: Path) -> Office:
    return Office(app, tools, clock, tmp_path / "exports")


@pytest.fixture
def played(office: Office) -> dict[str, Any]:
    """Both partners and the therapist type the wall wherever something can be typed."""
    company = office.company
    thea = company.therapist(roles=("admin", "therapist"))
    theo = company.therapist("theo@example.org")
    company.sets(practice_name=f"River {SCRIPTS[0]}"[:60], on_call_email="oncall@example.org")
    pair = company.couple(therapist="thea@example.org")
    for someone in (pair.a, pair.b):
        someone.joins()
        with office.store.partner.write() as session:
            consents.give(
                session, office.tools, full_name=SCRIPTS[1], practice=practices.view(session),
                language="en", by=someone.viewer,
            )  # fmt: skip
            contact = {"channel": "post", "address": SCRIPTS[0], "hours": SCRIPTS[6]}
            contacts.give(session, office.tools, contact=contact, by=someone.viewer)
            accounts.keep(session, office.tools, by=someone.viewer)
            accounts.see_leaving(session, office.tools, by=someone.viewer)
    home = office.at_home(pair.a.viewer)
    sent = [home.post("/my/form", section="words", version="0", go="save", own_words=WALL[:1900])]
    pair.a.fills().submits()
    pair.b.sends()
    sent.append(home.post("/my/message", text=WALL))
    sent.append(home.post("/my/add", text=WALL))
    company.works()
    return {"office": office, "pair": pair, "thea": thea, "theo": theo, "home": home, "sent": sent}


def test_t01_every_text_is_text_on_every_page(played: dict[str, Any]) -> None:
    office, pair, thea = played["office"], played["pair"], played["thea"]
    assert [answer.status_code for answer in played["sent"]] == [303] * 3
    desk, case = office.at_desk(thea), f"/cases/{pair.id}"
    ticks = {"identity_confirmed": "yes", "private_setting": "yes", "safety_reasked": "yes"}
    acts = [
        desk.post(f"{case}/interviews", slot=slot, note=WALL, **ticks) for slot in "ab"
    ] + [
        desk.post(f"{case}/clearances", tier="A", note=WALL),
        desk.post(f"{case}/facts", slot="a", shared_account="no", note=WALL),
        desk.post(f"{case}/review", decision="accept", note=WALL),
        desk.post(f"{case}/appointments", slot="a", place=SCRIPTS[5], starts_at="2026-12-01", minutes="9"),
        desk.post(f"{case}/releases", slot="a", letter="free", body=LETTER),
    ]  # fmt: skip
    assert [act.status_code for act in acts] == [303] * len(acts), [act.text[:300] for act in acts]
    theo = office.at_desk(played["theo"])
    assert theo.post(f"{case}/break-glass", reason=WALL).status_code == 303
    pages = {
        path: browser.get(path)
        for browser, paths in (
            (desk, (case, f"{case}/partners/a", "/caseload", "/admin", "/admin/audit", "/admin/people",
                    "/admin/exports", "/admin/settings", f"/admin/cases/{pair.id}", acts[-1].location)),
            (played["home"], ("/my", "/my/account", "/my/message", "/my/consent", "/my/contact")),
        )
        for path in paths
    }  # fmt: skip
    seen = {path: look(page) for path, page in pages.items()}
    assert {path: acting for path, (acting, _) in seen.items() if acting} == {}
    shown = "".join(seen[case][1].split())
    missing = [one for one in SCRIPTS if "".join(one.split()) not in shown]
    assert missing == []
    for path in (acts[-1].location, "/my"):
        assert SCRIPTS[0] in seen[path][1]
    paper = desk.client.get(f"{case}/brief.pdf")
    assert (paper.status_code, paper.data[:5], page_count(paper.data) <= 2) == (200, b"%PDF-", True)
    assert [name for name in (b"/JavaScript", b"/URI", b"/AA", b"/OpenAction") if name in paper.data] == []
    assert SCRIPTS[0] in " ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.data)).pages)
    mails = "".join(mail.as_string() for mail in office.company.outbox)
    assert WALL[:40] not in mails


def test_t01_refused_forms_show_text_as_text(played: dict[str, Any]) -> None:
    office, pair = played["office"], played["pair"]
    desk, case = office.at_desk(played["thea"]), f"/cases/{pair.id}"
    home = played["home"]
    pages = [
        desk.post(f"{case}/interviews", slot="x", note=WALL),
        desk.post(f"{case}/releases", slot="a", letter="none", body=WALL),
        desk.post(f"{case}/invitations", slot="a", email=SCRIPTS[1]),
        desk.post("/caseload/search", name=SCRIPTS[1] * 20),
        desk.post("/admin/people", email=SCRIPTS[1], full_name=SCRIPTS[7], roles="admin"),
        desk.post("/admin/cases", email_a=SCRIPTS[1], email_b=SCRIPTS[2], therapist=SCRIPTS[4]),
        desk.post("/admin/exports", format=SCRIPTS[1], since=SCRIPTS[2], purpose=SCRIPTS[7]),
        desk.post("/admin/settings", practice_name=SCRIPTS[1], phone=SCRIPTS[2] * 40, time_zone=SCRIPTS[7]),
        home.post("/my/contact", channel="email", address=SCRIPTS[1], hours=SCRIPTS[7], time_zone=SCRIPTS[2]),
        home.post("/my/partner", choice="invite", email=SCRIPTS[1], phone=SCRIPTS[2]),
        office.app.test_client().post("/sign-in", data={"name": SCRIPTS[1]}),
        office.app.test_client().post("/my/message", data={"text": WALL, SCRIPTS[1]: SCRIPTS[2]}),
        office.app.test_client().post("/begin", data={"email": SCRIPTS[1], "password": SCRIPTS[7]}),
    ]
    found = [(page.status_code, look(page.text)[0]) for page in pages]
    assert found == [(400, [])] * 11 + [(401, []), (400, [])]


def test_t02_no_text_changes_a_query(played: dict[str, Any]) -> None:
    office = played["office"]
    desk = office.at_desk(played["thea"])
    for query in QUERIES:
        assert desk.post("/caseload/search", name=query).status_code == 200
        assert desk.client.get("/admin/audit", query_string={"kind": query}).status_code == 400
        assert desk.client.get("/admin/cases", query_string={"before": query}).status_code == 400
        assert desk.client.get("/caseload", query_string={"after": query}).status_code == 200
        wrong = office.app.test_client()
        assert wrong.get("/cases/" + query.replace("/", "")).status_code == 303
    with office.store.staff.read() as session:
        assert session.execute(text("SELECT count(*) FROM practice")).scalar() == 1


def _report(office: Any, order: export_orders.Order) -> bytes:
    company: Cast = office.company
    with office.store.staff.write() as session:
        view = exports.create(session, office.tools, order=order, by=OFFICE)
    company.works()
    with office.store.staff.read() as session:
        view = exports.find(session, office.tools, view.id)
    assert view.state == "ready"
    return b"".join(
        export_streams.content(office.store, office.tools, view=view, folder=company.folder, by=OFFICE)
    )


def test_a_workbook_and_a_record_hold_every_payload_as_text(played: dict[str, Any]) -> None:
    office, kinds = played["office"], ("safety", "suicide", "affair", "substance", "text")
    order = export_orders.Order("xlsx", identified=True, include=kinds, purpose="Audit")
    book = openpyxl.load_workbook(io.BytesIO(_report(office, order)))
    cells = [cell for row in book["Report"].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert any(MARK in str(cell.value) for cell in cells)
    with office.store.staff.read() as session:
        case = session.execute(text("SELECT case_id FROM partner LIMIT 1")).scalar()
    about = export_orders.Filters(case=str(case), slot="a")
    for report in ("person", "case"):
        order = export_orders.Order("pdf", None, None, True, kinds, "Audit", report, about)
        pages = PdfReader(io.BytesIO(_report(office, order))).pages
        assert MARK in "".join(page.extract_text() for page in pages).replace("\n", "")


def test_t03_an_export_holds_text_and_no_formula(played: dict[str, Any]) -> None:
    office = played["office"]
    order = export_orders.Order("csv", identified=True, include=("text",), purpose="Audit")
    read = _report(office, order)
    table = list(csv.reader(io.StringIO(read.decode("utf-8-sig"), newline="")))
    cells = [cell for row in table for cell in row]
    assert {len(row) for row in table} == {len(table[0])}
    assert any(MARK in cell for cell in cells)
    risky = "=+-@\t\r\0＝＋－＠"
    assert [cell for cell in cells if cell.lstrip(" ")[:1] in risky and cell.lstrip(" ")[:1]] == []


@pytest.mark.parametrize("name", ["practice_name", "phone", "on_call_email"])
@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\x0b", "\x85"])
def test_t05_no_line_break_gets_into_a_header(office: Office, name: str, breaks: str) -> None:
    desk = office.at_desk(office.company.therapist(roles=("admin",)))
    answer = desk.post("/admin/settings", **{name: f"a@b.org{breaks}Bcc: all@example.org"})
    assert answer.status_code == 400
    office.company.couple()
    assert len(office.company.outbox) == 2
    for mail in office.company.outbox:
        assert (mail["Bcc"], "Bcc:" in str(mail["Subject"]) + str(mail["To"])) == (None, False)


def test_t06_composed_and_decomposed_are_one_text(office: Office) -> None:
    someone = office.company.alone().comes_in()
    home = office.at_home(someone.viewer)
    for typed in EVERYTHING:
        assert home.post("/my/message", text=typed).status_code == 303
    kept = [body["text"] for kind, body in opened_statements(office.store, office.tools) if kind == "message"]
    wanted = [unicodedata.normalize("NFC", typed) for typed in EVERYTHING]
    assert sorted(kept) == sorted(wanted)


def test_t13_columns_posted_as_fields_change_nothing(played: dict[str, Any]) -> None:
    """Every column name of every table, posted to forms of every room; and the trail tells that they came."""
    office, pair, thea = played["office"], played["pair"], played["thea"]
    columns = {column.name: "1" for table in Base.metadata.tables.values() for column in table.columns}
    ticks = ("identity_confirmed", "private_setting", "safety_reasked")
    extra = {
        name: value
        for name, value in columns.items()
        if name not in ("slot", "note", "language", "roles", *practice_settings.FIELDS, *ticks)
    }
    desk, home = office.at_desk(thea), played["home"]
    theo_before = _staff_row(office, played["theo"])
    posts = [
        desk.post(f"/cases/{pair.id}/interviews", **{**extra, "slot": "a", "note": "x"}),
        desk.post("/admin/settings", **{**extra, "practice_name": "Riverside", "phone": "555 0100",
                  "time_zone": "UTC", "confidentiality": "b", "self_referral": "yes", "stale_days": "60",
                  "alcohol_level": "8", "index_margin": "10"}),
        desk.post(f"/admin/people/{played['theo'].id}", roles="therapist", **{**extra, "disabled": ""}),
        home.post("/my/message", **{**extra, "text": "x"}),
        home.post("/my/account", **{**extra, "language": "en"}),
    ]  # fmt: skip
    assert [post.status_code for post in posts] == [303] * 5, [post.text[-900:] for post in posts]
    assert _staff_row(office, played["theo"]) == theo_before
    with office.store.staff.read() as session:
        told = session.execute(
            text("SELECT count(*) FROM audit_event WHERE verb = 'request.unexpected_fields'")
        ).scalar()
    assert told == 5


def _staff_row(office: Office, viewer: Viewer) -> people.StaffMember:
    with office.store.staff.read() as session:
        return people.find(session, office.tools, viewer.id)


def test_t14_the_first_value_counts_and_the_address_counts_for_nothing(office: Office) -> None:
    home = office.at_home(office.company.alone().comes_in().viewer)
    answer = home.client.post(
        "/my/message?text=query&csrf_token=query",
        data={"csrf_token": [home.csrf, "x"], "text": ["first", "second"], "text[]": "array"},
    )
    bodies = [body for kind, body in opened_statements(office.store, office.tools) if kind == "message"]
    assert (answer.status_code, bodies) == (303, [{"text": "first"}])


@pytest.mark.parametrize(("fields", "status"), [(1_900, 303), (2_100, 400), (100_000, 400)])
def test_many_fields_are_bounded(office: Office, fields: int, status: int) -> None:
    home = office.at_home(office.company.alone().comes_in().viewer)
    many = {f"f{number}": "x" for number in range(fields)}
    assert home.post("/my/message", text="words", **many).status_code == status
