"""Pages as people bend them: wider text, system colours, every stop of the keyboard in order and in sight."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from story_keys import FOCUSED
from story_looks import NARROWEST, sticking_out, violations
from test_every_page_in_order import step_in

from live_portal import LivePortal

#: The least that a page must bear (WCAG 1.4.12).
WIDER = """* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important}
p {margin-bottom: 2em !important}"""
#: Words that a box of fixed size would cut off.
_CUT_OFF = """() => [...document.querySelectorAll("main *, header *, footer *")].filter((one) => {
    const style = getComputedStyle(one);
    return one.checkVisibility() && !one.closest(".sr, .skip, svg, textarea") && style.overflow !== "visible"
        && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1);
}).map((one) => one.outerHTML.slice(0, 120))"""
#: Past the last stop the focus is on the page itself, or on the first stop again.
_IS_ROUND = (
    "() => document.activeElement === document.body || window.last && document.activeElement.matches('.skip')"
)
_IS_BEFORE = "() => window.last && !(window.last.compareDocumentPosition(document.activeElement) & 4)"
PAGES = {
    "": ("/", "/help", "/begin", "/sign-in", "/if-you-are-not-sure"),
    "hollow/a": ("/my", "/my/contact", "/my/partner", "/my/account"),
    "copper/a": ("/my/form", "/my/form/check"),
    "imani": ("/caseload", "/calls"),
    "theo": ("/admin", "/admin/settings", "/admin/people"),
}


def stops(page: Page) -> list[str]:
    """Tab from the first stop to the last; what is not in sight, or comes before what it follows."""
    found = []
    page.evaluate("() => { window.last = null; document.activeElement.blur(); }")
    for _ in range(400):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if page.evaluate(_IS_ROUND):
            return found
        if not at["isShown"] or page.evaluate(_IS_BEFORE):
            found.append(f"{page.url} {at}")
        page.evaluate("() => { window.last = document.activeElement; }")
    raise AssertionError(f"the keyboard does not come to an end: {page.url}")


def bent(page: Page) -> list[str]:
    """In system colours, and on the narrowest telephone with wider text."""
    page.emulate_media(forced_colors="active")
    # What stands out among the system's own colours is the reader's choice, not ours.
    found = [one for one in violations(page) if not one.startswith("color-contrast")]
    page.emulate_media(forced_colors="none")
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    page.add_style_tag(content=WIDER)
    return [f"{page.url} {one}" for one in found + sticking_out(page) + page.evaluate(_CUT_OFF)]


@pytest.mark.deep
@pytest.mark.parametrize("who", PAGES, ids=[who or "visitor" for who in PAGES])
def test_pages_bear_what_people_do_to_them(who: str, demo: LivePortal, visitor: Callable[..., Page]) -> None:
    page = visitor(demo, reduced_motion="reduce", bypass_csp=True)
    if who:
        step_in(page, demo, who)
    found = []
    for path in PAGES[who]:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(path)
        found += stops(page) + bent(page)
    assert found == []
