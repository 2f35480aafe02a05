"""The table of clinical.md §4 a second time, written from the page and not from the rules.

The rules in ``table.py`` read named predicates from one partner's place. Here every row is written out over
the answers themselves, blank and declined among them (contract.md, "Couple file"), for both partners. The
proof holds the two against each other over the whole space, so a slip has to be made twice, in two
languages, to go unseen. Whoever changes a rule changes both, with the page beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from portal.domain.constructs import DECLINED
from portal.domain.couple import SLOTS, Slot, other
from portal.domain.expressions import Expression, Not, Some
from portal.domain.proof_readings import At, Says, Together
from portal.domain.proof_space import STALE
from portal.domain.proof_tiers import (
    ANY_ACT,
    ANY_CONTROL,
    CONSEQUENCES,
    CRISIS,
    FEAR,
    SEVERE,
    TIER_A,
    TIER_B,
    TIER_H,
    all_of,
    anyone,
    open_tier,
    some_of,
)
from portal.domain.rules import Ruleset

BLANK: Final = None
UNSAID: Final = (BLANK, DECLINED)

_OPEN_A: Final = open_tier(TIER_A, "a")
_OPEN_B: Final = open_tier(TIER_B, "b")

_ASKED_BY_R8 = (
    *(f"harm_received.{act}" for act in (*SEVERE, "strangled", "physical", "threat")),
    *(f"harm_done.{act}" for act in (*SEVERE, "strangled", "physical", "threat")),
    *("fear", "fear_of_consequences", "order_of_protection", "suicide_level", "suicidal_behavior"),
    *("harm_other", "child_danger"),
)  # fmt: skip
_SKIPPED_FOR_R8 = (
    *("control_received", "control_done", "escalating", "free_to_leave"),
    *("harm_received.sexual_pressure", "harm_done.sexual_pressure"),
)
_BLANK_OR_DECLINED_FOR_R11 = (
    *("lean", "first_step", "commit_months", "own_change", "voluntary", "legal_steps", "alcohol_withdrawal"),
)
_BLANK_FOR_R11 = ("affair", "alcohol_score", "drug_loss_of_control", "psychosis_mania")


def _each(row: Callable[[Slot, Slot], Expression]) -> Expression:
    """The row said of a and b, or of b and a."""
    return Some(tuple(row(slot, other(slot)) for slot in SLOTS))


def _sent(slot: Slot) -> Expression:
    return At(slot, "sent")


def _pair() -> Expression:
    return all_of(_sent("a"), _sent("b"))


def _in(slot: Slot) -> Expression:
    return Says(slot, "lean", (1, 2))


def _out(slot: Slot) -> Expression:
    return Says(slot, "lean", (3, 4, 5))


def _leaving(slot: Slot) -> Expression:
    return Says(slot, "lean", (4, 5))


def _firm(slot: Slot) -> Expression:
    """Lean 5 with a firmness of 8 and more, or without one."""
    return all_of(Says(slot, "lean", (5,)), Says(slot, "decision_firmness", (8, 9, 10, *UNSAID)))


def _yes(slot: Slot) -> Expression:
    return Says(slot, "commit_months", ("yes",))


def _no(slot: Slot) -> Expression:
    return Says(slot, "first_step", ("no",))


def _stuck(slot: Slot) -> Expression:
    """R17a of the one who leans in."""
    return some_of(_no(slot), Says(slot, "own_change", (0, 1, 2, 3)))


def _mixed(one: Slot, two: Slot) -> Expression:
    return all_of(_pair(), _in(one), _out(two), Not(_yes(two)))


def _outside(me: Slot, _you: Slot) -> Expression:
    needed = ("eligible.adult", "eligible.consented", "eligible.in_service_area")
    return some_of(
        *(Says(me, path, (False, DECLINED)) for path in needed),
        Says(me, "eligible.identity_conflict", (True,)),
        *(all_of(_sent(me), Says(me, path, (BLANK,))) for path in needed),
    )


def _unstable(me: Slot, _you: Slot) -> Expression:
    return some_of(
        Says(me, "psychosis_mania", ("current_untreated",)),
        all_of(Says(me, "drug_loss_of_control", (True,)), Says(me, "drug_treated", (False, *UNSAID))),
        Says(me, "alcohol_withdrawal", (True,)),
    )


def _drinking(level: int) -> Expression:
    def of(me: Slot, _you: Slot) -> Expression:
        score = Says(me, "alcohol_score", tuple(range(level, 13)))
        return all_of(score, Says(me, "alcohol_treated", (False, *UNSAID)))

    return _each(of)


def _invalid(me: Slot, _you: Slot) -> Expression:
    return some_of(
        Says(me, "private", ("no",)),
        Says(me, "shared_account", (True,)),
        Says(me, "validity_concern", (True,)),
        all_of(_sent(me), Says(me, "private", UNSAID)),
    )


def _unanswered(me: Slot, _you: Slot) -> Expression:
    open_answers = [
        *(Says(me, path, UNSAID) for path in _ASKED_BY_R8),
        *(Says(me, path, (BLANK,)) for path in _SKIPPED_FOR_R8),
    ]
    return all_of(_sent(me), some_of(*open_answers))


def _missing(me: Slot, _you: Slot) -> Expression:
    gaps = [
        *(Says(me, path, UNSAID) for path in _BLANK_OR_DECLINED_FOR_R11),
        *(Says(me, path, (BLANK,)) for path in (*_BLANK_FOR_R11, "submitted_on")),
        all_of(_out(me), Says(me, "doubts_told", UNSAID)),
    ]
    return some_of(*(all_of(_sent(me), gap) for gap in gaps))


def _contradicts(me: Slot, you: Slot) -> Expression:
    begun = Says(me, "legal_steps", ("living_apart", "filed", "final"))
    return some_of(
        all_of(_sent(me), _in(me), begun, Says(me, "legal_steps_by", ("self", "both", *UNSAID))),
        all_of(_sent(me), _firm(me), _yes(me)),
        all_of(_pair(), Says(me, "legal_steps", ("filed", "final")), Says(you, "legal_steps", ("none",))),
    )


def _matched(me: Slot, you: Slot) -> Expression:
    ready = some_of(
        all_of(_in(me), _in(you)),
        all_of(_in(me), _out(you), _yes(you)),
        all_of(_out(me), _out(you), Not(all_of(_leaving(me), _leaving(you))), _yes(me), _yes(you)),
    )
    return all_of(_pair(), Not(_no(me)), Not(_no(you)), ready)


Row = tuple[str, str, str, Expression]
"""Id, route, reason, condition."""


def printed(ruleset: Ruleset) -> tuple[Row, ...]:
    """Every row but the last, in the order printed, with a practice's alcohol level and limit of days."""
    return (*_danger_rows(), *_care_rows(ruleset.alcohol_level), *_stage_rows(), *_direction_rows())


