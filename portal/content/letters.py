"""Default words for letters, requests and mails: the same for every route and every person.

A letter that the therapist must complete holds the mark `OPEN`; whoever releases a letter checks that no
mark is left (`is_open`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.content import shipped
from portal.content.placeholders import fill, names
from portal.domain.questionnaire import Wording

OPEN = "[…]"


@dataclass(frozen=True)
class Message:
    """A subject and a body in both languages; the body may hold placeholders, the subject none."""

    key: str
    subject: Wording
    body: Wording

    @property
    def placeholders(self) -> frozenset[str]:
        """The names the body wants filled in."""
        return names(self.body.en)

    def render(self, locale: str, **values: str) -> tuple[str, str]:
        """Subject and body in a language, filled in; KeyError when a value is missing."""
        return self.subject.in_locale(locale), fill(self.body.in_locale(locale), values)


@dataclass(frozen=True)
class Letters:
    """Everything the portal says in writing.

    `sentence` is the fixed one of clinical.md §6; `sent_on` and `call_by` hold {date}; `invite_later` is
    said to everybody who asks to invite their partner (clinical.md §4). `letters` are the
    kinds there are, `steps` words to start from for one further step each.
    """

    sentence: Wording
    sent_on: Wording
    call_by: Wording
    invite_later: Wording
    letters: Mapping[str, Message]
    steps: Mapping[str, Message]
    requests: Mapping[str, Message]
    mails: Mapping[str, Message]


def is_open(text: str) -> bool:
    """Whether a letter still holds a place that the therapist has to write."""
    return OPEN in text


def load() -> Letters:
    """The default letters; ContentError with every fault of the file."""
    found: Letters = shipped.part("letters")
    return found
