"""An admin's work from outside: people, cases, settings, reports (contract.md)."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from evening.answer_sheets import sheet
from evening.plain_client import Answer, Browser
from evening.practices import PASSWORD, SETTINGS, Practice, Staff, fill_in, plain_text, routed, within

COLUMNS = (
    "export_id,slot,month,route,reason,rule,model,signed_route,lean,satisfaction,mood_score,gottman,eft,"
    "developmental,gates"
)
NEVER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def couple(practice: Practice, admin: Staff, therapist: Staff) -> tuple[str, Browser, Browser]:
    """A couple that both sent."""
    return practice.couple(admin, therapist, sheet(), sheet(lean="2"))


def report(admin: Staff, **fields: str) -> bytes:
    """A de-identified CSV."""
    asked = admin.browser.submit("/admin/exports", {"format": "csv", "password": PASSWORD, **fields})
    assert asked.status == 303, asked.text[-1500:]
    assert admin.browser.get(asked.location).status == 200
    file = admin.browser.get(asked.location + "/file")
    assert (file.status, file.header("Content-Type")) == (200, "text/csv; charset=utf-8")
    assert "attachment" in str(file.header("Content-Disposition"))
    return file.body


def person_id(admin: Staff, email: str) -> str:
    """The id in the form of a person's row: the one of the row that names the e-mail."""
    page = admin.browser.get("/admin/people").text
    _, _, after = page.partition(email)
    found = re.search(r'action="/admin/people/([0-9a-f-]{36})"', after)
    assert found is not None
    return found[1]


def test_the_report_is_exact_to_the_byte(admin: Staff, couple: tuple[str, Browser, Browser]) -> None:
    body = report(admin)
    assert body.startswith(b"\xef\xbb\xbf" + COLUMNS.encode() + b"\r\n")
    assert body.endswith(b"\r\n")
    assert body.count(b"\n") == body.count(b"\r\n") == 3
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert [(row["slot"], row["route"], row["rule"], row["lean"]) for row in rows] == [
        ("a", "couples", "R18b", "1"),
        ("b", "couples", "R18b", "2"),
    ]
    # By the practice's clock, which need not show the month of ours; it may have turned since they sent.
    now = datetime.now(ZoneInfo(SETTINGS["time_zone"]))
    months = {f"{at:%Y-%m}" for at in (now, now - timedelta(hours=6))}
    assert {row["month"] for row in rows} <= months
    assert [
        (row["satisfaction"], row["mood_score"], row["gottman"], row["signed_route"]) for row in rows
    ] == [("12", "4", "50", "")] * 2
    assert b"Alex" not in body
    assert couple[0].rsplit("/", 1)[1].encode() not in body


def test_since_and_until_are_days_both_included(admin: Staff, couple: tuple[str, Browser, Browser]) -> None:
    today = datetime.now(UTC).date()
    days = {n: (today + timedelta(days=n)).isoformat() for n in (-2, -1, 0, 1, 2)}
    assert report(admin, since=days[-1], until=days[1]).count(b"\r\n") == 3
    assert report(admin, since=days[2]).count(b"\r\n") == 1
    assert report(admin, until=days[-2]).count(b"\r\n") == 1
    one_day = [report(admin, since=days[n], until=days[n]).count(b"\r\n") - 1 for n in (-1, 0, 1)]
    # Sent on one day of the practice's clock, unless it turned between the two.
    assert sorted(one_day) in ([0, 0, 2], [0, 1, 1])


def test_bad_reports_are_refused(admin: Staff, couple: tuple[str, Browser, Browser]) -> None:
    good = {"format": "csv", "purpose": "my own purpose", "password": PASSWORD}
    for bad in (
        {"format": "pdf"},
        {"format": ""},
        {"since": "yesterday"},
        {"since": "2026-02-30"},
        {"since": "2026-05-02", "until": "2026-05-01"},
        {"identified": "yes", "purpose": ""},
        {"identified": "maybe"},
        {"include": "everything"},
        {"purpose": "p" * 1_000_000},
    ):
        answer = admin.browser.submit("/admin/exports", good | bad)
        assert answer.status == 400, bad
        assert PASSWORD not in answer.text
        assert "purpose" in bad or "my own purpose" in answer.text, bad
    wrong = admin.browser.submit(
        "/admin/exports", {**good, "identified": "yes", "password": "wrong wrong wrong"}
    )
    assert wrong.status == 400
    for path in (f"/admin/exports/{NEVER}", f"/admin/exports/{NEVER}/file", "/admin/exports/x"):
        assert admin.browser.get(path).status == 404


