"""What the forms of a case need beside the case itself, in words: discernment so far, what is new."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from portal.content import questionnaire as bank
from portal.domain import discernment
from portal.services import sendings
from portal.services.case_views import CaseView
from portal.web import kit
from portal.web.therapist import words
from portal.web.therapist.presenters.labels import who


def present(view: CaseView) -> dict[str, Any]:
    """Everything ``templates/therapist/case/work.html`` and its forms read beside the case."""
    return {
        "discernment": _discernment(view),
        "changes": _changes(view),
        "trends": _trends(view),
        "offered": _offered(view),
    }


def _offered(view: CaseView) -> list[dict[str, str]]:
    """When and how each person said they could come."""
    questions, found = bank.load(), []
    for side in view.sides:
        told = []
        for item in map(questions.item, ("preference_times", "preference_format")):
            given = side.answers.get(item.key) or []
            told += [words.said(option.text) for option in item.options if option.value in given]
        if told:
            found.append({"who": who(view, side.slot), "text": "; ".join(told)})
    return found


def _changes(view: CaseView) -> dict[str, Any] | None:
    """What is other than when it was signed; None while exactly the newest recommendation is signed."""
    before, newest, signed = view.signed_advice, view.recommendation, view.signed
    if before is None or newest is None or signed is None or before.id == newest.id:
        return None
    was, now = (
        {(one["rule"], one["slot"]): one for one in body["reasons"]} for body in (before.body, newest.body)
    )
    fields = {side.slot: sendings.changed(view.sent, side.slot, before.made_at) for side in view.sides}
    return {
        "was": before.body["route"],
        "now": newest.body["route"],
        "when": words.moment_words(signed.made_at),
        "came": [_reason(view, one) for key, one in now.items() if key not in was],
        "went": [_reason(view, one) for key, one in was.items() if key not in now],
        "answers": [
            {"who": who(view, slot), "fields": [words.field_words(field) for field in changed]}
            for slot, changed in fields.items()
            if changed
        ],
    }


def _reason(view: CaseView, reason: dict[str, Any]) -> str:
    return f"{reason['rule']}, {who(view, reason['slot'])}: {words.reason_words(reason)}"


def _trends(view: CaseView) -> list[dict[str, Any]]:
    """Satisfaction and lean of both over time, once somebody has sent more than one form."""
    if len(view.sent) == len({one.slot for one in view.sent}):
        return []
    scales = (
        ("satisfaction", _("Satisfaction, 0 to 21"), 0, 21),
        ("lean", _("Lean: 1 staying, 5 leaving"), 1, 5),
    )
    return [_trend(view, *scale) for scale in scales]


def _trend(view: CaseView, field: str, title: str, low: int, high: int) -> dict[str, Any]:
    first, last = view.sent[0].sent_at, view.sent[-1].sent_at
    span = (last - first).total_seconds() or 1
    lines: dict[str, list[tuple[float, float]]] = {"a": [], "b": []}
    rows = []
    for one in view.sent:
        value = one.values[field]
        is_number = isinstance(value, int)
        if is_number:
            x = 12 + 326 * (one.sent_at - first).total_seconds() / span
            lines[one.slot].append((round(x, 1), round(104 - 88 * (value - low) / (high - low), 1)))
        rows.append([words.day(one.sent_at), who(view, one.slot), value if is_number else _("not scored")])
    return {
        "key": field,
        "title": title,
        "lines": lines,
        "range": (low, high),
        "rows": rows,
        "days": (words.day(first), words.day(last)),
    }


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
