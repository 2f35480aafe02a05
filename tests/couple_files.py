"""Couple files for tests: a calm couple in which nothing stands out, and changes to it by path."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from portal.content.rules import ruleset
from portal.domain.constructs import ACTS, CONTROL_KINDS
from portal.domain.couple_file import parse_couple
from portal.domain.recommendation import Recommendation
from portal.domain.routing import recommend

RULES = ruleset()

BLANK = object()
"""As a value: take the field out."""


def calm_partner(**changes: Any) -> dict[str, Any]:
    """A partner who is staying, ready and safe; ``changes`` by field, ``__`` for a dot."""
    partner: dict[str, Any] = {
        "eligible": {"adult": True, "consented": True, "in_service_area": True, "identity_conflict": False},
        "submitted_on": "2026-11-20",
        "important_event_since": False,
        "safe_channel": True,
        "private": "yes",
        "shared_device": False,
        "shared_account": False,
        "validity_concern": False,
        "call_first": False,
        "lean": 1,
        "decision_firmness": 3,
        "first_step": "yes",
        "commit_months": "yes",
        "own_change": 8,
        "hope": 7,
        "doubts_told": "yes",
        "partner_lean_guess": 2,
        "voluntary": 5,
        "free_to_leave": "yes",
        "legal_steps": "none",
        "legal_steps_by": None,
        "recent_separation": False,
        "firearm_access": False,
        "threatened_suicide_if_left": False,
        "order_of_protection": "none",
        "neck_wanted": False,
        "harm_received": dict.fromkeys(ACTS, "none"),
        "harm_done": dict.fromkeys(ACTS, "none"),
        "fear": "none",
        "fear_of_consequences": False,
        "control_received": [],
        "control_done": [],
        "escalating": "nothing_happened",
        "child_danger": "no",
        "suicide_level": 0,
        "suicidal_behavior": "none",
        "harm_other": "none",
        "alcohol_score": 2,
        "alcohol_treated": False,
        "alcohol_withdrawal": False,
        "drug_loss_of_control": False,
        "drug_treated": False,
        "psychosis_mania": "none",
        "mood_score": 3,
        "agreement": "exclusive",
        "affair": "none",
        "suspects_affair": False,
        "satisfaction": 11,
        "staying_from_fear": False,
        "indices": {"gottman": 40, "eft": 45, "developmental": 35},
    }
    for path, value in changes.items():
        put(partner, path.replace("__", "."), value)
    return partner


def put(partner: dict[str, Any], path: str, value: Any) -> None:
    """Set a field of a partner by its path; BLANK takes it out."""
    *above, key = path.split(".")
    holder = partner[above[0]] if above else partner
    if value is BLANK:
        holder.pop(key, None)
    else:
        holder[key] = value


def couple_file(
    a: dict[str, Any] | None = None,
    b: dict[str, Any] | None = None,
    *,
    participation: tuple[str, str] = ("submitted", "submitted"),
    standing: list[dict[str, str]] | None = None,
    clearances: list[dict[str, str]] | None = None,
    as_of: str = "2026-11-22",
) -> dict[str, Any]:
    """A couple file of two calm partners with changes to each; ``None`` for b's changes: still calm."""
    return {
        "as_of": as_of,
        "participation": dict(zip("ab", participation, strict=True)),
        "standing_findings": standing or [],
        "clearances": clearances or [],
        "partners": {"a": calm_partner(**(a or {})), "b": calm_partner(**(b or {}))},
    }


