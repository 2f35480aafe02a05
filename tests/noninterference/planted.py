"""Leaks planted on purpose, as somebody might write them by mistake. The worlds must notice every one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Response, request
from sqlalchemy import func, select

from noninterference.stage import A_MAIL
from noninterference.worlds import (
    DANGER,
    SAFE,
    World,
    asked_b_again,
    came,
    came_alone,
    drafted_danger,
    guessed_at,
    invited,
    joined,
    left,
    merged,
    opened,
    same_browser,
    sent,
    speaks_spanish,
    switched_language,
    wrote,
)
from portal.domain.access import Viewer
from portal.models import (
    Account,
    Intake,
    Invitation,
    Notice,
    Partner,
    PartnerSession,
    SectionState,
    Statement,
    table_of,
)
from portal.services import (
    happenings,
    mails,
    notice_board,
    partner_pages,
    routing,
    sessions,
    sign_ins,
    statements,
    throttles,
)
from portal.services.throttle_counts import Budget
from portal.services.tools import Tools, token_hash
from portal.web import cookies, headers, kit
from portal.web.public import language

SENT = World("sent", {"new": (invited, came, sent(SAFE))})
UNSAFE = World("unsafe", {"new": (invited, came, sent(DANGER))})
JOINED = World("joined", {"new": (invited, joined)})
DRAFTED = World("drafted", {"new": (invited, came, drafted_danger)})
OPENED = World("opened", {"new": (invited, opened)})
ALONE = World("alone", {"new": (came_alone, merged)})
ASKED = World("asked", {"new": (invited, came, sent(SAFE), asked_b_again)})
SPANISH = World("Spanish", {"new": (invited, joined, speaks_spanish)})
SPANISH_HERE = World("Spanish here", {"new": (invited, same_browser(came), switched_language, left)})
GUESSED = World("guessed", {"new": (invited, joined, guessed_at)})

WROTE = World("wrote", {"new": (invited, joined), "drafting": (wrote,)})

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Leak:
    """A fault and the world in which it tells something.

    ``is_held_by_rows``: it asks through the partners' own door, where PostgreSQL gives nobody another's row
    whatever is asked (decision 0071); it tells something only to a role that no policy binds.
    """

    name: str
    world: World
    plant: Plant
    is_on_staff_pages: bool = False
    phase: str = "sent"
    is_held_by_rows: bool = False

    def __str__(self) -> str:
        return self.name


def _staff(query: Any) -> Any:
    """What a careless view would ask through the wrong door."""
    with kit.store().staff.read() as session:
        return session.execute(query).scalar()


def _other(viewer: Viewer) -> str:
    """The partner id of the viewer's other half; empty if there is none."""
    p = table_of(Partner).c
    case = select(p.case_id).where(p.id == viewer.partner_id).scalar_subquery()
    return str(_staff(select(p.id).where(p.case_id == case, p.id != viewer.partner_id)) or "")


def _other_has_sent(viewer: Viewer) -> bool:
    i = table_of(Intake).c
    query = select(func.count(i.id)).where(i.partner_id == _other(viewer), i.submitted_at.is_not(None))
    return bool(_staff(query))


