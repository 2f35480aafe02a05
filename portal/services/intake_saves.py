"""Saving one section: an autosave (draft) or a button of the form.

Two steps. ``prepare`` decides and seals, without the database; ``store`` writes in a short transaction
and lets the database check again that nothing was saved in between (measures.md: section write,
``last_seen``, and for a sealed section the sealed row).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, update

from portal.domain import drafts
from portal.domain.access import Viewer
from portal.domain.answers import Answer, Cleaned
from portal.domain.drafts import Go
from portal.domain.questionnaire import Section
from portal.driven import Driven
from portal.models import Intake, SealedEntry, SectionState, table_of
from portal.services import audit, desks, intakes, jobs, sessions
from portal.services.desks import Desk, Place
from portal.services.errors import Conflict, Refused
from portal.services.tools import Tools
from portal.store import Hot


class Ended(Refused):
    """The session ended between reading and writing: nothing was stored (401)."""

    def __init__(self) -> None:
        super().__init__("ended")


class Result(StrEnum):
    """What became of a save: stored, received and not kept, or the last one sent once more."""

    STORED = "stored"
    NOT_KEPT = "not_kept"
    REPEATED = "repeated"


@dataclass(frozen=True)
class Posted:
    """One posted section: its cleaned answers, the counter it was made on, the button, the whole body."""

    section: Section
    cleaned: Cleaned
    version: str
    go: Go
    to: str
    fields: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Save:
    """A decided save: the columns of its section, and what goes along.

    ``is_read``: it changes what the rules read of a form that is not sent, in clear as it stands.
    """

    intake_id: str
    section: str
    version: int
    digest: str
    go: Go
    columns: Mapping[str, Any]
    sealed: Mapping[str, Any] | None
    intake_columns: Mapping[str, Any]
    opens: str | None
    is_first_opening: bool
    unexpected: int
    is_read: bool
    result: Result


#: While `private` is no, only these of a silent section's fields may leave a trace.
_ENVELOPE = frozenset({"section", "version", "go", "to"})


def prepare(tools: Tools, desk: Desk, posted: Posted) -> Save:
    """Decide what a clean posted section changes. Raises Conflict for a sent intake or another counter."""
    if not desk.is_open:
        raise Conflict("sent")
    is_silent = posted.section.silent and desk.private == "no"
    digest = _digest(tools, desk, posted, is_silent=is_silent)
    result = _result(desk, posted, digest, is_silent=is_silent)
    place = desk.places[posted.section.key]
    values = {} if is_silent or posted.go is Go.CLEAR else dict(posted.cleaned.values)
    goal = drafts.destination(desk.questionnaire, posted.section.key, posted.go, posted.to)
    # The answers do not matter where nothing is kept, and were stored already where it is a repetition.
    keeps = result is Result.STORED and not is_silent
    return Save(
        intake_id=desk.intake_id,
        section=posted.section.key,
        version=desk.version,
        digest=digest,
        go=posted.go,
        columns=_kept(tools, desk, posted, place, values) if keeps else {},
        sealed=_sealed(tools, desk, posted, values) if keeps else None,
        intake_columns=_intake_columns(desk, posted, goal, values),
        opens=goal if goal != posted.section.key else None,
        is_first_opening=not desk.places[goal].is_opened,
        unexpected=len(posted.cleaned.unexpected),
        is_read=keeps and _is_read(tools, desk, posted),
        result=result,
    )


def row(save: Save) -> Select[Any]:
    """The row that decides a save: of two tabs, the second sees what the first one wrote."""
    c = table_of(Intake).c
    return select(c.id).where(c.id == save.intake_id)


def store(session: Hot, tools: Tools, *, save: Save, by: Viewer) -> Result:
    """Write a prepared save. Raises Conflict when another tab was quicker, Ended when the session ended."""
    if save.result is Result.STORED:
        repeated = _write(session, tools, save, by)
        if repeated:
            return Result.REPEATED
    if save.unexpected and save.result is not Result.REPEATED:
        audit.unexpected_fields(session, tools, count=save.unexpected, by=by)
    if not sessions.touch(session, tools, by):
        raise Ended
    return save.result


def _write(session: Hot, tools: Tools, save: Save, by: Viewer) -> bool:
    """Write everything; True when the very same save was written a moment ago by a second sending."""
    if not _write_section(session, tools, save):
        desk = desks.find(session, by=by)
        if desk is None:  # gone, or no longer this visitor's to see
            raise Ended
        if _is_repeated(desk, save.version, save.digest):
            return True
        raise Conflict("newer")
    if save.sealed is not None:
        _sealed_insert().change(session, save.sealed)
    if save.intake_columns:
        change = _intake_update(tuple(save.intake_columns))
        change.change(session, {**save.intake_columns, "of_intake": save.intake_id})
    if save.go is not Go.DRAFT:
        _move(session, tools, save, by)
    # Leaving lets findings latch.
    if save.is_read or save.go in drafts.LEAVING:
        jobs.add(session, tools, kind="left", subject_id=save.intake_id)
    return False


def _write_section(session: Hot, tools: Tools, save: Save) -> bool:
    """Compare-and-set on the counter of the whole intake; False when it moved on or the intake was sent."""
    columns = {
        "version": save.version + 1,
        "save_digest": save.digest,
        "saved_at": tools.now(),
        **save.columns,
        **({"left_at": tools.now()} if save.go in drafts.LEAVING else {}),
    }
    where = {"of_intake": save.intake_id, "of_section": save.section, "of_version": save.version}
    return _section_update(tuple(columns)).change(session, {**columns, **where}) == 1


# Each is built once, for each set of columns: putting it together costs more than running it.
@cache
def _sealed_insert() -> Driven:
    return Driven(insert(table_of(SealedEntry)))


@cache
def _intake_update(columns: tuple[str, ...]) -> Driven:
    change = update(table_of(Intake)).where(table_of(Intake).c.id == bindparam("of_intake"))
    return Driven(change.values({name: bindparam(name) for name in columns}))


@cache
def _opening() -> Driven:
    c = table_of(SectionState).c
    place = (c.intake_id == bindparam("of_intake")) & (c.section == bindparam("of_section"))
    return Driven(update(table_of(SectionState)).where(place).values(opened_at=bindparam("opened_at")))


@cache
def _section_update(columns: tuple[str, ...]) -> Driven:
    table, intake = table_of(SectionState), table_of(Intake).c
    other = table.alias("any_section")
    newest = select(func.max(other.c.version)).where(other.c.intake_id == bindparam("of_intake"))
    sent = select(intake.submitted_at).where(intake.id == bindparam("of_intake"))
    change = update(table).where(
        table.c.intake_id == bindparam("of_intake"),
        table.c.section == bindparam("of_section"),
        newest.scalar_subquery() == bindparam("of_version"),
        sent.scalar_subquery().is_(None),
    )
    return Driven(change.values({name: bindparam(name) for name in columns}))


def _move(session: Hot, tools: Tools, save: Save, by: Viewer) -> None:
    """Leaving, clearing and opening."""
    subject = ("intake", save.intake_id)
    verb = "section.cleared" if save.go is Go.CLEAR else "section.left"
    audit.record(session, tools, by=by, verb=verb, subject=subject, detail={"section": save.section})
    if save.opens is None:
        return
    if save.is_first_opening:
        place = {"of_intake": save.intake_id, "of_section": save.opens}
        _opening().change(session, {**place, "opened_at": tools.now()})
    audit.record(
        session, tools, by=by, verb="section.opened", subject=subject, detail={"section": save.opens}
    )


def _result(desk: Desk, posted: Posted, digest: str, *, is_silent: bool) -> Result:
    if posted.version != str(desk.version):
        if posted.version == str(desk.version - 1) and _is_repeated(desk, desk.version - 1, digest):
            return Result.REPEATED
        raise Conflict("newer")
    return Result.NOT_KEPT if is_silent and posted.go is Go.DRAFT else Result.STORED


def _is_repeated(desk: Desk, version: int, digest: str) -> bool:
    return desk.version == version + 1 and hmac.compare_digest(desk.newest.save_digest, digest)


def _digest(tools: Tools, desk: Desk, posted: Posted, *, is_silent: bool) -> str:
    """Keyed, because an answer has few values and could be tried; only the envelope where all is silent.

    Keyed also with the form's token, which hangs on the cookie in the browser: whoever takes over the process
    and has its keys still cannot try answers against the digest.
    """
    names = _ENVELOPE if is_silent else None
    text = drafts.fingerprint(posted.fields, posted.go, names=names)
    token = "|".join(posted.fields.get("csrf_token", ()))
    return tools.vault.digest("partner", "save", f"{desk.intake_id}|{token}|{text}")


def _is_read(tools: Tools, desk: Desk, posted: Posted) -> bool:
    is_clear = posted.go is Go.CLEAR
    return intakes.is_read(tools, desk, posted.section, posted.cleaned, is_clear=is_clear)


def _kept(
    tools: Tools, desk: Desk, posted: Posted, place: Place, values: Mapping[str, Answer]
) -> dict[str, Any]:
    """The section's columns that hold answers, or which items have one."""
    section, is_clear = posted.section, posted.go is Go.CLEAR
    if section.is_sealed:
        keys = frozenset[str]() if is_clear else {*place.touched, *values}
        return {"touched": " ".join(drafts.touched(section, keys))}
    earlier = intakes.read_draft(tools, desk, section.key)
    draft = {} if is_clear else drafts.merged(earlier, posted.cleaned)
    # What a "missing" round took over is sealed: a blank here cannot erase it, so it stays touched.
    taken_over = set(place.touched) - set(earlier)
    keys = set(draft) | (set() if is_clear else taken_over)
    return {
        "touched": " ".join(drafts.touched(section, keys)),
        "draft_box": intakes.box_draft(tools, desk.intake_id, section.key, draft),
    }


