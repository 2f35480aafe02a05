"""Who said what about acts, control and fear, in words: only A, only B, both; who left it open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.domain.constructs import DECLINED
from portal.domain.told import Told
from portal.services.case_views import CaseView
from portal.web.therapist import words
from portal.web.therapist.presenters.labels import short

_CONTROL: Final = {
    "money": _l("control over money"),
    "contacts": _l("kept from seeing people"),
    "phone": _l("phone or whereabouts checked"),
    "decisions": _l("clothes, food, work or days decided by the other"),
    "movement": _l("locked in or out, or stopped from leaving"),
    "threats_children_or_status": _l("threats about the children, papers or reports"),
    "medicine_or_aids": _l("medicine, care or aids withheld"),
    "outing": _l("threats to tell others something private"),
}


@dataclass(frozen=True)
class ToldRow:
    """One line: what, of whom it is told, who says so, and each account."""

    what: str
    affects: str
    verdict: str
    accounts: str


def present(view: CaseView) -> tuple[ToldRow, ...]:
    """Everything that anybody reported."""
    return tuple(_row(view, told) for told in view.told)


def _row(view: CaseView, told: Told) -> ToldRow:
    names = {side.slot: short(side) for side in view.sides}
    name = lambda slot: names.get(slot, slot.upper())  # noqa: E731
    verdict = _("both") if told.verdict == "both" else _("only %(who)s", who=name(told.tellers[0]))
    accounts = [f"{name(slot)}: {_account(told, value)}" for slot, value in told.says.items()]
    return ToldRow(
        what=_what(told.field),
        affects=name(told.affected) if told.affected else _("both"),
        verdict=verdict,
        accounts="; ".join(accounts),
    )


def _what(field: str) -> str:
    head, _dot, key = field.partition(".")
    if head == "control_received":
        return str(_CONTROL[key])
    # "insults or humiliation, received": whom it is told of has a column of its own.
    told = words.field_words(field)
    return told.rpartition(", ")[0] if key else told


def _account(told: Told, value: str | None) -> str:
    if value is None:
        return _("left open")
    if value == DECLINED:
        return _("for the talk")
    if told.field.startswith("control_received."):
        return _("yes") if value == "yes" else _("no")
    return words.answer_words(told.field, value)
