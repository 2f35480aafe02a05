"""R19: the model suggestion, both sides of each cut-off, on unrounded means (clinical.md §4)."""

from __future__ import annotations

from typing import Any

import pytest

from couple_files import BLANK, couple_file, routed
from portal.domain.fit import ModelFit, fit

CASES: dict[str, tuple[tuple[int | None, int | None, int | None], ModelFit]] = {
    "all under 30": ((58, 59, 40), ModelFit((29, 30, 20), "enrichment", "gottman", 0.5)),
    "one at 30": ((60, 40, 40), ModelFit((30, 20, 20), "therapist_choice", "eft", 10)),
    "top 50, lead 10": ((80, 100, 60), ModelFit((40, 50, 30), "eft", "gottman", 10)),
    "top 49.5": ((60, 60, 99), ModelFit((30, 30, 50), "therapist_choice", "gottman", 19.5)),
    "lead 9.5": ((100, 60, 81), ModelFit((50, 30, 41), "therapist_choice", "developmental", 9.5)),
    "lead 10 after a half": ((101, 81, 0), ModelFit((51, 41, 0), "gottman", "eft", 10)),
    "developmental leads": ((0, 0, 200), ModelFit((0, 0, 100), "developmental", "gottman", 100)),
    "a tie": ((120, 0, 120), ModelFit((60, 0, 60), "therapist_choice", "developmental", 0)),
    "all zero": ((0, 0, 0), ModelFit((0, 0, 0), "enrichment", "eft", 0)),
    "one not scored": ((120, None, 10), ModelFit((60, None, 5), "therapist_choice")),
    "none scored": ((None, None, None), ModelFit((None, None, None), "therapist_choice")),
}


@pytest.mark.parametrize(("sums", "expected"), CASES.values(), ids=CASES)
def test_a_model_is_suggested_within_couples(
    sums: tuple[int | None, int | None, int | None], expected: ModelFit
) -> None:
    assert fit(sums, within_couples=True, index_margin=10) == expected
    assert fit(sums, within_couples=False, index_margin=10) == ModelFit(expected.values)


def test_the_margin_is_a_setting() -> None:
    assert fit((110, 100, 0), within_couples=True, index_margin=5).model == "gottman"
    assert fit((109, 100, 0), within_couples=True, index_margin=5).model == "therapist_choice"


PARTNERS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str], ModelFit]] = {
    "means are rounded half up": (
        {"indices__gottman": 61},
        {"indices__gottman": 50},
        ("submitted", "submitted"),
        ModelFit((56, 45, 35), "gottman", "eft", 10.5),
    ),
    "one partner not scored": (
        {"indices__eft": BLANK},
        {},
        ("submitted", "submitted"),
        ModelFit((40, None, 35), "therapist_choice"),
    ),
    "a draft is not scored": ({}, {}, ("submitted", "in_progress"), ModelFit((None, None, None))),
}


@pytest.mark.parametrize(("a", "b", "participation", "expected"), PARTNERS.values(), ids=PARTNERS)
def test_the_couple_value_is_the_mean_of_two_sent_intakes(
    a: dict[str, Any], b: dict[str, Any], participation: tuple[str, str], expected: ModelFit
) -> None:
    assert routed(couple_file(a, b, participation=participation)).fit == expected
