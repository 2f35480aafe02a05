"""Every page there is, in English by day and in Spanish by night: axe finds nothing, nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect
from story_looks import NARROWEST, sticking_out, too_small, violations
from story_walk import NO_PAGE, Walk, routes

from access import table
from live_portal import LivePortal
from portal.content import questionnaire as bank

#: Who walks, as the demonstration knows them, and the roles of the access table that they stand for.
WALKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "visitor": (("",), ("anonymous",)),
    "partners": (("cedar/a", "copper/a", "hollow/a"), ("a", "b", "c", "inviter")),
    "therapists": (("imani", "wen"), ("thea",)),
    "admin": (("theo",), ("ada",)),
}
DESKTOP = {"width": 1280, "height": 900}
#: Pages that nobody of the demonstration is led to, and where somebody is.
ELSEWHERE = {
    "accounts.reset": "a link that was mailed: shown below",
    "accounts.set_up": "a link that was handed over: shown below",
    "accounts.join": "an invitation: shown below",
    "accounts.again": "asks somebody whose sign-in is old",
    "accounts.second_step": "half a sign-in: test_one_evening",
    "admin.one_report": "an export that somebody made: test_one_evening",
    "admin.report_file": "a file",
    "admin.report_manifest": "a file, where a report was made",
    "therapist.brief": "a file",
    "therapist.entry": "a case page leads a therapist there, where nobody filled the form in yet",
}


def step_in(page: Page, portal: LivePortal, who: str) -> None:
    """One press on the page of the demonstration."""
    page.goto(f"{portal.url}/demo")
    with page.expect_navigation():
        page.locator(f'form:has(input[value="{who}"]) button').click()


@contextmanager
def in_spanish(page: Page) -> Iterator[None]:
    """The switch at the top of every page, and back afterwards: the demonstration is shared."""
    for language in ("es", "en"):
        switch = page.locator(f'form[data-language] button[value="{language}"]')
        if switch.count():
            with page.expect_navigation():
                switch.click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        if language == "es":
            yield


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands."""
    return [f"{page.url} {one}" for one in violations(page) + sticking_out(page) + too_small(page)]


def by_day(page: Page) -> list[str]:
    """On a desktop, in the light."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    return faults(page)


def by_night(page: Page) -> list[str]:
    """In the dark, on the narrowest telephone, which is also a desktop magnified fourfold (WCAG 1.4.10)."""
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    return faults(page)


def both_ways(
    page: Page, portal: LivePortal, each: int = 1, but: set[str] | None = None
) -> tuple[list[str], set[str]]:
    """English by day, Spanish by night: what was found, and which pages were seen, all but some."""
    wanted = [route for route in routes(portal) if route.endpoint not in (but or set())]
    walk = Walk(page, portal.url, wanted, each)
    found = [fault for _path in walk.pages() for fault in by_day(page)]
    page.goto(portal.url)
    with in_spanish(page):
        for path in [path for paths in walk.seen.values() for path in paths]:
            page.goto(portal.url + path)
            found += by_night(page)
        page.goto(portal.url)
    return found, set(walk.seen)


def open_to(roles: tuple[str, ...]) -> set[str]:
    """The pages that one of these may look at, by the table of who gets what."""
    return {
        endpoint
        for (endpoint, method), cells in table.rows().items()
        if method == "GET" and any(status == 200 and role in roles for (role, _), status in cells.items())
    }


@pytest.mark.parametrize("walk", WALKS)
def test_every_page_is_in_order(walk: str, demo: LivePortal, visitor: Callable[..., Page]) -> None:
    people, roles = WALKS[walk]
    for_all = (
        set() if walk == "visitor" else open_to(("anonymous",))
    )  # the same for everybody: looked at once
    found: list[str] = []
    seen: set[str] = set()
    for who in people:
        page = visitor(demo, reduced_motion="reduce")
        if who:
            step_in(page, demo, who)
        more, pages = both_ways(page, demo, but=for_all)
        found, seen = found + more, seen | pages
    assert (found, open_to(roles) - for_all - seen - set(ELSEWHERE) - NO_PAGE) == ([], set())


@pytest.mark.parametrize("address", ["/join/aaaa", "/password/reset/aaaa", "/set-up/aaaa", "/nothing-here"])
def test_what_a_link_leads_to_is_in_order(
    address: str, demo: LivePortal, visitor: Callable[..., Page]
) -> None:
    page = visitor(demo, reduced_motion="reduce")
    page.goto(address)
    assert by_day(page) + by_night(page) == []


def sections(page: Page, portal: LivePortal) -> Iterator[str]:
    """Every section of the form, one after the other, by the list of all parts."""
    for section in bank.load().sections:
        page.goto(f"{portal.url}/my/form")
        if page.locator('#section input[name="section"]').get_attribute("value") != section.key:
            page.locator("details.sections > summary").click()
            page.locator(f'.sections button[value="{section.key}"]').click()
            expect(page.locator('#section input[name="section"]')).to_have_value(section.key)
        closed = page.locator("main details:not([open]) > summary")
        for _ in range(closed.count()):
            closed.first.click()  # which is open then, and no longer among them
        yield section.key


@pytest.mark.deep
@pytest.mark.parametrize("who", ["copper/a", "cielo/b"])
def test_every_section_is_in_order_in_every_light(
    who: str, demo: LivePortal, visitor: Callable[..., Page]
) -> None:
    page = visitor(demo, reduced_motion="reduce")
    step_in(page, demo, who)
    found = [fault for _key in sections(page, demo) for fault in by_day(page) + by_night(page)]
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    with in_spanish(page):
        found += [fault for _key in sections(page, demo) for fault in by_day(page) + by_night(page)]
        page.goto(f"{demo.url}/my")
    assert found == []


@pytest.mark.deep
@pytest.mark.parametrize("who", ["nogal/b", "rowan/a", "harlow/a", "imani", "wen", "mateo", "theo"])
def test_every_state_is_in_order(who: str, demo: LivePortal, visitor: Callable[..., Page]) -> None:
    page = visitor(demo, reduced_motion="reduce")
    step_in(page, demo, who)
    assert both_ways(page, demo, each=6)[0] == []
