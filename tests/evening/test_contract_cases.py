"""Cases from outside: claims to a slot, held invitations, drafts that alert, facts (contract.md)."""

from __future__ import annotations

import pytest

from evening.answer_sheets import sheet
from evening.plain_client import Answer, Browser, Fields
from evening.practices import (
    PASSWORD,
    Practice,
    Staff,
    fill_in,
    interview,
    open_section,
    plain_text,
    recommendation,
    save,
    within,
)

JOIN = {"choice": "join", "password": PASSWORD}


@pytest.fixture
def case(practice: Practice, admin: Staff, therapist: Staff) -> tuple[str, str, str]:
    """A new case and both partners' links."""
    return practice.invite(admin, therapist)


def act(staff: Staff, case: str, what: str, fields: Fields) -> Answer:
    return staff.browser.submit(case, fields, to=f"{case}/{what}")


def reason(staff: Staff, case: str) -> str:
    return recommendation(staff.browser, case).get("data-reason", "")


def test_the_link_page_is_the_same_whatever_the_token(practice: Practice, case: tuple[str, str, str]) -> None:
    visitor = practice.visitor()
    visitor.get("/join/unknown")
    live, used = case[1:]
    practice.join(used)

    def shown(path: str) -> str:
        return visitor.get(path).text.replace(path.removeprefix("/join/"), "").replace(" ", "")

    assert {shown(path) for path in (live, used, live[:-3])} == {shown("/join/unknown")}
    assert visitor.submit(live[:-3], JOIN).status == 400
    assert practice.join(live).get("/my/form").status == 200


def test_bad_answers_to_an_invitation_consume_nothing(practice: Practice, case: tuple[str, str, str]) -> None:
    _, live, _ = case
    visitor = practice.visitor()
    for bad in ({"choice": "perhaps", "password": PASSWORD}, {"password": "short"}, {"choice": "join"}):
        answer = visitor.submit(live, {"reason": "because of this", **bad})
        assert answer.status == 400, bad
        assert "because of this" in answer.text
    assert practice.join(live).get("/my/form").status == 200


def test_a_second_claimant_gets_a_record_only_staff_see_as_such(
    practice: Practice, therapist: Staff, case: tuple[str, str, str]
) -> None:
    place, to_a, to_b = case
    first, second = practice.join(to_a), practice.join(to_a)
    assert first.get("/my/account").status == second.get("/my/account").status == 200
    fill_in(first, sheet())
    fill_in(practice.join(to_b), sheet())
    within(5, lambda: reason(therapist, place) == "outside_scope")
    assert recommendation(therapist.browser, place)["data-rule"] == "R0"
    resolved = act(therapist, place, "facts", {"slot": "a", "identity_conflict": "no", "note": "By voice."})
    assert resolved.status == 303
    within(5, lambda: reason(therapist, place) == "matched")


def test_not_for_me_right_now(practice: Practice, therapist: Staff, case: tuple[str, str, str]) -> None:
    place, to_a, to_b = case
    fill_in(practice.join(to_a), sheet())
    visitor = practice.visitor()
    said = visitor.submit(to_b, {"choice": "not_now", "reason": "a reason for staff alone"})
    assert said.status == 303
    assert visitor.get(said.location).status == 200
    within(5, lambda: reason(therapist, place) == "partner_not_joining")
    again = visitor.submit(to_b, {"choice": "not_now", "reason": "twice"})
    assert (again.status, again.location) == (303, said.location)
    assert "a reason for staff alone" in therapist.browser.get(place).text


def test_a_partners_invitation_is_held_and_released_by_staff(
    practice: Practice, admin: Staff, therapist: Staff
) -> None:
    place, one = begun_case(practice, admin, therapist, "held@example.org", sheet())
    assert practice.mails("held@example.org") == []
    page = within(5, lambda: held_button(therapist, place))
    assert act(therapist, place, "invitations", {"held": "00000000-0000-4000-8000-000000000000"}).status in (
        400,
        404,
    )
    assert act(therapist, place, "invitations", {"held": page}).status == 303
    link = practice.link("held@example.org")
    mail = practice.mails("held@example.org")[0]
    assert plain_text(mail).count("http://127.0.0.1:") == 1
    assert "therap" not in (mail["Subject"] + plain_text(mail)).lower()
    before = one.get("/my/partner").body
    other = practice.join(link)
    fill_in(other, sheet())
    assert one.get("/my/partner").body == before


@pytest.mark.parametrize(
    "danger",
    [{"fear": "strong"}, {"order_of_protection": "past"}, {"suicide_level": "4"}, {"child_danger": "now"}],
)
def test_danger_blocks_an_invitation(
    practice: Practice, admin: Staff, therapist: Staff, danger: dict[str, str]
) -> None:
    address = f"blocked-{next(iter(danger)).replace('_', '-')}@example.org"
    place, _ = begun_case(practice, admin, therapist, address, sheet(**danger))
    within(5, lambda: recommendation(therapist.browser, place).get("data-route"))
    own = act(therapist, place, "invitations", {"slot": "b", "email": address})
    assert own.status == 409
    assert address in own.text
    held = held_button(therapist, place)
    if held:
        assert act(therapist, place, "invitations", {"held": held}).status == 409
    assert practice.mails(address) == []


