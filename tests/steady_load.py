"""People who ask without a pause on connections they would like to keep, and note every answer."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from evening.plain_client import Browser
from evening.practices import PASSWORD, walk_in
from live_portal import LivePortal


class Line(threading.Thread):
    """Somebody who looks at their own page again and again."""

    def __init__(self, portal: LivePortal, cookies: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.line = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=60)
        self.answers: list[int] = []
        self.lost: list[str] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.is_set():
            try:
                self.answers.append(self.ask())
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                self.line.close()
        self.line.close()

    def ask(self) -> int:
        """One request."""
        return self.said("GET", "/my", None)

    def said(self, method: str, path: str, body: str | None) -> int:
        """The status of the answer, read to its end."""
        headers = {"Cookie": self.cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        answer.read()
        return answer.status


class Writer(Line):
    """Saves one word after the other."""

    def __init__(self, portal: LivePortal, browser: Browser) -> None:
        super().__init__(portal, browser.cookies)
        page = browser.get("/my/form")
        self.version, self.token = int(page.field("version")), page.field("csrf_token")

    def ask(self) -> int:
        """One save."""
        fields = {"section": "words", "version": self.version, "own_words": f"word {self.version}"}
        status = self.said("POST", "/my/form/draft", urlencode({"csrf_token": self.token, **fields}))
        self.version += status == 204
        return status


@contextmanager
def load(portal: LivePortal, *, writers: int = 3) -> Iterator[list[Line]]:
    """Writers, and a reader as the last, at work until the block ends."""
    people = [_somebody(portal) for _ in range(writers)]
    lines = [Writer(portal, one) for one in people] + [Line(portal, people[0].cookies)]
    for line in lines:
        line.start()
    yield lines
    for line in lines:
        line.is_over.set()
    for line in lines:
        line.join(60)


def _somebody(portal: LivePortal) -> Browser:
    browser = Browser("127.0.0.1", portal.port)
    assert browser.submit("/begin", {"password": PASSWORD}).location == "/my/account"
    walk_in(browser)
    return browser


#: How many saves each of them left behind, fewest first.
KEPT = "SELECT count(*) FROM sealed_entry WHERE section = 'words' GROUP BY intake_id ORDER BY 1"


def expect_nothing_lost(lines: list[Line], kept: list[int]) -> None:
    """Every request was answered as it should be, and every save that was answered is there."""
    assert [line.lost for line in lines] == [[]] * len(lines)
    assert [set(line.answers) for line in lines] == [{204}] * (len(lines) - 1) + [{200}]
    assert kept == sorted(len(line.answers) for line in lines[:-1])


def expect_more_answers(lines: list[Line], more: int = 5) -> None:
    """Everybody gets on."""
    served = [len(line.answers) for line in lines]
    until(lambda: all(len(line.answers) > was + more for line, was in zip(lines, served, strict=True)))


def children(pid: int) -> set[int]:
    """The processes that serve."""
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()}


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    """Look until it is so."""
    give_up = time.monotonic() + seconds
    while not is_so() and time.monotonic() < give_up:
        time.sleep(0.05)
    assert is_so()
