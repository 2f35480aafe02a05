"""The start page, consent, contact, the partner choice, words to the practice, withdrawing and sending."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from partner_rooms import PASSWORD, Browser, opened_entries, opened_statements, rows_of
from portal.content import questionnaire as bank
from portal.domain.access import Viewer
from portal.models import (
    AuditEvent,
    Consent,
    Intake,
    Job,
    Notice,
    PartnerSession,
    Practice,
    SectionState,
    table_of,
)
from portal.services import intakes
from portal.vault import Place

SENTENCE = (
    "Thank you. Next, someone from the practice talks with you by yourself for about 20 minutes. "
    "We do this with everyone who fills in this form."
)


def send(visitor: Browser) -> Any:
    return visitor.post("/my/form/submit", submit_key=visitor.intake().submit_key)


def titles(visitor: Browser, *paths: str) -> set[str]:
    return {title for path in paths for title in re.findall(r"<title>(.*?)</title>", visitor.get(path).text)}


def test_one_neutral_title_everywhere(visitor: Browser) -> None:
    pages = [
        "/my",
        *(f"/my/{name}" for name in "form form/check consent contact partner message withdraw".split()),
    ]
    assert titles(visitor, *pages) == {"Form"}
    send(visitor)
    assert titles(visitor, "/my", "/my/add") == {"Form"}


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ("account", "/my/account"),
        ("leaving", "/my/leaving"),
        ("consent", "/my/consent"),
        ("contact", "/my/contact"),
        ("form", "/my/form"),
    ],
)
def test_before_sending_the_start_page_leads_on(visit: Callable[..., Browser], step: str, path: str) -> None:
    text = visit(step).get("/my").text
    assert re.findall(r'class="button primary" href="([^"]*)"', text) == [path]
    assert SENTENCE not in text


def test_after_sending_the_same_sentence_and_the_own_date(visitor: Browser) -> None:
    answer = send(visitor)
    assert (answer.status_code, answer.location) == (303, "/my")
    text = unescape(visitor.get("/my").text)
    assert "You sent your form on November 23, 2026." in text
    assert SENTENCE in text
    assert "Someone from the practice talks with you by yourself by November 30, 2026." in text
    assert 'id="next-step"' not in text


def test_sending_happens_once(visitor: Browser) -> None:
    key = visitor.intake().submit_key
    answers = [visitor.post("/my/form/submit", submit_key=given) for given in (key, key, "other", "")]
    assert [(one.status_code, one.location) for one in answers] == [(303, "/my")] * 4
    assert [row[0] for row in rows_of(visitor.store, AuditEvent, "verb")].count("intake.sent") == 1
    assert [row[0] for row in rows_of(visitor.store, Job, "kind")].count("submitted") == 1


@pytest.mark.parametrize("key", ["", "x", "é", "\udc80"])
def test_sending_needs_the_key_of_the_check_page(visitor: Browser, key: str) -> None:
    answer = visitor.client.post(
        "/my/form/submit",
        data=f"csrf_token={visitor.csrf()}&submit_key=".encode() + key.encode("utf-8", "surrogateescape"),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 400
    assert "Please press the button below to send your form." in answer.text
    assert visitor.intake().submitted_at is None


def test_after_sending_the_form_is_closed(visitor: Browser) -> None:
    visitor.save("start", 0, adult="yes")
    send(visitor)
    found = [visitor.get("/my/form"), visitor.get("/my/form/check"), visitor.save("start", 1, adult="no")]
    assert [(one.status_code, one.location) for one in found] == [(303, "/my")] * 3
    assert opened_entries(visitor.store, visitor.tools) == [
        ("start", {"values": {"adult": "yes"}, "clear": False})
    ]


def test_blanks_never_stop_a_submit_and_the_check_page_lists_them(visitor: Browser) -> None:
    visitor.save("start", 0, private="yes", adult="yes", go="save")
    text = visitor.get("/my/form/check").text
    start = text[text.index('id="gap-start"') : text.index('id="gap-basics"')]
    assert "6 of 8 still open" in start
    assert "Do you live in the area this practice serves?" in start
    assert "Are you 18 or older?" not in start
    assert 'name="submit_key"' in text
    assert send(visitor).location == "/my"


def test_the_check_page_opens_a_part(visitor: Browser) -> None:
    text = visitor.get("/my/form/check").text
    section, version = (
        re.findall(rf'name="{name}" value="(\w+)"', text)[0] for name in ("section", "version")
    )
    answer = visitor.post("/my/form", section=section, version=version, to="health")
    assert (answer.status_code, answer.location) == (303, "/my/form")
    assert 'name="section" value="health"' in visitor.get("/my/form").text


def test_a_form_without_gaps_says_so(visitor: Browser) -> None:
    c = table_of(SectionState).c
    with visitor.store.staff.write() as session:
        for section in bank.load().sections:
            touched = " ".join(item.key for item in section.items)
            session.execute(
                update(table_of(SectionState)).where(c.section == section.key).values(touched=touched)
            )
    assert "Nothing is left open." in visitor.get("/my/form/check").text
    assert "still open" not in visitor.get("/my/form/check").text


def notice(visitor: Browser, kind: str, body: dict[str, str]) -> None:
    notice_id = visitor.tools.new_id()
    row = {
        "id": notice_id,
        "partner_id": visitor.person.viewer.partner_id,
        "kind": kind,
        "body_box": visitor.tools.vault.box(
            "partner", Place("notice", "body_box", notice_id), json.dumps(body)
        ),
        "shown_from": visitor.tools.now() - timedelta(minutes=1),
    }
    with visitor.store.staff.write() as session:
        session.execute(insert(table_of(Notice)), [row])


def test_released_notices_stand_beneath(visitor: Browser) -> None:
    send(visitor)
    notice(visitor, "letter", {"text": "Hello,\n\nplease <call> us.\nHarbor", "title": "Your next step"})
    notice(visitor, "appointment", {"text": "Monday at noon"})
    text = visitor.get("/my").text
    assert "<bdi>please &lt;call&gt; us.</bdi><br><bdi>Harbor</bdi>" in text
    assert "Your next step" in text
    assert "Monday at noon" in text


def test_a_request_opens_the_form_again(visitor: Browser) -> None:
    send(visitor)
    staff = Viewer(kind="staff", id="s", roles=frozenset({"therapist"}))
    with visitor.store.staff.write() as session:
        intakes.open_round(
            session, visitor.tools, partner_id=visitor.person.viewer.partner_id, kind="refresh", by=staff
        )
    text = visitor.get("/my").text
    assert SENTENCE in text
    assert re.findall(r'class="button primary" href="([^"]*)"', text) == ["/my/form"]
    assert visitor.get("/my/form").status_code == 200
    assert visitor.save("start", 0, adult="yes").status_code == 303


def test_consent_is_given_by_a_tick_and_a_name(visit: Callable[..., Browser]) -> None:
    visitor = visit("consent")
    text = visitor.get("/my/consent").text
    for words in (
        "not passed on to your partner",
        "Not an emergency service",
        "A computer suggests",
        "Harbor Practice",
    ):
        assert words in text
    answer = visitor.post("/my/consent", full_name=" Ada Example ", agree="yes")
    assert (answer.status_code, answer.location) == (303, "/my/contact")
    assert len(rows_of(visitor.store, Consent, "id")) == 1
    again = visitor.get("/my/consent")
    assert again.status_code == 200
    assert "You agreed to this on November 23, 2026." in again.text
    assert 'name="full_name"' not in again.text
    assert "Ada" not in again.text


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"full_name": "Ada", "agree": ""}, {"agree"}),
        ({"full_name": "", "agree": "yes"}, {"full_name"}),
        ({"full_name": "  ", "agree": "yes"}, {"full_name"}),
        ({"full_name": "A" * 201, "agree": "yes"}, {"full_name"}),
        ({"full_name": "A\0da", "agree": "yes"}, {"full_name"}),
        ({"full_name": "A\nda", "agree": "yes"}, {"full_name"}),
        ({"full_name": "Ada", "agree": "on"}, {"agree"}),
        ({}, {"full_name", "agree"}),
        ({"full_name": "Ada", "agree": "yes", "shown": "sha256:old"}, {"agree"}),
    ],
)
def test_consent_that_cannot_be_taken(
    visit: Callable[..., Browser], fields: dict[str, str], faulty: set[str]
) -> None:
    visitor = visit("consent")
    answer = visitor.post("/my/consent", **fields)
    assert answer.status_code == 400
    assert set(re.findall(r'<li><a href="#(\w+)">', answer.text)) == faulty
    if fields.get("full_name", "").startswith("Ada"):
        assert 'value="Ada"' in answer.text
    assert rows_of(visitor.store, Consent, "id") == []


def test_the_text_that_was_shown_is_the_text_that_counts(visit: Callable[..., Browser]) -> None:
    visitor = visit("consent")
    shown = re.findall(r'name="shown" value="([^"]*)"', visitor.get("/my/consent").text)[0]
    with visitor.store.staff.write() as session:
        session.execute(update(table_of(Practice)).values(confidentiality="a"))
    assert visitor.post("/my/consent", full_name="Ada", agree="yes", shown=shown).status_code == 400
    newer = re.findall(r'name="shown" value="([^"]*)"', visitor.get("/my/consent").text)[0]
    assert visitor.post("/my/consent", full_name="Ada", agree="yes", shown=newer).status_code == 303
    assert rows_of(visitor.store, Consent, "policy") == [("a",)]


def test_contact_is_sealed_and_begins_the_form(visit: Callable[..., Browser]) -> None:
    visitor = visit("contact")
    answer = visitor.post(
        "/my/contact", channel="email", address="ada@example.org", hours="noon", time_zone="Europe/Madrid",
        voicemail_ok="yes",
    )  # fmt: skip
    assert (answer.status_code, answer.location) == (303, "/my/form")
    assert opened_statements(visitor.store, visitor.tools) == [
        (
            "contact",
            {
                "channel": "email",
                "address": "ada@example.org",
                "hours": "noon",
                "time_zone": "Europe/Madrid",
                "voicemail_ok": True,
                "name_ok": False,
            },
        )
    ]
    assert visitor.get("/my/form").status_code == 200
    again = visitor.get("/my/contact").text
    assert "ada@example.org" not in again
    assert "You told us on November 23, 2026." in again


def test_no_contact_is_a_choice_that_keeps_no_address(visit: Callable[..., Browser]) -> None:
    visitor = visit("contact")
    assert visitor.post("/my/contact", channel="none", address="555 0100").status_code == 303
    ((kind, body),) = opened_statements(visitor.store, visitor.tools)
    assert (kind, body["channel"], body["address"], body["time_zone"]) == (
        "contact",
        "none",
        "",
        "America/New_York",
    )


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({}, {"channel"}),
        ({"channel": "pigeon", "address": "x"}, {"channel"}),
        ({"channel": "phone"}, {"address"}),
        ({"channel": "phone", "address": "call me"}, {"address"}),
        ({"channel": "text", "address": "12"}, {"address"}),
        ({"channel": "email", "address": "ada"}, {"address"}),
        ({"channel": "email", "address": "ada@exämple.org"}, {"address"}),
        ({"channel": "email", "address": "a@b\nBcc: c@d"}, {"address"}),
        ({"channel": "post", "address": " "}, {"address"}),
        ({"channel": "post", "address": "1 Main St", "time_zone": "Mars/Base"}, {"time_zone"}),
        ({"channel": "post", "address": "1 Main St", "voicemail_ok": "1"}, {"voicemail_ok"}),
        ({"channel": "post", "address": "1 Main St", "hours": "x" * 201}, {"hours"}),
    ],
)
def test_contact_that_cannot_be_taken(
    visit: Callable[..., Browser], fields: dict[str, str], faulty: set[str]
) -> None:
    visitor = visit("contact")
    answer = visitor.post("/my/contact", **fields)
    assert answer.status_code == 400
    assert set(re.findall(r'<li><a href="#(\w+)">', answer.text)) == faulty
    if fields.get("address", "").startswith("1 Main"):
        assert 'value="1 Main St"' in answer.text
    assert opened_statements(visitor.store, visitor.tools) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"current_password": "wrong"}, 400),
        ({"current_password": "\0"}, 400),
        ({"current_password": "\ufffd" * 5000}, 400),
        ({"current_password": PASSWORD}, 303),
        ({"password": PASSWORD}, 303),
    ],
)
def test_changing_the_contact_needs_the_password(
    visitor: Browser, fields: dict[str, str], status: int
) -> None:
    answer = visitor.post("/my/contact", channel="post", address="1 Main St", **fields)
    assert answer.status_code == status
    assert len(opened_statements(visitor.store, visitor.tools)) == (2 if status == 303 else 1)
    if status == 400:
        assert 'href="#current_password"' in answer.text
        assert 'value="1 Main St"' in answer.text
        assert "wrong" not in answer.text
    else:
        assert answer.location == "/my/contact"


def test_a_surrogate_in_a_password_is_only_a_wrong_one(visitor: Browser) -> None:
    body = f"csrf_token={visitor.csrf()}&channel=none&current_password=%ED%A0%80"
    kind = "application/x-www-form-urlencoded"
    assert visitor.client.post("/my/contact", data=body, content_type=kind).status_code == 400


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (
            {"choice": "invite", "email": "bo@example.org"},
            {"choice": "invite", "channel": "email", "address": "bo@example.org"},
        ),
        (
            {"choice": "invite", "phone": "+1 555 0123"},
            {"choice": "invite", "channel": "phone", "address": "+1 555 0123"},
        ),
        (
            {"choice": "will_not_join", "email": "bo@example.org"},
            {"choice": "will_not_join", "channel": "", "address": ""},
        ),
        (
            {"choice": "do_not_contact", "phone": "1"},
            {"choice": "do_not_contact", "channel": "", "address": ""},
        ),
    ],
)
def test_three_equal_choices_get_one_answer(
    visitor: Browser, fields: dict[str, str], body: dict[str, str]
) -> None:
    answer = visitor.post("/my/partner", **fields)
    assert (answer.status_code, answer.location) == (303, "/my/partner")
    assert opened_statements(visitor.store, visitor.tools)[-1] == ("partner_choice", body)


def test_the_page_is_the_same_after_every_choice(visit: Callable[..., Browser]) -> None:
    found = set()
    for fields in (
        {"choice": "invite", "email": "a@b.example"},
        {"choice": "will_not_join"},
        {"choice": "do_not_contact"},
    ):
        visitor = visit()
        visitor.post("/my/partner", **fields)
        found.add(visitor.get("/my/partner").text.replace(visitor.csrf(), ""))
    (text,) = found
    assert "We will send it after we have spoken with you." in text


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({}, {"choice"}),
        ({"choice": "divorce"}, {"choice"}),
        ({"choice": "invite"}, {"email"}),
        ({"choice": "invite", "email": "bo"}, {"email"}),
        ({"choice": "invite", "email": "bö@example.org"}, {"email"}),
        ({"choice": "invite", "phone": "x"}, {"phone"}),
        ({"choice": "invite", "email": "a@b.example", "phone": "55501"}, {"phone"}),
    ],
)
def test_a_choice_that_cannot_be_taken(visitor: Browser, fields: dict[str, str], faulty: set[str]) -> None:
    answer = visitor.post("/my/partner", **fields)
    assert answer.status_code == 400
    assert set(re.findall(r'<li><a href="#(\w+)">', answer.text)) == faulty
    assert len(opened_statements(visitor.store, visitor.tools)) == 1


def test_a_choice_given_twice_is_a_fault(visitor: Browser) -> None:
    answer = visitor.post("/my/partner", ("choice", "will_not_join"), ("choice", "do_not_contact"))
    assert answer.status_code == 400


def test_a_message_is_sealed_and_never_shown(visit: Callable[..., Browser]) -> None:
    visitor = visit("consent")
    answer = visitor.post("/my/message", text="Please call\r\nat noon")
    assert (answer.status_code, answer.location) == (303, "/my/message")
    assert opened_statements(visitor.store, visitor.tools) == [("message", {"text": "Please call\nat noon"})]
    text = visitor.get("/my/message").text
    assert "at noon" not in text
    assert "We have what you wrote on November 23, 2026." in text


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, "a\0b"])
def test_a_message_that_cannot_be_taken_stays_on_the_page(visitor: Browser, text: str) -> None:
    answer = visitor.post("/my/message", text=text)
    assert answer.status_code == 400
    if text.startswith("x"):
        assert text in answer.text
    assert len(opened_statements(visitor.store, visitor.tools)) == 1


def test_consent_sent_again_changes_nothing(visitor: Browser) -> None:
    answer = visitor.post("/my/consent", full_name="Somebody Else", agree="yes")
    assert (answer.status_code, answer.location) == (303, "/my/consent")
    assert len(rows_of(visitor.store, Consent, "id")) == 1


def test_something_can_be_added_after_sending_only(visitor: Browser) -> None:
    early = [visitor.get("/my/add"), visitor.post("/my/add", text="too early")]
    assert [(one.status_code, one.location) for one in early] == [(303, "/my/form")] * 2
    send(visitor)
    assert visitor.get("/my/add").status_code == 200
    assert visitor.post("/my/add", text="").status_code == 400
    answer = visitor.post("/my/add", text="one more thing")
    assert (answer.status_code, answer.location) == (303, "/my/add")
    assert opened_statements(visitor.store, visitor.tools)[-1] == ("addition", {"text": "one more thing"})


def test_withdrawing_needs_a_tick_and_no_reason(visitor: Browser) -> None:
    refused = visitor.post("/my/withdraw", reason="my own reason")
    assert refused.status_code == 400
    assert "my own reason</textarea>" in refused.text
    answer = visitor.post("/my/withdraw", confirm="yes")
    assert (answer.status_code, answer.location) == (303, "/my/withdraw")
    assert opened_statements(visitor.store, visitor.tools)[-1] == ("withdrawal", {"reason": ""})
    assert "You withdrew on November 23, 2026." in visitor.get("/my/withdraw").text
    assert 'id="withdrawn"' in visitor.get("/my").text


def test_withdrawing_after_sending_ends_the_wait(visitor: Browser, clock: Any) -> None:
    send(visitor)
    clock.move(minutes=1)
    visitor.post("/my/withdraw", confirm="yes", reason="enough")
    text = visitor.get("/my").text
    assert SENTENCE not in text
    assert "You sent your form on November 23, 2026." in text


def test_fields_that_no_form_has_are_counted_and_ignored(visitor: Browser) -> None:
    for path, fields in (("/my/message", {"text": "x"}), ("/my/partner", {"choice": "will_not_join"})):
        assert visitor.post(path, **fields, partner_id="other").status_code == 303
    found = [
        row for row in rows_of(visitor.store, AuditEvent, "verb", "detail") if row[0].startswith("request.")
    ]
    assert found == [("request.unexpected_fields", '{"count": 1}')] * 2


def test_everything_of_a_partner_goes_through_the_partner_door(visitor: Browser) -> None:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(visitor.store.staff.engine, "before_cursor_execute", note)
    visitor.save("start", 0, adult="yes", go="next")
    visitor.post("/my/message", text="x")
    visitor.post("/my/partner", choice="will_not_join")
    for path in ("/my", "/my/form", "/my/form/check", "/my/contact", "/my/consent", "/my/withdraw"):
        visitor.get(path)
    event.remove(visitor.store.staff.engine, "before_cursor_execute", note)
    assert seen == []


def test_idle_sessions_are_asked_to_sign_in(visitor: Browser) -> None:
    with visitor.store.staff.write() as session:
        session.execute(
            update(table_of(PartnerSession)).values(last_seen_at=visitor.tools.now() - timedelta(minutes=16))
        )
    assert visitor.get("/my/form").status_code == 303
    assert visitor.post("/my/message", text="x").status_code == 401
    assert rows_of(visitor.store, Intake, "submitted_at") == [(None,)]
