"""Letters that wait for a second person, drafts that were corrected, wishes that block (contract.md)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from evening.answer_sheets import Sheet, sheet
from evening.plain_client import Answer, Fields
from evening.practices import (
    PASSWORD,
    Practice,
    Staff,
    fill_in,
    open_section,
    recommendation,
    walk_in,
    within,
)
from portal.models import Invitation, table_of

SIGN = {"decision": "accept", "note": "Read and agreed."}
UP = {"decision": "override", "route": "safety", "reason_code": "safety", "note": "Something in the call."}


def act(staff: Staff, case: str, what: str, fields: Fields) -> Answer:
    return staff.browser.submit(case, fields, to=f"{case}/{what}")


def reason(staff: Staff, case: str) -> str:
    return recommendation(staff.browser, case).get("data-reason", "")


@pytest.mark.parametrize(
    ("answers", "review"),
    [(sheet(psychosis_mania="current_untreated"), SIGN), (sheet(), UP)],
    ids=["recommended hold", "signed safety"],
)
def test_a_letter_waits_for_another_person(
    practice: Practice, admin: Staff, therapist: Staff, answers: Sheet, review: Fields
) -> None:
    case, one, other = practice.couple(admin, therapist, answers, sheet())
    assert act(therapist, case, "review", review).status == 303
    before = other.get("/my").body
    first = act(therapist, case, "releases", {"slot": "a", "letter": "free", "body": "First words."})
    second = act(therapist, case, "releases", {"slot": "a", "letter": "free", "body": "Second words."})
    assert (first.status, second.status) == (303, 303)
    assert "words." not in one.get("/my").text
    for letter, decision, shown in (
        (first.location, "refuse", "First words."),
        (second.location, "approve", "Second words."),
    ):
        assert letter in admin.browser.get("/admin").text
        assert letter in therapist.browser.get(case).text
        page = admin.browser.get(letter)
        assert shown in page.text
        assert case.removeprefix("/cases/") not in page.text
        token = page.field("csrf_token")
        assert admin.browser.post(f"{letter}/approval", {}, token=token).status == 400
        decided = admin.browser.post(f"{letter}/approval", {"decision": decision}, token=token)
        assert (decided.status, decided.location) == (303, letter)
        for late in ("approve", "refuse"):
            assert admin.browser.post(f"{letter}/approval", {"decision": late}, token=token).status == 409
        assert letter not in admin.browser.get("/admin").text
    assert "First words." not in one.get("/my").text
    assert one.get("/my").text.count("Second words.") == 1
    assert other.get("/my").body == before


def test_a_stale_sign_in_cannot_approve(practice: Practice, admin: Staff, therapist: Staff) -> None:
    case, one, _ = practice.couple(admin, therapist, sheet(fear="strong"), sheet())
    assert act(therapist, case, "review", SIGN).status == 303
    fields = {"slot": "a", "letter": "free", "body": "Words to approve."}
    letter = act(therapist, case, "releases", fields).location
    with practice.aged():
        asked = admin.browser.submit(letter, {"decision": "approve"}, to=f"{letter}/approval")
        assert asked.status == 400
        assert "password" in asked.fields()
        assert "Words to approve." not in one.get("/my").text
        yes = {"decision": "approve", "password": PASSWORD}
        assert admin.browser.submit(letter, yes, to=f"{letter}/approval").status == 303
        assert "Words to approve." in one.get("/my").text


def test_a_draft_corrected_on_the_same_page_is_taken_back_and_leaving_latches(
    practice: Practice, admin: Staff, therapist: Staff
) -> None:
    case, to_a, _ = practice.invite(admin, therapist)
    one = practice.join(to_a)
    page = open_section(one, "safety")
    version, token = int(page.field("version")), page.field("csrf_token")

    def draft(fear: str, later: int) -> None:
        fields = {"section": "safety", "version": str(version + later), "fear": fear}
        assert one.post("/my/form/draft", fields, token=token).status == 204

    draft("strong", 0)
    within(5, lambda: reason(therapist, case) == "ipv_acute")
    draft("none", 1)
    within(5, lambda: reason(therapist, case) == "partner_not_submitted")
    assert "orrected" in therapist.browser.get(case).text
    draft("strong", 2)
    within(5, lambda: reason(therapist, case) == "ipv_acute")
    assert one.get("/leave").status == 303
    answers = therapist.browser.get(f"{case}/partners/a")
    assert answers.status == 200
    assert "closed" in answers.text


def test_wishes_block_the_practice_but_not_a_link_already_sent(
    practice: Practice, admin: Staff, therapist: Staff
) -> None:
    made = admin.browser.submit(
        "/admin/cases", {"email_a": "alone@example.org", "therapist": therapist.email}
    )
    case = made.location.removeprefix("/admin")
    one = practice.join(practice.link("alone@example.org"))
    assert one.submit("/my/partner", {"choice": "do_not_contact"}).status == 303
    fill_in(one, sheet())
    within(5, lambda: reason(therapist, case) == "partner_not_joining")
    blocked = act(therapist, case, "invitations", {"slot": "b", "email": "other@example.org"})
    assert blocked.status == 409
    assert practice.mails("other@example.org") == []
    case, to_a, to_b = practice.invite(admin, therapist)
    one = practice.join(to_a)
    assert one.submit("/my/partner", {"choice": "do_not_contact"}).status == 303
    fill_in(one, sheet())
    within(5, lambda: reason(therapist, case) == "partner_not_joining")
    fill_in(practice.join(to_b), sheet())
    within(5, lambda: reason(therapist, case) == "matched")


def test_nobody_is_written_to_against_their_wish(practice: Practice, admin: Staff, therapist: Staff) -> None:
    case, to_a, to_b = practice.invite(admin, therapist)
    one = practice.visitor()
    assert one.submit(to_a, {"choice": "join", "password": PASSWORD}).status == 303
    walk_in(one, contact={"channel": "none"})
    fill_in(one, sheet())
    fill_in(practice.join(to_b), sheet())
    within(5, lambda: reason(therapist, case) == "matched")
    assert act(therapist, case, "review", SIGN).status == 303
    staff = {therapist.email, admin.email, "oncall@example.org"}
    before = [mail["To"] for mail in practice.portal.mails() if mail["To"] not in staff]
    fields = {"slot": "a", "letter": "free", "body": "Only here.", "notify": "yes"}
    assert act(therapist, case, "releases", fields).status == 303
    assert "Only here." in one.get("/my").text
    practice.portal.command("worker")  # everything that is due was sent now
    assert [mail["To"] for mail in practice.portal.mails() if mail["To"] not in staff] == before


def test_two_accounts_in_one_browser_are_a_gate(practice: Practice, admin: Staff, therapist: Staff) -> None:
    case, to_a, to_b = practice.invite(admin, therapist)
    shared = practice.join(to_a)
    fill_in(shared, sheet())
    assert shared.submit("/my", {}, to="/sign-out").location == "/"
    assert shared.submit(to_b, {"choice": "join", "password": PASSWORD}).status == 303
    walk_in(shared)
    fill_in(shared, sheet())
    within(5, lambda: reason(therapist, case) == "matched")
    assert "Privacy is not certain" in therapist.browser.get(case).text_of("gates")


def test_links_grow_old(practice: Practice, admin: Staff, therapist: Staff) -> None:
    _, to_a, _ = practice.invite(admin, therapist)
    with practice.database() as database:
        database.execute(update(table_of(Invitation)).values(expires_at=datetime(2020, 1, 1, tzinfo=UTC)))
    visitor = practice.visitor()
    assert visitor.get(to_a).status == 200
    for choice in ({"choice": "join", "password": PASSWORD}, {"choice": "not_now", "reason": "kept words"}):
        refused = visitor.submit(to_a, choice)
        assert refused.status == 400
        assert "reason" not in choice or "kept words" in refused.text
    assert visitor.get("/my").location == "/sign-in"
