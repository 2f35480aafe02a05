"""Bad input, a session that ended, another tab: nobody loses what they typed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from story_looks import then_the_page_is_in_order
from story_partner import PASSWORD, SAVED, Partner

from evening.plain_client import Browser
from evening.practices import Practice, open_section

Visitor = Callable[..., Page]
LONG_STORY = "We talk late at night, and then we stop. " * 3


def carry_over(browser: Browser, context: BrowserContext, home: str) -> None:
    """Let a page go on where a plain client stands."""
    context.add_cookies(
        [{"name": name, "value": value, "url": home} for name, value in browser.cookies.items()]
    )


@pytest.fixture
def somebody(riverside: Practice, visitor: Visitor) -> Callable[..., Partner]:
    """`somebody(at="words")` has begun on their own and has this section of the form before them."""

    def begun(*, at: str = "start", **context: object) -> Partner:
        browser = riverside.begin()
        open_section(browser, at)
        page = visitor(riverside.portal, **context)
        carry_over(browser, page.context, riverside.portal.url)
        page.goto("/my/form")
        partner = Partner(page)
        partner.is_in(at)
        return partner

    return begun


def then_the_fault_is_named_first(page: Page, field: str, *, has_script: bool = True) -> None:
    """A summary at the top has the focus (which takes a script) and leads to the field."""
    summary = page.locator(".error-summary")
    if has_script:
        expect(summary).to_be_focused()
        # axe itself is a script: without one it would wait for ever.
        then_the_page_is_in_order(page)
    expect(summary.get_by_role("link")).to_have_attribute("href", f"#{field}")
    summary.get_by_role("link").click()
    expect(page.locator(f"#{field}")).to_be_focused()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_missing_tick_keeps_the_name(riverside: Practice, visitor: Visitor, script: bool) -> None:
    partner = Partner(visitor(riverside.portal, screen="phone", java_script_enabled=script))
    partner.begins()
    partner.keeps_the_card()
    partner.reads_about_leaving()
    partner.page.locator("#full_name").fill("Robin Vale")
    partner.presses("Agree and go on")
    expect(partner.page.locator("#full_name")).to_have_value("Robin Vale")
    then_the_fault_is_named_first(partner.page, "agree", has_script=script)


def test_an_address_that_cannot_be_right_is_shown_again(riverside: Practice, visitor: Visitor) -> None:
    partner = Partner(visitor(riverside.portal))
    partner.begins()
    partner.keeps_the_card()
    partner.reads_about_leaving()
    partner.agrees("Robin Vale")
    partner.page.get_by_label("Write me an e-mail").check()
    partner.page.get_by_label("Number or address for it").fill("robin at example")
    partner.presses("Save and go on")
    expect(partner.page.get_by_label("Number or address for it")).to_have_value("robin at example")
    expect(partner.page.get_by_label("Write me an e-mail")).to_be_checked()
    then_the_fault_is_named_first(partner.page, "address")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_text_over_its_limit_stays(somebody: Callable[..., Partner], script: bool) -> None:
    partner = somebody(at="words", java_script_enabled=script)
    area = partner.page.locator("#section textarea").first
    name, limit = str(area.get_attribute("name")), int(area.get_attribute("data-limit") or 0)
    too_long = "ñ" * (limit + 7)

    area.fill(too_long)
    if script:
        expect(partner.page.locator(f"#{name}-count")).to_have_text("Characters too many: 7")
    partner.page.get_by_role("button", name="Save", exact=True).click()
    expect(partner.page.locator(".error-summary")).to_be_visible()
    expect(partner.page.locator(f"#{name}")).to_have_value(too_long)

    partner.page.locator(f"#{name}").fill("Short enough.")
    partner.page.get_by_role("button", name="Save", exact=True).click()
    expect(partner.page.locator(".error-summary")).to_have_count(0)


def test_a_session_that_ended_leaves_the_text_on_the_page(somebody: Callable[..., Partner]) -> None:
    partner = somebody(at="words")
    area = partner.page.locator("#section textarea").first
    partner.page.context.clear_cookies()
    area.fill(LONG_STORY)
    partner.page.get_by_role("button", name="Save", exact=True).click()
    expect(partner.save_state).to_contain_text("you have been signed out. Your text stays on this page")
    expect(area).to_have_value(LONG_STORY)


def test_a_session_that_ended_gives_the_text_back_without_script(somebody: Callable[..., Partner]) -> None:
    partner = somebody(at="words", java_script_enabled=False)
    partner.page.locator("#section textarea").first.fill(LONG_STORY)
    partner.page.context.clear_cookies()
    partner.page.get_by_role("button", name="Save", exact=True).click()
    expect(partner.page.get_by_role("heading", level=1)).to_have_text("Please sign in again")
    expect(partner.page.get_by_label("What you typed")).to_have_value(LONG_STORY)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_form_of_an_older_session_can_be_sent_again(
    riverside: Practice, visitor: Visitor, script: bool
) -> None:
    partner = Partner(visitor(riverside.portal, java_script_enabled=script))
    partner.begins()
    partner.walks_in("Robin Vale", "robin@example.org")
    name = partner.sign_in_name
    partner.page.get_by_role("link", name="My page").click()
    partner.page.get_by_role("link", name="Write to us").click()
    partner.page.get_by_label("Your words").fill(LONG_STORY)

    other_tab = Partner(partner.page.context.new_page(), sign_in_name=name)
    other_tab.page.goto("/my")
    other_tab.signs_out()
    other_tab.signs_in()

    partner.presses("Send")
    expect(partner.page.get_by_label("What you typed")).to_have_value(LONG_STORY)
    if script:
        then_the_page_is_in_order(partner.page)
    partner.presses("Send it again")
    expect(partner.page.locator(".notice.success")).to_contain_text("We have what you wrote")


def test_two_tabs_the_later_save_loses_politely(somebody: Callable[..., Partner]) -> None:
    here = somebody(at="patterns")
    there = Partner(here.page.context.new_page())
    there.page.goto("/my/form")
    there.option("gottman_1", "3").check()
    expect(there.save_state).to_have_text(SAVED)

    here.option("gottman_2", "1").check()
    expect(here.save_state).to_contain_text("this form was changed in another tab, or has been sent")
    here.presses("Save and go on")
    expect(here.page.locator("[data-focus]")).to_be_focused()
    here.is_in("patterns")
    expect(here.option("gottman_2", "1")).to_be_checked()
    then_the_page_is_in_order(here.page)
    here.presses("Save and go on")
    here.is_in("satisfaction")
    here.presses("Back")
    here.is_in("patterns")
    expect(here.option("gottman_2", "1")).to_be_checked()


def test_a_double_click_sends_once(somebody: Callable[..., Partner]) -> None:
    partner = somebody(at="words")
    partner.page.goto("/my/form/check")
    posts: list[str] = []
    partner.page.on("request", lambda one: posts.append(one.url) if one.method == "POST" else None)
    partner.page.get_by_role("button", name="Send my form").dblclick()
    expect(partner.page.locator("#sent")).to_be_visible()
    assert [re.sub(r"^.*//[^/]+", "", url) for url in posts] == ["/my/form/submit"]
    partner.page.goto("/my/form/check")
    expect(partner.page).to_have_url(re.compile("/my$"))


def test_a_wrong_password_keeps_the_name(riverside: Practice, visitor: Visitor) -> None:
    page = visitor(riverside.portal, screen="phone")
    page.goto("/sign-in")
    page.get_by_label("Sign-in name").fill("calm-river-stone")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Sign-in name")).to_have_value("calm-river-stone")
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.locator(".error-summary")).to_be_focused()
    then_the_page_is_in_order(page)
