"""A therapist's work on a case: order, refusals, interviews, clearances, review, letters (contract.md)."""

from __future__ import annotations

import re

import pytest

from evening.answer_sheets import sheet
from evening.plain_client import Answer, Browser, Fields
from evening.practices import (
    PASSWORD,
    TICKS,
    Practice,
    Staff,
    interview,
    raw,
    recommendation,
    routed,
    within,
)

Couple = tuple[str, Browser, Browser]
LETTER = {
    "slot": "a",
    "letter": "free",
    "body": "We would like to see you on Thursday.",
    "password": PASSWORD,
}
SIGN = {"decision": "accept", "note": "Read and agreed."}


@pytest.fixture
def matched(practice: Practice, admin: Staff, therapist: Staff) -> Couple:
    """A couple that the rules send to couples therapy."""
    return practice.couple(admin, therapist, sheet(), sheet())


@pytest.fixture
def afraid(practice: Practice, admin: Staff, therapist: Staff) -> Couple:
    """A couple with an acute finding."""
    return practice.couple(admin, therapist, sheet(fear="strong"), sheet())


def act(staff: Staff, case: str, what: str, fields: Fields) -> Answer:
    """POST to an act of a case with the token of its page."""
    return staff.browser.submit(case, fields, to=f"{case}/{what}")


def test_the_case_page_says_the_route_in_its_attributes(therapist: Staff, matched: Couple) -> None:
    found = recommendation(therapist.browser, matched[0])
    assert {key: found[f"data-{key}"] for key in ("route", "reason", "rule", "model")} == {
        "route": "couples",
        "reason": "matched",
        "rule": "R18b",
        "model": "therapist_choice",
    }
    for slot in "ab":
        assert therapist.browser.get(f"{matched[0]}/partners/{slot}").status == 200
    for slot in ("c", "A", "", "ab", "%00"):
        assert therapist.browser.get(f"{matched[0]}/partners/{slot}").status == 404
    assert matched[0] in therapist.browser.get("/caseload").text


def test_every_act_refuses_nonsense_and_keeps_the_note(therapist: Staff, matched: Couple) -> None:
    case = matched[0]
    note = {"note": "my <b>careful</b> note"}
    bad: tuple[tuple[str, Fields], ...] = (
        ("interviews", {"slot": "c", **TICKS, **note}),
        ("interviews", {**TICKS, **note}),
        ("interviews", {"slot": "a", "identity_confirmed": "on", **note}),
        ("clearances", {"tier": "Z", "password": PASSWORD, **note}),
        ("clearances", {"tier": "A", "password": PASSWORD, "note": ""}),
        ("review", {"decision": "maybe", **note}),
        ("review", {"decision": "override", "route": "nowhere", "reason_code": "other", **note}),
        ("review", {"decision": "override", "route": "solo", **note}),
        ("review", {"decision": "override", "reason_code": "safety", **note}),
        ("review", {"decision": "override", "route": "solo", "reason_code": "bored", **note}),
        ("review", {"decision": "accept", "format": "by pigeon", **note}),
        ("review", {"decision": "accept", "model": "freud", **note}),
        ("facts", {"slot": "x", "validity_concern": "yes", **note}),
        ("facts", {"slot": "a", "validity_concern": "perhaps", **note}),
        ("facts", {"slot": "a", "confirm": "everything", **note}),
        ("requests", {"slot": "a", "kind": "chocolate"}),
        ("requests", {"slot": "z", "kind": "refresh"}),
        (
            "appointments",
            {"slot": "a", "starts_at": "soon", "minutes": "50", "place": "my <b>careful</b> note"},
        ),
        ("appointments", {"slot": "a", "starts_at": "2030-01-01T10:00", "minutes": "0", "place": "x"}),
        ("invitations", {"slot": "b"}),
        ("invitations", {"slot": "b", "email": "nonsense"}),
        ("releases", {**LETTER, "letter": "love"}),
        ("releases", {**LETTER, "slot": "both"}),
        ("break-glass", {"reason": ""}),
    )
    for what, fields in bad:
        answer = act(therapist, case, what, fields)
        assert answer.status == 400, (what, fields, answer.status)
        assert PASSWORD not in answer.text
        if fields.get("note") or ("place" in fields and "careful" in str(fields["place"])):
            assert "my &lt;b&gt;careful&lt;/b&gt; note" in answer.text, (what, fields)
    lost = therapist.browser.post(f"{case}/interviews", {"slot": "a", **note})
    assert lost.status == 400
    assert "my &lt;b&gt;careful&lt;/b&gt; note" in lost.text
    token = therapist.browser.get(case).field("csrf_token")
    for what in ("interviews", "review", "facts", "releases", "clearances"):
        for piece in (b"%00", b"%ED%A0%80", b"%FF", b"x" * 1_000_000):
            body = b"slot=a&reason_code=kept_word&letter=free&note=" + piece + b"&body=" + piece
            answer = raw(therapist.browser, f"{case}/{what}", body, token)
            assert answer.status == 400, (what, piece[:9])
            assert "Traceback" not in answer.text
        assert raw(therapist.browser, f"{case}/{what}", b"note=" + b"a" * 4_194_304, token).status == 413


