"""What the rows of a report are made of, opened a batch at a time.

Each kind of work has a loop of its own: taken in turns row by row they push one another out of the
processor's cache, and everything takes a third longer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Row, Select, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from portal.domain.answers import Answer
from portal.models import Consent, Recommendation, Review, table_of
from portal.services import openings
from portal.services.export_columns import SAID
from portal.services.routing import SIGNED_DECISIONS
from portal.services.tools import Tools
from portal.vault import Place, VaultError


class Found(NamedTuple):
    """What belongs to the intakes of one batch beside their answers: advice and signed route by case, names
    by partner. None for what cannot be opened; absent where there is none."""

    advice: Mapping[str, Mapping[str, Any] | None]
    signed: Mapping[str, str | None]
    names: Mapping[str, str | None]

    def is_open(self, row: Row[Any]) -> bool:
        """Whether all that belongs to an intake could be opened."""
        return (
            self.advice.get(row.case_id, {}) is not None
            and self.signed.get(row.case_id, "") is not None
            and self.names.get(row.partner_id, "") is not None
        )


def _tried(read: Callable[..., Any], *arguments: Any) -> Any:
    """What ``read`` gives; None where it cannot be opened, so that one bad row breaks no report."""
    try:
        return read(*arguments)
    except (VaultError, ValueError, KeyError):
        return None


def _parsed(text: str | None) -> Any:
    """JSON, read in a third of the time that ``json`` takes, which knows lone surrogates besides.

    Of what was read keys alone are held for the next text, never an answer.
    """
    if text is None:
        return None
    try:
        return from_json(text, cache_strings="keys")
    except ValueError:
        return _tried(json.loads, text)


def answers(session: Session, tools: Tools, rows: Sequence[Row[Any]]) -> Iterator[dict[str, Answer] | None]:
    """Answers of each row (``id``, ``set_id``, ``body_sealed``: the merged blob); what was just sent has no
    blob yet and is put together. All are opened before the first is read."""
    texts = [_tried(_merged, tools, row) for row in rows]
    for row, text in zip(rows, texts, strict=True):
        yield _tried(openings.answers, session, tools, row.id) if row.set_id is None else _parsed(text)


def _merged(tools: Tools, row: Row[Any]) -> str | None:
    if row.set_id is None:
        return None
    return tools.vault.open(Place("answer_set", "body_sealed", row.set_id), row.body_sealed)


@cache
def _newest_advice() -> Select[Any]:
    outer, c = table_of(Recommendation).c, table_of(Recommendation).alias("newer").c
    later = exists().where(
        c.case_id == outer.case_id,
        or_(c.made_at > outer.made_at, (c.made_at == outer.made_at) & (c.id > outer.id)),
    )
    wanted = outer.case_id.in_(bindparam("cases", expanding=True))
    return select(outer.id, outer.case_id, outer.body_box).where(wanted, ~later)


def advice(session: Session, tools: Tools, case_ids: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
    """What a report says (``SAID``) of the newest recommendation of each case. One statement."""
    rows = session.execute(_newest_advice(), {"cases": case_ids}).all()
    texts = {
        case_id: _tried(tools.vault.unbox, "staff", Place("recommendation", "body_box", row_id), box)
        for row_id, case_id, box in rows
    }
    return {case_id: _tried(_said, text) for case_id, text in texts.items()}


def _said(text: str | None) -> dict[str, Any] | None:
    body = _parsed(text)
    return None if body is None else {key: body[key] for key in SAID}


@cache
def _signed_reviews() -> Select[Any]:
    c = table_of(Review).c
    wanted = c.case_id.in_(bindparam("cases", expanding=True))
    chosen = select(c.id, c.case_id, c.body_box).where(wanted, c.decision.in_(SIGNED_DECISIONS))
    return chosen.order_by(c.made_at, c.id)


def signed_routes(session: Session, tools: Tools, case_ids: Sequence[str]) -> dict[str, str | None]:
    """The route of the newest signed review of each case. One statement."""
    newest = {row.case_id: row for row in session.execute(_signed_reviews(), {"cases": case_ids}).all()}
    return {case_id: _tried(_route_of, tools, row) for case_id, row in newest.items()}


def _route_of(tools: Tools, row: Row[Any]) -> str:
    body = json.loads(tools.vault.unbox("staff", Place("review", "body_box", row.id), row.body_box))
    return str(body["route"])


def names(session: Session, tools: Tools, partner_ids: Sequence[str]) -> dict[str, str | None]:
    """The name under each partner's newest consent. One statement."""
    c = table_of(Consent).c
    rows = session.execute(
        select(c.id, c.partner_id, c.name_sealed)
        .where(c.partner_id.in_(partner_ids))
        .order_by(c.given_at, c.id)
    ).all()
    newest = {row.partner_id: row for row in rows}

    def name(row: Row[Any]) -> str:
        return tools.vault.open(Place("consent", "name_sealed", row.id), row.name_sealed)

    return {key: _tried(name, row) for key, row in newest.items()}
