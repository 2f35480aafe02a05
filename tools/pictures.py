"""Make the pictures of docs/pictures from a fresh demonstration, so that they are never stale.

Usage: make pictures
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]

import browser as chromium  # noqa: E402  (found beside this file)
import live_portal  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=900)


def _step_in(page: Page, home: str, name: str) -> None:
    page.goto(f"{home}/demo")
    with page.expect_navigation():
        page.get_by_role("button", name=f"Continue as {name}").click()


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(300)
    page.screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/pictures/{name}.png")


def _phone(chrome: Browser, home: str) -> None:
    page = chrome.new_page(viewport=PHONE, device_scale_factor=2)
    page.goto(home)
    _take(page, "landing-phone")
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
    _take(page, "form-phone")


def _desktop(chrome: Browser, home: str) -> None:
    page = chrome.new_page(viewport=DESKTOP)
    _step_in(page, home, "Imani")
    _take(page, "caseload-desktop")
    page.locator("tr", has_text="Discernment").get_by_role("link").first.click()
    page.wait_for_load_state()
    _take(page, "case-desktop")


def main() -> None:
    """Serve a demonstration of its own, walk to each page, take its picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        portal = live_portal.fresh(Path(folder) / "instance")
        portal.command("demo", "load")
        with portal.serving():
            chrome = playwright.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu"])
            _phone(chrome, portal.url)
            _desktop(chrome, portal.url)
            chrome.close()


if __name__ == "__main__":
    main()