def test_order_of_things(therapist: Staff, matched: Couple) -> None:
    case = matched[0]
    assert act(therapist, case, "releases", LETTER).status == 409
    clearance = {"tier": "A", "note": "n", "password": PASSWORD}
    assert act(therapist, case, "clearances", clearance).status == 409
    assert act(therapist, case, "review", {**SIGN, "format": "in_person"}).status == 409
    assert act(therapist, case, "review", SIGN).status == 303  # signing needs no interview
    named = act(therapist, case, "releases", {**LETTER, "names_service": "yes"})
    assert named.status == 409
    assert "We would like to see you on Thursday." in named.text
    half = {**TICKS}
    half.pop("safety_reasked")
    assert act(therapist, case, "interviews", {"slot": "a", **half, "note": "short"}).status == 303
    interview(therapist.browser, case, "b")
    assert act(therapist, case, "review", {**SIGN, "format": "in_person"}).status == 409
    interview(therapist.browser, case, "a")
    assert act(therapist, case, "review", {**SIGN, "format": "in_person"}).status == 303
    named = act(therapist, case, "releases", {**LETTER, "letter": "service", "names_service": "yes"})
    assert named.status == 303
    assert named.location.startswith("/releases/")
    assert named.location in therapist.browser.get(case).text


def test_a_letter_reaches_one_partner_and_no_mail_unless_asked(
    practice: Practice, therapist: Staff, matched: Couple
) -> None:
    case, one, other = matched
    assert act(therapist, case, "review", SIGN).status == 303
    before, mails = other.get("/my").body, len(practice.mails("alex@example.org"))
    released = act(therapist, case, "releases", LETTER)
    assert (released.status, therapist.browser.get(released.location).status) == (303, 200)
    assert LETTER["body"] in one.get("/my").text
    assert other.get("/my").body == before
    assert len(practice.mails("alex@example.org")) == mails
    assert act(therapist, case, "releases", {**LETTER, "notify": "yes"}).status == 303
    within(5, lambda: len(practice.mails("alex@example.org")) > mails)
    mail = practice.mails("alex@example.org")[-1]
    assert "Thursday" not in mail.as_string()
    assert mail["To"] == "alex@example.org"


