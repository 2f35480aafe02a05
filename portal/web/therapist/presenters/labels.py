"""Who is meant: partners by letter and name."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext as _

from portal.services.case_views import CaseView, Side

#: What fits into a chart's key and a table's column.
_SHORT: Final = 18


def label(side: Side) -> str:
    """ "A: Ana López", or "Partner A" before consent."""
    return f"{side.slot.upper()}: {side.name}" if side.name else nameless(side.slot)


def who(view: CaseView, slot: str | None) -> str:
    """The partner in a slot; None or "both" is both."""
    if slot is None or slot == "both":
        return _("Both")
    side = view.side(slot)
    return nameless(slot) if side is None else label(side)


def nameless(slot: str) -> str:
    """A person whose name nobody knows yet."""
    return _("Partner %(letter)s", letter=slot.upper())


def short(side: Side) -> str:
    """ "A: Ana" as the person wants to be called, for tables and charts; else by the name of the consent."""
    given = str(side.answers.get("chosen_name") or side.name or "")
    called = "".join(sign for sign in given if sign.isprintable()).strip()
    cut = f"{called[:_SHORT]}{'…' if len(called) > _SHORT else ''}"
    return f"{side.slot.upper()}: {cut}" if called else nameless(side.slot)