def _sealed(tools: Tools, desk: Desk, posted: Posted, values: Mapping[str, Answer]) -> dict[str, Any] | None:
    """The sealed row of a sealed section; none when only blanks came, which erase nothing."""
    is_clear = posted.go is Go.CLEAR
    has_something = is_clear or (posted.section.is_sealed and bool(values))
    # A readable section has sealed answers only in a round that took some over.
    if not has_something or (not posted.section.is_sealed and desk.round == 1):
        return None
    return intakes.sealed_row(
        tools,
        intake_id=desk.intake_id,
        section=posted.section.key,
        version=desk.version + 1,
        values=values,
        clear=is_clear,
    )


def _intake_columns(desk: Desk, posted: Posted, goal: str, values: Mapping[str, Answer]) -> dict[str, Any]:
    """What changes on the intake itself: where one stands, and `private` in clear."""
    columns: dict[str, Any] = {}
    if posted.go is not Go.DRAFT and goal != desk.position:
        columns["position"] = goal
    if "private" in posted.section.by_key:
        private = _private(desk, posted, values)
        if private != desk.private:
            columns["private"] = private
    return columns


def _private(desk: Desk, posted: Posted, values: Mapping[str, Answer]) -> str | None:
    if posted.go is Go.CLEAR or "private" in posted.cleaned.blanks:
        return None
    value = values.get("private", desk.private)
    return value if isinstance(value, str) else None
