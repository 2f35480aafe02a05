"""The safety tiers of clinical.md §3 a second time, written from the page over the answers themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from portal.domain.constructs import ACTS, CONTROL_KINDS
from portal.domain.couple import SLOTS, other
from portal.domain.expressions import All, Expression, Not, Some
from portal.domain.proof_readings import Says, Together
from portal.domain.proof_space import BY_PATH, Answer

SEVERE: Final = ("injury", "sexual_force", "threat_to_kill", "weapon", "stalking")
_ANY_ACT = tuple(act for act in ACTS if act != "insult")
_SEVERE_CONTROL = ("movement", "threats_children_or_status", "medicine_or_aids", "outing")


def all_of(*parts: Expression) -> Expression:
    """Every part holds."""
    return All(parts)


def some_of(*parts: Expression) -> Expression:
    """At least one part holds."""
    return Some(parts)


def _acts(acts: tuple[str, ...], *when: Answer) -> Expression:
    """Any of these acts, received or done, reported by either partner."""
    return Some(
        tuple(
            Says(slot, f"{side}.{act}", when)
            for slot in SLOTS
            for side in ("harm_received", "harm_done")
            for act in acts
        )
    )


def anyone(path: str, *answers: Answer) -> Expression:
    """Either partner gave one of these answers."""
    return Some(tuple(Says(slot, path, answers) for slot in SLOTS))


def _lists(of: Callable[[tuple[str, ...]], bool]) -> Expression:
    """A list of control kinds like this, received or done, by either report."""
    lists = tuple(one for one in BY_PATH["control_done"].answers if isinstance(one, tuple) and of(one))
    return Some(
        tuple(Says(slot, path, lists) for slot in SLOTS for path in ("control_received", "control_done"))
    )


def _two_kinds() -> Expression:
    """Two different kinds used by the same person: what they say they do, with what the other receives."""
    lists = [one for one in BY_PATH["control_done"].answers if isinstance(one, tuple)]
    ways: list[Expression] = []
    for user in SLOTS:
        for path, slot in (("control_done", user), ("control_received", other(user))):
            ways.append(Says(slot, path, tuple(one for one in lists if len(one) >= 2)))
        for kind in CONTROL_KINDS:
            different = tuple((one,) for one in CONTROL_KINDS if one != kind)
            ways.append(
                All(
                    (Says(user, "control_done", ((kind,),)), Says(other(user), "control_received", different))
                )
            )
    return Some(tuple(ways))


ANY_ACT: Final = _acts(_ANY_ACT, "past_year", "earlier")
ANY_CONTROL: Final = _lists(bool)
FEAR: Final = anyone("fear", "some", "strong")
CONSEQUENCES: Final = anyone("fear_of_consequences", True)

TIER_A: Final = some_of(
    _acts(("strangled",), "past_year", "earlier"),
    _acts(SEVERE, "past_year"),
    anyone("fear", "strong"),
    all_of(CONSEQUENCES, some_of(ANY_ACT, ANY_CONTROL)),
)
TIER_B: Final = some_of(
    _acts(SEVERE, "earlier"),
    _acts(("threat",), "past_year"),
    all_of(FEAR, some_of(ANY_ACT, ANY_CONTROL)),
    _lists(lambda kinds: not set(kinds).isdisjoint(_SEVERE_CONTROL)),
    _two_kinds(),
    anyone("escalating", "yes"),
    anyone("order_of_protection", "past"),
    anyone("free_to_leave", "not_safe"),
    CONSEQUENCES,
    # Intent holds where thoughts do (docs/decisions/0008).
    all_of(
        anyone("harm_other", "thoughts", "intent"),
        some_of(FEAR, _acts(("threat", "threat_to_kill"), "past_year", "earlier")),
    ),
)
TIER_H: Final = some_of(_acts(("physical", "sexual_pressure"), "past_year"), FEAR)
CRISIS: Final = some_of(
    anyone("suicide_level", 3, 4, 5),
    anyone("suicidal_behavior", "past_3_months"),
    anyone("harm_other", "intent"),
)


def open_tier(tier: Expression, name: str) -> Expression:
    """A tier reported now and not cleared."""
    return all_of(tier, Not(Together(f"{name}_cleared")))
