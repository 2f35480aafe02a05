"""What every intake measures: the constructs, their allowed values and their place in the form.

The names and values are those of clinical.md §2 and of the couple file; the questionnaire is checked
against these tables when it is read, and scoring reads the same tables, so the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DECLINED: Final = "declined"
"""Stored for "I would rather talk about this in person"."""

NONE: Final = "none"
"""The explicit "none of these" of a multi-choice item."""

NOT_ASKED: Final = "not_asked"
"""Value of the two suicide items where the practice has no on-call contact."""

NECK_WANTED: Final = "neck_wanted"
"""Extra option of the two neck items: pressure on the neck that was wanted, during sex."""

POLICIES: Final = ("a", "b", "c")
"""Confidentiality policies: a no secrets in couple work, b private with help to tell, c private."""


class Draft(StrEnum):
    """Whether a saved answer of a section can be read again before sending."""

    READABLE = "readable"
    SEALED = "sealed"


@dataclass(frozen=True)
class SectionRule:
    """Fixed facts of one section: its key, how its drafts are kept, silent while `private` is no."""

    key: str
    draft: Draft
    silent: bool = False


SECTIONS: Final = (
    SectionRule("start", Draft.READABLE),
    SectionRule("basics", Draft.READABLE),
    SectionRule("patterns", Draft.READABLE),
    SectionRule("satisfaction", Draft.READABLE),
    SectionRule("goals", Draft.READABLE),
    SectionRule("reasons", Draft.SEALED),
    SectionRule("reflection", Draft.SEALED),
    SectionRule("direction", Draft.SEALED),
    SectionRule("pressure", Draft.SEALED, silent=True),
    SectionRule("safety", Draft.SEALED, silent=True),
    SectionRule("health", Draft.SEALED, silent=True),
    SectionRule("affair", Draft.SEALED, silent=True),
    SectionRule("words", Draft.SEALED),
)

ACTS: Final = (
    "insult",
    "threat",
    "physical",
    "injury",
    "sexual_force",
    "sexual_pressure",
    "threat_to_kill",
    "strangled",
    "weapon",
    "stalking",
)

CONTROL_KINDS: Final = (
    "money",
    "contacts",
    "phone",
    "decisions",
    "movement",
    "threats_children_or_status",
    "medicine_or_aids",
    "outing",
)

INDEX_KEYS: Final = ("gottman", "eft", "developmental")

_YES_NO: Final = ("yes", "no")
_ZERO_TO_TEN: Final = tuple(str(n) for n in range(11))
_ONE_TO_FIVE: Final = tuple(str(n) for n in range(1, 6))
_ACT_VALUES: Final = (NONE, "past_year", "earlier")


@dataclass(frozen=True)
class Construct:
    """One construct: the section that holds it, its values, and whether it may be declined.

    `sensitive` is the star of clinical.md §2: "I would rather talk about this in person" is offered.
    """

    section: str
    values: tuple[str, ...]
    sensitive: bool = False
    multi: bool = False


def _acts() -> dict[str, Construct]:
    found = {}
    for side in ("harm_received", "harm_done"):
        for act in ACTS:
            values = (*_ACT_VALUES, NECK_WANTED) if act == "strangled" else _ACT_VALUES
            found[f"{side}.{act}"] = Construct("safety", values, sensitive=True)
    return found


CONSTRUCTS: Final[Mapping[str, Construct]] = {
    "private": Construct("start", ("yes", "no", "unsure")),
    "adult": Construct("start", _YES_NO),
    "in_service_area": Construct("start", _YES_NO),
    "call_first": Construct("start", _YES_NO),
    "staying_from_fear": Construct("reflection", _YES_NO),
    "lean": Construct("direction", _ONE_TO_FIVE),
    "decision_firmness": Construct("direction", _ZERO_TO_TEN),
    "first_step": Construct("direction", ("yes", "one_or_two", "unsure", "no")),
    "commit_months": Construct("direction", ("yes", "unsure", "no")),
    "own_change": Construct("direction", _ZERO_TO_TEN),
    "hope": Construct("direction", _ZERO_TO_TEN),
    "doubts_told": Construct("direction", ("yes", "partly", "no")),
    "partner_lean_guess": Construct("direction", _ONE_TO_FIVE),
    "legal_steps": Construct("direction", (NONE, "consulted", "living_apart", "filed", "final")),
    "legal_steps_by": Construct("direction", ("self", "partner", "both")),
    "recent_separation": Construct("direction", _YES_NO),
    "voluntary": Construct("pressure", _ONE_TO_FIVE),
    "free_to_leave": Construct("pressure", ("yes", "hard", "not_safe"), sensitive=True),
    **_acts(),
    "fear": Construct("safety", (NONE, "some", "strong"), sensitive=True),
    "fear_of_consequences": Construct("safety", _YES_NO, sensitive=True),
    "control_received": Construct("safety", (NONE, *CONTROL_KINDS), sensitive=True, multi=True),
    "control_done": Construct("safety", (NONE, *CONTROL_KINDS), sensitive=True, multi=True),
    "escalating": Construct("safety", ("nothing_happened", "no", "yes"), sensitive=True),
    "order_of_protection": Construct("safety", (NONE, "past", "current"), sensitive=True),
    "child_danger": Construct("safety", ("no", "concern", "now"), sensitive=True),
    "firearm_access": Construct("safety", _YES_NO, sensitive=True),
    "threatened_suicide_if_left": Construct("safety", _YES_NO, sensitive=True),
    "suicide_level": Construct("health", tuple(str(n) for n in range(6)), sensitive=True),
    "suicidal_behavior": Construct("health", (NONE, "earlier", "past_year", "past_3_months"), sensitive=True),
    "harm_other": Construct("health", (NONE, "thoughts", "intent"), sensitive=True),
    "alcohol_treated": Construct("health", _YES_NO),
    "alcohol_withdrawal": Construct("health", _YES_NO),
    "drug_loss_of_control": Construct("health", _YES_NO, sensitive=True),
    "drug_treated": Construct("health", _YES_NO, sensitive=True),
    "psychosis_mania": Construct(
        "health", (NONE, "past", "current_treated", "current_untreated"), sensitive=True
    ),
    "agreement": Construct("affair", ("exclusive", "open", "unclear")),
    "affair": Construct(
        "affair", (NONE, "past_known", "past_secret", "current_known", "current_secret"), sensitive=True
    ),
    "suspects_affair": Construct("affair", _YES_NO),
}
"""Every construct that is one item, in the order of the form."""

AFFAIR_UNDER_NO_SECRETS: Final = Construct("affair", (NONE, "something_to_discuss"), sensitive=True)
"""What `affair` offers under confidentiality policy a, beside declining (clinical.md §2)."""

ASKED_ON_CALL_ONLY: Final = frozenset({"suicide_level", "suicidal_behavior"})
"""Not asked where nobody is on call; then their value is `not_asked` (clinical.md §2)."""


@dataclass(frozen=True)
class Parts:
    """The items that make up one score: `<prefix>_1`, `<prefix>_2`, …; each option value is its points.

    `highest` holds the most points of each part, in order; an index may have more items than listed,
    all with the same 0-4.
    """

    section: str
    prefix: str
    highest: tuple[int, ...]
    open_ended: bool = False
    sensitive: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Item keys of the listed parts."""
        return tuple(f"{self.prefix}_{n}" for n in range(1, len(self.highest) + 1))


PARTS: Final = (
    *(Parts("patterns", key, (4,) * 6, open_ended=True) for key in INDEX_KEYS),
    Parts("satisfaction", "satisfaction", (6, 5, 5, 5)),
    Parts("reflection", "reflection", (1, 1, 1, 1, 1, 3)),
    Parts("health", "mood", (3, 3, 3, 3)),
    Parts("health", "alcohol", (4, 4, 4), sensitive=True),
)
"""Scores made of several items. Sums: alcohol 12, mood 12, satisfaction 21; at least six items an index.

Alcohol parts may be declined because R11 of clinical.md §4 reads a declined alcohol score.
"""