def test_an_identified_report_needs_purpose_and_password(
    admin: Staff, couple: tuple[str, Browser, Browser]
) -> None:
    fields = {"format": "csv", "identified": "yes", "purpose": "Care handover"}
    missing = admin.browser.submit("/admin/exports", fields)
    assert missing.status == 400
    assert "Care handover" in missing.text
    asked = admin.browser.submit("/admin/exports", {**fields, "password": PASSWORD})
    assert asked.status == 303
    within(5, lambda: admin.browser.get(asked.location + "/file").status == 200)
    assert b"Alex Morgan" in admin.browser.get(asked.location + "/file").body


def test_settings_have_ranges_and_a_missing_one_stays(admin: Staff) -> None:
    for bad in (
        {"practice_name": ""},
        {"on_call_email": "nonsense"},
        {"time_zone": "Mars/Olympus"},
        {"confidentiality": "d"},
        {"self_referral": "maybe"},
        {"stale_days": "0"},
        {"stale_days": "sixty"},
        {"stale_days": "99999999"},
        {"alcohol_level": "13"},
        {"alcohol_level": "-1"},
        {"index_margin": "1000"},
        {"index_margin": "1.5"},
        {"practice_name": "n" * 1_000_000},
        {"practice_name": "\x00"},
    ):
        answer = admin.browser.submit("/admin/settings", {**SETTINGS, "phone": "555 0199", **bad})
        assert answer.status == 400, bad
        assert answer.field("phone") == "555 0199", bad
    assert admin.browser.get("/admin/settings").field("phone") == "555 0100"
    assert admin.browser.submit("/admin/settings", {"stale_days": "45"}).location == "/admin/settings"
    page = admin.browser.get("/admin/settings")
    assert [page.field(name) for name in ("practice_name", "phone", "stale_days")] == [
        "Riverside",
        "555 0100",
        "45",
    ]
    assert admin.browser.submit("/admin/settings", {"stale_days": "60"}).status == 303


def test_a_practice_may_close_the_door_to_self_referrals(practice: Practice, admin: Staff) -> None:
    visitor = practice.visitor()
    token = visitor.get("/begin").field("csrf_token")
    assert admin.browser.submit("/admin/settings", {"self_referral": "no"}).status == 303
    closed = visitor.get("/begin")
    assert closed.status == 200
    assert "password" not in closed.fields()
    refused = visitor.post("/begin", {"password": PASSWORD}, token=token)
    assert refused.location != "/my/account"
    assert refused.status < 500
    assert admin.browser.submit("/admin/settings", {"self_referral": "yes"}).status == 303


def test_cases_are_made_with_one_or_two_addresses(practice: Practice, admin: Staff, therapist: Staff) -> None:
    for bad in (
        {"email_a": "nonsense"},
        {"email_a": ""},
        {"email_b": "nonsense"},
        {"therapist": "nobody@example.org"},
        {"therapist": admin.email},
        {"email_a": "x" * 500_000 + "@example.org"},
        {"email_a": "a@example.org\r\nBcc: b@example.org"},
    ):
        fields = {
            "email_a": "first@example.org",
            "email_b": "second@example.org",
            "therapist": therapist.email,
        }
        answer = admin.browser.submit("/admin/cases", fields | bad)
        assert answer.status == 400, bad
        assert "email_b" in bad or answer.field("email_b") == "second@example.org"
    assert practice.mails("second@example.org") == []
    made = admin.browser.submit("/admin/cases", {"email_a": "only@example.org", "therapist": therapist.email})
    assert made.status == 303
    assert made.location.startswith("/admin/cases/")
    link = practice.link("only@example.org")
    mail = practice.mails("only@example.org")[0]
    assert mail["To"] == "only@example.org"
    assert f"http://127.0.0.1:{practice.portal.port}{link}" in plain_text(mail)
    assert mail["Bcc"] is None
    assert not any(word in mail.as_string().lower() for word in ("therap", "couple", "intake"))


def test_scheduling_state_but_no_answers(
    admin: Staff, therapist: Staff, colleague: Staff, couple: tuple[str, Browser, Browser]
) -> None:
    case = couple[0]
    page = admin.browser.get(f"/admin{case}")
    assert page.status == 200
    assert page.by_id("recommendation") is None
    assert not any(word in page.text.lower() for word in ("data-route", "r18b", "gottman", "leaning"))
    for path in (case, f"{case}/partners/a", "/caseload", f"/admin/cases/{NEVER}"):
        assert admin.browser.get(path).status == 404, path
    to = f"/admin{case}/therapist"
    assert admin.browser.submit(f"/admin{case}", {"therapist": "nobody@example.org"}, to=to).status == 400
    assert admin.browser.submit(f"/admin{case}", {"therapist": colleague.email}, to=to).status == 303
    assert therapist.browser.get(case).status == 404
    assert colleague.browser.get(case).status == 200
    assert admin.browser.submit(f"/admin{case}", {"therapist": therapist.email}, to=to).status == 303


