"""Somebody who leaves, and whoever presses Back after them: each step until its page stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, Page

#: Milliseconds between two looks, and how many of them are taken at most: a minute.
_LOOK, _LOOKS = 50, 1200
#: Milliseconds that a page may take to show what it kept, once it stands.
_SHOWS_BY = 400
#: Seconds from one press of a key to the next, as somebody presses who is in a hurry.
_HURRY = 0.1


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Look until it is so; the browser goes on meanwhile."""
    for _ in range(_LOOKS):
        if is_so():
            return
        page.wait_for_timeout(_LOOK)
    raise AssertionError(f"it did not come in time: {page.url}")


def looked(page: Page, script: str) -> Any:
    """What a script finds on the page; where that was just going, on the page that came in its place."""
    found = []

    def has_come() -> bool:
        try:
            found.append(page.evaluate(script))
        except Error as error:
            if "context was destroyed" not in error.message:
                raise
        return bool(found)

    until(page, has_come)
    return found[0]


def back(page: Page) -> None:
    """One press of Back; at the first entry there is nowhere to go."""
    history = _asked(page, "Page.getNavigationHistory")
    before = history["currentIndex"] - 1
    if before >= 0:
        _asked(page, "Page.navigateToHistoryEntry", entryId=history["entries"][before]["id"])
        until(page, lambda: _asked(page, "Page.getNavigationHistory")["currentIndex"] == before)
    until(page, lambda: bool(looked(page, "() => document.readyState === 'complete'")))
    page.wait_for_timeout(_SHOWS_BY)  # out of the cache it is there at once, and so is what it shows


def _asked(page: Page, what: str, **fields: Any) -> Any:
    """What the browser says to this; while one page makes room for the other it is asked again."""
    found = []

    def has_said() -> bool:
        devtools = page.context.new_cdp_session(page)
        try:
            found.append(devtools.send(what, fields))
        except Error as error:
            if "Not attached to an active page" not in error.message:
                raise
        devtools.detach()
        return bool(found)

    until(page, has_said)
    return found[0]


def presses_in_a_hurry(page: Page, key: str, times: int) -> None:
    """A key, so many times one after the other by its own clock, however long each takes to arrive."""
    devtools = page.context.new_cdp_session(page)
    begun = page.evaluate("() => Date.now() / 1000")
    for number in range(times):
        for what, after in (("rawKeyDown", 0.0), ("keyUp", _HURRY / 2)):
            at = begun + number * _HURRY + after
            fields = {"type": what, "key": key, "code": f"{key}Left", "timestamp": at}
            devtools.send("Input.dispatchKeyEvent", fields)
    devtools.detach()
