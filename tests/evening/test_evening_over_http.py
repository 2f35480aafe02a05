"""One evening by a plain HTTP client: the practice, both partners, the therapist, the admin (contract.md)."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import live_portal
from databases import Databases
from evening.answer_sheets import Sheet, sheet
from evening.plain_client import Answer, Browser, totp
from evening.practices import within
from live_portal import LivePortal

PASSWORD = "a long quiet evening by the river"
COLUMNS = (
    "export_id,slot,month,route,reason,rule,model,signed_route,lean,satisfaction,mood_score,gottman,eft,"
    "developmental,gates"
)


@pytest.fixture
def portal(tmp_path: Path, all_databases: Databases) -> Iterator[LivePortal]:
    with live_portal.fresh(tmp_path / "instance", all_databases).serving() as served:
        yield served


@dataclass
class Staff:
    browser: Browser
    email: str
    secret: str


def browser(portal: LivePortal) -> Browser:
    return Browser("127.0.0.1", portal.port)


def set_up(portal: LivePortal, *roles: str, email: str, name: str) -> Staff:
    words = [word for role in roles for word in ("--role", role)]
    printed = portal.command("accounts", "create", *words, "--email", email, "--name", name)
    path = urlsplit(re.search(r"https?://\S+/set-up/\S+", printed)[0]).path  # type: ignore[index]
    visitor = browser(portal)
    shown = visitor.get(path)
    assert shown.status == 200
    secret = shown.text_of("totp-secret").replace(" ", "")
    again = visitor.get(path).text_of("totp-secret").replace(" ", "")
    assert again == secret
    done = visitor.submit(path, {"password": PASSWORD, "code": totp(secret, time.time())})
    assert (done.status, done.location) == (303, "/admin" if roles == ("admin",) else "/caseload")
    return Staff(visitor, email, secret)


def join(portal: LivePortal, path: str) -> Browser:
    """From the mailed link to the first page of the form."""
    visitor = browser(portal)
    before = visitor.get(path)
    assert before.status == 200
    assert visitor.get(path).status == 200
    answer = visitor.submit(path, {"choice": "join", "password": PASSWORD})
    assert (answer.status, answer.location) == (303, "/my/account")
    card = visitor.get("/my/account")
    assert len(card.text_of("sign-in-name").replace("-", " ").split()) == 3
    assert card.text_of("recovery-code")
    assert visitor.submit("/my/account", {"kept": "yes"}).location == "/my/leaving"
    after = visitor.get("/my/account")
    assert after.by_id("sign-in-name") is None
    assert visitor.submit("/my/leaving", {"seen": "yes"}).location == "/my/consent"
    assert (
        visitor.submit("/my/consent", {"full_name": "Alex Morgan", "agree": "yes"}).location == "/my/contact"
    )
    contact = {
        "channel": "email",
        "address": "alex@example.org",
        "hours": "weekdays after six",
        "time_zone": "America/New_York",
        "voicemail_ok": "yes",
    }
    assert visitor.submit("/my/contact", contact).location == "/my/form"
    return visitor


def fill_in(visitor: Browser, answers: Sheet) -> None:
    """Every section in order, then the check page and send."""
    for section, items in answers.items():
        page = visitor.get("/my/form")
        assert page.field("section") == section
        fields = {"section": section, "version": page.field("version"), "go": "next", **items}
        saved = visitor.post("/my/form", fields, token=page.field("csrf_token"))
        want = "/my/form/check" if section == "words" else "/my/form"
        assert (saved.status, saved.location) == (303, want), (section, saved.status)
    check = visitor.get("/my/form/check")
    assert check.status == 200
    fields = {"submit_key": check.field("submit_key")}
    for _ in range(2):  # a double click
        sent = visitor.post("/my/form/submit", fields, token=check.field("csrf_token"))
        assert (sent.status, sent.location) == (303, "/my")


def recommendation(therapist: Browser, case: str) -> dict[str, str] | None:
    element = therapist.get(case).by_id("recommendation")
    return element.attributes if element is not None and "data-route" in element.attributes else None


def interview(therapist: Browser, case: str, slot: str) -> Answer:
    ticks = {"identity_confirmed": "yes", "private_setting": "yes", "safety_reasked": "yes"}
    return therapist.submit(case, {"slot": slot, **ticks, "note": "Calm call."}, to=f"{case}/interviews")


def invitations(portal: LivePortal) -> list[str]:
    found = []
    for mail in portal.mails():
        link = re.search(r"http://\S+/join/\S+", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        if link:
            found.append(urlsplit(link[0]).path)
    return found


def test_one_evening(portal: LivePortal) -> None:  # noqa: PLR0915  (one story, told in order)
    admin = set_up(portal, "admin", email="admin@example.org", name="Ada Admin").browser
    therapist_account = set_up(portal, "therapist", email="thea@example.org", name="Thea Therapist")
    therapist = therapist_account.browser
    settings = {
        "practice_name": "Riverside",
        "phone": "555 0100",
        "on_call_email": "oncall@example.org",
        "time_zone": "America/New_York",
        "confidentiality": "b",
        "self_referral": "yes",
    }
    assert admin.submit("/admin/settings", settings).status == 303

    # The practice invites a couple.
    made = admin.submit(
        "/admin/cases",
        {"email_a": "a@example.org", "email_b": "b@example.org", "therapist": therapist_account.email},
    )
    assert made.status == 303
    case = "/cases/" + made.location.rsplit("/", 1)[1]
    within(5, lambda: len(invitations(portal)) == 2)
    to_a, to_b = invitations(portal)

    # Each partner, in private.
    one = join(portal, to_a)
    fill_in(one, sheet(partner_lean_guess="2"))
    one_page = one.get("/my")
    assert "by yourself" in one_page.text
    other = join(portal, to_b)
    fill_in(other, sheet(lean="4", commit_months="unsure", first_step="one_or_two", doubts_told="partly"))
    assert one.get("/my").body == one_page.body

    # The rules route, the therapist reads.
    found = within(5, lambda: recommendation(therapist, case))
    within(5, lambda: (recommendation(therapist, case) or {}).get("data-route") == "discernment")
    found = recommendation(therapist, case)
    assert found is not None
    assert (found["data-reason"], found["data-rule"]) == ("mixed_agenda", "R17b")
    assert case in therapist.get("/caseload").text
    assert therapist.get(f"{case}/partners/a").status == 200

    # Order of things: nothing is released before a signed review, no format before the interviews.
    letter = {
        "slot": "a",
        "letter": "next_step",
        "body": "We will call you on Thursday.",
        "password": PASSWORD,
    }
    assert therapist.submit(case, letter, to=f"{case}/releases").status == 409
    review = {"decision": "accept", "note": "Agreed."}
    early = therapist.submit(case, {**review, "format": "in_person"}, to=f"{case}/review")
    assert early.status == 409
    assert interview(therapist, case, "a").status == 303
    assert interview(therapist, case, "b").status == 303
    assert therapist.submit(case, {**review, "format": "in_person"}, to=f"{case}/review").status == 303

    # Each partner gets the words written for them, and only those.
    before = other.get("/my").body
    released = therapist.submit(case, letter, to=f"{case}/releases")
    assert released.status == 303, released.text[-3000:]
    assert released.location.startswith("/releases/")
    assert "We will call you on Thursday." in one.get("/my").text
    assert other.get("/my").body == before

    # The admin exports the report.
    asked = admin.submit("/admin/exports", {"format": "csv", "purpose": "board", "password": PASSWORD})
    assert asked.status == 303, asked.text[-3000:]
    file = admin.get(asked.location + "/file")
    assert file.status == 200
    assert file.body.startswith(b"\xef\xbb\xbf" + COLUMNS.encode() + b"\r\n")
    rows = list(csv.DictReader(io.StringIO(file.body.decode("utf-8-sig"))))
    assert [(row["slot"], row["route"], row["signed_route"], row["lean"]) for row in rows] == [
        ("a", "discernment", "discernment", "1"),
        ("b", "discernment", "discernment", "4"),
    ]


def test_out_of_order_and_not_yours(portal: LivePortal) -> None:
    set_up(portal, "therapist", email="thea@example.org", name="Thea Therapist")
    stranger = browser(portal)
    assert (stranger.get("/my").status, stranger.get("/my").location) == (303, "/sign-in")
    assert stranger.post("/my/form", {"section": "start"}).status == 401
    assert stranger.post("/my/form/draft", {"section": "start"}).status == 401
    assert stranger.get("/nothing-here").status == 404
    assert stranger.request("DELETE", "/sign-in").status == 405
    wrong = stranger.submit("/sign-in", {"name": "calm-river-stone", "password": "wrong password here"})
    known = stranger.submit("/sign-in", {"name": "thea@example.org", "password": "wrong password here"})
    assert (wrong.status, known.status) == (400, 400)
    assert wrong.field("name") == "calm-river-stone"
    assert stranger.post("/sign-in", {"name": "x", "password": "y"}, token="bad").status == 400
    begun = stranger.submit("/begin", {"password": PASSWORD, "talk_first": "yes"})
    assert (begun.status, begun.location) == (303, "/my/account")
    assert stranger.get("/caseload").status == 404
    assert stranger.get("/my/form").location == "/my/account"
    assert stranger.get("/my/leaving").location == "/my/account"
    assert stranger.submit("/my/account", {"kept": "yes"}).location == "/my/leaving"
    titles = {stranger.get(path).title() for path in ("/my/account", "/my/leaving")}
    assert len(titles) == 1
    left = stranger.get("/leave")
    assert left.status == 303
    assert stranger.get("/my").location == "/sign-in"
