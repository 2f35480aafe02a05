"""The audit trail: newest first, searched and filtered, handed out as a file; who has seen a case."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, abort, render_template, request, stream_with_context

from portal.services import audit_kinds, audit_views, case_names
from portal.services.audit_views import Wanted
from portal.services.errors import NotFresh
from portal.services.export_columns import MARK, clean, inert
from portal.web import context, event_words, freshness, guards, kit
from portal.web.admin import bp, words

Answer = str | tuple[str, int] | Response

#: What stands in the address becomes part of an event: an id, and never what somebody typed.
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|practice")
_FILTERS: Final = ("kind", "subject", "person", "actor", "verb", "since", "until")
_YEARS: Final = range(1970, 2200)
_COLUMNS: Final = ("number", "at", "who", "what", "about", "id", "details")


@bp.get("/admin/audit")
@guards.admin_only()
def everything() -> Answer:
    """All events, or those the address asks for: kind, subject (a case), person, actor, verb, days."""
    return _page(_asked(request.args))


def _is_kind(kind: str, subject: str) -> None:
    if kind not in audit_views.SUBJECTS or _ID.fullmatch(subject) is None:
        abort(404)


@bp.get("/admin/audit/<kind>/<subject>")
@guards.admin_only(find=_is_kind)
def about(kind: str, subject: str) -> Answer:
    """Events about one subject: who has seen this case."""
    return _page({**_asked(request.args), "kind": kind, "subject": subject})


@bp.post("/admin/audit/file")
@guards.admin_only()
def trail_file() -> Answer:
    """What the filters show, whole, as CSV. Needs a fresh sign-in; the event is written first."""
    asked = _asked(request.form)
    wanted = _wanted(asked)
    try:
        freshness.prove()
    except NotFresh as refused:
        return _page(asked, faults=words.password_fault(refused)), 400
    with kit.writing(as_partner=False) as session:
        audit_views.hand_out(session, kit.tools(), wanted=wanted, by=kit.viewer())
        staff = case_names.of_staff(session, kit.tools())
    rows = (_cells(event, staff) for event in audit_views.every(kit.store(), wanted))
    return csv_file("audit-trail.csv", _COLUMNS, rows)


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """A download that no spreadsheet takes for formulas."""

    def pieces() -> Iterator[bytes]:
        yield MARK + _line(columns)
        for row in rows:
            yield _line([inert(clean(cell)) for cell in row])

    # Words are looked up as the rows are made, in the language of whoever asked.
    response = Response(stream_with_context(pieces()), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode()


def _asked(given: Any) -> dict[str, str]:
    """The filters of an address or a form. A case may be given by its whole address."""
    asked = {name: given.get(name, "").strip() for name in _FILTERS}
    if asked["subject"]:
        found = _ID.search(asked["subject"])
        asked["subject"] = found[0] if found else abort(400)
        asked["kind"] = asked["kind"] or "case"
    return asked


def _wanted(asked: dict[str, str]) -> Wanted:
    """The same, checked: 400 for what is not offered."""
    is_known = (
        asked["kind"] in ("", *audit_views.SUBJECTS)
        and asked["person"] in ("", "a", "b")
        and (not asked["person"] or asked["kind"] == "case")
        and (not asked["actor"] or _ID.fullmatch(asked["actor"]) is not None)
        and asked["verb"] in ("", audit_kinds.HIDDEN, *audit_kinds.OPEN)
    )
    if not is_known:
        abort(400)
    return Wanted(
        subject_kind=asked["kind"], subject_id=asked["subject"], person=asked["person"],
        actor=asked["actor"], verb=asked["verb"], since=_day(asked["since"]), until=_day(asked["until"], 1),
    )  # fmt: skip


def _day(text: str, ahead: int = 0) -> datetime | None:
    """The beginning of a day of the practice; ``ahead`` 1: of the day after."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(400)
    if day.year not in _YEARS:
        abort(400)
    zone = ZoneInfo(context.practice().time_zone)
    return datetime.combine(day + timedelta(days=ahead), time.min, zone)


def _page(asked: dict[str, str], *, faults: dict[str, str] | None = None) -> str:
    tools, wanted = kit.tools(), _wanted(asked)
    with kit.writing(as_partner=False) as session:
        trail = audit_views.page(session, tools, by=kit.viewer(), before=_before(), wanted=wanted)
        staff = case_names.of_staff(session, tools)
        is_case = wanted.subject_kind == "case" and wanted.subject_id
        seen = audit_views.seen_by(session, wanted.subject_id) if is_case else ()
    fields = {name: value for name, value in asked.items() if value}
    return render_template(
        "admin/trail.html",
        trail=trail,
        staff=staff,
        asked=asked,
        fields=fields,
        seen=seen,
        older=trail.before and _older(fields, trail.before),
        actors=words.ACTORS,
        subjects=words.SUBJECTS,
        said=event_words.said,
        told=event_words.detail,
        verbs=_verbs(),
        faults=faults or {},
        asks_password=freshness.is_due(),
    )


def _older(fields: dict[str, str], before: int) -> str:
    """The next page; what it is about stands in the path, as everywhere."""
    about = f"/{fields['kind']}/{fields['subject']}" if "subject" in fields else ""
    kept = {name: value for name, value in fields.items() if not about or name not in ("kind", "subject")}
    return f"/admin/audit{about}?" + urlencode({**kept, "before": before})


def _verbs() -> list[tuple[str, str]]:
    kinds = (audit_kinds.HIDDEN, *audit_kinds.OPEN)
    return sorted(((kind, str(event_words.WORDS[kind])) for kind in kinds), key=lambda one: one[1].casefold())


def _cells(event: audit_views.EventView, staff: dict[str, str]) -> list[str]:
    who = staff.get(event.actor_id) or str(words.ACTORS.get(event.actor_kind, event.actor_kind))
    subject = str(words.SUBJECTS.get(event.subject_kind, event.subject_kind))
    return [
        str(event.number), event.happened_at.isoformat(), who, event_words.said(event), subject,
        event.subject_id, event_words.detail(event, staff),
    ]  # fmt: skip


def _before() -> int | None:
    text = request.args.get("before", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        abort(400)
    return int(text)
