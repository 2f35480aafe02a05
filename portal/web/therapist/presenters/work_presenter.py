"""What the forms of a case need beside the case itself, in words: discernment so far, what is new."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from portal.domain import discernment
from portal.services.case_views import CaseView
from portal.web import kit
from portal.web.therapist import words
from portal.web.therapist.presenters.labels import who


def present(view: CaseView) -> dict[str, Any]:
    """Everything ``templates/therapist/case/work.html`` and its forms read beside the case."""
    return {"discernment": _discernment(view)}


def _discernment(view: CaseView) -> dict[str, Any] | None:
    """The log so far and what may be noted next; None where neither has anything to do with this case."""
    found, signed = view.discernment, view.signed
    if not found.sessions and (signed is None or signed.route != "discernment"):
        return None
    log = found.log
    return {
        "sessions": [_session(view, one) for one in found.sessions],
        "next": log.next_number if log.end is None else None,
        "minutes": discernment.LATER_MINUTES if log.sessions else discernment.FIRST_MINUTES,
        "can_end": log.end is None and bool(log.sessions),
        "paths": [(str(path), str(words.PATHS[path])) for path in discernment.PATHS],
        "end": _end(log.end) if log.end else None,
        "end_note": found.end_note,
        "who": {slot: who(view, slot) for slot in ("a", "b")},
    }


def _session(view: CaseView, one: Any) -> dict[str, Any]:
    stops = [slot for slot, goes_on in (("a", one.held.a_goes_on), ("b", one.held.b_goes_on)) if not goes_on]
    return {
        "number": one.held.number,
        "when": words.day(one.held.held_on),
        "minutes": one.minutes,
        "decision": _("does not go on: %(who)s", who=", ".join(who(view, slot) for slot in stops))
        if stops
        else _("both go on"),
        "note": one.note,
        "by": view.staff.get(one.noted_by, ""),
    }


def _end(end: discernment.End) -> dict[str, Any]:
    return {
        "path": str(words.PATHS[end.path]),
        "when": words.day(end.ended_on),
        "due": words.day(end.due_on),
        "is_due": end.outcome is None and kit.tools().now().date() >= end.due_on - discernment.OUTCOME_EARLY,
        "outcome": str(words.OUTCOMES[end.outcome]) if end.outcome else "",
        "outcomes": [(key, str(words.OUTCOMES[key])) for key in discernment.OUTCOMES[end.path]],
    }


def outcome_due(view: CaseView) -> str:
    """What to do now where an outcome is due that nobody has noted; "" otherwise."""
    due_on = view.discernment.log.outcome_due_on
    if due_on is None or kit.tools().now().date() < due_on - discernment.OUTCOME_EARLY:
        return ""
    return _(
        "Discernment ended six months ago. Ask each person alone what came of it, by %(day)s.",
        day=words.day(due_on),
    )
