"""One partner in a browser: what they do, in the order of an evening."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect
from story_looks import then_it_is_in_sight

from evening.answer_sheets import Sheet

PASSWORD = "a long quiet evening by the river"
WORDS = re.compile(r"[a-z]+-[a-z]+-[a-z]+")
SAVED = "Saved. You can pause here and come back another day."
#: What to look at on every page that a partner comes by.
Look = Callable[[Page], None]


def _nothing(_page: Page) -> None:
    """No look: the story is about something else."""


@dataclass
class Partner:
    """Somebody and the page before them; ``look`` is called on every page of the way."""

    page: Page
    look: Look = _nothing
    sign_in_name: str = ""
    recovery_code: str = ""

    def presses(self, button: str) -> None:
        """A button by its words."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def is_at(self, path: str, heading: str) -> None:
        """The address and the heading of the page, and a look at it."""
        expect(self.page).to_have_url(re.compile(re.escape(path) + r"(#.*)?$"))
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.page.wait_for_load_state()
        self.look(self.page)

    def joins(self, link: str) -> None:
        """By the mailed link, with a password of one's own."""
        self.page.goto(link)
        self.is_at(link, "You have been invited")
        self.page.get_by_label("Choose a password").fill(PASSWORD)
        self.presses("Go on")

    def begins(self) -> None:
        """On one's own, from the first page."""
        self.page.goto("/")
        begin = self.page.get_by_role("link", name="Begin", exact=True).first
        then_it_is_in_sight(begin)
        begin.click()
        self.page.get_by_label("Choose a password").fill(PASSWORD)
        self.presses("Begin")

    def keeps_the_card(self) -> None:
        """Writes down what is shown once."""
        self.is_at("/my/account", "Account")
        self.sign_in_name = self.page.locator("#sign-in-name").inner_text()
        self.recovery_code = self.page.locator("#recovery-code").inner_text()
        assert WORDS.fullmatch(self.sign_in_name), self.sign_in_name
        self.presses("I have kept it. Go on")

    def reads_about_leaving(self) -> None:
        """What the button at the top can do and what it cannot."""
        self.is_at("/my/leaving", "If you need to leave this page quickly")
        self.presses("I have read this. Go on")

    def agrees(self, name: str) -> None:
        """The consent, signed by typing one's name."""
        expect(self.page).to_have_url(re.compile("/my/consent$"))
        self.look(self.page)
        self.page.locator("#agree").check()
        self.page.locator("#full_name").fill(name)
        self.presses("Agree and go on")

    def says_how_to_be_reached(self, address: str) -> None:
        """By e-mail, in the evening."""
        self.is_at("/my/contact", "How may we reach you?")
        self.page.get_by_label("Write me an e-mail").check()
        self.page.get_by_label("Number or address for it").fill(address)
        self.page.get_by_label("When is a good time?").fill("weekdays after six")
        self.page.get_by_label("Your time zone").select_option("America/New_York")
        self.presses("Save and go on")
        expect(self.page).to_have_url(re.compile("/my/form$"))
        self.page.wait_for_load_state()

    def walks_in(self, name: str, address: str) -> None:
        """Everything between joining and the first question."""
        self.keeps_the_card()
        self.reads_about_leaving()
        self.agrees(name)
        self.says_how_to_be_reached(address)

    def is_in(self, section: str) -> None:
        """The form stands at this section with its script, however long they took to come."""
        expect(self.page.locator('#section input[name="section"]')).to_have_value(section)
        self.page.wait_for_load_state()

    def option(self, item: str, value: str) -> Locator:
        """The choice of an item that has this value."""
        return self.page.locator(f'#section input[name="{item}"][value="{value}"]')

    def answers(self, items: Mapping[str, str | list[str]]) -> None:
        """Ticks and types, top down."""
        for item, given in items.items():
            for value in given if isinstance(given, list) else [given]:
                self.option(item, value).check()

    def fills_in(self, sheet: Sheet, *, until: str = "") -> None:
        """Section after section from the first of the sheet, up to the check page or to ``until``."""
        for section, items in sheet.items():
            self.is_in(section)
            if section == until:
                return
            self.look(self.page)
            self.answers(items)
            self.presses("Save and look it over" if section == "words" else "Save and go on")
        expect(self.page).to_have_url(re.compile("/my/form/check$"))

    def sends(self) -> None:
        """From the check page."""
        self.is_at("/my/form/check", "Look it over and send it")
        self.presses("Send my form")

    def signs_out(self) -> None:
        """By the link at the top."""
        self.presses("Sign out")
        expect(self.page).to_have_url(re.compile("/$"))

    def signs_in(self) -> None:
        """With the drawn name."""
        self.page.goto("/sign-in")
        self.page.get_by_label("Sign-in name").fill(self.sign_in_name)
        self.page.get_by_label("Password").fill(PASSWORD)
        then_it_is_in_sight(self.page.locator("main").get_by_role("button", name="Sign in"))
        self.look(self.page)
        self.page.locator("main").get_by_role("button", name="Sign in").click()
        self.is_at("/my", "My page")

    @property
    def save_state(self) -> Locator:
        """The line that says in words whether all is saved."""
        return self.page.locator("[data-save-state]")
