"""The case page after something new came: what changed since it was signed, and how it went over time."""

from __future__ import annotations

from collections.abc import Callable

from practice_world import Desk, World
from sqlalchemy import func, select
from test_repeat_measure import ask, fill, later
from test_therapist_pages import words

from portal.models import Letter, Notice, table_of


def test_the_page_says_what_changed_until_it_is_reviewed_anew(
    house: World, desk: Callable[..., Desk]
) -> None:
    thea = house.staff()
    case = house.case(therapist=thea)
    case.send("a", "Ana López", lean="1")
    case.send("b", "Ben Ortiz", lean="1")
    case.see("a", thea)
    case.see("b", thea)
    case.sign(thea)
    first = words(desk(thea).get(f"/cases/{case.id}"))
    assert "What changed since it was signed" not in first
    assert "Over time" not in first
    ask(case, thea)
    later(case, 3)
    fill(case, lean="4", commit_months="unsure", satisfaction_1="1")
    page = desk(thea).get(f"/cases/{case.id}")
    said = words(page)
    changes = said[said.index("What changed since it was signed") : said.index("Review it anew")]
    for part in (
        "Couples therapy → Discernment",
        "New reasons",
        "R17b, A: Ana López",
        "Reasons that are gone",
        "R18b",
    ):
        assert part in changes, changes
    assert changes[changes.index("Answered otherwise:") :].count("A: Ana López") == 1
    assert "B: Ben" not in changes[changes.index("Answered otherwise:") :]
    assert page.count('<figure class="chart">') >= 2
    assert "Lean: 1 staying, 5 leaving" in said
    case.sign(thea)
    assert "What changed since it was signed" not in words(desk(thea).get(f"/cases/{case.id}"))


def test_a_letter_is_shown_as_its_reader_will_see_it_and_nothing_goes_out(
    house: World, desk: Callable[..., Desk]
) -> None:
    thea = house.staff()
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    sit, address = desk(thea), f"/cases/{case.id}/releases"
    fields = {"slot": "a", "letter": "free", "body": "Hello.\n\nWe call you on Monday.", "preview": "yes"}
    page = sit.post(address, fields, 200).text
    shown = page[page.index('id="release-preview"') :]
    assert '<article class="card" data-kind="letter">' in shown
    assert "A message for you" in shown[: shown.index("</article>")]
    assert "We call you on Monday." in shown[: shown.index("</article>")]
    with house.store.staff.read() as session:
        assert session.scalar(select(func.count()).select_from(table_of(Letter))) == 0
        assert session.scalar(select(func.count()).select_from(table_of(Notice))) == 0
    refused = sit.post(address, {**fields, "body": "There was violence."}, 400).text
    assert 'id="release-preview"' not in refused
