"""A walk through every page of the demonstration: from the list of routes along the links of what is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page

from live_portal import LivePortal

#: Not a page to look at: machines ask for these, they lead elsewhere, or they are files.
NO_PAGE = frozenset({"static", "public.healthz", "public.readyz", "public.leave"})
_ROUTE = re.compile(r"^(\S+)\s+([A-Z, ]+?)\s+(/\S*)\s*$", re.MULTILINE)
_LINKS = "() => [...document.querySelectorAll('a[href^=\"/\"]')].map((one) => one.getAttribute('href'))"


@dataclass(frozen=True)
class Route:
    """One page of the portal and the shape of its address."""

    endpoint: str
    rule: str

    @property
    def is_plain(self) -> bool:
        """The address is the same for everybody."""
        return "<" not in self.rule

    def fits(self, path: str) -> bool:
        """Whether this address belongs to this page."""
        return re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", self.rule), path) is not None


def routes(portal: LivePortal) -> list[Route]:
    """Every page that can be asked for, in the order of its address; fixed addresses before open ones."""
    found = [
        Route(endpoint, rule)
        for endpoint, methods, rule in _ROUTE.findall(portal.command("routes"))
        if "GET" in methods and endpoint not in NO_PAGE
    ]
    return sorted(found, key=lambda one: (not one.is_plain, one.rule))


@dataclass
class Walk:
    """What one person comes by: every fixed address, then up to `each` of every kind that a page links to."""

    page: Page
    home: str
    routes: list[Route]
    each: int = 1
    seen: dict[str, list[str]] = field(default_factory=dict)

    def pages(self) -> Iterator[str]:
        """Go from page to page; after each the caller looks at it. Refusals and files are passed by."""
        waiting = [route.rule for route in self.routes if route.is_plain]
        while waiting:
            path = waiting.pop(0)
            route = next((one for one in self.routes if one.fits(urlsplit(path).path)), None)
            if route is None or not self._is_wanted(route, path) or not self._is_page(path):
                continue
            self.page.goto(urljoin(self.home, path))
            self.seen.setdefault(route.endpoint, []).append(path)
            waiting += self.page.evaluate(_LINKS)
            yield path

    def _is_wanted(self, route: Route, path: str) -> bool:
        before = self.seen.get(route.endpoint, [])
        return "#" not in path and path not in before and len(before) < self.each

    def _is_page(self, path: str) -> bool:
        answer = self.page.request.get(urljoin(self.home, path), max_redirects=0)
        return answer.status == 200 and answer.headers["content-type"].startswith("text/html")
