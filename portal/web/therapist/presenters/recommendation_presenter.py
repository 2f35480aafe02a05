"""The recommendation in words: what, why, whose answers, which row, what else and what would change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.domain.constructs import DECLINED
from portal.domain.couple_fields import FIELD_ORDER
from portal.domain.explain import model_text
from portal.domain.urgency import LOST
from portal.services.case_views import CaseView
from portal.web.therapist import of_two, words
from portal.web.therapist.presenters.labels import who


def present(view: CaseView) -> dict[str, Any] | None:
    """The newest recommendation in words, or None before there is one."""
    if view.recommendation is None:
        return None
    texts, body = words.texts(), view.recommendation.body
    return {
        "id": view.recommendation.id,
        "data": {key: body[key] or "" for key in ("route", "reason", "rule", "model")},
        "route": body["route"],
        "route_name": str(words.ROUTES[body["route"]]),
        "why": of_two.row_words(body["rule"], body["reason"], is_lost=bool(body.get(LOST))),
        "next_step": words.said(texts.next_steps[body["route"]]),
        "made": words.moment_words(view.recommendation.made_at),
        "ruleset": body["ruleset"],
        "model": _model(body),
        "reasons": _reasons(view, [one for one in body["reasons"] if one["rule"] == body["rule"]]),
        "also": _reasons(view, [one for one in body["reasons"] if one["rule"] != body["rule"]]),
        "flags": [
            {"who": who(view, flag["slot"]), "text": words.said(texts.flags[flag["key"]]), "key": flag["key"]}
            for flag in body["flags"]
        ],
        "topics": _topics(view, body["topics"]),
        "unknown": _unknown(view),
        "alternatives": [
            {"route": one["route"], "text": words.alternative_words(one)} for one in body["alternatives"]
        ],
        "if_cleared": _if_cleared(body["if_cleared"]),
        "changes": [_change(view, change) for change in body["would_change"]],
        "self_report": words.said(texts.notes["self_report"]),
    }


def _model(body: dict[str, Any]) -> dict[str, Any] | None:
    if body["model"] is None:
        return None
    runner_up = body["models"]["runner_up"]
    return {
        "name": str(words.MODELS[body["model"]]),
        "text": model_text(words.texts(), body["model"], words.locale()),
        "runner_up": str(words.MODELS[runner_up]) if runner_up else "",
        "margin": body["models"]["margin"],
        "values": [
            (str(words.MODELS[key]), body["models"][key]) for key in ("gottman", "eft", "developmental")
        ],
    }


def _reasons(view: CaseView, reasons: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line a row and sentence: what holds of each alike is said once, and not of "this person"."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in reasons:
        groups.setdefault((one["rule"], one["text"]), []).append(one)
    return [_reason(view, group) for group in groups.values()]


def _reason(view: CaseView, group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    reason = group[0]
    rule = words.texts().rules[reason["rule"]]
    return {
        "who": ", ".join(who(view, one["slot"]) for one in group),
        "text": words.reason_words(reason) if len(group) == 1 else of_two.of_both(reason),
        "rule": reason["rule"],
        "when": words.said(rule.when),
        "source": _source(rule.source),
        "evidence": words.said(rule.evidence),
        "is_secret": reason["visibility"] == "therapist_only",
    }


def _source(source: str) -> str:
    """The publications behind a row, without the sections of the design that name it too."""
    return "; ".join(part for part in source.split("; ") if not part.startswith("clinical.md"))


def _topics(view: CaseView, topics: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    by_slot: dict[str, list[str]] = {}
    for topic in topics:
        by_slot.setdefault(topic["slot"], []).append(words.field_words(topic["field"]))
    return [{"who": who(view, slot), "fields": fields} for slot, fields in by_slot.items()]


def _unknown(view: CaseView) -> list[dict[str, Any]]:
    """What somebody who sent their form left blank or for the talk, in the order of the couple file."""
    found = []
    for side in view.sides:
        if side.given.get("submitted_on"):
            fields = [words.field_words(field) for field in FIELD_ORDER if _is_unknown(side.given, field)]
            found.append({"who": who(view, side.slot), "fields": fields})
    return [one for one in found if one["fields"]]


def _is_unknown(given: Mapping[str, Any], field: str) -> bool:
    # Nobody began what has not begun.
    if field == "legal_steps_by" and given.get("legal_steps") in (None, "none"):
        return False
    above, _, key = field.rpartition(".")
    holder = given.get(above, {}) if above else given
    return holder.get(key) in (None, DECLINED)


def _if_cleared(cleared: dict[str, Any] | None) -> str:
    if cleared is None:
        return ""
    model = f" ({words.MODELS[cleared['model']]})" if cleared["model"] else ""
    when = words.outcome_words(cleared["route"], cleared["reason"])
    return f"{words.ROUTES[cleared['route']]}{model}. {when}"


def _change(view: CaseView, change: dict[str, Any]) -> list[str]:
    was, to = (words.answer_words(change["field"], change[key]) for key in ("from", "to"))
    return [
        who(view, change["slot"]), words.field_words(change["field"]),
        f"{was} → {to}", str(words.ROUTES[change["route"]]),
    ]  # fmt: skip
