"""An intake from its beginning to the moment it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.content import questionnaire as bank
from portal.domain import drafts, scoring
from portal.domain.access import Viewer
from portal.domain.answers import Answer, Cleaned
from portal.domain.questionnaire import Questionnaire, Section
from portal.models import Intake, SealedEntry, SectionState, table_of
from portal.services import audit, desks, jobs, openings, practices, questionnaires
from portal.services.errors import OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place

#: What staff may ask for (contract.md, ``/cases/<case>/requests``): each opens a new round of the form.
REQUESTS: Final = ("refresh", "repeat", "missing")
FIRST: Final = "first"
#: How readable answers are written; made once.
_DRAFT: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def begin(session: Session, tools: Tools, *, partner_id: str, by: Viewer, call_first: bool = False) -> str:
    """Lay out a partner's first round and return its id; the one that exists already, if any.

    ``call_first``: a self-referral that ticked "I just want to talk first" finds that answer filled in.
    The round keeps today's questionnaire, confidentiality policy and on-call setting. Partner door.
    """
    c = table_of(Intake).c
    held: str | None = session.scalar(select(c.id).where(c.partner_id == partner_id, c.round == 1))
    if held is not None:
        return held
    return _lay_out(session, tools, partner_id=partner_id, number=1, kind=FIRST, call_first=call_first, by=by)


def open_round(
    session: Session, tools: Tools, *, partner_id: str, kind: str, by: Viewer, whole_id: str | None = None
) -> str:
    """Open the form again at the staff's request (refresh, repeat, missing); returns the new round's id.

    ``missing`` takes over what was answered, sealed, so that only the gaps are asked for: the pages show
    "answered, hidden: change" there. The other two start empty, ``repeat`` with the short form. ``whole_id``:
    the round beneath a short form. Needs the private key; staff door. Raises ValueError for another kind
    and OutOfOrder unless the newest round was sent.
    """
    if kind not in REQUESTS:
        raise ValueError(kind)
    c = table_of(Intake).c
    last = session.execute(
        select(c.id, c.round, c.submitted_at, c.questionnaire, c.variant)
        .where(c.partner_id == partner_id)
        .order_by(c.round.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.submitted_at is None:
        raise OutOfOrder("not_sent")
    if kind != "missing":
        return _lay_out(session, tools, partner_id=partner_id, number=last.round + 1, kind=kind, by=by)
    return _continue(session, tools, partner_id=partner_id, last=last, whole_id=whole_id, by=by)


def submit(session: Session, tools: Tools, *, by: Viewer) -> bool:
    """Send the intake, once; False when it was sent before. Blanks never stop it.

    Seals the readable drafts, empties them, and writes event and job; read and written under one lock,
    so that a save in another tab is either in it or refused. Raises OutOfOrder before there is an intake.
    """
    desk = desks.find(session, by=by)
    if desk is None:
        raise OutOfOrder("not_begun")
    return send(session, tools, desk=desk, by=by)


def send(session: Session, tools: Tools, *, desk: desks.Desk, by: Viewer) -> bool:
    """Send what lies on a desk that was read in this transaction; False when it was sent before."""
    if not desk.is_open:
        return False
    now = tools.now()
    _seal_drafts(session, tools, desk)
    i, s = table_of(Intake).c, table_of(SectionState).c
    session.execute(update(table_of(Intake)).where(i.id == desk.intake_id).values(submitted_at=now))
    session.execute(
        update(table_of(SectionState))
        .where(s.intake_id == desk.intake_id)
        .values(draft_box=None, left_at=now)
    )
    audit.record(session, tools, by=by, verb="intake.sent", subject=("intake", desk.intake_id))
    jobs.add(session, tools, kind="submitted", subject_id=desk.intake_id)
    return True


def read_draft(tools: Tools, desk: desks.Desk, section: str) -> dict[str, Answer]:
    """The readable answers of a section; empty where nothing was saved or nothing may be read."""
    box = desk.places[section].draft_box
    if box is None:
        return {}
    place = Place("section_state", "draft_box", f"{desk.intake_id}/{section}")
    draft: dict[str, Answer] = json.loads(tools.vault.unbox("partner", place, box))
    return draft


def is_read(tools: Tools, desk: desks.Desk, section: Section, cleaned: Cleaned, *, is_clear: bool) -> bool:
    """Whether a save changes what the rules read in clear of a form that is not sent.

    Whoever ticks "I just want to talk first" and closes the page, the section never left, is seen all the
    same. What is sealed is looked at by its row.
    """
    told = {*cleaned.values, *cleaned.blanks}
    if section.is_sealed or not (is_clear or not told.isdisjoint(scoring.DRAFT_FIELDS)):
        return False
    earlier = read_draft(tools, desk, section.key)
    now = {} if is_clear else drafts.merged(earlier, cleaned)
    return scoring.draft_answers(now) != scoring.draft_answers(earlier)


def box_draft(tools: Tools, intake_id: str, section: str, values: Mapping[str, Answer]) -> bytes | None:
    """Readable answers as they are kept until sending; None when there are none."""
    if not values:
        return None
    text = _DRAFT.encode(values)
    return tools.vault.box("partner", Place("section_state", "draft_box", f"{intake_id}/{section}"), text)


def sealed_row(
    tools: Tools,
    *,
    intake_id: str,
    section: str,
    version: int,
    values: Mapping[str, Answer],
    clear: bool = False,
    row_id: str = "",
) -> dict[str, Any]:
    """One ``sealed_entry`` row, sealed to the practice: insert it and never look at it again."""
    row_id = row_id or tools.new_id()
    body = json.dumps({"values": values, "clear": clear}, ensure_ascii=False, sort_keys=True)
    return {
        "id": row_id,
        "intake_id": intake_id,
        "section": section,
        "version": version,
        "body_sealed": tools.vault.seal(Place("sealed_entry", "body_sealed", row_id), body),
        "saved_at": tools.now(),
        "screened_at": None,
    }


def _seal_drafts(session: Session, tools: Tools, desk: desks.Desk) -> None:
    rows = [
        sealed_row(
            tools,
            intake_id=desk.intake_id,
            section=key,
            version=place.version,
            values=read_draft(tools, desk, key),
        )
        for key, place in desk.places.items()
        if place.draft_box is not None
    ]
    if rows:
        session.execute(insert(table_of(SealedEntry)), rows)


def _lay_out(
    session: Session,
    tools: Tools,
    *,
    partner_id: str,
    number: int,
    kind: str,
    by: Viewer,
    call_first: bool = False,
) -> str:
    """Intake and one empty place a section, so that every later save is a plain UPDATE."""
    variant = practices.view(session).variant
    if kind == "repeat":
        variant = questionnaires.short(variant)
    questionnaire = questionnaires.of(bank.CURRENT, variant)
    intake_id = _insert(
        session, tools, partner_id=partner_id, number=number, kind=kind, edition=(bank.CURRENT, variant)
    )
    drafts: dict[str, dict[str, Answer]] = {"start": {"call_first": "yes"}} if call_first else {}
    # A short form has a place for every section: whoever sends one that it does not ask loses nothing.
    whole = questionnaires.of(bank.CURRENT, questionnaires.whole(variant))
    _insert_places(session, tools, intake_id, whole, drafts=drafts, touched=drafts)
    _record_opening(session, tools, intake_id, questionnaire.sections[0].key, by)
    return intake_id


def _insert(
    session: Session, tools: Tools, *, partner_id: str, number: int, kind: str, edition: tuple[str, str]
) -> str:
    intake_id = tools.new_id()
    row = {
        "id": intake_id,
        "partner_id": partner_id,
        "round": number,
        "kind": kind,
        "questionnaire": edition[0],
        "variant": edition[1],
        "submit_key": tools.new_token(),
        "begun_at": tools.now(),
        "position": questionnaires.of(*edition).sections[0].key,
        "private": None,
        "submitted_at": None,
    }
    session.execute(insert(table_of(Intake)), [row])
    return intake_id


def _insert_places(
    session: Session,
    tools: Tools,
    intake_id: str,
    questionnaire: Questionnaire,
    *,
    drafts: Mapping[str, Mapping[str, Answer]],
    touched: Mapping[str, Any],
) -> None:
    now = tools.now()
    rows = [
        {
            "intake_id": intake_id,
            "section": section.key,
            "version": 0,
            "save_digest": "",
            "saved_at": now,
            "touched": " ".join(
                item.key for item in section.items if item.key in touched.get(section.key, ())
            ),
            "draft_box": box_draft(tools, intake_id, section.key, drafts.get(section.key, {})),
            "opened_at": now if at == 0 else None,
            "left_at": None,
        }
        for at, section in enumerate(questionnaire.sections)
    ]
    session.execute(insert(table_of(SectionState)), rows)


def _record_opening(session: Session, tools: Tools, intake_id: str, section: str, by: Viewer) -> None:
    subject = ("intake", intake_id)
    audit.record(session, tools, by=by, verb="intake.begun", subject=subject)
    audit.record(session, tools, by=by, verb="section.opened", subject=subject, detail={"section": section})


def _continue(
    session: Session, tools: Tools, *, partner_id: str, last: Any, whole_id: str | None, by: Viewer
) -> str:
    """A round that goes on from the last one: same questionnaire, whole, its answers sealed into it."""
    edition = (last.questionnaire, questionnaires.whole(last.variant))
    questionnaire = questionnaires.of(*edition)
    intake_id = _insert(
        session, tools, partner_id=partner_id, number=last.round + 1, kind="missing", edition=edition
    )
    answers = openings.answers(session, tools, last.id)
    if edition[1] != last.variant and whole_id is not None:
        answers = {**openings.answers(session, tools, whole_id), **answers}
    by_section: dict[str, dict[str, Answer]] = {}
    for key, value in answers.items():
        if questionnaire.has_item(key):
            by_section.setdefault(questionnaire.section_of(key).key, {})[key] = value
    _insert_places(session, tools, intake_id, questionnaire, drafts={}, touched=by_section)
    rows = [
        _taken_over(tools, intake_id, key, values, last.submitted_at) for key, values in by_section.items()
    ]
    if rows:
        session.execute(insert(table_of(SealedEntry)), rows)
    _record_opening(session, tools, intake_id, questionnaire.sections[0].key, by)
    return intake_id


def _taken_over(
    tools: Tools, intake_id: str, section: str, values: Mapping[str, Answer], answered_at: datetime
) -> dict[str, Any]:
    """Old answers keep the time they were sent at, and were screened then: they raise nothing anew."""
    row = sealed_row(tools, intake_id=intake_id, section=section, version=0, values=values)
    return {**row, "saved_at": answered_at, "screened_at": answered_at}