def test_safety_goes_down_only_after_clearance_and_needs_a_second_person(
    practice: Practice, therapist: Staff, colleague: Staff, afraid: Couple
) -> None:
    case, one, _ = afraid
    assert routed(therapist.browser, case) == "safety"
    down = {"decision": "override", "route": "couples", "reason_code": "clinical_judgement", "note": "n"}
    assert act(therapist, case, "review", down).status == 409
    assert act(therapist, case, "review", SIGN).status == 303
    pending = act(therapist, case, "releases", LETTER)
    assert pending.status == 303
    assert LETTER["body"] not in one.get("/my").text
    letter = pending.location
    own = therapist.browser.submit(
        letter, {"decision": "approve", "password": PASSWORD}, to=f"{letter}/approval"
    )
    assert own.status in (404, 409)
    assert LETTER["body"] not in one.get("/my").text
    assert letter in colleague.browser.get("/caseload").text
    assert colleague.browser.get(case).status == 404
    page = colleague.browser.get(letter)
    assert page.status == 200
    assert LETTER["body"] in page.text
    assert case not in page.text
    assert "safety" not in page.by_id("main-content").text.lower()  # type: ignore[union-attr]
    approval = f"{letter}/approval"
    bad = colleague.browser.submit(letter, {"decision": "perhaps", "password": PASSWORD}, to=approval)
    assert bad.status == 400
    yes = {"decision": "approve", "password": PASSWORD}
    assert colleague.browser.submit(letter, yes, to=approval).status == 303
    assert LETTER["body"] in one.get("/my").text
    interview(therapist.browser, case)
    for tier, then in (("A", "harm_interview"), ("H", "matched")):
        clearance = {"tier": tier, "note": "Spoken with both.", "password": PASSWORD}
        assert act(therapist, case, "clearances", clearance).status == 303
        within(5, lambda: recommendation(therapist.browser, case)["data-reason"] == then)  # noqa: B023
    assert act(therapist, case, "review", SIGN).status == 303


def test_an_old_sign_in_is_asked_for_the_password_and_keeps_the_letter(
    practice: Practice, therapist: Staff, matched: Couple
) -> None:
    case, one, _ = matched
    assert act(therapist, case, "review", SIGN).status == 303
    with practice.aged():
        no_password = {key: value for key, value in LETTER.items() if key != "password"}
        for given in ({}, {"password": "wrong wrong wrong wrong"}):
            asked = act(therapist, case, "releases", no_password | given)
            assert asked.status == 400
            assert LETTER["body"] in asked.text
            assert "password" in asked.fields()
        assert LETTER["body"] not in one.get("/my").text
        assert act(therapist, case, "releases", LETTER).status == 303
        assert therapist.sign_in(practice).status == 303
        assert act(therapist, case, "releases", no_password).status == 303


def test_the_form_opens_again_by_request_only(therapist: Staff, matched: Couple) -> None:
    case, one, other = matched
    before = other.get("/my").body
    for kind in ("missing", "refresh", "repeat"):
        assert act(therapist, case, "requests", {"slot": "a", "kind": kind}).status == 303
        page = one.get("/my/form")
        assert page.status == 200, kind
        check = one.get("/my/form/check")
        key = {"submit_key": check.field("submit_key")}
        assert one.post("/my/form/submit", key, token=check.field("csrf_token")).location == "/my"
        assert one.get("/my/form").location == "/my"
    assert other.get("/my").body == before


def test_others_cases_are_not_there(colleague: Staff, therapist: Staff, matched: Couple) -> None:
    case = matched[0]
    pages = {"/cases/none", case.upper(), case[:-1], f"{case}/partners/a", case}
    texts = {re.sub(r'value="[0-9a-f]{64}"', "", colleague.browser.get(path).text) for path in pages}
    assert len(texts) == 1
    token = colleague.browser.get("/caseload").field("csrf_token")
    for what in ("interviews", "review", "releases", "clearances", "facts", "requests", "invitations"):
        assert colleague.browser.post(f"{case}/{what}", {"slot": "a"}, token=token).status == 404, what
        assert colleague.browser.post(f"{case}/{what}", {"slot": "a"}).status == 404
    found = therapist.browser.submit("/caseload", {"name": "morgan"}, to="/caseload/search")
    assert found.status == 200
    assert case in found.text
    strange = colleague.browser.submit("/caseload", {"name": "morgan"}, to="/caseload/search")
    assert case not in strange.text
    for bad in ({}, {"name": ""}, {"name": "\x00"}, {"name": "x" * 1_000_000}):
        assert therapist.browser.submit("/caseload", bad, to="/caseload/search").status in (200, 400)
