"""The case page's words: head, recommendation, what must happen first, both sides, the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from portal.domain import prerequisites
from portal.domain.urgency import LOST, SIGNED
from portal.services import interviews
from portal.services.case_views import CaseView
from portal.web.therapist import endings, words
from portal.web.therapist.presenters import (
    figures_presenter,
    findings_presenter,
    recommendation_presenter,
    side_presenter,
    steps_presenter,
    timeline_presenter,
    work_presenter,
)
from portal.web.therapist.presenters.figures_presenter import Figures
from portal.web.therapist.presenters.labels import label, nameless, short, who
from portal.web.therapist.presenters.side_presenter import SideBlock
from portal.web.therapist.presenters.steps_presenter import Step
from portal.web.therapist.refusals import REFUSALS


@dataclass(frozen=True)
class Next:
    """What to do now: a sentence and the act whose form it leads to ("" for none)."""

    text: str
    act: str
    label: str = ""


@dataclass(frozen=True)
class CasePage:
    """Everything ``templates/therapist/case.html`` prints."""

    id: str
    title: str
    urgency: tuple[str, str]
    waiting: str
    assigned: str
    notes: tuple[str, ...]
    next: Next
    recommendation: dict[str, Any] | None
    signed: dict[str, Any] | None
    steps: tuple[Step, ...]
    figures: Figures
    sides: tuple[SideBlock, ...]
    findings: tuple[list[str], ...]
    clearances: tuple[dict[str, Any], ...]
    letters: tuple[dict[str, Any], ...]
    held: tuple[dict[str, Any], ...]
    timeline: tuple[dict[str, Any], ...]
    slots: tuple[tuple[str, str], ...]
    spoken: tuple[str, ...]
    is_invitation_blocked: bool
    is_closed: bool
    opened_act: str
    work: dict[str, Any]


def present(view: CaseView, *, opened_act: str = "") -> CasePage:
    """A case in words; ``opened_act``: the form to unfold, default the next one."""
    following = _next(view)
    slots = tuple((side.slot, label(side)) for side in view.sides)
    return CasePage(
        id=view.head.id,
        title=" · ".join(name for _slot, name in slots),
        urgency=_urgency(view),
        waiting=words.waiting(view.head.waiting_since) if view.head.urgency < SIGNED else "",
        assigned=view.staff.get(view.head.therapist_id or "", ""),
        notes=_notes(view),
        next=following,
        recommendation=recommendation_presenter.present(view),
        signed=signed(view),
        steps=steps_presenter.present(view),
        figures=figures_presenter.present(view),
        sides=tuple(side_presenter.present(view, side) for side in view.sides),
        findings=_findings(view),
        clearances=tuple(_clearance(view, one) for one in view.clearances),
        letters=tuple(_letter(view, letter) for letter in view.letters),
        held=tuple({"id": one.id, "address": one.address} for one in view.invitations if one.state == "held"),
        timeline=timeline_presenter.present(view),
        slots=slots,
        spoken=tuple(dict.fromkeys(side.person.language for side in view.sides)) or ("en",),
        is_invitation_blocked=view.is_invitation_blocked,
        is_closed=view.head.closed_at is not None,
        opened_act=opened_act or following.act,
        work=work_presenter.present(view),
    )


def _urgency(view: CaseView) -> tuple[str, str]:
    level, text = words.URGENCY[view.head.urgency]
    return level, str(text)


def _notes(view: CaseView) -> tuple[str, ...]:
    found = []
    if view.lost:
        who_is = ", ".join(who(view, slot) for slot in view.lost)
        found.append(_("Answers in the form that cannot be opened: %(who)s.", who=who_is))
    if view.is_partial:
        found.append(str(REFUSALS["told_unreadable"]))
    if view.head.by_break_glass:
        found.append(_("You opened this case by break-glass. Everything you do here is recorded."))
    if view.head.claims_invitation_id and not view.head.merged_into_id:
        found.append(_("This invitation had been used before by somebody else. Settle by voice who is who."))
    if view.head.merged_into_id:
        found.append(_("This record was merged into another case."))
    if view.head.closed_at:
        found.append(_closed(view))
    return tuple(found)


def _closed(view: CaseView) -> str:
    """That the case is closed and, as far as it is known, why."""
    last = next((one for one in view.closings if one.step == "close"), None)
    if last is None:
        return _("This case is closed.")
    return _("This case is closed: %(reason)s.", reason=endings.ENDINGS["close"][last.reason])


def _next(view: CaseView) -> Next:
    """The one thing to do now, in the order the practice works (clinical.md §6)."""
    if view.head.closed_at is not None:
        return Next(_("Nothing. Whatever this couple sends or says opens the case again."), "")
    if view.recommendation is None:
        return _before_recommendation(view)
    if due := work_presenter.outcome_due(view):
        return Next(due, "discernment", _("Note the outcome"))
    lacking = _lacking(view, view.recommendation.body["route"])
    if not view.is_signed:
        return _before_signing(view.recommendation.body, is_lacking=bool(lacking))
    if lacking:
        return Next(_("Signed. Next: see each person alone."), "interview", _("Note an interview"))
    if not view.letters:
        return Next(_("Signed and seen. Next: a letter for each person."), "release", _("Write a letter"))
    if any(letter.state == "waiting" for letter in view.letters):
        return Next(_("Signed. A letter waits until a second person has read and approved it."), "")
    return Next(_("Signed. Propose an appointment when it is time."), "appointment", _("Propose a time"))


def _lacking(view: CaseView, route: str) -> tuple[str, ...]:
    """Whom to see alone before the next act; for safety also those whose form is only begun."""
    if route == "safety":
        return steps_presenter.before_clearing(view)
    standings = interviews.standings(side.person for side in view.sides)
    return prerequisites.without_interview(standings, steps_presenter.held(view))


def _before_signing(body: dict[str, Any], *, is_lacking: bool) -> Next:
    route, reason = body["route"], body["reason"]
    if body.get(LOST):
        text = _("Answers cannot be opened. Ask each person apart, by their safe channel, what matters now.")
        return Next(text, "interview", _("Note an interview"))
    if route == "safety" and is_lacking:
        text = _("Talk with each person alone, by their safe channel only.")
        return Next(text, "interview", _("Note an interview"))
    if route == "safety":
        text = _("Everybody was seen alone. Clear what was settled, or sign safety and keep them apart.")
        return Next(text, "clearance", _("Clear a safety tier"))
    if reason == "call_first":
        text = _("Somebody would like to talk first. Call that person, by their safe channel.")
        return Next(text, "interview", _("Note an interview"))
    if reason == "partner_not_submitted":
        text = _("Call whoever has sent the form. The other form is not there yet: invite, or wait.")
        if is_lacking:
            return Next(text, "interview", _("Note an interview"))
        return Next(text, "invitation", _("Invite"))
    if reason in ("missing", "stale"):
        text = _("Something is missing. Ask for it in neutral words, or sign as it stands.")
        return Next(text, "request", _("Ask again"))
    text = _("Read the recommendation, then accept, override or defer it.")
    return Next(text, "review", _("Review and sign"))


def _before_recommendation(view: CaseView) -> Next:
    if any(side.person.has_account for side in view.sides):
        return Next(_("Nobody has sent the form yet. There is nothing to do but wait."), "")
    return Next(_("Nobody has joined yet."), "invitation", _("Invite"))


def signed(view: CaseView) -> dict[str, Any] | None:
    """The newest signed review in words, or None before there is one."""
    signed = view.signed
    if signed is None:
        return None
    return {
        "is_current": view.is_signed,
        "decision": str(words.DECISIONS[signed.decision]),
        "route": signed.route,
        "model": str(words.MODELS[signed.model]) if signed.model else "",
        "format": str(words.FORMATS[signed.format]) if signed.format else "",
        "reason": str(words.REASON_CODES[signed.reason_code]) if signed.reason_code else "",
        "note": signed.note,
        "by": view.staff.get(signed.made_by, ""),
        "when": words.moment_words(signed.made_at),
    }


def _findings(view: CaseView) -> tuple[list[str], ...]:
    names = {side.slot: short(side) for side in view.sides}
    rows = findings_presenter.rows(view.findings)
    return tuple([names.get(slot) or nameless(slot), *cells] for slot, cells in rows)


def _clearance(view: CaseView, one: Any) -> dict[str, str]:
    return {
        "tier": str(words.TIERS[one.tier]),
        "when": words.moment_words(one.given_at),
        "by": view.staff.get(one.given_by, ""),
        "note": one.note,
    }


def _letter(view: CaseView, letter: Any) -> dict[str, Any]:
    return {
        "id": letter.id,
        "who": who(view, letter.slot),
        "title": letter.title,
        "state": letter.state,
        "state_words": str(words.LETTER_STATES[letter.state]),
        "when": words.moment_words(letter.written_at),
        "by": view.staff.get(letter.written_by, ""),
    }
