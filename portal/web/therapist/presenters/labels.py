"""Who is meant: partners by letter and name."""

from __future__ import annotations

from flask_babel import gettext as _

from portal.services.case_views import CaseView, Side


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
