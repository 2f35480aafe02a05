"""A therapist with five minutes: the page of a typical couple is no longer than two screens of a laptop."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from live_portal import LivePortal


def test_a_typical_couple_fits_on_two_screens(demo: LivePortal, visitor: Callable[..., Page]) -> None:
    # given a therapist before a couple whose two forms are there and wait to be signed
    page = visitor(demo, screen="desktop")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/demo")
    with page.expect_navigation():
        page.get_by_role("button", name="Continue as Imani").click()
    page.locator("tr", has_text="Couples therapy").get_by_role("link").first.click()
    # when they look
    expect(page.locator("#recommendation")).to_have_attribute("data-route", "couples")
    # then all of it fits, and route, why and what comes first stand on the first screen
    assert page.evaluate("document.documentElement.scrollHeight") <= 1600
    for place in ("#recommendation h2", "#gates", ".next"):
        box = page.locator(place).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800, place
    # and on a phone nothing is wider than the screen
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
