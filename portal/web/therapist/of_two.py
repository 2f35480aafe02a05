"""Why a row applies, told of two people: for places where no name stands beside the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.web.therapist import words

#: Reasons that speak of "this person", told where two people are meant and no name stands before them.
OF_TWO: Final = {
    "outside_scope": _l("It is not settled that the practice may see one of the two."),
    "stabilise": _l("One of the two needs care of their own before anything else."),
    "pressure_to_attend": _l("Somebody may be coming under pressure. Call that person first, alone."),
    "partner_not_submitted": _l("A form is not there yet."),
    "call_first": _l("Somebody would just like to talk first."),
    "contradiction": _l("Answers do not fit together; ask alone, without revealing what the other said."),
    "private_matter": _l("There is something to talk about with one person alone. Do not reveal it."),
    "final_decision": _l("One of the two has decided to end the relationship."),
    "partner_not_joining": _l("One of the two is not taking part."),
    "one_sided_readiness": _l(
        "One wants the relationship but is not ready for a first step or to look at their own part."
    ),
    "discernment_declined": _l(
        "One is unsure about the relationship and would not come to a first conversation."
    ),
    "mixed_agenda": _l("One is unsure and not ready to commit to work on it; the other leans in."),
    "reluctant_with_partner_leaving": _l(
        "One wants the relationship but is shy of a first conversation, while the other has doubts."
    ),
    "reluctant_partner": _l(
        "Both are staying, one is shy of a first conversation; find out which worry stands in the way."
    ),
}

_ANYTHING_ELSE: Final = "unclassified"
#: The same where it holds of both.
_NEITHER: Final = {
    "partner_not_submitted": _l("Neither form is there yet."),
    "call_first": _l("Somebody would just like to talk first; neither form is there yet."),
}


def row_words(rule: str, reason: str, *, is_lost: bool = False) -> str:
    """The why of a row where no name stands beside it: without "this person".

    ``is_lost``: something of a form cannot be opened. Then R20 says nothing of what was answered.
    """
    if is_lost and reason == _ANYTHING_ELSE:
        return _("Not everything that was told can be read; talk with each person.")
    return str(OF_TWO[reason]) if reason in OF_TWO else words.rule_words(rule, reason)


def of_both(reason: Mapping[str, Any]) -> str:
    """A kept reason that holds of both alike, said once of the two."""
    text = words.reason_words(reason)
    known = words.texts().rules[reason["rule"]].reasons
    for key, sentence in _NEITHER.items():
        if key in known and str(reason["text"]).startswith(known[key].en):
            return str(sentence)
    return _("Of each of them: %(why)s", why=text) if "person" in text.lower() else text
