"""What happened in a case, newest first, out of the lists the page holds anyway."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from portal.services.case_views import CaseView
from portal.web.therapist import endings, words
from portal.web.therapist.presenters.labels import who

_Event = tuple[datetime, str, str]


def present(view: CaseView) -> tuple[dict[str, Any], ...]:
    """Events for the timeline component."""
    events = sorted((*_partners(view), *_work(view), *_sent(view)), key=lambda event: event[0], reverse=True)
    return tuple(
        {"when": words.moment_words(at), "iso": at.isoformat(), "text": text, "detail": detail}
        for at, text, detail in events
    )


def _partners(view: CaseView) -> Iterator[_Event]:
    yield view.head.opened_at, _("Case opened"), ""
    for side in view.sides:
        name = who(view, side.slot)
        if side.person.joined_at:
            yield side.person.joined_at, _("%(who)s joined", who=name), ""
        if side.person.submitted_at:
            yield side.person.submitted_at, _("%(who)s sent the form", who=name), ""
        for one in side.said:
            yield one.said_at, f"{name}: {words.SAID[one.kind]}", ""


def _work(view: CaseView) -> Iterator[_Event]:
    names = view.staff
    for interview in view.interviews:
        yield (
            interview.held_at,
            _("Interview with %(who)s", who=who(view, interview.slot)),
            names.get(interview.held_by, ""),
        )
    for clearance in view.clearances:
        yield (
            clearance.given_at,
            _("Cleared: %(tier)s", tier=words.TIERS[clearance.tier]),
            names.get(clearance.given_by, ""),
        )
    for review in view.reviews:
        route = f": {words.ROUTES[review.route]}" if review.route else ""
        yield review.made_at, f"{words.DECISIONS[review.decision]}{route}", names.get(review.made_by, "")
    for talk in view.discernment.sessions:
        number = talk.held.number
        yield talk.noted_at, _("Discernment, session %(number)s", number=number), names.get(talk.noted_by, "")
    for fact in view.facts:
        yield (
            fact.stated_at,
            f"{who(view, fact.slot)}: {words.FACTS[fact.kind]}",
            names.get(fact.stated_by, ""),
        )
    for one in view.closings:
        text = f"{endings.STEPS[one.step]}: {endings.ENDINGS[one.step][one.reason]}"
        by = names.get(one.done_by, "")
        yield one.done_at, text, f"{by}: {one.note}" if one.note else by
    for glass in view.glass:
        yield glass.opened_at, _("Opened by break-glass"), f"{names.get(glass.staff_id, '')}: {glass.reason}"


def _invited(view: CaseView, invitation: Any) -> str:
    if invitation.state == "withheld":
        return _("Invitation to %(who)s, taken back while its mail waited", who=who(view, invitation.slot))
    return _("Invitation sent to %(who)s", who=who(view, invitation.slot))


def _sent(view: CaseView) -> Iterator[_Event]:
    names = view.staff
    if view.recommendation:
        route = words.ROUTES[view.recommendation.body["route"]]
        yield view.recommendation.made_at, _("Newest recommendation: %(route)s", route=route), ""
    for letter in view.letters:
        state = words.LETTER_STATES[letter.state]
        yield (
            letter.written_at,
            _("Letter to %(who)s, %(state)s", who=who(view, letter.slot), state=state),
            names.get(letter.written_by, ""),
        )
    for one in view.appointments:
        text = _(
            "Appointment proposed, %(who)s: %(when)s, %(minutes)s minutes",
            who=who(view, one.slot),
            when=words.moment_words(one.starts_at),
            minutes=one.minutes,
        )
        yield one.proposed_at, text, one.place
    for invitation in view.invitations:
        if invitation.sent_at:
            yield invitation.sent_at, _invited(view, invitation), ""
