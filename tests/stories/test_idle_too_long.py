"""A warning before the session runs out, staying, and what becomes of words that came too late."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect
from story_looks import then_the_page_is_in_order
from story_partner import Partner

from evening.practices import Practice

Visitor = Callable[..., Page]
LONG_STORY = "We talk late at night, and then we stop. " * 3


@pytest.fixture
def robin(riverside: Practice, visitor: Visitor) -> Callable[..., Partner]:
    """`robin(...)` has walked in and looks at the form."""

    def begun(*, stops_the_clock: bool = False, **context: object) -> Partner:
        page = visitor(riverside.portal, **context)
        if stops_the_clock:
            page.clock.install()
        partner = Partner(page)
        partner.begins()
        partner.walks_in("Robin Vale", "robin@example.org")
        return partner

    return begun


def age_every_session(riverside: Practice) -> None:
    """Twenty minutes pass for every partner."""
    path = riverside.portal.instance / "portal.sqlite3"
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        database.execute("UPDATE partner_session SET last_seen_at = datetime(last_seen_at, '-20 minutes')")


@pytest.mark.parametrize("screen", ["phone"])
def test_a_warning_two_minutes_before_and_one_press_to_stay(
    robin: Callable[..., Partner], screen: str
) -> None:
    page = robin(stops_the_clock=True, screen=screen).page
    warning = page.locator("[data-idle-warning]")
    expect(warning).to_be_hidden()
    page.clock.run_for(12 * 60 * 1000 + 30_000)
    expect(warning).to_be_hidden()
    page.clock.run_for(60_000)
    expect(warning).to_be_visible()
    then_the_page_is_in_order(page)
    with page.expect_response("**/sign-in/stay") as answered:
        page.get_by_role("button", name="Stay signed in").click()
    assert answered.value.status == 200
    page.clock.run_for(2_000)
    expect(warning).to_be_hidden()


def test_who_types_for_long_stays_without_asking(robin: Callable[..., Partner]) -> None:
    page = robin(stops_the_clock=True).page
    page.goto("/my/message")
    # On a busy machine its clock may be five seconds further by the first of them already.
    with page.expect_response("**/sign-in/stay") as answered:
        page.get_by_label("Your words").press_sequentially("A")
        page.clock.run_for(5 * 60 * 1000 - 5_000)
        page.get_by_label("Your words").press_sequentially("B")
        page.clock.run_for(10_000)
    assert answered.value.status == 200


@pytest.mark.parametrize("presses", [False, True], ids=["autosave", "button"])
def test_with_script_the_page_says_that_late_words_were_kept(
    riverside: Practice, robin: Callable[..., Partner], presses: bool
) -> None:
    partner = robin()
    partner.page.locator(".options input, .tiles input, input[type=radio]").first.wait_for()
    age_every_session(riverside)
    if presses:
        partner.page.evaluate("document.querySelector('[name=adult][value=yes]').checked = true")
        partner.presses("Save and go on")
        expect(partner.page.locator("#kept")).to_be_visible()
    else:
        partner.option("adult", "yes").check()
        expect(partner.save_state).to_contain_text("What you typed was kept")


def test_words_that_came_too_late_wait_for_their_author(
    riverside: Practice, robin: Callable[..., Partner]
) -> None:
    partner = robin(java_script_enabled=False)
    page = partner.page
    page.goto("/my/message")
    page.get_by_label("Your words").fill(LONG_STORY)
    age_every_session(riverside)
    partner.presses("Send")
    expect(page.get_by_role("heading", level=1)).to_have_text("Please sign in again")
    expect(page.locator("#kept")).to_be_visible()
    assert LONG_STORY[:30] not in page.content()
    page.go_back()

    partner.signs_in()
    page.goto("/my")
    expect(page.locator("#late")).to_be_visible()
    assert LONG_STORY[:30] not in page.content()
    partner.presses("Put it where it belongs")
    expect(page.locator("#late")).to_have_count(0)
    page.goto("/my/message")
    expect(page.locator(".notice.success")).to_contain_text("We have what you wrote")
