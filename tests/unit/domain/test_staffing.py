"""Who could take a case: each check both ways, and the order that follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.domain.staffing import CHECKS, Candidate, Need, Profile, Suggestion, both, need_of, rank

ABLE = Candidate(
    "able",
    Profile(
        trainings=frozenset({"eft_core", "discernment"}),
        languages=frozenset({"en", "es"}),
        formats=frozenset({"online"}),
        hours=frozenset({"mon_evening", "sat_morning"}),
        places=4,
    ),
    load=3,
)
NEED = Need("eft", frozenset({"es"}), frozenset({"online"}), frozenset({"weekday_evenings"}), is_joint=True)


def _missing(candidate: Candidate, need: Need = NEED) -> tuple[str, ...]:
    return rank(need, [candidate])[0].missing


def test_somebody_who_meets_everything() -> None:
    assert rank(NEED, [ABLE]) == (Suggestion("able", CHECKS, (), 3, 1),)


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        (replace(ABLE, has_conflict=True), "conflict"),
        (replace(ABLE, saw_one_alone=True), "alone"),
        (replace(ABLE, is_away=True), "present"),
        (replace(ABLE, load=4), "places"),
        (replace(ABLE, load=5), "places"),
        (
            replace(ABLE, profile=replace(ABLE.profile, trainings=frozenset({"gottman_certified"}))),
            "training",
        ),
        (replace(ABLE, profile=replace(ABLE.profile, languages=frozenset({"en"}))), "language"),
        (replace(ABLE, profile=replace(ABLE.profile, formats=frozenset({"in_person"}))), "format"),
        (
            replace(ABLE, profile=replace(ABLE.profile, hours=frozenset({"mon_morning", "sun_evening"}))),
            "times",
        ),
    ],
)
def test_one_thing_is_missing(changed: Candidate, missing: str) -> None:
    assert _missing(changed) == (missing,)


def test_what_was_not_asked_for_is_not_missing() -> None:
    assert _missing(Candidate("new", Profile(), 0), Need()) == ()
    assert _missing(replace(ABLE, saw_one_alone=True), replace(NEED, is_joint=False)) == ()


def test_only_a_bar_makes_it_impossible() -> None:
    assert [rank(NEED, [one])[0].is_possible for one in (
        replace(ABLE, has_conflict=True), replace(ABLE, saw_one_alone=True), replace(ABLE, is_away=True),
    )] == [False, False, True]  # fmt: skip


def test_the_order_bars_last_then_fewest_gaps_then_the_lighter_gap_then_free_places() -> None:
    roomy = replace(ABLE, id="roomy", load=0)
    untrained = replace(ABLE, id="untrained", profile=replace(ABLE.profile, trainings=frozenset()))
    elsewhere = replace(ABLE, id="elsewhere", profile=replace(ABLE.profile, formats=frozenset()))
    unsaid = replace(ABLE, id="unsaid", profile=replace(ABLE.profile, places=None))
    barred = replace(roomy, id="barred", has_conflict=True)
    alone = replace(roomy, id="alone", saw_one_alone=True)
    nothing = Candidate("nothing", Profile(), 0)
    everybody = [barred, nothing, alone, untrained, elsewhere, unsaid, ABLE, roomy]
    assert [one.id for one in rank(NEED, everybody)] == [
        "roomy", "able", "unsaid", "elsewhere", "untrained", "nothing", "alone", "barred",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("route", "model", "found"),
    [
        ("discernment", None, ("discernment", True)),
        ("couples", "gottman", ("gottman", True)),
        ("couples", "therapist_choice", (None, True)),
        ("solo", None, (None, False)),
        ("safety", "eft", (None, False)),
        (None, None, (None, False)),
    ],
)
def test_what_a_route_asks_for(route: str | None, model: str | None, found: tuple[str | None, bool]) -> None:
    assert need_of(route, model) == found


def test_what_suits_both() -> None:
    assert both({"a", "b"}, {"b"}, ()) == {"b"}
    assert both({"a"}, {"b"}) == frozenset()
    assert both() == frozenset()
