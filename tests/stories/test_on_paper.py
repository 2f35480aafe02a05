"""What a printed page shows: the words, and nothing to press; never more than the screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from live_portal import LivePortal

#: Everything of a page that is of no use on paper, or that says more there than it must.
_SUPERFLUOUS = (
    ".bar, .under-bar, .staff-bar, .skip, button, .button, .links a, .foot .crisis, details:not([open]), "
    ".work, .next, .search, [data-idle-warning]"
)
_SHOWN = """(wanted) => [...document.querySelectorAll(wanted)]
    .filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 80))"""
#: Frames with nothing in them.
_EMPTY = """() => [...document.querySelectorAll('.card')]
    .filter((one) => one.checkVisibility() && !one.innerText.trim()).map((one) => one.id)"""
#: Every piece of text that is there to be read.
_WORDS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
        const words = walker.currentNode.textContent.trim();
        if (words && walker.currentNode.parentElement.checkVisibility()) found.push(words);
    }
    return found;
}"""


def given(page: Page, who: str, case: str) -> None:
    page.goto("/demo")
    with page.expect_navigation():
        page.locator(f'form:has(input[value="{who}"]) button').click()
    if case:
        with page.expect_navigation():
            page.locator("tr", has_text=case).get_by_role("link").first.click()


@pytest.mark.parametrize(
    ("who", "case", "kept"),
    [("hollow/a", "", "What we can offer you"), ("imani", "Applevale", "Side by side")],
    ids=["partner", "therapist"],
)
def test_a_page_on_paper(
    who: str, case: str, kept: str, demo: LivePortal, visitor: Callable[..., Page]
) -> None:
    page = visitor(demo)
    given(page, who, case)
    on_screen = page.evaluate(_WORDS)
    page.emulate_media(media="print")
    on_paper = page.evaluate(_WORDS)
    assert page.evaluate(_SHOWN, _SUPERFLUOUS) == []
    assert page.evaluate(_EMPTY) == []
    assert (kept in on_paper, [words for words in on_paper if words not in on_screen]) == (True, [])
