"""The ordered table of clinical.md §4: the first row that holds sets the route.

Each row is one expression over named predicates (``expressions.py``), read from one partner's place; it
holds for the couple when it holds from either place. "Mine" is the partner the row is about.
"""

from __future__ import annotations

from typing import Final

from portal.domain.expressions import Expression, both, either, is_false, is_unknown, mine, ours, theirs
from portal.domain.rules import Rule
from portal.domain.safety import tier_reported

_SUBMITTED = mine("submitted")
_PAIR = both("submitted")
_FIRM = mine("decided")
_ONE_IN_ONE_OUT = _PAIR & mine("leaning_out") & theirs("leaning_in")
_MIXED = _ONE_IN_ONE_OUT & ~mine("committed")
_MIXED_FROM_INSIDE = _PAIR & mine("leaning_in") & theirs("leaning_out") & ~theirs("committed")
_BOTH_IN = _PAIR & both("leaning_in")
_BOTH_OUT = _PAIR & both("leaving")
_BOTH_UNSURE = _PAIR & both("leaning_out") & ~both("leaving")
_NO_REFUSAL = ~mine("first_step_no") & ~theirs("first_step_no")

_A, _B, _H, _CRISIS = (tier_reported(tier) for tier in ("A", "B", "H", "crisis"))
_OPEN_A = _A & ~ours("a_cleared")
_OPEN_B = _B & ~ours("b_cleared")

_OUTSIDE: Expression = (
    is_false(mine("adult"))
    | is_false(mine("consented"))
    | is_false(mine("in_service_area"))
    | mine("identity_conflict")
    | _SUBMITTED & (
        is_unknown(mine("adult")) | is_unknown(mine("consented")) | is_unknown(mine("in_service_area"))
    )
)  # fmt: skip

_PRESSED = mine("forced") | mine("pushed") & (
    either("fear_any") | either("fear_of_consequences") | either("any_act") | either("any_control")
)

_CONTRADICTION = _SUBMITTED & (
    mine("leaning_in") & mine("legal_begun")
    | _FIRM & mine("committed")
    | theirs("submitted") & mine("filed") & theirs("no_legal_steps")
)

_MATCHED = _NO_REFUSAL & (_BOTH_IN | _ONE_IN_ONE_OUT & mine("committed") | _BOTH_UNSURE & both("committed"))

TABLE: Final[tuple[Rule, ...]] = (
    Rule("R1", "safety", "ipv_acute", _OPEN_A | ours("a_standing"), tier="A"),
    Rule("R1b", "safety", "child", mine("child_now")),
    Rule(
        "R2", "safety", "crisis", _CRISIS & ~ours("crisis_cleared") | ours("crisis_standing"), tier="crisis"
    ),
    Rule("R3", "safety", "order", mine("order_current")),
    Rule("R4", "safety", "ipv", _OPEN_B | ours("b_standing"), tier="B"),
    Rule("R0", "wait", "outside_scope", _OUTSIDE),
    Rule(
        "R5", "hold", "stabilise", mine("psychosis_untreated") | mine("drugs_untreated") | mine("withdrawal")
    ),
    Rule(
        *("R5b", "consult", "harm_interview"),
        _H & ~_OPEN_A & ~_OPEN_B & ~ours("h_cleared") | ours("h_standing"),
        tier="H",
    ),
    Rule("R5c", "consult", "substance", mine("alcohol_untreated")),
    Rule("R5d", "consult", "child", mine("child_concern")),
    Rule("R6", "consult", "pressure_to_attend", _PRESSED),
    Rule(
        *("R7", "consult", "validity"),
        is_false(mine("private"))
        | mine("shared_account")
        | mine("validity_concern")
        | _SUBMITTED & is_unknown(mine("private")),
    ),
    Rule("R8", "consult", "safety_unanswered", _SUBMITTED & mine("safety_unanswered")),
    Rule(
        *("R10", "wait", "partner_not_submitted"),
        mine("expected") | ~mine("submitted") & ~theirs("submitted"),
        reason_if_call_first="call_first",
    ),
    Rule(
        *("R11", "wait", "missing"),
        _SUBMITTED & (mine("direction_blank") | mine("health_blank") | is_unknown(mine("stale"))),
    ),
    Rule("R12", "refresh", "stale", _SUBMITTED & (mine("stale") | mine("important_event"))),
    Rule("R13", "consult", "contradiction", _CONTRADICTION),
    Rule("R14", "consult", "private_matter", _SUBMITTED & mine("private_matter") & ~theirs("gone")),
    Rule("R15", "consult", "final_decision", _SUBMITTED & _FIRM),
    Rule("R9", "solo", "partner_not_joining", theirs("submitted") & mine("gone")),
    Rule("R16a", "consult", "both_out", _BOTH_OUT, shared=True),
    Rule("R16b", "consult", "both_ambivalent", _BOTH_UNSURE & ~both("committed"), shared=True),
    Rule(
        *("R17a", "consult", "one_sided_readiness"),
        _MIXED_FROM_INSIDE & (mine("first_step_no") | mine("own_change_low")),
    ),
    Rule("R17c", "consult", "discernment_declined", _MIXED & mine("first_step_no")),
    Rule("R17b", "discernment", "mixed_agenda", _MIXED & _NO_REFUSAL & ~theirs("own_change_low")),
    Rule(
        *("R18c", "consult", "reluctant_with_partner_leaving"),
        _PAIR & mine("leaning_in") & mine("first_step_no") & theirs("leaning_out") & theirs("committed"),
    ),
    Rule("R18d", "consult", "neither_asks", _BOTH_IN & both("first_step_no"), shared=True),
    Rule("R18a", "consult", "reluctant_partner", _BOTH_IN & mine("first_step_no") & ~theirs("first_step_no")),
    Rule("R18b", "couples", "matched", _MATCHED, shared=True),
    Rule("R20", "consult", "unclassified", None, shared=True),
)
"""Every row in the order printed; R19 (the model) stands in ``fit.py``."""
