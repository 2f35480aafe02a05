"""The release lint over a case: gathers whose words are whose, and asks the pure check (domain/lint.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.content import letters
from portal.domain import lint
from portal.domain.constructs import DECLINED
from portal.domain.lint import Hit
from portal.domain.questionnaire import Wording
from portal.models import Intake, Partner, table_of
from portal.services import openings, questionnaires
from portal.services.errors import BadInput, OutOfOrder
from portal.services.tools import Tools
from portal.vault import VaultError

#: What partners tell outside the form, and the field that holds their words.
_SAID = {
    "message": "text",
    "appointment_answer": "text",
    "addition": "text",
    "withdrawal": "reason",
    "not_now": "reason",
    "second_not_now": "reason",
}


class LintRefused(BadInput):
    """A text for one partner that says what it must not.

    ``breaches`` in the order they were found; ``pieces``: the text with what must go told apart.
    """

    def __init__(self, field: str, text: str, hits: tuple[Hit, ...]) -> None:
        super().__init__({field: hits[0].breach.kind})
        self.field = field
        self.breaches = lint.breaches(hits)
        self.pieces = lint.marked(text, hits)


def require_clean(
    session: Session,
    tools: Tools,
    *,
    case_id: str,
    partner_id: str,
    field: str,
    text: str,
    may_name_service: bool,
) -> None:
    """Refuse ``text`` for this partner; raises LintRefused for the posted ``field``.

    Reads every sent intake and everything said by both partners: a constant number of statements beside
    one for each intake. Raises OutOfOrder where nobody can open some of it: nothing unread is compared.
    """
    try:
        words = _words_by_partner(session, tools, case_id)
    except VaultError as error:
        raise OutOfOrder("told_unreadable") from error
    own = words.pop(partner_id, [])
    others = [text for texts in words.values() for text in texts]
    hits = lint.find(
        text, others=others, own=own, standard=standard_texts(), may_name_service=may_name_service
    )
    if hits:
        raise LintRefused(field, text, hits)


def standard_texts() -> tuple[str, ...]:
    """What everybody may be told: letters, words for each step, requests and sentences, both languages."""
    content = letters.load()
    written = (*content.letters.values(), *content.steps.values(), *content.requests.values())
    bodies = [message.body for message in written]
    said = (content.sentence, content.sent_on, content.call_by, content.invite_later)
    return tuple(text for wording in (*said, *bodies) for text in _both(wording))


def _words_by_partner(session: Session, tools: Tools, case_id: str) -> dict[str, list[str]]:
    p, i = table_of(Partner).c, table_of(Intake).c
    rows = session.execute(
        select(p.id.label("partner_id"), i.id, i.questionnaire, i.variant)
        .join_from(
            table_of(Partner),
            table_of(Intake),
            (i.partner_id == p.id) & i.submitted_at.is_not(None),
            isouter=True,
        )
        .where(p.case_id == case_id)
    ).all()
    words: dict[str, list[str]] = {row.partner_id: [] for row in rows}
    for partner_id, said in openings.statements(session, tools, list(words), tuple(_SAID)).items():
        words[partner_id] += [str(one.body.get(_SAID[one.kind]) or "") for one in said]
    for row in rows:
        if row.id is not None:
            words[row.partner_id] += _answered(session, tools, row)
    return words


def _answered(session: Session, tools: Tools, row: Any) -> Iterator[str]:
    """What an intake says: own words as typed, choices in the words of both languages."""
    asked = questionnaires.of(row.questionnaire, row.variant)
    for key, answer in openings.answers(session, tools, row.id).items():
        if not asked.has_item(key):
            continue
        item = asked.item(key)
        if not item.options:
            yield from _listed(answer)
            continue
        chosen = [item.option(value) for value in _listed(answer) if value != DECLINED]
        yield from (text for option in chosen if option is not None for text in _both(option.text))


def _listed(answer: str | list[str]) -> Iterable[str]:
    return [answer] if isinstance(answer, str) else answer


def _both(wording: Wording) -> tuple[str, str]:
    return wording.en, wording.es
