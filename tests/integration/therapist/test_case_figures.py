"""The figures of the case page: both partners on every scale, who said what, goals, hesitations, times."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from html import unescape

import pytest
from flask import Flask, g
from practice_world import Case, Desk, World

from portal.domain.access import Viewer
from portal.services import case_views, facts
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.web.therapist import words
from portal.web.therapist.presenters import figures_presenter, steps_presenter
from portal.web.therapist.presenters.figures_presenter import Figures
from portal.web.therapist.presenters.steps_presenter import Step

Sit = Callable[[Viewer], Desk]
OUT = {"lean": "4", "commit_months": "unsure", "first_step": "one_or_two", "doubts_told": "partly"}


@pytest.fixture
def see(app: Flask, house: World, tools: Tools, thea: Viewer) -> Callable[[Case], case_views.CaseView]:
    def look(case: Case) -> case_views.CaseView:
        with house.store.staff.write() as session:
            return case_views.opened(session, tools, case_id=case.id, by=thea)

    return look


def figures(app: Flask, view: case_views.CaseView) -> Figures:
    with app.test_request_context():
        return figures_presenter.present(view)


def steps(app: Flask, view: case_views.CaseView) -> tuple[Step, ...]:
    with app.test_request_context():
        return steps_presenter.present(view)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def couple(house: World, thea: Viewer) -> Case:
    case = house.case(therapist=thea)
    case.send(
        "a", "Ana López", **OUT, chosen_name="Ana", pronouns="she", goals=["decide", "closer"],
        hesitation=["cost"],
        own_words="We used to laugh.", partner_lean_guess="5", harm_received__insult="past_year",
        reflection_1="1", reflection_2="1", reflection_6="3",
    )  # fmt: skip
    case.send(
        "b", "Ben Ortiz", goals=["closer", "fewer_fights"], harm_done__insult="none",
        control_done=["money"], partner_lean_guess="1",
    )  # fmt: skip
    return case


def test_every_scale_stands_side_by_side(app: Flask, house: World, thea: Viewer, see: Callable) -> None:
    found = figures(app, see(couple(house, thea)))
    assert {row.key: (row.a, row.b) for panel in found.panels for row in panel.rows} == {
        "satisfaction": (12, 12), "gottman": (50, 50), "eft": (50, 50), "developmental": (50, 50),
        "mood_score": (4, 4), "alcohol_score": (0, 0), "lean": (4, 1), "decision_firmness": (2, 2),
        "own_change": (8, 8), "hope": (6, 6), "voluntary": (5, 5), "reflection": (3, 0),
    }  # fmt: skip
    lean = next(row for panel in found.panels for row in panel.rows if row.key == "lean")
    assert (lean.cuts, lean.ends, lean.note) == (
        (3,), ("firmly staying", "decided to end"), "from 3: doubts about the relationship",
    )  # fmt: skip
    assert found.names == {"a": "A: Ana", "b": "B: Ben Ortiz"}


def test_what_each_believes_hopes_for_and_hesitates_about(
    app: Flask, house: World, thea: Viewer, see: Callable
) -> None:
    found = figures(app, see(couple(house, thea)))
    assert [tuple(asdict(gap).values()) for gap in found.gaps] == [
        ("A: Ana", 4, 1, True), ("B: Ben Ortiz", 1, 5, True),
    ]  # fmt: skip
    assert found.goals is not None
    assert (found.goals.both, found.goals.only) == (
        ("To feel closer again",),
        (
            ("A: Ana", ("To get clear about whether to stay or go",)),
            ("B: Ben Ortiz", ("To argue less, or to argue better",)),
        ),
    )
    ana = found.voices["a"]
    assert (ana.called, ana.hesitations, ana.reflection, ana.needs_support) == (
        "Ana, she", ("What it costs",), 3, True,
    )  # fmt: skip
    assert [text for _question, text in ana.own_words] == ["We used to laugh."]
    assert not found.voices["b"].needs_support


def test_who_said_what(app: Flask, house: World, thea: Viewer, see: Callable) -> None:
    found = figures(app, see(couple(house, thea)))
    assert [tuple(asdict(row).values()) for row in found.told] == [
        (
            "insults or humiliation", "A: Ana", "only A: Ana",
            "A: Ana: In the last 12 months; B: Ben Ortiz: Never",
        ),
        ("control over money", "A: Ana", "only B: Ben Ortiz", "A: Ana: no; B: Ben Ortiz: yes"),
    ]  # fmt: skip


def test_the_practice_sets_where_alcohol_calls_for_a_talk(
    app: Flask, house: World, thea: Viewer, see: Callable
) -> None:
    from dataclasses import replace

    view = replace(see(couple(house, thea)), alcohol_level=6)
    rows = {row.key: row for panel in figures(app, view).panels for row in panel.rows}
    assert rows["alcohol_score"].cuts == (4, 6)


def test_nothing_is_counted_before_anybody_sent(
    app: Flask, house: World, thea: Viewer, see: Callable
) -> None:
    case = house.case(therapist=thea)
    case.join("a")
    case.save("a", fear="strong", harm_received__threat="earlier")
    found = figures(app, see(case))
    assert (found.panels, found.gaps, found.goals, dict(found.voices)) == ((), (), None, {})
    assert [row.what for row in found.told] == ["threats to hurt", "fear of the partner"]


def test_one_who_sent_stands_alone(app: Flask, house: World, thea: Viewer, see: Callable) -> None:
    case = house.case(therapist=thea, slots="a")
    case.send("a", "Ana", goals=["closer"])
    found = figures(app, see(case))
    assert found.goals is not None
    assert (found.names["b"], found.goals.both, found.goals.only) == (
        "B", (), (("A: Ana", ("To feel closer again",)),),
    )  # fmt: skip
    assert {row.b for panel in found.panels for row in panel.rows} == {None}


def test_what_must_happen_first_has_times_and_names(
    app: Flask, house: World, thea: Viewer, see: Callable
) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana", mood_1="3", mood_2="3")
    case.send("b", "Ben")
    told = [(step.due, step.is_late, step.done, step.detail) for step in steps(app, see(case))]
    # Sent on Monday the 23rd: the call is promised within five working days.
    assert told == [
        (
            "Nov 30, 2026",
            False,
            False,
            "Still to be seen alone: A: Ana by Nov 30, 2026, B: Ben by Nov 30, 2026",
        ),
        ("", False, False, "A: Ana"),
        ("", False, False, ""),
    ]
    case.see("a", thea)
    house.tools.clock.move(days=8)  # type: ignore[attr-defined]
    told = [(step.due, step.is_late, step.done, step.detail) for step in steps(app, see(case))]
    assert told == [
        ("Nov 30, 2026", True, False, "Still to be seen alone: B: Ben by Nov 30, 2026"),
        ("", False, True, "A: Ana"),
        ("", False, False, ""),
    ]
    case.see("b", thea)
    case.sign(thea)
    assert [step.done for step in steps(app, see(case))] == [True, True, True]


def test_danger_comes_sooner_than_the_promise(app: Flask, house: World, thea: Viewer, see: Callable) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana", harm_received__threat="past_year")
    case.send("b", "Ben")
    assert steps(app, see(case))[0].due == "Nov 25, 2026"
    # A new submission does not move the day on which the danger was told.
    house.tools.clock.move(days=1)  # type: ignore[attr-defined]
    case.say("b", "addition", {"text": "Something happened."})
    assert steps(app, see(case))[0].due == "Nov 25, 2026"


def test_calls_about_life_and_death_have_their_hour(
    app: Flask, house: World, thea: Viewer, see: Callable
) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana")
    case.send("b", "Ben", harm_other="thoughts")
    call = steps(app, see(case))[1]
    assert (call.due, call.detail, call.done) == ("Nov 24, 2026", "B: Ben", False)
    case.see("b", thea)
    assert steps(app, see(case))[1].done


def test_a_duty_to_report_is_met_by_a_therapists_word(
    app: Flask, house: World, thea: Viewer, see: Callable
) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana", child_danger="concern")
    case.send("b", "Ben")

    def step() -> tuple[str, str, str, bool]:
        (found,) = [one for one in steps(app, see(case)) if one.href == "#do-fact"]
        return found.due, found.detail, found.href, found.done

    def say(slot: str, value: str) -> None:
        with house.store.staff.write() as session:
            said = {"report_reviewed": value}
            facts.state(session, house.tools, case_id=case.id, slot=slot, said=said, note="", by=thea)
        house.tools.clock.move(minutes=1)  # type: ignore[attr-defined]

    assert step() == ("Nov 30, 2026", "A: Ana", "#do-fact", False)
    say("b", "yes")
    assert step()[3] is False
    say("a", "yes")
    assert step()[3] is True
    say("a", "no")
    assert step()[3] is False


def test_who_leaves_where_there_is_danger_is_seen_the_same_day(
    app: Flask, house: World, thea: Viewer, see: Callable
) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana", lean="4", threatened_suicide_if_left="yes")
    case.send("b", "Ben")
    assert steps(app, see(case))[0].due == "Nov 23, 2026"


def test_what_holds_of_both_is_said_once(house: World, desk: Sit, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.join("a")
    case.join("b")
    case.save("a", fear="some")
    page = plain(desk(thea).get(f"/cases/{case.id}"))
    assert page.count("This person's form is not there yet.") == 0
    assert "A: Person A, B: Person B Neither form is there yet." in page


def test_the_page_prints_the_figures(house: World, desk: Sit, thea: Viewer) -> None:
    case = couple(house, thea)
    page = desk(thea).get(f"/cases/{case.id}")
    text = plain(page)
    for told in (
        "A: Ana says 4; the other believes 1 wide gap", "Both: To feel closer again",
        "Only B: Ben Ortiz: To argue less, or to argue better", "insults or humiliation A: Ana only A: Ana",
        "3 of 6 fit offer individual support", "We used to laugh.", "called Ana, she",
        "Received and done count together. Self-report, not verified", "by Nov 23, 2026",
        "Staying or leaving 4 1 1 firmly staying – 5 decided to end from 3: doubts about the relationship",
    ):  # fmt: skip
        assert told in text, told
    assert page.count("Private to this person") == 2
    assert page.count('role="img"') == 2


def test_days_are_told_in_the_zone_of_the_practice_and_the_language_of_whoever_looks(app: Flask) -> None:
    """They are kept once told: by all that decides them."""
    moment, told = datetime(2026, 3, 1, 11, 30, tzinfo=UTC), []
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        for language in ("en", "es"):
            with app.test_request_context(headers={"Accept-Language": language}):
                g.practice = PracticeView(time_zone=zone)
                told.append((words.day(moment), words.moment_words(moment).replace("\u202f", " ")))
    assert [day for day, _both in told] == ["Mar 2, 2026", "2 mar 2026", "Mar 1, 2026", "1 mar 2026"]
    assert len({both for _day, both in told}) == 4