def _answers(change: Callable[[Response], None], *, path: str = "") -> Plant:
    """Change every answer (of one path, to partners) before it is padded."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        pad = headers._pad

        def planted(response: Response) -> None:
            if not path or request.path == path:
                change(response)
            pad(response)

        patch.setattr(headers, "_pad", planted)

    return plant


def _to_partners(change: Callable[[Response], None], *, path: str = "") -> Plant:
    def only(response: Response) -> None:
        if kit.viewer().kind == "partner":
            change(response)

    return _answers(only, path=path)


def _say(text: Callable[[], str]) -> Callable[[Response], None]:
    def change(response: Response) -> None:
        response.set_data(response.get_data().replace(b"<h1>My page</h1>", f"<h1>{text()}</h1>".encode()))

    return change


def _status() -> str:
    return "Both forms are here" if _other_has_sent(kit.viewer()) else "We wait for your partner"


def _route() -> str:
    p = table_of(Partner).c
    case = str(_staff(select(p.case_id).where(p.id == kit.viewer().partner_id)))
    with kit.store().staff.read() as session:
        newest = routing.latest(session, kit.tools(), case)
    return f"Next: {newest.body['route'] if newest else ''}"


def _receipt() -> str:
    i = table_of(Intake).c
    return f"Receipt {_staff(select(func.count(i.id)).where(i.submitted_at.is_not(None)))}"


def _count_header(response: Response) -> None:
    response.headers["X-Total-Count"] = str(_staff(select(func.count(table_of(Account).c.id))))


def _etag(response: Response) -> None:
    response.set_etag(str(_staff(select(func.max(table_of(SectionState).c.version)))))


def _last_modified(response: Response) -> None:
    response.last_modified = _staff(select(func.max(table_of(Statement).c.said_at)))


def _forbidden(response: Response) -> None:
    asked = request.path.split("/")
    if response.status_code == 404 and asked[1] == "releases":
        response.status_code = (
            403 if _staff(select(table_of(Intake).c.id).where(table_of(Intake).c.id == asked[2])) else 404
        )


def _extra_query(patch: pytest.MonkeyPatch) -> None:
    real = partner_pages.sent_at

    def planted(session: Any, *, by: Viewer) -> Any:
        if _other(by):
            _staff(select(func.count(table_of(Account).c.id)))
        return real(session, by=by)

    patch.setattr(partner_pages, "sent_at", planted)


def _said_by_anybody(patch: pytest.MonkeyPatch) -> None:
    def planted(session: Any, *, by: Viewer) -> dict[str, Any]:
        c = table_of(Statement).c
        rows = session.execute(select(c.kind, func.max(c.said_at).label("at")).group_by(c.kind)).all()
        return {row.kind: row.at for row in rows}

    patch.setattr(statements, "last_said", planted)


def _sent_by_anybody(patch: pytest.MonkeyPatch) -> None:
    def planted(session: Any, *, by: Viewer) -> Any:
        return session.scalar(select(func.max(table_of(Intake).c.submitted_at)))

    patch.setattr(partner_pages, "sent_at", planted)


def _pinned_for_both(patch: pytest.MonkeyPatch) -> None:
    real = notice_board.pin

    def planted(session: Any, tools: Tools, *, partner_id: str, **rest: Any) -> None:
        p = table_of(Partner).c
        case = select(p.case_id).where(p.id == partner_id).scalar_subquery()
        for one in session.scalars(select(p.id).where(p.case_id == case)).all():
            real(session, tools, partner_id=one, **rest)

    patch.setattr(notice_board, "pin", planted)


def _letters_counted(response: Response) -> None:
    response.headers["X-Messages"] = str(_staff(select(func.count(table_of(Notice).c.id))))


def _language_of_the_couple(patch: pytest.MonkeyPatch) -> None:
    real = sessions.partner_seat

    def planted(tools: Tools, row: Any) -> Any:
        seat = real(tools, row)
        if seat is None:
            return None
        a = table_of(Account).c
        held = _staff(select(a.language).where(a.partner_id == _other(seat.viewer)))
        return replace(seat, language=held or seat.language)

    patch.setattr(sessions, "partner_seat", planted)


def _language_left_behind(patch: pytest.MonkeyPatch) -> None:
    real = language.redirect

    def planted(*given: Any) -> Any:
        response = real(*given)
        cookies.put(response, cookies.LANGUAGE, "es", max_age=60)
        return response

    patch.setattr(language, "redirect", planted)


def _mail_on_sending(patch: pytest.MonkeyPatch) -> None:
    real = happenings.tell_of_sending

    def planted(session: Any, tools: Tools, *, case_id: str, by: Any) -> None:
        real(session, tools, case_id=case_id, by=by)
        mails.queue(session, tools, template="notify", to=A_MAIL, language="en", params={})

    patch.setattr(happenings, "tell_of_sending", planted)


def _counted_tokens(patch: pytest.MonkeyPatch) -> None:
    numbers = count()
    patch.setattr(Tools, "new_token", lambda self: f"{next(numbers):043d}")


def _one_budget_for_the_house(patch: pytest.MonkeyPatch) -> None:
    def planted(_throttle: Any, purpose: Any, knock: Any) -> Any:
        return [Budget(30, f"{purpose} {knock.source}")]

    patch.setattr(throttles.Throttle, "_budgets", planted)


def _reset_page(response: Response) -> None:
    held = _staff(
        select(func.count(table_of(Account).c.id)).where(table_of(Account).c.email_sealed.is_not(None))
    )
    if response.status_code == 303 and held > 1:
        response.headers["Location"] = "/password/asked?sent"


def _denials_of_real_names(patch: pytest.MonkeyPatch) -> None:
    real = sign_ins.deny

    def planted(session: Any, tools: Tools, *, claim: Any) -> None:
        if claim.id:
            real(session, tools, claim=claim)

    patch.setattr(sign_ins, "deny", planted)


def _rows_of_real_names(patch: pytest.MonkeyPatch) -> None:
    real = sign_ins.find_partner

    def planted(session: Any, tools: Tools, *, name: str, device_hash: str | None) -> Any:
        a = table_of(Account).c
        session.execute(select(a.id).where(a.name_digest == sign_ins.name_digest(tools, name))).all()
        return real(session, tools, name=name, device_hash=device_hash)

    patch.setattr(sign_ins, "find_partner", planted)


def _link_checked(response: Response) -> None:
    parts = request.path.split("/")
    if request.method == "GET" and parts[1] == "join":
        c = table_of(Invitation).c
        if not _staff(select(c.id).where(c.token_hash == token_hash(parts[2]))):
            response.status_code = 404


def _sooner_together(patch: pytest.MonkeyPatch) -> None:
    real = partner_pages.call_by

    def planted(sent_at: Any, time_zone: str) -> Any:
        return real(sent_at, time_zone) - timedelta(days=1 if _other_has_sent(kit.viewer()) else 0)

    patch.setattr(partner_pages, "call_by", planted)


def _last_seen_of_anybody(response: Response) -> None:
    s = table_of(PartnerSession).c
    response.headers["X-Sessions"] = str(_staff(select(func.count(s.id))))


LEAKS = (
    Leak("a status that knows the other", SENT, _to_partners(_say(_status), path="/my")),
    Leak("a step that comes from the route", UNSAFE, _to_partners(_say(_route), path="/my")),
    Leak("a numbered receipt", SENT, _to_partners(_say(_receipt), path="/my")),
    Leak("a total in a header", JOINED, _answers(_count_header)),
    Leak("an ETag over everybody's saves", DRAFTED, _to_partners(_etag, path="/my/form")),
    Leak("Last-Modified of the newest statement", WROTE, _to_partners(_last_modified, path="/my")),
    Leak("403 for what exists", SENT, _answers(_forbidden), is_on_staff_pages=True),
    Leak("one more query where there is another", JOINED, _extra_query),
    Leak("statements without their viewer", DRAFTED, _said_by_anybody, is_held_by_rows=True),
    Leak("a sending without its viewer", SENT, _sent_by_anybody, phase="drafting", is_held_by_rows=True),
    Leak("a request pinned for both", ASKED, _pinned_for_both),
    Leak("messages counted for everybody", ASKED, _to_partners(_letters_counted, path="/my")),
    Leak("the couple's language", SPANISH, _language_of_the_couple),
    Leak("a language left in the browser", SPANISH_HERE, _language_left_behind),
    Leak("a mail when the other sends", SENT, _mail_on_sending),
    Leak("counted tokens", JOINED, _counted_tokens),
    Leak("one throttle for the house", GUESSED, _one_budget_for_the_house),
    Leak("a reset that tells who has an address", ALONE, _answers(_reset_page, path="/password/forgot")),
    Leak("refusals kept for real names only", JOINED, _denials_of_real_names),
    Leak("a row more for real names", JOINED, _rows_of_real_names),
    Leak("an invitation's page that looks it up", OPENED, _answers(_link_checked)),
    Leak("a date that hangs on the other", SENT, _sooner_together),
    Leak("sessions counted in a header", JOINED, _to_partners(_last_seen_of_anybody)),
)
