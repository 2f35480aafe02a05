"""A therapist with a keyboard and no pointer: shortcuts, what a screen reader hears, how to turn them off."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from live_portal import LivePortal

HEADER = """
- banner:
  - link "Larkspur House (invented)"
  - navigation "Pages":
    - link "Caseload"
"""


def focused(page: Page) -> str:
    words: str = page.evaluate("() => document.activeElement.innerText.trim()")
    return words


def given_a_therapist(page: Page) -> None:
    page.goto("/demo")
    with page.expect_navigation():
        page.get_by_role("button", name="Continue as Imani").click()


def comes_to(page: Page, address: str) -> None:
    """The page stands, and its script listens to the keys."""
    expect(page).to_have_url(re.compile(address))
    page.wait_for_load_state()


def then_the_keys_lead_about(page: Page) -> None:
    """Along the list, into a case, back, to the search field, to the list of keys."""
    links = page.locator("main tbody th a")
    page.keyboard.press("j")
    assert focused(page) == links.nth(0).inner_text()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focused(page) == links.nth(1).inner_text()
    page.keyboard.press("Enter")
    comes_to(page, "/cases/")
    page.keyboard.type("gc")
    comes_to(page, "/caseload$")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search by name")).to_be_focused()
    page.keyboard.type("gc?j")
    expect(page.get_by_role("searchbox", name="Search by name")).to_have_value("gc?j")


def then_nobody_is_led_away_from_a_text(page: Page) -> None:
    """What stands half written in the field above keeps the page where it is."""
    page.keyboard.press("Tab")
    page.keyboard.type("?")
    expect(page).to_have_url(re.compile("/caseload$"))
    page.reload()
    page.keyboard.type("?")
    expect(page).to_have_url(re.compile("/shortcuts$"))


def when_they_turn_them_off(page: Page) -> None:
    page.get_by_role("button", name="Turn shortcuts off").press("Enter")
    expect(page.locator("#shortcuts-state")).to_have_text("Shortcuts are off in this browser.")


def test_a_therapist_by_keyboard(demo: LivePortal, visitor: Callable[..., Page]) -> None:
    page = visitor(demo)
    given_a_therapist(page)
    expect(page.locator("body")).to_match_aria_snapshot(HEADER)
    then_the_keys_lead_about(page)
    then_nobody_is_led_away_from_a_text(page)
    when_they_turn_them_off(page)
    page.goto("/caseload")
    page.keyboard.press("j")
    assert focused(page) != page.locator("main tbody th a").nth(0).inner_text()
