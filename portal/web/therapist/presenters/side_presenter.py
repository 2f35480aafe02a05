"""One partner's half of the case page: how to reach them safely, what they told, who saw them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from portal.services.case_views import CaseView, Side
from portal.web import context
from portal.web.therapist import endings, words
from portal.web.therapist.presenters.labels import label


@dataclass(frozen=True)
class SideBlock:
    """One half, in words."""

    slot: str
    label: str
    participation: str
    sent: str
    draft: bool
    contact: dict[str, Any]
    said: tuple[dict[str, str], ...]
    interviews: tuple[dict[str, Any], ...]
    facts: tuple[dict[str, str], ...]
    invitations: tuple[dict[str, str], ...]


def present(view: CaseView, side: Side) -> SideBlock:
    """A partner's half of the page."""
    sent = side.person.submitted_at
    return SideBlock(
        slot=side.slot,
        label=label(side),
        participation=str(words.PARTICIPATION[side.person.participation]),
        sent=words.day(sent) if sent else "",
        draft=side.person.draft is not None,
        contact=contact(side),
        said=tuple(_said(one) for one in reversed(side.said)),
        interviews=tuple(_interview(view, one) for one in view.interviews if one.slot == side.slot),
        facts=tuple(_fact(view, one) for one in view.facts if one.slot == side.slot),
        invitations=tuple(_invitation(one) for one in view.invitations if one.slot == side.slot),
    )


def contact(side: Side) -> dict[str, Any]:
    """The safe contact in words; ``is_open`` whether anybody may reach out at all."""
    given = side.person.contact
    if side.person.participation == "do_not_contact" or (
        side.person.participation == "declined" and not given
    ):
        return {"is_open": False, "channel": _("Contact is blocked."), "address": "", "rules": []}
    newest = side.person.newest("contact")
    if newest is not None and newest.is_lost:
        text = _("The newest safe contact cannot be opened. Wait until they call.")
        return {"is_open": False, "channel": text, "address": "", "rules": []}
    if given is None:
        return {"is_open": False, "channel": _("No safe contact given yet."), "address": "", "rules": []}
    channel = given.get("channel") or "none"
    rules = [str(given["hours"])] if given.get("hours") else []
    zone = given.get("time_zone") or context.practice().time_zone
    if now := words.local_time(zone):
        rules.append(_("%(zone)s, now %(time)s there", zone=words.zone_words(zone), time=now))
    if channel == "phone":
        rules.append(_("Voicemail is all right.") if given.get("voicemail_ok") else _("No voicemail."))
    rules.append(_("You may name the practice.") if given.get("name_ok") else _("Do not name the practice."))
    is_open = channel != "none"
    return {
        "is_open": is_open,
        "channel": str(words.CHANNELS.get(channel, channel)),
        "address": str(given.get("address") or "") if is_open else "",
        "rules": rules if is_open else [],
    }


def _said(one: Any) -> dict[str, str]:
    text = one.body.get("text") or one.body.get("reason") or ""
    if one.kind == "partner_choice":
        text = str(endings.CHOICES.get(one.body.get("choice"), ""))
    if one.is_lost:
        text = str(words.LOST)
    elif one.kind == "appointment_answer":
        at = words.moment_words(datetime.fromisoformat(one.body["starts_at"]))
        answer = words.APPOINTMENT_ANSWERS[one.body["choice"]]
        text = f"{at}: {answer}. {text}".strip()
    return {"kind": str(words.SAID[one.kind]), "text": text, "when": words.moment_words(one.said_at)}


def _interview(view: CaseView, one: Any) -> dict[str, Any]:
    ticks = {
        _("identity confirmed"): one.identity_confirmed,
        _("private setting"): one.private_setting,
        _("safety asked again"): one.safety_reasked,
    }
    return {
        "when": words.moment_words(one.held_at),
        "by": view.staff.get(one.held_by, ""),
        "is_complete": one.is_complete,
        "missing": ", ".join(name for name, is_done in ticks.items() if not is_done),
        "note": one.note,
    }


def _fact(view: CaseView, one: Any) -> dict[str, str]:
    value = {"yes": _("yes"), "no": _("no")}.get(one.value) or words.field_words(one.value)
    return {
        "text": f"{words.FACTS[one.kind]}: {value}",
        "note": one.note,
        "by": view.staff.get(one.stated_by, ""),
        "when": words.moment_words(one.stated_at),
    }


def _invitation(one: Any) -> dict[str, str]:
    if one.state == "held":
        state = _("asked for by the partner, held until you release it")
    elif one.state == "withheld":
        state = _(
            "taken back: danger was told or contact was ruled out; if a mail went out, its link is dead"
        )
    elif one.used_at is not None:
        state = _("used on %(day)s", day=words.day(one.used_at))
    else:
        state = _(
            "sent on %(day)s, works until %(until)s",
            day=words.day(one.sent_at),
            until=words.day(one.expires_at),
        )
    return {"address": one.address, "state": state, "link": one.link or ""}
