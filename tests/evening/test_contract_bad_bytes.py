"""Every form of every kind of person, field by field with bytes that are no text (contract.md)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus

import pytest

from evening.answer_sheets import sheet
from evening.plain_client import Answer, Browser
from evening.practices import PASSWORD, Practice, Staff, open_section, raw

BAD = {"NUL": b"%00", "surrogate": b"%ED%A0%80", "not UTF-8": b"a\xff"}
SENT = {"password": PASSWORD, "current_password": PASSWORD, "email": "kept@example.org", "minutes": "50"}
SENT |= {"starts_at": "2031-01-01T10:00", "address": "kept@example.org"}
LEFT_ALONE = ("/sign-out", "/language")
#: Fields that no page draws again.
NEVER_DRAWN = ("csrf_token", "password", "current_password", "code", "recovery_code")


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, its token, and one good value a field."""

    action: str
    token: str
    fields: dict[str, str]
    typed: frozenset[str]  # names of its free-text boxes


def forms(page: Answer) -> Iterator[Form]:
    """The POST forms of a page."""
    for found in re.findall(r"<form\b.*?</form>", page.text, re.S):
        elements = Answer(200, (), found.encode()).elements
        action = elements[0].attributes.get("action", "")
        if elements[0].attributes.get("method") != "post" or action in LEFT_ALONE:
            continue
        fields: dict[str, str] = {}
        typed = set()
        for element in elements:
            name, value = element.attributes.get("name"), element.attributes.get("value", "")
            if not name or fields.get(name):
                continue
            if element.tag == "textarea" or (element.tag, element.attributes.get("type")) == (
                "input",
                "text",
            ):
                typed.add(name)
                value = SENT.get(name, "kept words")
            fields[name] = SENT.get(name, value)
        token = fields.pop("csrf_token", "")
        yield Form(action, token, fields, frozenset(typed))


def faults(browser: Browser, page: Answer) -> list[tuple[object, ...]]:
    """What went wrong when each field of each form in turn was no text."""
    wrong: list[tuple[object, ...]] = []
    found = list(forms(page))
    assert any(form.fields for form in found), page.title()
    for form in found:
        for field in form.fields:
            for kind, bad in BAD.items():
                rest = {name: value for name, value in form.fields.items() if name != field}
                pairs = [
                    quote_plus(name).encode() + b"=" + quote_plus(v).encode() for name, v in rest.items()
                ]
                pairs.append(quote_plus(field).encode() + b"=" + bad)
                answer = raw(browser, form.action, b"&".join(pairs), form.token)
                if answer.status not in (400, 404, 409) or "Traceback" in answer.text:
                    wrong.append((form.action, field, kind, answer.status))
                elif answer.status != 404:
                    lost = form.typed - {field, *NEVER_DRAWN}
                    wrong += [
                        (form.action, field, kind, "lost", name)
                        for name in lost
                        if html.escape(rest[name]) not in answer.text
                    ]
    return wrong


def test_a_visitors_forms(practice: Practice, admin: Staff) -> None:
    visitor = practice.visitor()
    link = practice.set_up_link("therapist", email="later@example.org")
    for path in ("/sign-in", "/begin", "/password/forgot", "/password/reset/x", "/join/x", link):
        assert faults(visitor, visitor.get(path)) == [], path


@pytest.mark.parametrize(
    "room", ["contact", "partner", "message", "account", "withdraw", "form", "form/check"]
)
def test_a_partners_forms(practice: Practice, admin: Staff, room: str) -> None:
    browser = practice.begin()
    assert faults(browser, browser.get(f"/my/{room}")) == []


def test_the_way_ins_forms(practice: Practice, admin: Staff) -> None:
    browser = practice.visitor()
    browser.submit("/begin", {"password": PASSWORD})
    for page, fields in (("account", {"kept": "yes"}), ("leaving", {"seen": "yes"}), ("consent", {})):
        assert faults(browser, browser.get(f"/my/{page}")) == []
        browser.submit(f"/my/{page}", fields)


def test_sealed_sections(practice: Practice, admin: Staff) -> None:
    browser = practice.begin()
    for section in ("direction", "words"):
        assert faults(browser, open_section(browser, section)) == []


def test_staff_forms(practice: Practice, admin: Staff, therapist: Staff) -> None:
    case, one, _ = practice.couple(admin, therapist, sheet(), sheet())
    assert faults(one, one.get("/my/add")) == []
    for path in ("/caseload", case, "/sign-in/again"):
        assert faults(therapist.browser, therapist.browser.get(path)) == [], path
    own = ("/admin/people", "/admin/cases", f"/admin{case}", "/admin/exports", "/admin/settings")
    for path in own:
        assert faults(admin.browser, admin.browser.get(path)) == [], path