def _danger_rows() -> Iterator[Row]:
    crisis = some_of(open_tier(CRISIS, "crisis"), Together("crisis_standing"))
    yield "R1", "safety", "ipv_acute", some_of(_OPEN_A, Together("a_standing"))
    yield "R1b", "safety", "child", anyone("child_danger", "now")
    yield "R2", "safety", "crisis", crisis
    yield "R3", "safety", "order", anyone("order_of_protection", "current")
    yield "R4", "safety", "ipv", some_of(_OPEN_B, Together("b_standing"))


def _care_rows(alcohol_level: int) -> Iterator[Row]:
    harm = all_of(open_tier(TIER_H, "h"), Not(_OPEN_A), Not(_OPEN_B))
    pushed = all_of(anyone("voluntary", 2), some_of(FEAR, CONSEQUENCES, ANY_ACT, ANY_CONTROL))
    yield "R0", "wait", "outside_scope", _each(_outside)
    yield "R5", "hold", "stabilise", _each(_unstable)
    yield "R5b", "consult", "harm_interview", some_of(harm, Together("h_standing"))
    yield "R5c", "consult", "substance", _drinking(alcohol_level)
    yield "R5d", "consult", "child", anyone("child_danger", "concern")
    yield "R6", "consult", "pressure_to_attend", some_of(anyone("voluntary", 1), pushed)
    yield "R7", "consult", "validity", _each(_invalid)
    yield "R8", "consult", "safety_unanswered", _each(_unanswered)


def _stage_rows() -> Iterator[Row]:
    nobody = all_of(Not(_sent("a")), Not(_sent("b")))
    secret = ("current_secret", "something_to_discuss")
    yield "R10", "wait", "partner_not_submitted", some_of(At("a", "expected"), At("b", "expected"), nobody)
    yield "R11", "wait", "missing", _each(_missing)
    yield (
        "R12",
        "refresh",
        "stale",
        _each(
            lambda me, _: all_of(
                _sent(me),
                some_of(Says(me, "submitted_on", (STALE,)), Says(me, "important_event_since", (True,))),
            )
        ),
    )
    yield "R13", "consult", "contradiction", _each(_contradicts)
    yield (
        "R14",
        "consult",
        "private_matter",
        _each(lambda me, you: all_of(_sent(me), Not(At(you, "gone")), Says(me, "affair", secret))),
    )
    yield "R15", "consult", "final_decision", _each(lambda me, _: all_of(_sent(me), _firm(me)))
    yield "R9", "solo", "partner_not_joining", _each(lambda me, you: all_of(_sent(me), At(you, "gone")))


def _direction_rows() -> Iterator[Row]:
    both_out = all_of(_out("a"), _out("b"), Not(all_of(_leaving("a"), _leaving("b"))))
    yield "R16a", "consult", "both_out", all_of(_pair(), _leaving("a"), _leaving("b"))
    yield "R16b", "consult", "both_ambivalent", all_of(_pair(), both_out, Not(all_of(_yes("a"), _yes("b"))))
    yield "R17a", "consult", "one_sided_readiness", _each(lambda me, you: all_of(_mixed(me, you), _stuck(me)))
    yield "R17c", "consult", "discernment_declined", _each(lambda me, you: all_of(_mixed(me, you), _no(you)))
    yield (
        "R17b",
        "discernment",
        "mixed_agenda",
        _each(lambda me, you: all_of(_mixed(me, you), Not(_stuck(me)), Not(_no(you)))),
    )
    yield (
        "R18c",
        "consult",
        "reluctant_with_partner_leaving",
        _each(lambda me, you: all_of(_pair(), _in(me), _no(me), _out(you), _yes(you))),
    )
    yield "R18d", "consult", "neither_asks", all_of(_pair(), _in("a"), _in("b"), _no("a"), _no("b"))
    yield (
        "R18a",
        "consult",
        "reluctant_partner",
        _each(lambda me, you: all_of(_pair(), _in("a"), _in("b"), _no(me), Not(_no(you)))),
    )
    yield "R18b", "couples", "matched", _each(_matched)
