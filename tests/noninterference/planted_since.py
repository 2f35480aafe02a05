"""More planted leaks: queries that forget the viewer, mails, cookies, pages of other people's ids."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from flask import Response, request
from sqlalchemy import func, select

from noninterference.planted import (
    ALONE,
    ASKED,
    DRAFTED,
    JOINED,
    SENT,
    UNSAFE,
    Leak,
    _answers,
    _other,
    _staff,
    _to_partners,
)
from noninterference.stage import A_MAIL
from noninterference.worlds import (
    World,
    bounced,
    came_alone,
    merged,
    reset_asked,
    reset_done,
)
from portal.domain.access import Viewer
from portal.models import Account, AuditEvent, Finding, Intake, Invitation, Notice, SectionState, table_of
from portal.services import mails, partner_pages, sessions, way_in
from portal.services.partner_pages import NoticeView
from portal.services.tools import Tools
from portal.vault import Place
from portal.web import kit

BOUNCED = World("bounced", {"new": (bounced,)})
RESET = World("reset", {"new": (came_alone, merged, reset_asked, reset_done)})


def _notices_of_everybody(patch: pytest.MonkeyPatch) -> None:
    def planted(session: Any, tools: Tools, *, by: Viewer) -> tuple[NoticeView, ...]:
        c = table_of(Notice).c
        rows = session.execute(select(c.id, c.kind, c.body_box, c.shown_from)).all()
        return tuple(
            NoticeView(
                row.kind,
                row.shown_from,
                json.loads(tools.vault.unbox("partner", Place("notice", "body_box", row.id), row.body_box)),
            )
            for row in rows
        )

    patch.setattr(partner_pages, "notices", planted)


def _progress_of_anybody(patch: pytest.MonkeyPatch) -> None:
    """The way in asks whether anybody has given consent; who has not is led past it."""
    real = way_in.progress

    def planted(session: Any, *, by: Viewer) -> Any:
        session.execute(select(table_of(Intake).c.id)).all()
        return real(session, by=by)

    patch.setattr(way_in, "progress", planted)


def _say_on(text: Any) -> Any:
    def change(response: Response) -> None:
        response.set_data(response.get_data().replace(b"</main>", f"<p>{text()}</p></main>".encode()))

    return change


def _accepted() -> str:
    used = select(func.count()).where(table_of(Invitation).c.used_at.is_not(None))
    return "They have accepted." if _staff(used) else "Not accepted yet."


def _where_the_other_is() -> str:
    i, s = table_of(Intake).c, table_of(SectionState).c
    mine = select(i.id).where(i.partner_id == _other(kit.viewer()))
    return f"Your partner is at {_staff(select(func.max(s.section)).where(s.intake_id.in_(mine)))}."


def _worried() -> str:
    found = _staff(select(func.count()).where(table_of(Finding).c.partner_id == _other(kit.viewer())))
    return "You are not alone. Call the hotline." if found else ""


def _mail_about_a_bounce(patch: pytest.MonkeyPatch) -> None:
    real = mails.settle

    def planted(session: Any, tools: Tools, mail: Any, *, is_sent: bool) -> None:
        real(session, tools, mail, is_sent=is_sent)
        if not is_sent:
            mails.queue(session, tools, template="notify", to=A_MAIL, language="en", params={})

    patch.setattr(mails, "settle", planted)


def _cookie_of_the_couple(response: Response) -> None:
    response.set_cookie("couple", _other(kit.viewer()) or "none")


def _gone(response: Response) -> None:
    asked = request.path.split("/")[-1]
    if response.status_code == 404 and _staff(select(Account.id).where(Account.partner_id == asked)):
        response.set_data(response.get_data().replace(b"</main>", b"<p>No longer.</p></main>"))


def _changed_lately(response: Response) -> None:
    changed = select(func.count()).where(table_of(AuditEvent).c.verb == "password.reset")
    if response.status_code == 400 and _staff(changed):
        response.set_data(response.get_data().replace(b"</main>", b"<p>It was changed.</p></main>"))


def _counted_ids(patch: pytest.MonkeyPatch) -> None:
    numbers = count()
    patch.setattr(Tools, "new_id", lambda self: f"00000000-0000-4000-8000-{next(numbers):012d}")


def _sessions_of_the_couple_end(patch: pytest.MonkeyPatch) -> None:
    """A seat is looked up together with the other's, so that one may end with the other."""
    real = sessions.partner_seat

    def planted(tools: Tools, row: Any) -> Any:
        seat = real(tools, row)
        if seat is not None and _other(seat.viewer):
            _staff(select(func.count()).where(table_of(Account).c.partner_id == _other(seat.viewer)))
        return seat

    patch.setattr(sessions, "partner_seat", planted)


SINCE = (
    Leak("notices without their viewer", ASKED, _notices_of_everybody, is_held_by_rows=True),
    Leak("a count of everybody's forms on the way in", SENT, _progress_of_anybody, is_held_by_rows=True),
    Leak("an invitation told as accepted", JOINED, _to_partners(_say_on(_accepted), path="/my/partner")),
    Leak(
        "where the other is in the form", DRAFTED, _to_partners(_say_on(_where_the_other_is), path="/my/form")
    ),
    Leak("help for who is found in danger", UNSAFE, _to_partners(_say_on(_worried))),
    Leak("a mail about a bounce", BOUNCED, _mail_about_a_bounce),
    Leak("a cookie that names the couple", JOINED, _to_partners(_cookie_of_the_couple)),
    Leak("a 404 that knows who was here", SENT, _answers(_gone), is_on_staff_pages=True),
    Leak("a sign-in page that knows of a reset", RESET, _answers(_changed_lately, path="/sign-in")),
    Leak("counted ids", JOINED, _counted_ids),
    Leak("a seat looked up with the other's", ALONE, _sessions_of_the_couple_end),
)
