"""A partner's evening by telephone without script, dark and in Spanish: from the link to signing out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from story_looks import sticking_out, too_small
from story_partner import PASSWORD, Partner

from evening.answer_sheets import Sheet, sheet
from evening.practices import Practice

#: What a finger cannot reach: brought into the middle of the screen, something else lies on top of it.
_COVERED = """() => {
    const things = document.querySelectorAll(
        "a, button, summary, select, textarea, input:not([type=hidden])");
    return [...things].map((one) => one.closest("label") ?? one).filter((one) => {
        if (!one.checkVisibility() || one.closest(".skip")) return false;
        one.scrollIntoView({block: "center", behavior: "instant"});
        const box = one.getClientRects()[0];
        const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        return !hit || !(one.contains(hit) || hit.contains(one));
    }).map((one) => `out of reach: ${one.outerHTML.slice(0, 120)}`);
}"""
_UNFOLD = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
_GROUND = "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
NAME = "Camila Ríos"
NO_ADDRESS = "camila arroba ejemplo"
LONG = "Hablamos tarde, de noche, y luego callamos. "


def look(page: Page) -> None:
    """Dark, in Spanish, no wider than the telephone, and everything within a finger's reach."""
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert max(page.evaluate(_GROUND)) < 64, f"{page.url} is not dark"
    page.evaluate(_UNFOLD)
    found = sticking_out(page) + too_small(page) + page.evaluate(_COVERED)
    assert (page.url, found) == (page.url, [])


def then_it_is_refused(partner: Partner, field: str) -> None:
    """The reason stands first on the page and leads to the field, also without script."""
    partner.look(partner.page)
    summary = partner.page.locator(".error-summary")
    expect(summary.get_by_role("link")).to_have_attribute("href", f"#{field}")
    summary.get_by_role("link").click()
    expect(partner.page.locator(f"#{field}")).to_be_focused()
    expect(partner.page.locator(f"#{field}")).to_be_in_viewport()


def when_they_join(partner: Partner, link: str) -> None:
    """By the link of the mail; the first password is too short."""
    partner.page.goto(link)
    partner.is_at(link, "Tiene una invitación")
    partner.page.locator("#password").fill("corta")
    partner.presses("Continuar")
    then_it_is_refused(partner, "password")
    partner.page.locator("#password").fill(PASSWORD)
    partner.presses("Continuar")


def when_they_agree(partner: Partner) -> None:
    """Name and code noted, the page about leaving read; the consent without its tick keeps the name."""
    expect(partner.page).to_have_url(re.compile("/my/account$"))
    partner.look(partner.page)
    partner.sign_in_name = partner.page.locator("#sign-in-name").inner_text()
    partner.presses("Ya lo guardé. Continuar")
    partner.look(partner.page)
    partner.presses("Ya lo leí. Continuar")
    partner.page.locator("#full_name").fill(NAME)
    partner.presses("Aceptar y continuar")
    then_it_is_refused(partner, "agree")
    expect(partner.page.locator("#full_name")).to_have_value(NAME)
    partner.page.locator("#agree").check()
    partner.presses("Aceptar y continuar")


def when_they_say_how_to_be_reached(partner: Partner) -> None:
    """What cannot be an address is shown again, with all that was given beside it."""
    expect(partner.page).to_have_url(re.compile("/my/contact$"))
    page = partner.page
    partner.look(page)
    page.locator('input[name="channel"][value="email"]').check()
    page.locator("#address").fill(NO_ADDRESS)
    page.locator("#hours").fill("después de las seis")
    partner.presses("Guardar y continuar")
    then_it_is_refused(partner, "address")
    expect(page.locator("#address")).to_have_value(NO_ADDRESS)
    expect(page.locator("#hours")).to_have_value("después de las seis")
    expect(page.locator('input[name="channel"][value="email"]')).to_be_checked()
    page.locator("#address").fill("camila@example.org")
    partner.presses("Guardar y continuar")


def when_they_answer(partner: Partner, answers: Sheet) -> None:
    """Every section; without script it is the button that saves."""
    for section, items in answers.items():
        partner.is_in(section)
        partner.look(partner.page)
        partner.answers(items)
        if section == "words":
            too_much_is_kept(partner)
            partner.presses("Guardar y revisar")
        else:
            partner.presses("Guardar y continuar")


def too_much_is_kept(partner: Partner) -> None:
    """A text over its limit stays to be shortened."""
    area = partner.page.locator("#section textarea").first
    name, limit = str(area.get_attribute("name")), int(area.get_attribute("data-limit") or 0)
    too_long = (LONG * (limit // len(LONG) + 1)).strip()
    area.fill(too_long)
    partner.presses("Guardar y revisar")
    then_it_is_refused(partner, name)
    expect(partner.page.locator(f"#{name}")).to_have_value(too_long)
    partner.page.locator(f"#{name}").fill(LONG)


def when_they_send(partner: Partner) -> None:
    """From the check page, then away."""
    expect(partner.page).to_have_url(re.compile("/my/form/check$"))
    partner.look(partner.page)
    partner.presses("Enviar mi formulario")
    expect(partner.page).to_have_url(re.compile("/my$"))
    expect(partner.page.locator("#sent")).to_contain_text("a solas")
    partner.look(partner.page)
    partner.presses("Cerrar sesión")
    expect(partner.page).to_have_url(re.compile("/$"))
    partner.look(partner.page)


@pytest.mark.deep
def test_an_evening_without_script(riverside: Practice, visitor: Callable[..., Page]) -> None:
    admin = riverside.staff("admin", email="dark-admin@example.org")
    thea = riverside.staff("therapist", email="dark-thea@example.org", name="Thea Dark")
    _case, link, _other = riverside.invite(admin, thea)
    page = visitor(
        riverside.portal, screen="phone", java_script_enabled=False, color_scheme="dark", locale="es-MX"
    )
    partner = Partner(page, look)

    when_they_join(partner, link)
    when_they_agree(partner)
    when_they_say_how_to_be_reached(partner)
    when_they_answer(partner, sheet())
    when_they_send(partner)
    page.goto("/my")
    expect(page.locator("#sent")).to_have_count(0)
