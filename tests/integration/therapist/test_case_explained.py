"""The case page explains itself: why, whose answers, what else, what would change it, what is not known."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from practice_world import Case, Desk, World

from portal.content.rules import ruleset
from portal.domain.access import Viewer

Sit = Callable[[Viewer], Desk]
OUT = {"lean": "4", "commit_months": "unsure", "first_step": "one_or_two", "doubts_told": "partly"}


def shown(desk: Sit, thea: Viewer, case: Case) -> str:
    """The card of the recommendation as a reader sees it."""
    page = desk(thea).get(f"/cases/{case.id}")
    card = page[page.index('id="recommendation"') :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", card[: card.index("</section>")])))


def test_a_mixed_couple_is_explained(house: World, desk: Sit, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana López", fear="declined")
    case.send("b", "Ben Ortiz", **OUT)
    text = shown(desk, thea, case)
    rule = ruleset().texts.rules["R8"]
    for words in (
        rule.reasons["safety_unanswered"].en,
        rule.evidence.en,
        "Not known: left blank or for the talk",
        ruleset().texts.fields["fear"].en,
    ):
        assert words in text
    # Therapists read publications, not the sections of a design page they do not have.
    assert "clinical.md" not in text


def test_a_model_is_always_called_a_heuristic(house: World, desk: Sit, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    case.send("b", "Ben Ortiz")
    text = shown(desk, thea, case)
    assert ruleset().texts.notes["heuristic"].en in text
    assert "Runner-up:" in text
    assert "What would change the route" in text
