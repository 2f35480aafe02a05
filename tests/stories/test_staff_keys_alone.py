"""A therapist and an admin by keys alone: from the sign-in to the letter, from the invitation to the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from story_keys import Typist
from story_partner import PASSWORD

from evening.answer_sheets import sheet
from evening.practices import Practice, Staff

Visitor = Callable[..., Page]
CASE = re.compile(r"/cases/[0-9a-f-]{36}(#.*)?$")
LETTER = "We will call you on Thursday at noon."
WHY = "Agreed with both of them."


def sign_in(typist: Typist, practice: Practice, staff: Staff) -> None:
    """Password, once mistyped, and code."""
    typist.page.goto("/sign-in")
    typist.types("name", staff.email)
    typist.types("password", "not the password")
    typist.presses("Sign in", kind="button")
    typist.then_a_refusal_leads_into("name")
    typist.types("password", PASSWORD)
    typist.presses("Sign in", kind="button")
    typist.types("code", practice.fresh_code(staff.secret))
    typist.presses("Go on")


def sign_out(typist: Typist) -> None:
    """By the button at the top, round past the last stop."""
    typist.presses("Sign out")
    expect(typist.page).to_have_url(re.compile("/$"))


def when_the_case_on_top_is_opened(typist: Typist) -> None:
    """From the caseload."""
    expect(typist.page).to_have_url(re.compile("/caseload$"))
    on_top = typist.page.locator("main tbody th a").first.inner_text()
    typist.presses(on_top)
    expect(typist.page).to_have_url(CASE)


def then_nothing_is_signed_too_early(typist: Typist) -> None:
    """Without a decision, then before the interviews: both times the keyboard is where the reason stands."""
    typist.unfolds("Review and sign")
    typist.types_over(WHY, id="review-note")
    typist.presses("Sign", kind="button")
    typist.then_a_refusal_leads_into("review-decision")
    typist.page.keyboard.press("Space")
    typist.picks("in_person", id="review-format")
    typist.presses("Sign", kind="button")
    expect(typist.page.locator("#refusal")).to_be_focused()
    assert typist.focus()["isShown"]
    typist.page.keyboard.press("Tab")
    typist.page.keyboard.press("Enter")
    typist.goes_to(id="review-note")
    assert typist.focus()["value"] == WHY


def when_an_interview_is_noted(typist: Typist, slot: str) -> None:
    """Alone with one of the two."""
    typist.unfolds("Note an interview")
    typist.picks(slot, id="interview-slot")
    for tick in ("identity_confirmed", "private_setting", "safety_reasked"):
        typist.goes_to(id=f"interview-{tick}")
        typist.page.keyboard.press("Space")
    typist.types_over(f"A calm call with {slot}.", id="interview-note")
    typist.presses("Keep the interview")
    expect(typist.page.locator(f".half:has(#side-{slot})")).to_contain_text(f"A calm call with {slot}.")


def when_the_recommendation_is_signed(typist: Typist) -> None:
    """As recommended."""
    typist.unfolds("Review and sign")
    typist.chooses_at("accept", id="review-decision")
    typist.picks("in_person", id="review-format")
    typist.types_over(WHY, id="review-note")
    typist.presses("Sign", kind="button")
    expect(typist.page.locator("#recommendation .signed")).to_contain_text("Signed")


def when_a_letter_is_released(typist: Typist) -> None:
    """First without a word in it, which is refused."""
    typist.unfolds("Write a letter")
    typist.picks("b", id="release-slot")
    typist.goes_to(id="release-body")
    typist.page.keyboard.press("ControlOrMeta+A")
    typist.page.keyboard.press("Delete")
    typist.presses("Check and release")
    typist.then_a_refusal_leads_into("release-body")
    typist.types_over(LETTER)
    typist.presses("Check and release")
    expect(typist.page).to_have_url(re.compile(r"/releases/[0-9a-f-]{36}$"))
    expect(typist.page.locator("main")).to_contain_text(LETTER)
    typist.presses("Back to the case")
    expect(typist.page).to_have_url(CASE)


@pytest.mark.deep
def test_a_case_from_sign_in_to_letter_by_keyboard(riverside: Practice, visitor: Visitor) -> None:
    admin = riverside.staff("admin", email="keys-admin@example.org")
    thea = riverside.staff("therapist", email="keys-thea@example.org", name="Thea Keys")
    _case, _one, other = riverside.couple(admin, thea, sheet(), sheet())
    typist = Typist(visitor(riverside.portal))

    sign_in(typist, riverside, thea)
    when_the_case_on_top_is_opened(typist)
    then_nothing_is_signed_too_early(typist)
    when_an_interview_is_noted(typist, "a")
    when_an_interview_is_noted(typist, "b")
    when_the_recommendation_is_signed(typist)
    when_a_letter_is_released(typist)
    sign_out(typist)
    assert LETTER in other.get("/my").text


def when_a_couple_is_invited(typist: Typist, therapist: str) -> None:
    """One address mistyped first; the other is still there afterwards."""
    typist.presses("Cases", kind="a")
    typist.types("email_a", "nobody at all")
    typist.types("email_b", "keys-b@example.org")
    typist.presses("Open and invite")
    typist.then_a_refusal_leads_into("email_a")
    typist.types_over("keys-a@example.org")
    assert typist.goes_to(id="email_b")["value"] == "keys-b@example.org"
    typist.picks(therapist, id="therapist")
    typist.presses("Open and invite")
    expect(typist.page).to_have_url(re.compile(r"/cases/[0-9a-f-]{36}$"))


def then_a_page_that_looks_again_waits_for_the_keyboard(typist: Typist) -> None:
    """A file that takes longer: the page asks anew every second, but not while somebody stands on a link."""
    page = typist.page

    def still_making(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</h1>", '</h1><p data-refresh="1"></p>'))

    page.route(re.compile(r"/admin/exports/[0-9a-f-]{36}$"), still_making)
    with page.expect_navigation():
        page.reload()
    with page.expect_navigation():
        pass  # nobody has touched it
    typist.goes_to(words="Download")
    page.wait_for_timeout(2_500)
    assert typist.focus()["words"] == "Download"


def when_the_last_quarter_is_asked_for(typist: Typist) -> Path:
    """One press fills the form in; returns the file."""
    typist.presses("Reports", kind="a")
    typist.presses("Last quarter")
    assert typist.goes_to(id="format")["value"] == "pdf"
    typist.types("purpose", "For the board in autumn")
    typist.presses("Make the report")
    expect(typist.page.get_by_role("link", name="Download")).to_be_visible()
    then_a_page_that_looks_again_waits_for_the_keyboard(typist)
    with typist.page.expect_download() as download:
        typist.page.keyboard.press("Enter")
    return download.value.path()


@pytest.mark.deep
def test_an_invitation_and_a_board_report_by_keyboard(riverside: Practice, visitor: Visitor) -> None:
    admin = riverside.staff("admin", email="keys-ada@example.org", name="Ada Keys")
    riverside.staff("therapist", email="keys-wen@example.org", name="Wen Keys")
    typist = Typist(visitor(riverside.portal))

    sign_in(typist, riverside, admin)
    when_a_couple_is_invited(typist, "keys-wen@example.org")
    assert riverside.link("keys-a@example.org") != riverside.link("keys-b@example.org")
    assert when_the_last_quarter_is_asked_for(typist).read_bytes().startswith(b"%PDF-")
    sign_out(typist)
