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
from typing import Any, Final, NamedTuple, TypeVar

from pydantic_core import CoreConfig, SchemaValidator, core_schema, from_json
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal.domain import scoring
from portal.domain.answers import Answer
from portal.models import Consent, table_of
from portal.services import openings, questionnaires
from portal.services.export_columns import SAID
from portal.services.tools import Tools
from portal.vault import Place, VaultError

T = TypeVar("T")


class Broken(Enum):
    """Stands for what cannot be opened; None is what is not there."""

    BROKEN = "broken"


BROKEN: Final = Broken.BROKEN
_CANNOT: Final = (VaultError, ValueError, KeyError)


class Scored(NamedTuple):
    """What a report holds of one intake. ``answers``: all of them, or none."""

    scores: Mapping[str, Any]
    answers: Mapping[str, Answer]


def _each(read: Callable[[Any], T], given: Iterable[Any]) -> list[T | Broken | None]:
    """What ``read`` makes of each that is there; BROKEN where it cannot, so that one bad row breaks no
    report."""
    found: list[T | Broken | None] = []
    for one in given:
        try:
            found.append(one if one is None or one is BROKEN else read(one))
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


@cache
def _scored(version: str, variant: str) -> SchemaValidator:
    return _shape(scoring.report_keys(questionnaires.of(version, variant)), needs_all=False)


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
    session: Session, tools: Tools, rows: Sequence[Row[Any]], *, has_answers: bool
) -> list[Scored | Broken | None]:
    """Scores of each row (``set_id``, ``body_sealed``: the merged blob), and all answers if they are wanted;
    what was just sent has no blob yet and is put together. All are opened before the first is read."""
    opened = tools.vault.open
    kept = [
        None if row.set_id is None else (Place("answer_set", "body_sealed", row.set_id), row.body_sealed)
        for row in rows
    ]
    texts = _each(lambda of: opened(*of), kept)

    def read(of: tuple[Row[Any], str | None]) -> Scored:
        row, text = of
        questions = questionnaires.of(row.questionnaire, row.variant)
        found: Mapping[str, Answer]
        if text is None:
            found = openings.answers(session, tools, row.id)
        elif has_answers:
            found = _object(_whole, text)
        else:
            found = _object(_scored(row.questionnaire, row.variant).validate_json, text)
        return Scored(scoring.report_scores(questions, found), found if has_answers else {})

    pairs = zip(rows, texts, strict=True)
    return _each(read, (BROKEN if pair[1] is BROKEN else pair for pair in pairs))


def advice(tools: Tools, rows: Sequence[Row[Any]]) -> list[Mapping[str, Any] | Broken | None]:
    """What a report says (``SAID``) of the newest recommendation of each row's case (``advice_id``,
    ``advice_box``)."""
    return _each(_said, _unboxed(tools, "recommendation", [(row.advice_id, row.advice_box) for row in rows]))


def _said(text: str) -> dict[str, Any]:
    body = _object(_SAID.validate_json, text)
    return {key: body[key] for key in SAID}


def signed_routes(tools: Tools, rows: Sequence[Row[Any]]) -> list[str | Broken | None]:
    """The route of the newest signed review of each row's case (``review_id``, ``review_box``)."""
    texts = _unboxed(tools, "review", [(row.review_id, row.review_box) for row in rows])
    return _each(lambda text: str(_object(_ROUTE.validate_json, text)["route"]), texts)


def _unboxed(tools: Tools, table: str, rows: Iterable[tuple[str | None, bytes]]) -> list[str | Broken | None]:
    unbox = tools.vault.unbox
    kept = [None if row_id is None else (Place(table, "body_box", row_id), box) for row_id, box in rows]
    return _each(lambda of: unbox("staff", *of), kept)


def names(session: Session, tools: Tools, rows: Sequence[Row[Any]]) -> list[str | Broken | None]:
    """The name under the newest consent of each row's partner. One statement."""
    c = table_of(Consent).c
    consents = session.execute(
        select(c.id, c.partner_id, c.name_sealed)
        .where(c.partner_id.in_([row.partner_id for row in rows]))
        .order_by(c.given_at, c.id)
    ).all()
    newest = {row.partner_id: (Place("consent", "name_sealed", row.id), row.name_sealed) for row in consents}
    return _each(lambda of: tools.vault.open(*of), [newest.get(row.partner_id) for row in rows])