def begun_case(
    practice: Practice,
    admin: Staff,
    therapist: Staff,
    invitee: str,
    answers: dict[str, dict[str, str | list[str]]],
) -> tuple[str, Browser]:
    """A case of one invited partner who wishes to invite the other, and sent."""
    address = "from-" + invitee
    made = admin.browser.submit(
        "/admin/cases", {"email_a": address, "email_b": "", "therapist": therapist.email}
    )
    assert made.status == 303
    one = practice.join(practice.link(address))
    assert one.submit("/my/partner", {"choice": "invite", "email": invitee}).status == 303
    fill_in(one, answers)
    return "/cases/" + made.location.rsplit("/", 1)[1], one


def held_button(therapist: Staff, place: str) -> str:
    page = therapist.browser.get(place)
    return page.field("held") if "held" in page.fields() else ""


def test_a_draft_alerts_at_once_and_shows_no_answers(
    practice: Practice, therapist: Staff, case: tuple[str, str, str]
) -> None:
    place, to_a, _ = case
    before = len(practice.mails("oncall@example.org"))
    one = practice.join(to_a)
    page = open_section(one, "safety")
    fields = {"section": "safety", "version": page.field("version"), "fear": "strong"}
    assert one.post("/my/form/draft", fields, token=page.field("csrf_token")).status == 204
    within(5, lambda: len(practice.mails("oncall@example.org")) > before)
    assert save(one, "safety", fear="strong").status == 303
    within(5, lambda: reason(therapist, place) == "ipv_acute")
    mail = practice.mails("oncall@example.org")[-1]
    assert not any(word in mail.as_string().lower() for word in ("fear", "safety", "alex", "morgan", "ipv"))
    assert save(one, "safety", fear="none").status == 303  # latched: a later "all fine" clears nothing
    assert reason(therapist, place) == "ipv_acute"


def test_withdrawing_keeps_the_findings(
    practice: Practice, therapist: Staff, case: tuple[str, str, str]
) -> None:
    place, to_a, to_b = case
    one, other = practice.join(to_a), practice.join(to_b)
    fill_in(one, sheet(lean="4", commit_months="no"))
    fill_in(other, sheet())
    within(5, lambda: reason(therapist, place) == "mixed_agenda")
    before = other.get("/my").body
    assert one.submit("/my/withdraw", {"confirm": "yes", "reason": "enough"}).status == 303
    within(5, lambda: reason(therapist, place) == "partner_not_joining")
    assert other.get("/my").body == before


def test_facts_change_the_recommendation(
    practice: Practice, therapist: Staff, case: tuple[str, str, str]
) -> None:
    place, to_a, to_b = case
    one = practice.join(to_a)
    fill_in(one, sheet(order_of_protection="current"))
    fill_in(practice.join(to_b), sheet())
    within(5, lambda: reason(therapist, place) == "order")
    down = {"decision": "override", "route": "couples", "reason_code": "other", "note": "n"}
    interview(therapist.browser, place)
    assert act(therapist, place, "review", down).status == 409
    assert act(therapist, place, "requests", {"slot": "a", "kind": "repeat"}).status == 303
    fill_in(one, sheet())
    assert reason(therapist, place) == "order"
    fact = {"slot": "a", "confirm": "order_of_protection", "note": "Seen the paper."}
    assert act(therapist, place, "facts", fact).status == 303
    within(5, lambda: reason(therapist, place) == "matched")
    assert act(therapist, place, "facts", {"slot": "b", "validity_concern": "yes", "note": "n"}).status == 303
    within(5, lambda: reason(therapist, place) == "validity")


def test_breaking_the_glass_needs_a_reason_and_opens_the_case(
    therapist: Staff, colleague: Staff, case: tuple[str, str, str]
) -> None:
    place = case[0]
    token = colleague.browser.get("/caseload").field("csrf_token")
    assert colleague.browser.get(place).status == 404
    refused = colleague.browser.post(f"{place}/break-glass", {"reason": " "}, token=token)
    assert refused.status == 400
    done = colleague.browser.post(f"{place}/break-glass", {"reason": "Ill colleague"}, token=token)
    assert (done.status, done.location) == (303, place)
    assert colleague.browser.get(place).status == 200


def test_an_appointment_is_shown_to_whom_it_is_proposed(
    practice: Practice, therapist: Staff, case: tuple[str, str, str]
) -> None:
    place, to_a, to_b = case
    one, other = practice.join(to_a), practice.join(to_b)
    before = other.get("/my").body
    fields = {
        "slot": "a",
        "starts_at": "2031-03-04T17:30",
        "minutes": "50",
        "place": "Room with a green door",
    }
    assert act(therapist, place, "appointments", fields).status == 303
    assert "Room with a green door" in one.get("/my").text
    assert other.get("/my").body == before
