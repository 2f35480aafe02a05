"""One evening at a practice, told in order, on a telephone and on a desktop.

The practice invites a couple; each partner fills in their own form; the therapist reads, talks with each and
signs; each partner gets the words that were written for them; the admin exports the report.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect
from story_looks import then_it_is_in_sight, then_the_page_is_in_order
from story_partner import SAVED, Partner
from story_staff import StaffMember

import live_portal
from evening.answer_sheets import sheet
from evening.practices import Practice, within
from live_portal import LivePortal

Visitor = Callable[..., Page]

TO_ALEX = "We will call you on Thursday at noon."
TO_SAM = "Please choose one of two evenings next week."
LEANS_IN = sheet(partner_lean_guess="2")
LEANS_OUT = sheet(lean="4", commit_months="unsure", first_step="one_or_two", doubts_told="partly")


def given_a_practice_that_was_just_set_up(
    practice: Practice, visitor: Visitor, screen: str
) -> tuple[StaffMember, StaffMember]:
    """The first admin by the printed link; a therapist whom the admin takes in, by the mailed one."""
    look = then_the_page_is_in_order
    ada = StaffMember(visitor(practice.portal, screen=screen), practice, "ada@example.org", look)
    ada.sets_up(urlsplit(practice.portal.command("accounts", "first-link").strip()).path, name="Ada Admin")
    ada.is_at("/admin", "")

    ada.page.goto("/admin/settings")
    ada.page.get_by_label("Name, as partners read it").fill("Riverside")
    ada.page.get_by_label("Telephone number").fill("555 0100")
    ada.page.get_by_label("E-mail of whoever is on call").fill("oncall@example.org")
    ada.presses("Save the settings")
    ada.is_at("/admin/settings", "Settings")
    expect(ada.page.get_by_label("Name, as partners read it")).to_have_value("Riverside")

    ada.page.goto("/admin/people")
    ada.page.get_by_label("E-mail", exact=True).fill("thea@example.org")
    ada.page.get_by_label("Full name").fill("Thea Therapist")
    ada.page.get_by_role("checkbox", name="Reads answers, decides").check()
    ada.presses("Make the account")
    ada.is_at("/admin/people", "People")

    thea = StaffMember(visitor(practice.portal, screen=screen), practice, "thea@example.org", look)
    thea.sets_up(practice.link(thea.email, "set-up"))
    thea.is_at("/caseload", "Caseload")
    return ada, thea


def when_the_practice_invites_a_couple(ada: StaffMember) -> tuple[str, str]:
    """Two neutral mails, one each; returns the paths of the links."""
    ada.page.goto("/admin/cases")
    ada.page.get_by_label("E-mail of the first person").fill("alex@example.org")
    ada.page.get_by_label("E-mail of the second person").fill("sam@example.org")
    ada.page.get_by_label("Therapist", exact=True).select_option("thea@example.org")
    ada.presses("Open and invite")
    ada.is_at("/cases/[0-9a-f-]{36}", "")
    return ada.practice.link("alex@example.org"), ada.practice.link("sam@example.org")


def when_alex_begins_and_pauses(alex: Partner, link: str) -> None:
    """Half the form, then away; what was answered is there again on another day."""
    alex.joins(link)
    alex.walks_in("Alex Morgan", "alex@example.org")
    expect(alex.save_state).to_have_text("Your answers are saved as you go.")
    alex.option("private", "yes").check()
    expect(alex.save_state).to_have_text(SAVED)

    alex.fills_in(LEANS_IN, until="satisfaction")
    alex.answers(LEANS_IN["satisfaction"])
    alex.presses("Back")
    alex.is_in("patterns")
    expect(alex.option("gottman_1", "2")).to_be_checked()
    alex.presses("Save and go on")
    alex.is_in("satisfaction")
    alex.signs_out()
    alex.page.go_back()
    expect(alex.page.locator("#section")).to_have_count(0)

    alex.signs_in()
    go_on = alex.page.get_by_role("link", name="Open the form")
    then_it_is_in_sight(go_on)
    go_on.click()
    alex.is_in("satisfaction")
    expect(alex.option("satisfaction_1", "3")).to_be_checked()


def when_alex_finishes(alex: Partner) -> None:
    """The rest of the form. What was sealed is not shown again, and the check page says what is open."""
    alex.fills_in({key: LEANS_IN[key] for key in list(LEANS_IN)[3:]}, until="affair")
    alex.presses("Back")
    alex.is_in("health")
    expect(alex.page.locator('details:has([name="mood_1"])')).to_contain_text("answered, hidden: change")
    expect(alex.page.locator("#section input:checked")).to_have_count(0)
    alex.presses("Save and go on")
    alex.fills_in({key: LEANS_IN[key] for key in ("affair", "words")})
    expect(alex.page.locator("#gap-basics")).to_be_visible()
    alex.sends()


def then_the_page_says_what_it_says_to_everybody(partner: Partner) -> None:
    """The one sentence, and no word about the other."""
    partner.is_at("/my", "My page")
    said = partner.page.locator("#sent").inner_text()
    assert "by yourself" in said
    assert "partner" not in said.lower()


def when_sam_fills_in_everything(sam: Partner, link: str) -> None:
    """In one go."""
    sam.joins(link)
    sam.walks_in("Sam Rivers", "sam@example.org")
    sam.fills_in(LEANS_OUT)
    sam.sends()


def then_thea_finds_the_couple_first_in_her_caseload(thea: StaffMember) -> None:
    """With a suggested route and the next thing to do."""

    def line() -> str:
        thea.page.goto("/caseload")
        words = thea.page.locator("main tbody tr").first.inner_text()
        return words if "Discernment" in words else ""

    assert "Alex Morgan and Sam Rivers" in within(10, line)
    thea.look(thea.page)
    thea.page.get_by_role("link", name="Alex Morgan and Sam Rivers").click()
    thea.is_at("/cases/[0-9a-f-]{36}", "Alex Morgan")


def then_the_case_shows_both_halves_and_why(thea: StaffMember) -> None:
    """Route, rule and both sides on the case page; every answer on a page of each partner."""
    found = thea.page.locator("#recommendation")
    assert [found.get_attribute(f"data-{name}") for name in ("route", "reason", "rule")] == [
        "discernment",
        "mixed_agenda",
        "R17b",
    ]
    expect(thea.page.locator("#scores .chart svg").first).to_be_visible()
    case = urlsplit(thea.page.url).path
    for slot, name in (("a", "Alex Morgan"), ("b", "Sam Rivers")):
        thea.page.goto(case)
        expect(thea.page.locator(f"#side-{slot}")).to_contain_text(name)
        thea.page.goto(f"{case}/partners/{slot}")
        thea.is_at(f"/partners/{slot}", name)
        expect(thea.page.locator("#direction")).to_be_visible()
    thea.page.goto(case)


def when_thea_talks_with(thea: StaffMember, name: str) -> None:
    """Alone, with all three ticks."""
    thea.opens("interview")
    fold = thea.page.locator("#do-interview")
    option = fold.locator("option", has_text=name)
    fold.get_by_label("With", exact=True).select_option(option.get_attribute("value"))
    for tick in ("Identity confirmed", "Private setting", "Safety asked again"):
        fold.get_by_label(tick).check()
    fold.get_by_label("Note").fill("A calm call.")
    fold.get_by_role("button").click()
    expect(thea.page.locator(".half", has_text=name)).to_contain_text("A calm call.")


def when_thea_signs(thea: StaffMember) -> None:
    """As recommended."""
    thea.opens("review")
    fold = thea.page.locator("#do-review")
    fold.get_by_label("Accept as recommended").check()
    fold.get_by_label("Format").select_option("in_person")
    fold.get_by_label("Note").fill("Agreed with both.")
    fold.get_by_role("button", name="Sign").click()
    expect(thea.page.locator("#recommendation .signed")).to_contain_text("Signed")
    thea.look(thea.page)


def when_thea_writes_to(thea: StaffMember, slot: str, words: str) -> None:
    """A letter in her own words; one press checks and releases it."""
    case = thea.page.url
    thea.opens("release")
    fold = thea.page.locator("#do-release")
    fold.get_by_label("To", exact=True).select_option(slot)
    fold.get_by_label("Text").fill(words)
    fold.get_by_role("button", name="Check and release").click()
    thea.is_at("/releases/[0-9a-f-]{36}", "Letter")
    expect(thea.page.locator("main")).to_contain_text(words)
    thea.page.goto(case)


def then_the_partner_reads(partner: Partner, mine: str, *, not_mine: str) -> None:
    """The own letter and nothing of the other's."""
    partner.page.goto("/my")
    partner.is_at("/my", "My page")
    expect(partner.page.locator('[data-kind="letter"]')).to_have_count(1)
    expect(partner.page.locator('[data-kind="letter"]')).to_contain_text(mine)
    expect(partner.page.locator("body")).not_to_contain_text(not_mine)


