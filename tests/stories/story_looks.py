"""What every page of every story must hold, whoever looks at it and on whatever screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, WebError, expect

#: Milliseconds: what is waited for is there at once, but on a machine that has other things to do.
PATIENCE = 60_000
#: The narrowest telephone there is, and a page that somebody magnified fourfold on a desktop.
NARROWEST = {"width": 320, "height": 640}

_VIOLATIONS = """async (rules) => {
    const found = await axe.run(document, {
        resultTypes: ["violations"], iframes: false, preload: false,
        ...(rules ? {runOnly: {type: "rule", values: rules}} : {}),
    });
    return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}`));
}"""
_STICKING_OUT = """() => {
    const edge = document.documentElement.clientWidth;
    const isWide = (one) => one.getBoundingClientRect().right > edge + 1 && !one.closest(".sr, .skip");
    return document.documentElement.scrollWidth <= edge ? []
        : [...document.querySelectorAll("body *")].filter(isWide).map((one) => one.outerHTML.slice(0, 120));
}"""
#: Fingers need 44 pixels on the pages of partners; staff pages are dense and keep what WCAG 2.5.8 asks for.
_TOO_SMALL = """() => {
    const least = document.documentElement.classList.contains("staff") ? 24 : 44;
    const things = document.querySelectorAll(
        "button, summary, select, textarea, input:not([type=hidden]), .button, nav a, .leave, .links a");
    const isSmall = (one) => {
        const box = one.getBoundingClientRect();
        return one.checkVisibility() && box.height > 0 && (box.height < least - .5 || box.width < 24);
    };
    return [...things].map((one) => one.closest("label") ?? one).filter(isSmall)
        .map((one) => `smaller than ${least}: ${one.outerHTML.slice(0, 120)}`);
}"""


class Watch:
    """Notes what must not happen: other hosts asked, refusals of the policy, faults of the script."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.complaints: list[str] = []
        self._home = urlsplit(home).netloc
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", self._broke)

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != self._home:
            self.complaints.append(f"asked another host: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        # A refusal such as 400 is written down as a failed resource; the stories look at those themselves.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console: {message.text}")

    def _broke(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")

    def forget(self, host: str) -> None:
        """Visits to this host were meant."""
        self.complaints = [one for one in self.complaints if f"//{host}" not in one]


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page, by all of its rules or by these."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_VIOLATIONS, list(rules) or None)
    return found


def sticking_out(page: Page) -> list[str]:
    """What makes the page scroll sideways, if it does."""
    found: list[str] = page.evaluate(_STICKING_OUT)
    return found


def too_small(page: Page) -> list[str]:
    """What a finger would miss."""
    found: list[str] = page.evaluate(_TOO_SMALL)
    return found


def then_the_page_is_in_order(page: Page) -> None:
    """Accessible by every rule that a machine can check, and no wider than the screen."""
    assert (page.url, violations(page), sticking_out(page)) == (page.url, [], [])


def then_the_page_is_in_order_in_every_light(page: Page) -> None:
    """The same in the dark, and on the narrowest telephone."""
    usual = page.viewport_size
    then_the_page_is_in_order(page)
    page.emulate_media(color_scheme="dark")
    assert (page.url, violations(page, "color-contrast", "link-in-text-block")) == (page.url, [])
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    assert (page.url, sticking_out(page)) == (page.url, [])
    if usual:
        page.set_viewport_size(usual)


def then_it_is_in_sight(locator: Locator) -> None:
    """To be seen whole without scrolling."""
    expect(locator).to_be_in_viewport(ratio=1)


def browser_traces(page: Page) -> dict[str, Any]:
    """Everything that a page could have left in the browser, but for its history."""
    found: dict[str, Any] = page.evaluate(
        """async () => ({
            local: Object.keys(localStorage), session: Object.keys(sessionStorage),
            databases: (await indexedDB.databases()).map((one) => one.name),
            caches: "caches" in window ? await caches.keys() : [],
            workers: (await navigator.serviceWorker.getRegistrations()).length,
            cookies: document.cookie,
        })"""
    )
    return found


NO_TRACES = {"local": [], "session": [], "databases": [], "caches": [], "workers": 0, "cookies": ""}


def texts(locators: Iterable[Locator]) -> list[str]:
    """The words of each, without the white space around."""
    return [one.inner_text().strip() for one in locators]
