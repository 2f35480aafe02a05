"""The whole way by keyboard alone, in Spanish: no pointer, and the focus always to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from story_keys import Typist
from story_looks import then_the_page_is_in_order
from story_partner import PASSWORD

from evening.answer_sheets import Sheet, sheet
from evening.practices import Practice
from portal.content import questionnaire as bank


def given_somebody_who_reads_spanish(typist: Typist) -> None:
    """One press at the top of the page, kept from then on."""
    typist.page.goto("/begin")
    typist.presses("Español")
    expect(typist.page.locator("html")).to_have_attribute("lang", "es")


def when_they_come_in(typist: Typist) -> None:
    """From the password to the first question."""
    typist.types("password", "short")
    typist.presses("Comenzar")
    typist.then_a_refusal_leads_into("password")
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
