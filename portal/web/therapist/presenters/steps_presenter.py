"""What must happen first: the gates as a checklist with whom they are about, by when, and what is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from portal.domain import due, prerequisites
from portal.domain.due import Due
from portal.services import interviews, standing
from portal.services.case_views import CaseView, Side
from portal.web import context, kit
from portal.web.therapist import words
from portal.web.therapist.presenters.labels import who

#: The gate that no act on this page meets: this person settles it.
_AWAITS_CALL = "await_call"
#: Met by a therapist's word that it was looked at, since the form that told of a child.
_REPORT = "mandated_report_review"
#: Rows of the table that tell of a child.
_OF_A_CHILD = frozenset({"R1b", "R5d"})
#: Gates that the first line of the list speaks for.
_SAID_FIRST = frozenset({"not_signed", "interview_each"})


@dataclass(frozen=True)
class Step:
    """One line: what, whose, by when (words, empty for no time of its own), done or late."""

    text: str
    done: bool
    href: str = ""
    detail: str = ""
    due: str = ""
    is_late: bool = False


def present(view: CaseView) -> tuple[Step, ...]:
    """The checklist: talking with each person, the gates, the signature last; empty before advice."""
    if view.recommendation is None:
        return ()
    gates = view.recommendation.body["gates"]
    zone = ZoneInfo(context.practice().time_zone)
    rest = [_gate(view, gate, zone) for gate in gates if gate not in _SAID_FIRST]
    rest.sort(key=lambda step: not step.due)
    text = _("Signed by a therapist.") if view.is_signed else words.said(words.texts().gates["not_signed"])
    return (*_talk(view, gates, zone), *_again(view), *rest, Step(text, view.is_signed, "#do-review"))


def unseen(view: CaseView) -> tuple[str, ...]:
    """Who takes part, with a form sent or only begun, and was not seen alone yet."""
    seen = {one.slot for one in view.interviews if one.is_complete}
    return tuple(side.slot for side in view.sides if side.slot not in seen and _takes_part(side))


def _takes_part(side: Side) -> bool:
    return bool(side.person.submitted_at) or side.person.participation in prerequisites.TAKES_PART


def _talk(view: CaseView, gates: Iterable[str], zone: ZoneInfo) -> tuple[Step, ...]:
    """Seeing each person alone: promised to everybody on every route, sooner where danger was told."""
    people = [side for side in view.sides if _takes_part(side)]
    if not people:
        return ()
    sooner = due.safety(_told_at(view), zone, context.practice().calendar)
    by = {side.slot: due.soonest((_promised(side, zone), sooner)) for side in people}
    left = {slot: by[slot] for slot in unseen(view)}
    each = ", ".join(
        _("%(who)s by %(when)s", who=who(view, slot), when=_when(at)) if at else who(view, slot)
        for slot, at in left.items()
    )
    text = _("Talk with each person alone, with all three ticks.")
    if "interview_each" in gates:
        text = _("See each person alone, with all three ticks. Nothing joint before that.")
    first = due.soonest(left.values())
    return (
        Step(
            text=text,
            done=not left,
            href="#do-interview",
            detail=_("Still to be seen alone: %(who)s", who=each)
            if each
            else _("Each person was seen alone."),
            due=_when(first) if first else "",
            is_late=_is_late(first, zone),
        ),
    )


def before_clearing(view: CaseView) -> tuple[str, ...]:
    """Whom to see alone before a tier can be cleared: since they sent and since the newest finding."""
    people = interviews.standings(side.person for side in view.sides)
    found_at = standing.newest(view.findings)
    return prerequisites.without_clearing_interview(people, held(view), found_at=found_at)


def held(view: CaseView) -> list[prerequisites.Held]:
    """Interviews as the prerequisites read them."""
    return [prerequisites.Held(one.slot, one.is_complete, one.held_at) for one in view.interviews]


def _again(view: CaseView) -> tuple[Step, ...]:
    """Whom a clearance waits for though they were seen: they sent again, or something was found since."""
    route = view.recommendation.body["route"] if view.recommendation else ""
    seen = set(before_clearing(view)) - set(unseen(view)) if route == "safety" else set()
    text = _("Before a tier can be cleared: see them alone again, as something was told since.")
    detail = ", ".join(who(view, slot) for slot in sorted(seen))
    return (Step(text, done=False, href="#do-interview", detail=detail),) if seen else ()


def _promised(side: Side, zone: ZoneInfo) -> Due | None:
    sent_at = side.person.submitted_at
    return due.promised(sent_at, zone, context.practice().calendar) if sent_at else None


def _told_at(view: CaseView) -> Mapping[str, datetime]:
    """When each matched row of danger was first told and neither corrected nor cleared since."""
    advice = view.recommendation
    if advice is None:
        return {}
    body, made_at = advice.body, advice.made_at
    cleared = {one.tier: one.given_at for one in reversed(view.clearances)}
    told = dict.fromkeys((rule for rule in body["matched_rules"] if rule in due.SAFETY_DAYS), made_at)
    for finding in view.findings:
        since = cleared.get(finding.tier)
        counts = finding.state != "corrected" and (since is None or finding.found_at > since)
        if finding.rule in told and counts:
            told[finding.rule] = min(told[finding.rule], finding.found_at)
    if any(flag["key"] == due.LEAVING_RISK for flag in body["flags"]):
        told[due.LEAVING_RISK] = max(_sent(view.sides), default=made_at)
    return told


def _sent(sides: Iterable[Side]) -> list[datetime]:
    return [side.person.submitted_at for side in sides if side.person.submitted_at]


def _gate(view: CaseView, gate: str, zone: ZoneInfo) -> Step:
    text, slots = words.said(words.texts().gates[gate]), view.concerned.get(gate, ())
    about = ", ".join(who(view, slot) for slot in slots)
    if gate == _AWAITS_CALL:
        return Step(text, done=False, detail=about)
    sides = [side for side in view.sides if side.slot in slots] or [*view.sides]
    sent_at = min(_sent(sides), default=view.head.opened_at)
    by = due.of_gate(gate, sent_at, zone, context.practice().calendar)
    done, href = all(_is_seen(view, side) for side in sides), "#do-interview"
    if gate == _REPORT:
        told = {row: at for row, at in _told_at(view).items() if row in _OF_A_CHILD}
        by = due.safety(told, zone, context.practice().calendar)
        done, href = all(_is_reviewed(view, side) for side in sides), "#do-fact"
    return Step(
        text=text,
        done=done,
        href=href,
        detail=about,
        due=_when(by) if by else "",
        is_late=not done and _is_late(by, zone),
    )


def _is_seen(view: CaseView, side: Side) -> bool:
    """Seen alone, with all three ticks, since the form that is read was sent."""
    sent_at = side.person.submitted_at
    return any(
        one.slot == side.slot and one.is_complete and (sent_at is None or one.held_at >= sent_at)
        for one in view.interviews
    )


def _is_reviewed(view: CaseView, side: Side) -> bool:
    """Whether the newest word on the duty to report says yes, since the form that is read was sent."""
    sent_at = side.person.submitted_at
    said = next((one for one in view.facts if (one.slot, one.kind) == (side.slot, "report_reviewed")), None)
    return said is not None and said.value == "yes" and (sent_at is None or said.stated_at >= sent_at)


def _when(by: Due) -> str:
    return words.day(by.day) if by.at is None else words.moment_words(by.at)


def _is_late(by: Due | None, zone: ZoneInfo) -> bool:
    return by is not None and by.is_over(kit.tools().now(), zone)
