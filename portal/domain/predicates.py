"""What the rules read of one partner: named predicates, each true, false or unknown (None).

An answer that is missing makes a predicate unknown; a declined boolean is false (contract.md, "Blank or
declined"). Every predicate names the fields it reads, so that a reason can say whose answer it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from portal.domain.couple import ANY_ACT, SEVERE_ACTS, SEVERE_CONTROL, Direction, Partner

Fields = tuple[str, ...]

PAST_YEAR: Final = ("past_year",)
EARLIER: Final = ("earlier",)
EVER: Final = ("past_year", "earlier")
BEGUN: Final = frozenset({"living_apart", "filed", "final"})
FILED: Final = frozenset({"filed", "final"})

_STRANGLED = frozenset({"strangled"})
_SEVERE = SEVERE_ACTS - _STRANGLED
_THREATS = frozenset({"threat", "threat_to_kill"})

_R8_DECLINED_OR_SKIPPED = frozenset(
    {
        *(
            f"{side}.{act}"
            for side in ("harm_received", "harm_done")
            for act in (*SEVERE_ACTS, "physical", "threat")
        ),
        *("fear", "fear_of_consequences", "order_of_protection", "suicide_level", "suicidal_behavior"),
        *("harm_other", "child_danger"),
    }
)
_R8_SKIPPED = _R8_DECLINED_OR_SKIPPED | {
    *("control_received", "control_done", "escalating", "free_to_leave"),
    *("harm_received.sexual_pressure", "harm_done.sexual_pressure"),
}
_R11_SKIPPED = frozenset({"affair", "alcohol_score", "drug_loss_of_control", "psychosis_mania"})
_R11_BLANK = frozenset({"voluntary", "alcohol_withdrawal"})


@dataclass(frozen=True, slots=True)
class Scene:
    """The day and the thresholds a couple is read with."""

    as_of: date
    stale_days: int
    alcohol_level: int


@dataclass(frozen=True, slots=True)
class Predicate:
    """One named question about one partner. ``fields`` are the paths of the answers that make it true.

    ``reads_alone``: nothing but the acts, at any time or left without an answer; or but the kinds of control.
    """

    name: str
    test: Callable[[Partner, Scene], bool | None]
    fields: Callable[[Partner], Fields]
    reads_alone: Literal["", "acts", "control"] = ""


@dataclass(frozen=True, slots=True)
class DirectionPredicate:
    """One named question about where a partner stands; the only ones that ``would_change`` varies."""

    name: str
    test: Callable[[Direction], bool | None]
    fields: Callable[[Partner], Fields]


def unanswered_safety(partner: Partner) -> Fields:
    """Paths of the safety answers that R8 waits for (clinical.md §4)."""
    open_fields = partner.skipped & _R8_SKIPPED | partner.declined & _R8_DECLINED_OR_SKIPPED
    return tuple(open_fields)


def is_open_to_r8(field: str, *, skipped: bool) -> bool:
    """Whether R8 waits for this field when it is skipped, or when it is declined."""
    return field in (_R8_SKIPPED if skipped else _R8_DECLINED_OR_SKIPPED)


def blank_direction(direction: Direction) -> Fields:
    """Routing answers of R11 about the direction that are blank or declined."""
    found = [
        name
        for name in ("lean", "first_step", "commit_months", "own_change")
        if getattr(direction, name) is None
    ]
    if direction.doubts_told is None and direction.lean is not None and direction.lean >= 3:
        found.append("doubts_told")
    if direction.legal_steps is None:
        found.append("legal_steps")
    return tuple(found)


def _is_direction_blank(direction: Direction) -> bool:
    """The same in one look, for this is asked of everybody."""
    lean = direction.lean
    if None in (lean, direction.first_step, direction.commit_months, direction.own_change):
        return True
    is_doubt_open = direction.doubts_told is None and lean is not None and lean >= 3
    return is_doubt_open or direction.legal_steps is None


def blank_health(partner: Partner) -> Fields:
    """Routing answers of R11 beside the direction that are missing."""
    return tuple(partner.skipped & (_R11_SKIPPED | _R11_BLANK) | partner.declined & _R11_BLANK)


def _is(value: str | None, *wanted: str) -> bool | None:
    return None if value is None else value in wanted


def _at_least(value: int | None, level: int) -> bool | None:
    return None if value is None else value >= level


def _reported(
    partner: Partner, acts: frozenset[str], *, past_year: bool, earlier: bool = False
) -> bool | None:
    harm = partner.safety.harm
    if past_year and not acts.isdisjoint(harm.past_year):
        return True
    if earlier and not acts.isdisjoint(harm.earlier):
        return True
    return False if acts.isdisjoint(harm.unknown) else None


def _any_control(partner: Partner, kinds: frozenset[str] | None = None) -> bool | None:
    lists = (partner.safety.control_received, partner.safety.control_done)
    if any(given if kinds is None else given & kinds for given in lists if given):
        return True
    return None if None in lists else False


def _control_fields(partner: Partner) -> Fields:
    safety = partner.safety
    sides = (("control_received", safety.control_received), ("control_done", safety.control_done))
    return tuple(field for field, kinds in sides if kinds)


def _severe_control_fields(partner: Partner) -> Fields:
    return tuple(
        field for field in _control_fields(partner) if getattr(partner.safety, field) & SEVERE_CONTROL
    )


def _untreated(condition: bool | None, treated: bool | None) -> bool | None:
    return condition if not condition else treated is not True


def is_stale(sent: date | None, scene: Scene) -> bool | None:
    """Whether an intake of that day is too old to go by; None where the day is not known."""
    return None if sent is None else (scene.as_of - sent).days > scene.stale_days


def _acts(name: str, acts: frozenset[str], *, past_year: bool = False, earlier: bool = False) -> Predicate:
    times = (*(PAST_YEAR if past_year else ()), *(EARLIER if earlier else ()))
    return Predicate(
        name,
        lambda p, _: _reported(p, acts, past_year=past_year, earlier=earlier),
        lambda p: tuple(p.safety.harm.fields(acts, times)),
        reads_alone="acts",
    )


def _on(name: str, test: Callable[[Partner, Scene], bool | None], *fields: str) -> Predicate:
    return Predicate(name, test, lambda _: fields)


def _towards(name: str, test: Callable[[Direction], bool | None], *fields: str) -> DirectionPredicate:
    return DirectionPredicate(name, test, lambda _: fields)


SAFETY_PREDICATES: Final = (
    _acts("strangled", _STRANGLED, past_year=True, earlier=True),
    _acts("severe_past_year", _SEVERE, past_year=True),
    _acts("severe_earlier", _SEVERE, earlier=True),
    _acts("threat_past_year", frozenset({"threat"}), past_year=True),
    _acts("threat_ever", _THREATS, past_year=True, earlier=True),
    _acts("physical_past_year", frozenset({"physical"}), past_year=True),
    _acts("pressure_past_year", frozenset({"sexual_pressure"}), past_year=True),
    _acts("any_act", ANY_ACT, past_year=True, earlier=True),
    Predicate("any_control", lambda p, _: _any_control(p), _control_fields, "control"),
    Predicate(
        "severe_control", lambda p, _: _any_control(p, SEVERE_CONTROL), _severe_control_fields, "control"
    ),
    _on("fear_any", lambda p, _: _is(p.safety.fear, "some", "strong"), "fear"),
    _on("fear_strong", lambda p, _: _is(p.safety.fear, "strong"), "fear"),
    _on("fear_of_consequences", lambda p, _: p.safety.fear_of_consequences, "fear_of_consequences"),
    _on("escalating", lambda p, _: _is(p.safety.escalating, "yes"), "escalating"),
    _on("not_safe_to_leave", lambda p, _: _is(p.safety.free_to_leave, "not_safe"), "free_to_leave"),
    _on("order_past", lambda p, _: _is(p.safety.order_of_protection, "past"), "order_of_protection"),
    _on("order_current", lambda p, _: _is(p.safety.order_of_protection, "current"), "order_of_protection"),
    _on("child_now", lambda p, _: _is(p.safety.child_danger, "now"), "child_danger"),
    _on("child_concern", lambda p, _: _is(p.safety.child_danger, "concern"), "child_danger"),
    _on("suicide_high", lambda p, _: _at_least(p.health.suicide_level, 3), "suicide_level"),
    _on(
        "behavior_recent", lambda p, _: _is(p.health.suicidal_behavior, "past_3_months"), "suicidal_behavior"
    ),
    _on("harm_intent", lambda p, _: _is(p.health.harm_other, "intent"), "harm_other"),
    # Intent is more than thoughts, so it also counts where thoughts do.
    _on("harm_thoughts", lambda p, _: _is(p.health.harm_other, "thoughts", "intent"), "harm_other"),
    _on("forced", lambda p, _: None if p.safety.voluntary is None else p.safety.voluntary == 1, "voluntary"),
    _on("pushed", lambda p, _: None if p.safety.voluntary is None else p.safety.voluntary == 2, "voluntary"),
    Predicate("safety_unanswered", lambda p, _: bool(unanswered_safety(p)), unanswered_safety),
)

HEALTH_PREDICATES: Final = (
    _on(
        "psychosis_untreated",
        lambda p, _: _is(p.health.psychosis_mania, "current_untreated"),
        "psychosis_mania",
    ),
    _on(
        "drugs_untreated",
        lambda p, _: _untreated(p.health.drug_loss_of_control, p.health.drug_treated),
        *("drug_loss_of_control", "drug_treated"),
    ),
    _on("withdrawal", lambda p, _: p.health.alcohol_withdrawal, "alcohol_withdrawal"),
    _on(
        "alcohol_untreated",
        lambda p, s: _untreated(_at_least(p.health.alcohol_score, s.alcohol_level), p.health.alcohol_treated),
        *("alcohol_score", "alcohol_treated"),
    ),
    _on(
        "private_matter", lambda p, _: _is(p.bond.affair, "current_secret", "something_to_discuss"), "affair"
    ),
    Predicate("health_blank", lambda p, _: bool(blank_health(p)), blank_health),
)

SETTING_PREDICATES: Final = (
    _on("adult", lambda p, _: p.eligible.adult, "eligible.adult"),
    _on("consented", lambda p, _: p.eligible.consented, "eligible.consented"),
    _on("in_service_area", lambda p, _: p.eligible.in_service_area, "eligible.in_service_area"),
    _on("identity_conflict", lambda p, _: p.eligible.identity_conflict, "eligible.identity_conflict"),
    _on("private", lambda p, _: _is(p.setting.private, "yes", "unsure"), "private"),
    _on("shared_account", lambda p, _: p.setting.shared_account, "shared_account"),
    _on("validity_concern", lambda p, _: p.setting.validity_concern, "validity_concern"),
    _on("important_event", lambda p, _: p.setting.important_event_since, "important_event_since"),
    _on("stale", lambda p, s: is_stale(p.setting.submitted_on, s), "submitted_on"),
)

PREDICATES: Final[tuple[Predicate, ...]] = (*SETTING_PREDICATES, *SAFETY_PREDICATES, *HEALTH_PREDICATES)


def _begun(direction: Direction) -> bool | None:
    begun = _is(direction.legal_steps, *BEGUN)
    return begun and direction.starter != "partner"


def _decided(direction: Direction) -> bool | None:
    return None if direction.lean is None else direction.reading == 5


DIRECTION_PREDICATES: Final[tuple[DirectionPredicate, ...]] = (
    _towards("leaning_in", lambda d: None if d.lean is None else d.lean <= 2, "lean"),
    _towards("leaning_out", lambda d: _at_least(d.lean, 3), "lean"),
    _towards("leaving", lambda d: _at_least(d.lean, 4), "lean"),
    _towards("decided", _decided, "lean", "decision_firmness"),
    _towards("first_step_no", lambda d: _is(d.first_step, "no"), "first_step"),
    _towards("committed", lambda d: _is(d.commit_months, "yes"), "commit_months"),
    _towards("own_change_low", lambda d: None if d.own_change is None else d.own_change < 4, "own_change"),
    _towards("legal_begun", _begun, "legal_steps", "legal_steps_by"),
    _towards("filed", lambda d: _is(d.legal_steps, *FILED), "legal_steps"),
    _towards("no_legal_steps", lambda d: _is(d.legal_steps, "none"), "legal_steps"),
    DirectionPredicate("direction_blank", _is_direction_blank, lambda p: blank_direction(p.direction)),
)


def all_predicates() -> Iterator[Predicate | DirectionPredicate]:
    """Every predicate of a partner, in the order of the packed number."""
    yield from PREDICATES
    yield from DIRECTION_PREDICATES