def when_ada_exports_the_report(ada: StaffMember) -> Path:
    """As CSV; returns the downloaded file."""
    ada.page.goto("/admin/exports")
    ada.look(ada.page)
    ada.page.locator("#purpose").fill("For the yearly report")
    ada.presses("Make the report")
    ada.is_at("/admin/exports/[0-9a-f-]{36}", "De-identified report")
    with ada.page.expect_download() as download:
        ada.page.get_by_role("link", name="Download").click()
    return download.value.path()


def then_the_report_says_no_name(file: Path) -> None:
    """One line a person: codes and scores."""
    raw = file.read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(raw)))
    assert [(row["slot"], row["route"], row["signed_route"], row["lean"]) for row in rows] == [
        ("a", "discernment", "discernment", "1"),
        ("b", "discernment", "discernment", "4"),
    ]
    assert re.search("alex|sam|morgan|rivers|riverside", raw, re.IGNORECASE) is None


def test_one_evening(tmp_path: Path, visitor: Visitor, screen: str) -> None:
    with live_portal.fresh(tmp_path / "instance").serving() as portal:
        tell_the_evening(portal, visitor, screen)


def tell_the_evening(portal: LivePortal, visitor: Visitor, screen: str) -> None:
    """From an empty practice to the report."""
    ada, thea = given_a_practice_that_was_just_set_up(Practice(portal), visitor, screen)
    alex = Partner(visitor(portal, screen=screen), then_the_page_is_in_order)
    sam = Partner(visitor(portal, screen=screen))

    to_alex, to_sam = when_the_practice_invites_a_couple(ada)
    when_alex_begins_and_pauses(alex, to_alex)
    when_alex_finishes(alex)
    then_the_page_says_what_it_says_to_everybody(alex)
    when_sam_fills_in_everything(sam, to_sam)
    then_the_page_says_what_it_says_to_everybody(sam)

    then_thea_finds_the_couple_first_in_her_caseload(thea)
    then_the_case_shows_both_halves_and_why(thea)
    when_thea_talks_with(thea, "Alex Morgan")
    when_thea_talks_with(thea, "Sam Rivers")
    when_thea_signs(thea)
    when_thea_writes_to(thea, "a", TO_ALEX)
    then_the_partner_reads(alex, TO_ALEX, not_mine=TO_SAM)
    when_thea_writes_to(thea, "b", TO_SAM)
    then_the_partner_reads(sam, TO_SAM, not_mine=TO_ALEX)
    then_the_partner_reads(alex, TO_ALEX, not_mine=TO_SAM)

    then_the_report_says_no_name(when_ada_exports_the_report(ada))
