"""Leaving at once, on a device that others use: Back shows nothing (security.md §3.4).

In a Chromium whose back/forward cache is ON. Playwright switches it off, and every test of this kind is then
green for the wrong reason; the first test below shows that it is on.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import neutral_site
import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect
from story_history import back, looked, presses_in_a_hurry, until
from story_looks import PATIENCE
from story_partner import PASSWORD, Partner
from test_typed_text_survives import carry_over

import browser as chromium
import live_portal
from evening.practices import Practice, open_section

WORD = "Wexkolibri"
HOME = f"https://{neutral_site.HOST}/"
#: What a page that shows something has: the form, the card, a letter, what was said in words.
_SHOWS = """() => !document.documentElement.hidden && (
    document.body.innerText.includes("Wexkolibri")
    || [...document.querySelectorAll("input, textarea")].some((one) => one.value.includes("Wexkolibri"))
    || !!document.querySelector("#section, #sign-in-name, #recovery-code, .sent, form[action^='/my']"))"""


@pytest.fixture(scope="session")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of the neutral site."""
    with neutral_site.served(tmp_path_factory.mktemp("weather")) as port:
        yield port


@pytest.fixture(scope="session")
def household(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], weather: int
) -> Iterator[Browser]:
    """A browser as people have it: with its back/forward cache."""
    found = f"MAP {neutral_site.HOST}:443 127.0.0.1:{weather}"
    home = f"--host-resolver-rules={found}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    args = [one for one in browser_type_launch_args["args"] if "host-resolver" not in one]
    browser = browser_type.launch(
        executable_path=chromium.find(),
        args=[*args, home, "--ignore-certificate-errors"],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture
def sofa(household: Browser, riverside: Practice) -> Iterator[Callable[..., Page]]:
    """`sofa()` is a page of the household's browser with an empty cookie jar."""
    contexts = []

    def sit(**options: Any) -> Page:
        options = {"base_url": riverside.portal.url, "locale": "en-US", **options}
        contexts.append(household.new_context(ignore_https_errors=True, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1].new_page()

    yield sit
    for context in contexts:
        context.close()


@pytest.fixture
def somebody(sofa: Callable[..., Page], riverside: Practice) -> Callable[..., Page]:
    """`somebody()` has come on their own, looked around, and typed a word into the form."""

    def writes(practice: Practice = riverside, **options: Any) -> Page:
        plain = practice.begin()
        open_section(plain, "goals")
        has_clock = options.pop("clock", False)
        page = sofa(base_url=practice.portal.url, **options)
        if has_clock:
            page.clock.install()
        carry_over(plain, page.context, practice.portal.url)
        for path in ("/my", "/my/account", "/my/form"):
            page.goto(path)
        page.locator("#section textarea").first.fill(f"{WORD}, and more.")
        return page

    return writes


def then_back_shows_nothing(page: Page) -> None:
    """Five times, and what stands on the screen after each."""
    shown = []
    for _ in range(5):
        back(page)
        is_shown = looked(page, _SHOWS)
        shown.append((page.url, is_shown))
    assert [url for url, is_shown in shown if is_shown] == []


def given_a_session_of_sixteen_minutes_ago(practice: Practice) -> None:
    """The clock of the server, moved for every partner."""
    with (
        closing(sqlite3.connect(practice.portal.instance / "portal.sqlite3", timeout=10)) as database,
        database,
    ):
        database.execute("UPDATE partner_session SET last_seen_at = datetime(last_seen_at, '-16 minutes')")


def test_the_cache_is_on_and_keeps_careless_pages(sofa: Callable[..., Page]) -> None:
    page = sofa()
    page.goto(f"{HOME}careless")
    page.evaluate("() => addEventListener('pageshow', (event) => { window.cameBack = event.persisted; })")
    page.goto("/help")
    back(page)
    assert (page.url, looked(page, "() => window.cameBack")) == (f"{HOME}careless", True)
    assert neutral_site.CARELESS in page.inner_text("body")


def test_what_is_looked_for_would_be_seen(somebody: Callable[..., Page]) -> None:
    page = somebody()
    assert page.evaluate(_SHOWS) is True
    page.goto("/help")
    assert page.evaluate(_SHOWS) is False
    back(page)
    expect(page.locator("#section")).to_be_visible()  # signed in still, the page is asked for anew


def leaves(page: Page, way: str = "link") -> None:
    """By the button at the top, or by the key."""
    if way == "shift":
        presses_in_a_hurry(page, "Shift", 3)
    else:
        page.get_by_role("link", name=re.compile("Leave this page")).click()
    expect(page.get_by_text(neutral_site.TEXT)).to_be_visible()
    assert page.url == HOME


def leaves_for_good(page: Page, way: str = "link") -> None:
    """And the portal has heard of it: what the browser sent on the way out may be under way yet."""

    def cookies() -> dict[str, str]:
        kept = page.context.cookies(at)
        return {str(one.get("name")): str(one.get("value")) for one in kept}

    at = page.url
    before = cookies()
    leaves(page, way)
    until(page, lambda: cookies() != before)


@pytest.mark.parametrize("way", ["link", "shift"])
def test_after_leaving_back_shows_nothing(somebody: Callable[..., Page], way: str) -> None:
    page = somebody()
    leaves_for_good(page, way)
    then_back_shows_nothing(page)
    page.goto("/my/form")
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_the_plain_link_works_without_script(somebody: Callable[..., Page]) -> None:
    page = somebody(java_script_enabled=False)
    leaves(page)
    then_back_shows_nothing(page)


def test_leaving_works_while_the_server_is_out_of_reach(
    tmp_path: Path, somebody: Callable[..., Page]
) -> None:
    with live_portal.fresh(tmp_path / "instance").serving() as served:
        page = somebody(Practice(served))
    leaves(page, "shift")
    then_back_shows_nothing(page)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_after_signing_out_back_shows_nothing(somebody: Callable[..., Page], script: bool) -> None:
    page = somebody(java_script_enabled=script)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/$"))
    then_back_shows_nothing(page)


def test_a_page_nobody_touches_goes_blank_and_back_shows_nothing(
    somebody: Callable[..., Page], riverside: Practice
) -> None:
    page = somebody(clock=True)
    given_a_session_of_sixteen_minutes_ago(riverside)
    page.clock.fast_forward("16:00")
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.clock.resume()
    then_back_shows_nothing(page)


def test_without_script_a_session_that_ran_out_shows_nothing(
    somebody: Callable[..., Page], riverside: Practice
) -> None:
    page = somebody(java_script_enabled=False)
    given_a_session_of_sixteen_minutes_ago(riverside)
    page.goto("/my")
    expect(page).to_have_url(re.compile("/sign-in$"))
    then_back_shows_nothing(page)


def test_who_signs_in_next_on_this_device_sees_nothing_of_the_one_before(
    somebody: Callable[..., Page], riverside: Practice
) -> None:
    page = somebody()
    leaves_for_good(page)
    page.goto("/begin")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Begin", exact=True).click()
    expect(page).to_have_url(re.compile("/my/account$"))
    for _ in range(6):
        back(page)
        assert page.get_by_text(WORD).count() == 0
        assert page.locator("#section").count() == 0


def test_two_presses_or_another_key_between_them_do_nothing(somebody: Callable[..., Page]) -> None:
    page = somebody()
    for key in ("Shift", "Shift", "a", "Shift", "Shift"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.url.endswith("/my/form")


@pytest.mark.parametrize(("script", "entries"), [(True, 0), (False, 8)], ids=["script", "no-script"])
def test_the_form_leaves_one_entry_in_the_history_and_nothing_in_the_browser(
    somebody: Callable[..., Page], script: bool, entries: int
) -> None:
    """Without script every section posted is an entry, all at the one address: known, and said."""
    page = somebody(java_script_enabled=script)
    partner = Partner(page)
    before = page.evaluate("() => history.length")
    for there in ("reasons", "reflection", "direction", "pressure"):
        partner.presses("Save and go on")
        partner.is_in(there)
    assert page.evaluate("() => history.length") - before <= entries
    assert page.url.endswith("/my/form")
    assert page.evaluate(_KEPT) == [0, 0, [], [], 0]


_KEPT = """async () => [
    localStorage.length, sessionStorage.length, await indexedDB.databases(), await caches.keys(),
    (await navigator.serviceWorker.getRegistrations()).length]"""