def test_two_records_are_joined_into_one_case(practice: Practice, admin: Staff, therapist: Staff) -> None:
    case, to_a, _ = practice.invite(admin, therapist)
    fill_in(practice.join(to_a), sheet())
    made = admin.browser.submit("/admin/cases", {"email_a": "late@example.org", "therapist": therapist.email})
    other = made.location.rsplit("/", 1)[1]
    fill_in(practice.join(practice.link("late@example.org")), sheet())
    merge = f"/admin{case}/merge"
    for bad in (
        {"other": NEVER, "slot": "b"},
        {"other": other, "slot": "c"},
        {"other": "x", "slot": "b"},
        {},
    ):
        assert admin.browser.submit(f"/admin{case}", bad, to=merge).status in (400, 404, 409), bad
    done = admin.browser.submit(
        f"/admin{case}", {"other": other, "slot": "b", "password": PASSWORD}, to=merge
    )
    assert (done.status, done.location) == (303, f"/admin{case}")
    within(5, lambda: routed(therapist.browser, case) == "couples")


def test_people_come_change_and_go(practice: Practice, admin: Staff, therapist: Staff) -> None:
    email = f"{uuid4().hex[:8]}@example.org"
    good = {"email": email, "full_name": "Una Newcomer", "roles": "therapist"}
    for bad in (
        {"email": "nonsense"},
        {"roles": "emperor"},
        {"roles": ""},
        {"full_name": ""},
        {"email": therapist.email},
        {"full_name": "n" * 1_000_000},
    ):
        answer = admin.browser.submit("/admin/people", good | bad)
        assert answer.status in (400, 409), bad
        assert "full_name" in bad or answer.field("full_name") == "Una Newcomer"
    una = practice.hire(admin, "therapist", email=email, name="Una Newcomer")
    row = f"/admin/people/{person_id(admin, email)}"
    assert una.browser.get("/caseload").status == 200
    assert una.browser.get("/admin/people").status == 404
    assert change(admin, row, roles=["therapist", "admin"]).status == 303
    assert una.browser.get("/admin/people").status == 200
    assert change(admin, row, roles=["emperor"]).status == 400
    assert change(admin, row, disabled="maybe").status == 400
    assert change(admin, row, disabled="yes", roles=["therapist"]).status == 303
    assert una.browser.get("/caseload").location == "/sign-in"
    refused = una.browser.submit("/sign-in", {"name": email, "password": PASSWORD})
    assert refused.status == 400
    assert change(admin, row, roles=["therapist"]).status == 303
    reset = admin.browser.submit("/admin/people", {"password": PASSWORD}, to=f"{row}/reset")
    assert reset.status == 303
    link = practice.link(email, "password/reset")
    fields = {"password": "another quiet evening near the lake", "code": "000000"}
    assert una.browser.submit(link, fields).status == 400  # the inbox alone restores nothing
    fields["code"] = practice.fresh_code(una.secret)
    assert una.browser.submit(link, fields).status == 303
    assert una.browser.submit("/sign-in", {"name": email, "password": PASSWORD}).status == 400
    known = una.browser.submit("/sign-in", {"name": email, "password": fields["password"]})
    assert (known.status, known.location) == (303, "/sign-in/second-step")
    assert admin.browser.submit("/admin/people", {}, to=f"/admin/people/{NEVER}/reset").status == 404


def change(admin: Staff, row: str, **fields: str | list[str]) -> Answer:
    return admin.browser.submit("/admin/people", {"password": PASSWORD, **fields}, to=row)


def test_an_old_sign_in_is_asked_again(practice: Practice, admin: Staff) -> None:
    with practice.aged():
        for page, fields, kept in (
            ("/admin/settings", {"phone": "555 0177"}, "555 0177"),
            (
                "/admin/people",
                {"email": "new@example.org", "full_name": "Kept Name", "roles": "admin"},
                "Kept Name",
            ),
            ("/admin/exports", {"format": "csv", "purpose": "kept purpose"}, "kept purpose"),
        ):
            asked = admin.browser.submit(page, fields)
            assert asked.status == 400, page
            assert kept in asked.text
            assert "password" in asked.fields()
        assert admin.browser.get("/admin/settings").field("phone") == "555 0100"
        assert (
            admin.browser.submit("/admin/settings", {"phone": "555 0100", "password": PASSWORD}).status == 303
        )
        token = admin.browser.get("/sign-in/again").field("csrf_token")
        wrong = {"password": "wrong wrong wrong", "code": "000000"}
        assert admin.browser.post("/sign-in/again", wrong, token=token).status == 400
