"""The browser and the portals that the stories run against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from story_looks import PATIENCE, Watch

import browser as chromium
import live_portal
from evening.practices import SETTINGS, Practice
from live_portal import LivePortal

SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}
CHROMIUM_ARGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The portal asks nobody else for anything; a test must not either.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium; without one every story fails with the one command that installs it."""
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.advice(), pytrace=False)
    return {**browser_type_launch_args, "executable_path": path, "args": list(CHROMIUM_ARGS)}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Every visitor is told the address of the portal they come to; the plugin's own setting is not used."""


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest) -> str:
    """Both screens, one after the other: a story that asks for it runs as phone and as desktop."""
    return str(request.param)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[LivePortal]:
    """A real, empty practice of this test alone, being served."""
    with live_portal.fresh(tmp_path / "instance").serving() as served:
        yield served


@pytest.fixture(scope="session")
def riverside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A real practice with an admin, being served to every story of a worker; each brings its own people."""
    instance = tmp_path_factory.mktemp("riverside") / "instance"
    with live_portal.fresh(instance).serving() as served:
        practice = Practice(served)
        admin = practice.staff("admin", email="ada@example.org", name="Ada Admin")
        assert admin.browser.submit("/admin/settings", SETTINGS).status == 303
        yield practice


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortal]:
    """The demonstration practice, being served; shared by every story of a worker, so only look at it."""
    loaded = live_portal.fresh(tmp_path_factory.mktemp("demo") / "instance")
    sign_ins = loaded.command("demo", "load")
    (loaded.instance / "sign-ins.tsv").write_text(sign_ins, encoding="utf-8")
    with loaded.serving() as served:
        yield served


@pytest.fixture
def watches() -> Iterator[list[Watch]]:
    """One watch a visitor; at the end of the story none of them may have a complaint."""
    kept: list[Watch] = []
    yield kept
    assert [complaint for watch in kept for complaint in watch.complaints] == []


@pytest.fixture
def visitor(new_context: Callable[..., BrowserContext], watches: list[Watch]) -> Callable[..., Page]:
    """`visitor(portal)` is somebody new with their own browser: a page that knows the portal's address.

    `screen` is `phone` or `desktop`; anything else goes to the browser context. Every visitor is watched: a
    request to another host, a refusal of the content policy or a fault of the script fails the story. A
    failed test leaves a picture of every open page in `test-results/`.
    """

    def arrive(at: LivePortal, *, screen: str = "desktop", **context: Any) -> Page:
        browser = new_context(base_url=at.url, **{**SCREENS[screen], "locale": "en-US", **context})
        browser.set_default_timeout(PATIENCE)
        watches.append(Watch(browser, at.url))
        return browser.new_page()

    return arrive
