"""The whole way by keyboard alone, in Spanish: no pointer, and the focus always to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from story_looks import then_the_page_is_in_order
from story_partner import PASSWORD

from evening.answer_sheets import Sheet, sheet
from evening.practices import Practice
from portal.content import questionnaire as bank

FOCUSED = """() => {
    const one = document.activeElement, shown = one.closest("label") ?? one;
    const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
    const bar = document.querySelector(".bar"), isBelow = bar && !bar.contains(one);
    const top = isBelow ? bar.getBoundingClientRect().bottom : 0;  // what sticks there hides what is under it
    return {
        name: one.name ?? "", id: one.id, value: one.value ?? "", words: (one.innerText ?? "").trim(),
        // Past the last stop the focus is on the page itself, before it comes round to the first.
        isShown: one === document.body || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
            && box.height > 0 && box.bottom > top && box.top < innerHeight,
    };
}"""


class Typist:
    """Somebody who has a keyboard and no pointer."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focus(self) -> dict[str, str]:
        """What the next key goes to; it must be to be seen."""
        found: dict[str, str] = self.page.evaluate(FOCUSED)
        return found

    def goes_to(self, *, name: str = "", words: str = "") -> dict[str, str]:
        """Tab until the focus is on a field of this name or on something with these words."""
        for _ in range(90):
            self.page.keyboard.press("Tab")
            at = self.focus()
            assert at["isShown"], f"nobody sees where the focus is: {at}"
            if (name and at["name"] == name) or (words and at["words"] == words):
                return at
        raise AssertionError(f"the keyboard does not reach {name or words}")

    def presses(self, words: str) -> None:
        """A button or a link, by its words."""
        self.goes_to(words=words)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.page.wait_for_load_state()

    def types(self, name: str, text: str) -> None:
        """Into a field."""
        self.goes_to(name=name)
        self.page.keyboard.type(text)

    def ticks(self, name: str) -> None:
        """One box."""
        self.goes_to(name=name)
        self.page.keyboard.press("Space")

    def chooses(self, name: str, value: str) -> None:
        """One of several: Tab reaches the group, arrows go through it."""
        self.goes_to(name=name)
        self.page.keyboard.press("Space")
        for _ in range(12):
            if self.focus()["value"] == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name} does not offer {value}")

    def ticks_one_of(self, name: str, value: str) -> None:
        """A box among others: each is a stop of its own."""
        at = self.goes_to(name=name)
        while at["value"] != value:
            at = self.goes_to(name=name)
        self.page.keyboard.press("Space")


def given_somebody_who_reads_spanish(typist: Typist) -> None:
    """One press at the top of the page, kept from then on."""
    typist.page.goto("/begin")
    typist.presses("Español")
    expect(typist.page.locator("html")).to_have_attribute("lang", "es")


def then_the_keyboard_is_at_the_faults(typist: Typist) -> None:
    """A refusal takes the focus to its summary, whose first link leads into the field at fault."""
    expect(typist.page.locator(".error-summary")).to_be_focused()
    typist.page.keyboard.press("Tab")
    typist.page.keyboard.press("Enter")
    expect(typist.page.locator("#password")).to_be_focused()


def when_they_come_in(typist: Typist) -> None:
    """From the password to the first question."""
    typist.types("password", "short")
    typist.presses("Comenzar")
    then_the_keyboard_is_at_the_faults(typist)
    typist.page.keyboard.type(PASSWORD)
    typist.presses("Comenzar")
    then_the_page_is_in_order(typist.page)
    typist.presses("Ya lo guardé. Continuar")
    typist.presses("Ya lo leí. Continuar")
    typist.ticks("agree")
    typist.types("full_name", "Camila Ríos")
    typist.presses("Aceptar y continuar")
    typist.chooses("channel", "none")
    typist.presses("Guardar y continuar")


def when_they_answer(typist: Typist, answers: Sheet) -> None:
    """Section after section; after each the keyboard begins at the top of the next."""
    for section, items in answers.items():
        expect(typist.page.locator('#section input[name="section"]')).to_have_value(section)
        for name, given in items.items():
            if isinstance(given, list):
                typist.ticks_one_of(name, given[0])
            else:
                typist.chooses(name, given)
        typist.presses("Guardar y revisar" if section == "words" else "Guardar y continuar")


def then_all_of_it_arrived(page: Page, answers: Sheet) -> None:
    """The check page names as open what was not answered, and nothing else."""
    expect(page).to_have_url(re.compile("/my/form/check$"))
    indices = bank.load().section("patterns").items
    left = len(indices) - len(answers["patterns"])
    assert left > 0
    expect(page.locator("#gap-patterns summary")).to_contain_text(f"Sin responder: {left} de {len(indices)}")
    for section in ("satisfaction", "reflection"):
        expect(page.locator(f"#gap-{section}")).to_have_count(0)


def test_a_form_by_keyboard_in_spanish(riverside: Practice, visitor: Callable[..., Page]) -> None:
    typist = Typist(visitor(riverside.portal))
    answers = sheet()

    given_somebody_who_reads_spanish(typist)
    when_they_come_in(typist)
    when_they_answer(typist, answers)
    then_all_of_it_arrived(typist.page, answers)
    typist.presses("Enviar mi formulario")
    expect(typist.page.locator("#sent")).to_contain_text("a solas")
    expect(typist.page.locator("html")).to_have_attribute("lang", "es")
    then_the_page_is_in_order(typist.page)
