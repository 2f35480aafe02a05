"""Cases by their scheduling state: opened, assigned, merged."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from portal.services import (
    admin_cases,
    assignments,
    calls,
    case_merges,
    case_names,
    cases,
    closings,
    conflicts,
    people,
)
from portal.services.case_states import CaseState
from portal.services.errors import BadInput, NotFresh, OutOfOrder
from portal.web import bodies, context, freshness, guards, kit
from portal.web.admin import bp, staff_words, words

Answer = str | tuple[str, int] | Response

_CURSOR: Final = re.compile(r"([0-9]{1,17})\.([0-9a-f-]{1,36})")
_TYPED: Final = (
    *("therapist", "other", "slot", "call_slot", "reason", "note", "erase_slot", "erase_reason"),
    *("person", "conflict_reason"),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def exists(case: str) -> None:
    """The guard's look: raises NotFound unless there is such a case."""
    with kit.store().staff.read() as session:
        cases.require_exists(session, case)


@bp.get("/admin/cases")
@guards.admin_only()
def all_cases() -> str:
    """Open cases, the newest first, and the form for a new one."""
    return _list({}, {}, before=_before())


@bp.post("/admin/cases")
@guards.admin_only()
def all_cases_posted() -> Answer:
    """Opens a case and invites whom it is for."""
    typed = {name: bodies.first(name) for name in ("email_a", "email_b")} | {
        "therapist": _looked_up("therapist")
    }
    language = bodies.first("language") or context.locale()
    try:
        if language not in context.LANGUAGES:
            raise BadInput({"language": "not_an_option"})
        with kit.writing(as_partner=False) as session:
            case = admin_cases.open_case(session, kit.tools(), **typed, language=language, by=kit.viewer())
    except BadInput as refused:
        shown = {name: bodies.printable(text) for name, text in {**typed, "language": language}.items()}
        return _list(words.faults(refused.faults), shown), 400
    return redirect(f"/admin/cases/{case}", 303)


@bp.get("/admin/cases/<case>")
@guards.admin_only(find=exists)
def one_case(case: str) -> str:
    """Who was invited, joined, sent; the therapist; who claims whose place."""
    return draw(case, {})


@bp.post("/admin/cases/<case>/therapist")
@guards.admin_only(find=exists)
def therapist_posted(case: str) -> Answer:
    """Gives the case to a therapist, or to nobody."""

    def assign() -> None:
        therapist = _looked_up("therapist")
        with kit.writing(as_partner=False) as session:
            admin_cases.assign(session, kit.tools(), case_id=case, therapist=therapist, by=kit.viewer())

    return acted(case, assign, field="therapist")


@bp.post("/admin/cases/<case>/merge")
@guards.admin_only(find=exists)
def merge_posted(case: str) -> Answer:
    """Moves the one person of another case into a slot of this one."""

    def merge() -> None:
        other, slot = _looked_up("other").strip(), bodies.first("slot")
        with kit.writing(as_partner=False) as session:
            case_merges.merge(session, kit.tools(), case_id=case, other=other, slot=slot, by=kit.viewer())

    return acted(case, merge, field="other")


def acted(case: str, act: Callable[[], None], *, field: str) -> Answer:
    """Does ``act``, then the case again; what refuses it stands beside its form.

    ``field``: where it stands when the case, as it is, forbids it.
    """
    try:
        act()
    except NotFresh as refused:
        return draw(case, words.password_fault(refused)), 400
    except BadInput as refused:
        return draw(case, words.faults(refused.faults)), 400
    except OutOfOrder as refused:
        return draw(case, words.faults({field: refused.reason})), 409
    return redirect(f"/admin/cases/{case}", 303)


def _looked_up(name: str) -> str:
    """A field that only names something: what no database can be asked for names nothing."""
    return bodies.printable(bodies.first(name))


def _before() -> tuple[datetime, str] | None:
    """Where the page before ended; 400 for anything that is no such place."""
    text = request.args.get("before")
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        abort(400)
    return _EPOCH + timedelta(microseconds=int(found[1])), found[2]


def _after(shown: tuple[CaseState, ...]) -> str | None:
    if len(shown) < admin_cases.PAGE:
        return None
    last = shown[-1]
    return f"{(last.opened_at - _EPOCH) // timedelta(microseconds=1)}.{last.id}"


def _list(
    faults: dict[str, str], typed: dict[str, str], *, before: tuple[datetime, str] | None = None
) -> str:
    tools, by = kit.tools(), kit.viewer()
    with kit.writing(as_partner=False) as session:
        shown = admin_cases.page(session, tools, by=by, before=before)
        staff = people.everyone(session, tools)
    return render_template(
        "admin/cases.html",
        cases=shown,
        after=_after(shown),
        is_first=before is None,
        staff={member.id: member.full_name for member in staff},
        therapists=_choices(staff),
        faults=faults,
        summary=words.summary(faults),
        typed=typed,
        origins=words.ORIGINS,
    )


def _choices(staff: tuple[people.StaffMember, ...]) -> list[tuple[str, str]]:
    """(e-mail, name) of everybody who may be given a case."""
    return [
        (member.email, member.full_name)
        for member in staff
        if "therapist" in member.roles and not member.is_disabled
    ]


def draw(case: str, faults: dict[str, str]) -> str:
    """The page of one case; ``faults``: what was wrong with a form of it."""
    tools = kit.tools()
    with kit.writing(as_partner=False) as session:
        state = admin_cases.view(session, tools, case_id=case, by=kit.viewer())
        staff = people.everyone(session, tools)
        names = case_names.of_staff(session, tools)
        called = calls.of_case(session, tools, case)
        blocks = conflicts.of_case(session, case)
        beside = admin_cases.beside(session, tools, state=state)
        suggested = assignments.suggest(session, tools, case_id=case, by=kit.viewer())
        closed_for = closings.reason(session, case) if state.closed_at else None
    return render_template(
        "admin/case.html",
        case=state,
        therapist=next((member for member in staff if member.id == state.therapist_id), None),
        staff=names,
        therapists=_choices(staff),
        called=called,
        blocks=blocks,
        beside=beside,
        suggested=staff_words.lines(suggested),
        training=staff_words.FAMILIES.get(suggested.training or ""),
        conflict_words=staff_words.CONFLICTS,
        conflict_options=staff_words.CONFLICT_OPTIONS,
        emails={member.id: member.email for member in staff},
        closed_for=words.ENDINGS.get(closed_for) if closed_for else None,
        endings=words.ENDINGS,
        erasures=words.ERASURES,
        asks_password=freshness.is_due(),
        faults=faults,
        summary=words.summary(faults),
        typed={name: bodies.printable(bodies.first(name)) for name in _TYPED},
        origins=words.ORIGINS,
    )
