"""What the rows of a report are made of, opened a batch at a time.

Each kind of work has a loop of its own: taken in turns row by row they push one another out of the
processor's cache, and everything takes a third longer. Of a text only what the report holds is made into
objects; the rest of it is checked to be JSON and passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from pydantic_core import CoreConfig, SchemaValidator, core_schema, from_json
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain import scoring
from portal.domain.answers import Answer
from portal.models import Consent, table_of
from portal.services import openings, questionnaires
from portal.services.export_columns import SAID
from portal.services.tools import Tools
from portal.vault import VaultError

T = TypeVar("T")
#: A row's id, None where there is no such row, and what it keeps.
Kept = tuple[str | None, bytes]


class Broken(Enum):
    """Stands for what cannot be opened; None is what is not there."""

    BROKEN = "broken"


BROKEN: Final = Broken.BROKEN
_CANNOT: Final = (VaultError, ValueError, KeyError)
_NOTHING: Final[Mapping[str, Answer]] = MappingProxyType({})
_NO_ROW: Final[Kept] = (None, b"")


class Scored(NamedTuple):
    """What a report holds of one intake. ``answers``: all of them, or none."""

    scores: Mapping[str, Any]
    answers: Mapping[str, Answer]


def _texts(opened: Callable[[str, bytes], str], kept: Iterable[Kept]) -> list[str | Broken | None]:
    """The text of each that is there; BROKEN where it cannot be opened, so that one bad row breaks no
    report."""
    found: list[str | Broken | None] = []
    for row_id, blob in kept:
        try:
            found.append(None if row_id is None else opened(row_id, blob))
        except _CANNOT:
            found.append(BROKEN)
    return found


def _each(read: Callable[[str], T], texts: Iterable[str | Broken | None]) -> list[T | Broken | None]:
    """What ``read`` makes of each text; BROKEN where it cannot."""
    found: list[T | Broken | None] = []
    for text in texts:
        try:
            found.append(text if text is None or text is BROKEN else read(text))
        except _CANNOT:
            found.append(BROKEN)
    return found


def _shape(keys: Sequence[str], *, needs_all: bool) -> SchemaValidator:
    """Reads these keys of a JSON object, whatever they hold. An error of it shows nothing of the text."""
    fields = {key: core_schema.typed_dict_field(core_schema.any_schema(), required=needs_all) for key in keys}
    # Of what was read keys alone are held for the next text, never an answer.
    config = CoreConfig(cache_strings="keys", hide_input_in_errors=True)
    return SchemaValidator(core_schema.typed_dict_schema(fields, extra_behavior="ignore"), config)


_SAID: Final = _shape(SAID, needs_all=True)
_ROUTE: Final = _shape(["route"], needs_all=True)


class _Form(NamedTuple):
    """How answers to one form are read for a report: of a text what is scored, and the scores of that."""

    read: Callable[[str], Any]
    scores: Callable[[Mapping[str, Answer]], Mapping[str, Any]]


@cache
def _form(version: str, variant: str) -> _Form:
    questions = questionnaires.of(version, variant)
    keys = scoring.report_keys(questions)
    return _Form(_shape(keys, needs_all=False).validate_json, scoring.report_scorer(questions))


def _object(read: Callable[[str], Any], text: str) -> dict[str, Any]:
    """A JSON object by ``read``, which takes a third of the time of ``json`` or less; that knows lone
    surrogates besides. ValueError for anything else."""
    try:
        found = read(text)
    except ValueError:
        found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _whole(text: str) -> Any:
    return from_json(text, cache_strings="keys")


def scored(
    session: Session, tools: Tools, rows: Sequence[Any], *, has_answers: bool
) -> list[Scored | Broken | None]:
    """Scores of each row (``set_id``, ``body_sealed``: the merged blob), and all answers if they are wanted;
    what was just sent has no blob yet and is put together. All are opened before the first is read."""
    opened = tools.vault.opener("answer_set", "body_sealed")
    texts = _texts(opened, [(row.set_id, row.body_sealed) for row in rows])
    found: list[Scored | Broken | None] = []
    for row, text in zip(rows, texts, strict=True):
        try:
            form = _form(row.questionnaire, row.variant)
            answers: Mapping[str, Answer]
            if text is BROKEN:
                found.append(BROKEN)
                continue
            if text is None:
                answers = openings.answers(session, tools, row.id)
            else:
                answers = _object(_whole if has_answers else form.read, text)
            found.append(Scored(form.scores(answers), answers if has_answers else _NOTHING))
        except _CANNOT:
            found.append(BROKEN)
    return found


def advice(tools: Tools, rows: Sequence[Any]) -> list[Mapping[str, Any] | Broken | None]:
    """What a report says (``SAID``) of the newest recommendation of each row's case (``advice_id``,
    ``advice_box``)."""
    opened = tools.vault.unboxer("staff", "recommendation", "body_box")
    return _each(_said, _texts(opened, [(row.advice_id, row.advice_box) for row in rows]))


def _said(text: str) -> Mapping[str, Any]:
    body = _object(_SAID.validate_json, text)
    return body if len(body) == len(SAID) else {key: body[key] for key in SAID}


def signed_routes(tools: Tools, rows: Sequence[Any]) -> list[str | Broken | None]:
    """The route of the newest signed review of each row's case (``review_id``, ``review_box``)."""
    opened = tools.vault.unboxer("staff", "review", "body_box")
    return _each(_route, _texts(opened, [(row.review_id, row.review_box) for row in rows]))


def _route(text: str) -> str:
    return str(_object(_ROUTE.validate_json, text)["route"])


def names(session: Session, tools: Tools, rows: Sequence[Any]) -> list[str | Broken | None]:
    """The name under the newest consent of each row's partner. One statement."""
    c = table_of(Consent).c
    consents = session.execute(
        select(c.id, c.partner_id, c.name_sealed)
        .where(c.partner_id.in_([row.partner_id for row in rows]))
        .order_by(c.given_at, c.id)
    ).all()
    newest: dict[str, Kept] = {row.partner_id: (row.id, row.name_sealed) for row in consents}
    kept = [newest.get(row.partner_id, _NO_ROW) for row in rows]
    return _texts(tools.vault.opener("consent", "name_sealed"), kept)
