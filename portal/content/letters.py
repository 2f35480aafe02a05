"""Default words for letters, requests and mails: the same for every route and every person.

A letter that the therapist must complete holds the mark `OPEN`; whoever releases a letter checks that no
mark is left (`is_open`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.content.placeholders import fill, names, unknown
from portal.content.reading import ContentError, Document, Fault, Strict, Texts, read
from portal.domain.questionnaire import Wording

PLACEHOLDERS = frozenset({"practice", "phone", "link", "date"})
OPEN = "[…]"
_FILE = Path(__file__).with_name("letters.yaml")


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


class _MessageIn(Strict):
    subject: Texts
    body: Texts

    def message(self, key: str) -> Message:
        return Message(key, self.subject.wording(), self.body.wording())


class _LettersIn(Strict):
    next_step: _MessageIn
    service: _MessageIn
    free: _MessageIn


class _StepsIn(Strict):
    not_reached: _MessageIn
    after_the_call: _MessageIn
    first_meeting: _MessageIn
    form_is_open: _MessageIn
    place_later: _MessageIn
    referral: _MessageIn
    closing: _MessageIn


class _RequestsIn(Strict):
    refresh: _MessageIn
    repeat: _MessageIn
    missing: _MessageIn


class _MailsIn(Strict):
    invitation: _MessageIn
    sign_in_help: _MessageIn
    notify: _MessageIn
    on_call_alert: _MessageIn
    staff_set_up: _MessageIn
    staff_reset: _MessageIn


class _FileIn(Strict):
    sentence: Texts
    sent_on: Texts
    call_by: Texts
    invite_later: Texts
    letters: _LettersIn
    steps: _StepsIn
    requests: _RequestsIn
    mails: _MailsIn


def is_open(text: str) -> bool:
    """Whether a letter still holds a place that the therapist has to write."""
    return OPEN in text


@cache
def load() -> Letters:
    """The default letters; ContentError with every fault of the file."""
    return read_letters(_FILE)


def read_letters(path: Path) -> Letters:
    """The letters of a file; ContentError with every fault."""
    document = read(path)
    given = document.as_model(_FileIn)
    faults = list(_faults(document, given))
    if faults:
        raise ContentError(faults)
    return Letters(
        given.sentence.wording(),
        given.sent_on.wording(),
        given.call_by.wording(),
        given.invite_later.wording(),
        letters=_messages(given.letters),
        steps=_messages(given.steps),
        requests=_messages(given.requests),
        mails=_messages(given.mails),
    )


def _messages(kind: _LettersIn | _StepsIn | _RequestsIn | _MailsIn) -> dict[str, Message]:
    return {key: message.message(key) for key, message in kind}


def _faults(document: Document, given: _FileIn) -> Iterator[Fault]:
    for place, wording, known in _texts(given):
        for name in unknown(wording, known):
            yield document.fault(f"unknown placeholder {name}", *place)


def _texts(given: _FileIn) -> Iterator[tuple[tuple[str, ...], Wording, frozenset[str]]]:
    for key in ("sentence", "sent_on", "call_by", "invite_later"):
        known = frozenset({"date"}) if key in ("sent_on", "call_by") else frozenset[str]()
        yield (key,), getattr(given, key).wording(), known
    for kind in ("letters", "steps", "requests", "mails"):
        for key, message in _messages(getattr(given, kind)).items():
            yield (kind, key, "subject"), message.subject, frozenset()
            yield (kind, key, "body"), message.body, PLACEHOLDERS
