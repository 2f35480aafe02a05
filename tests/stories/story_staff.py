"""Somebody of the practice in a browser: therapist or admin."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect
from story_partner import PASSWORD, Look, _nothing

from evening.practices import Practice


@dataclass
class StaffMember:
    """A person, the page before them, and the secret in their telephone."""

    page: Page
    practice: Practice
    email: str
    look: Look = _nothing
    secret: str = ""

    def presses(self, button: str) -> None:
        """A button by its words."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def is_at(self, path: str, heading: str) -> None:
        """The address (a pattern) and the heading, and a look at the page."""
        expect(self.page).to_have_url(re.compile(path + r"(#.*)?$"))
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        self.page.wait_for_load_state()
        self.look(self.page)

    def sets_up(self, link: str, *, name: str = "") -> None:
        """Password, authenticator and first code, by the one-time link; ``name`` if the link asks for it."""
        self.page.goto(link)
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Set up your sign-in")
        self.look(self.page)
        if name:
            self.page.get_by_label("Your name").fill(name)
            self.page.get_by_label("E-mail address you sign in with").fill(self.email)
        self.secret = self.page.locator("#totp-secret").inner_text().replace(" ", "")
        self.page.get_by_label("Choose a password").fill(PASSWORD)
        self.page.get_by_label("Six-digit code").fill(self.practice.fresh_code(self.secret))
        self.presses("Set up and sign in")

    def signs_in(self) -> None:
        """Both steps; a code counts once, so this takes the next one."""
        self.page.goto("/sign-in")
        self.page.get_by_label("Sign-in name").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.locator("main").get_by_role("button", name="Sign in").click()
        self.is_at("/sign-in/second-step", "Second step")
        self.page.get_by_label("Six-digit code").fill(self.practice.fresh_code(self.secret))
        self.presses("Go on")

    def opens(self, fold: str) -> None:
        """One of the folds of the case page, unless it stands open already."""
        details = self.page.locator(f"#do-{fold}")
        if details.get_attribute("open") is None:
            details.locator("summary").first.click()