def alone(
    a: dict[str, Any] | None = None, other: str = "declined", *, standing: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """A couple file in which only a has anything to read."""
    file = couple_file(a, participation=("submitted", other), standing=standing)
    del file["partners"]["b"]
    return file


def routed(file: dict[str, Any], *, would_change: bool = False) -> Recommendation:
    """The recommendation for a couple file under the shipped ruleset."""
    return recommend(parse_couple(file), RULES, would_change=would_change)


def way(file: dict[str, Any]) -> str:
    """``"route : reason"`` as the table prints it."""
    made = routed(file)
    return f"{made.route} : {made.reason}"


def rules_of(file: dict[str, Any]) -> list[str]:
    """Every matched row."""
    return list(routed(file).matched_rules)


def swapped(file: dict[str, Any]) -> dict[str, Any]:
    """The same couple with a and b changed over."""
    turned = copy.deepcopy(file)
    turned["participation"] = {"a": file["participation"]["b"], "b": file["participation"]["a"]}
    other = {"a": "b", "b": "a"}
    turned["partners"] = {other[slot]: partner for slot, partner in turned["partners"].items()}
    for finding in turned["standing_findings"]:
        finding["slot"] = other[finding["slot"]]
    return turned


_YES_NO = (True, False)
_ACT = ("none", "past_year", "earlier")
_KINDS = st.lists(st.sampled_from(CONTROL_KINDS), max_size=3)

ANSWERS: dict[str, tuple[Any, ...]] = {
    **{f"eligible.{key}": _YES_NO for key in ("adult", "consented", "in_service_area", "identity_conflict")},
    "submitted_on": ("2026-11-22", "2026-11-20", "2026-10-01", "2026-09-23", "2026-09-22", "2026-01-01"),
    **dict.fromkeys(("important_event_since", "safe_channel", "shared_device", "shared_account"), _YES_NO),
    **dict.fromkeys(("validity_concern", "call_first", "recent_separation", "firearm_access"), _YES_NO),
    "private": ("yes", "no", "unsure"),
    "lean": (1, 2, 3, 4, 5),
    "decision_firmness": tuple(range(11)),
    "first_step": ("yes", "one_or_two", "unsure", "no"),
    "commit_months": ("yes", "unsure", "no"),
    "own_change": tuple(range(11)),
    "hope": tuple(range(11)),
    "doubts_told": ("yes", "partly", "no"),
    "partner_lean_guess": (1, 2, 3, 4, 5),
    "voluntary": (1, 2, 3, 4, 5),
    "free_to_leave": ("yes", "hard", "not_safe"),
    "legal_steps": ("none", "consulted", "living_apart", "filed", "final"),
    "legal_steps_by": ("self", "partner", "both"),
    "threatened_suicide_if_left": _YES_NO,
    "order_of_protection": ("none", "past", "current"),
    "neck_wanted": _YES_NO,
    **{f"{side}.{act}": _ACT for side in ("harm_received", "harm_done") for act in ACTS},
    "fear": ("none", "some", "strong"),
    "fear_of_consequences": _YES_NO,
    "escalating": ("nothing_happened", "no", "yes"),
    "child_danger": ("no", "concern", "now"),
    "suicide_level": (0, 1, 2, 3, 4, 5, "not_asked"),
    "suicidal_behavior": ("none", "earlier", "past_year", "past_3_months", "not_asked"),
    "harm_other": ("none", "thoughts", "intent"),
    "alcohol_score": tuple(range(13)),
    "alcohol_treated": _YES_NO,
    "alcohol_withdrawal": _YES_NO,
    "drug_loss_of_control": _YES_NO,
    "drug_treated": _YES_NO,
    "psychosis_mania": ("none", "past", "current_treated", "current_untreated"),
    "mood_score": tuple(range(13)),
    "agreement": ("exclusive", "open", "unclear"),
    "affair": (
        *("none", "past_known", "past_secret", "current_known", "current_secret", "something_to_discuss"),
    ),
    "suspects_affair": _YES_NO,
    "satisfaction": (0, 11, 21),
    "staying_from_fear": _YES_NO,
    **{f"indices.{key}": (0, 29, 30, 31, 49, 50, 51, 60, 100) for key in ("gottman", "eft", "developmental")},
}
"""Every field with values to draw from, control lists apart."""

PATHS = (*ANSWERS, "control_received", "control_done")


@st.composite
def _change(draw: st.DrawFn) -> tuple[str, Any]:
    path = draw(st.sampled_from(PATHS))
    given = _KINDS if path.startswith("control_") else st.sampled_from(ANSWERS[path])
    blanks = [st.just(BLANK), st.just(None)]
    if path != "submitted_on":
        blanks.append(st.just("declined"))
    return path, draw(st.one_of(given, given, given, *blanks))


#: Answers that decide between the joint routes and their neighbours, drawn often.
_DIRECTION = st.fixed_dictionaries(
    {
        "lean": st.sampled_from((1, 2, 3, 4, 5)),
        "decision_firmness": st.sampled_from((0, 7, 8, 10)),
        "first_step": st.sampled_from(ANSWERS["first_step"]),
        "commit_months": st.sampled_from(ANSWERS["commit_months"]),
        "own_change": st.sampled_from((3, 4)),
    }
)

_PARTNER = st.builds(
    lambda direction, changes: {**direction, **{path.replace(".", "__"): value for path, value in changes}},
    _DIRECTION,
    st.lists(_change(), max_size=6),
)

_TIER = st.sampled_from(("A", "B", "H", "crisis"))
_DAY = st.sampled_from(("2026-04-01", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"))
_STANDING = st.lists(
    st.fixed_dictionaries({"slot": st.sampled_from("ab"), "tier": _TIER, "found_on": _DAY}), max_size=2
)
_CLEARANCES = st.lists(st.fixed_dictionaries({"tier": _TIER, "on": _DAY}), max_size=3)
_OTHERS = ("in_progress", "invited", "not_invited", "declined", "do_not_contact")
_PARTICIPATION = st.one_of(
    st.just(("submitted", "submitted")),
    st.just(("submitted", "submitted")),
    st.tuples(st.just("submitted"), st.sampled_from(_OTHERS)),
    st.tuples(st.sampled_from(_OTHERS), st.sampled_from(("submitted", *_OTHERS))),
)

couple_files = st.builds(
    lambda a, b, participation, standing, clearances: couple_file(
        a, b, participation=participation, standing=standing, clearances=clearances
    ),
    _PARTNER, _PARTNER, _PARTICIPATION, _STANDING, _CLEARANCES,
)  # fmt: skip
"""Couple files of every kind, most of them near the calm couple."""
