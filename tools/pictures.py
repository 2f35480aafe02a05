"""Make the pictures of docs/pictures from a fresh demonstration, so that they are never stale.

Every page on a telephone and on a desktop, by day and by night, and the page that lists them.

Usage: make pictures
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]

import browser as chromium  # noqa: E402  (found beside this file)
import live_portal  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
SCREENS = {"phone": ViewportSize(width=390, height=844), "desktop": ViewportSize(width=1280, height=900)}
LIGHTS = ("light", "dark")


def _step_in(page: Page, home: str, who: str) -> None:
    page.goto(f"{home}/demo")
    with page.expect_navigation():
        page.locator(f'form:has(input[value="{who}"]) button').click()


def _landing(page: Page, home: str) -> None:
    page.goto(home)


def _form(page: Page, home: str) -> None:
    page.goto(f"{home}/begin")
    page.get_by_label("Choose a password").fill("a long quiet evening by the river")
    page.get_by_role("button", name="Begin", exact=True).click()
    page.get_by_role("button", name="I have kept it. Go on").click()
    page.get_by_role("button", name="I have read this. Go on").click()
    page.locator("#agree").check()
    page.locator("#full_name").fill("Alex Morgan")
    page.get_by_role("button", name="Agree and go on").click()
    page.locator('input[name="channel"][value="none"]').check()
    page.get_by_role("button", name="Save and go on").click()
    page.locator('input[name="private"][value="yes"]').check()


def _sent(page: Page, home: str) -> None:
    _step_in(page, home, "hollow/a")


def _caseload(page: Page, home: str) -> None:
    _step_in(page, home, "imani")


def _case(page: Page, home: str) -> None:
    _step_in(page, home, "imani")
    page.locator("tr", has_text="Hollowell").get_by_role("link").first.click()


def _styleguide(page: Page, home: str) -> None:
    page.goto(f"{home}/styleguide")


#: What is shown: the name of the file, what it is called in the list, and the way there.
PICTURES: dict[str, tuple[str, Callable[[Page, str], None]]] = {
    "landing": ("The first page", _landing),
    "form": ("A partner fills in the form", _form),
    "sent": ("What a partner reads after sending, with a letter and an appointment", _sent),
    "caseload": ("A therapist's caseload", _caseload),
    "case": ("One case: the suggestion with its reasons, both partners side by side", _case),
    "styleguide": ("The style guide (in development only)", _styleguide),
}


def _take(chrome: Browser, home: str, name: str) -> None:
    for screen, size in SCREENS.items():
        page = chrome.new_page(viewport=size, locale="en-US")
        PICTURES[name][1](page, home)
        page.wait_for_load_state()
        for light in LIGHTS:
            page.emulate_media(color_scheme="dark" if light == "dark" else "light")
            page.wait_for_timeout(300)
            page.screenshot(path=FOLDER / f"{name}-{screen}-{light}.png")
        page.close()
        print(f"docs/pictures/{name}-{screen}-light.png and -dark.png")


def _list() -> str:
    lines = [
        "# Pictures of the demonstration",
        "",
        "Made by `make pictures`; do not edit. Telephone and desktop, by day and by night.",
        "",
    ]
    for name, (words, _way) in PICTURES.items():
        shown = [
            f"![{words}, {screen}, {light}]({name}-{screen}-{light}.png)"
            for screen in SCREENS
            for light in LIGHTS
        ]
        lines += [f"## {words}", "", *shown, ""]
    return "\n".join(lines)


def main() -> None:
    """Serve a demonstration of its own, walk to each page, take its pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        portal = live_portal.fresh(Path(folder) / "instance")
        portal.command("demo", "load")
        with portal.serving():
            chrome = playwright.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu"])
            for name in PICTURES:
                _take(chrome, portal.url, name)
            chrome.close()
    (FOLDER / "README.md").write_text(_list(), encoding="utf-8")


if __name__ == "__main__":
    main()
