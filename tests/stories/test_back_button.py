"""The back button after leaving, with the browser's page cache on: it keeps whole pages otherwise (T25)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserType, Page, expect
from story_history import back, looked, until
from story_partner import Partner

from evening.practices import Practice

SECRET = "Nobody may read this over my shoulder."
#: The whole page, and what stands in its fields.
_SHOWN = """() => document.documentElement.outerHTML
    + [...document.querySelectorAll("textarea, input")].map((one) => one.value).join()"""


@pytest.fixture
def remembering(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Chromium]:
    """A browser as people have it: tests usually run with the page cache switched off."""
    options = {**browser_type_launch_args, "ignore_default_args": ["--disable-back-forward-cache"]}
    browser = browser_type.launch(**options)
    yield browser
    browser.close()


def leaves(partner: Partner) -> None:
    page, was = partner.page, partner.page.url
    page.locator("[data-leave]").first.click(no_wait_after=True)
    until(page, lambda: page.url != was)


def signs_out(partner: Partner) -> None:
    partner.presses("Sign out")
    expect(partner.page).to_have_url(re.compile("/$"))


@pytest.mark.parametrize("goes", [leaves, signs_out])
def test_back_shows_nothing_after_leaving(
    riverside: Practice, remembering: Chromium, goes: Callable[[Partner], None]
) -> None:
    page: Page = remembering.new_context(base_url=riverside.portal.url, locale="en-US").new_page()
    partner = Partner(page)
    partner.begins()
    partner.walks_in("Robin Vale", "robin@example.org")
    page.goto("/my/message")
    page.get_by_label("Your words").fill(SECRET)
    goes(partner)
    for _ in range(5):
        back(page)
        shown = looked(page, _SHOWN)
        assert SECRET not in shown
        assert "robin@example.org" not in shown
