"""Reads the default letters, and checks them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from portal.content.faults import Fault
from portal.content.letters import Letters, Message
from portal.content.placeholders import unknown
from portal.content.reading import Document, Strict, Texts, read_checked
from portal.domain.questionnaire import Wording

PLACEHOLDERS = frozenset({"practice", "phone", "link", "date"})
_FILE = Path(__file__).with_name("letters.yaml")


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


def shipped() -> Letters:
    """The letters that ship."""
    return read_letters(_FILE)


def read_letters(path: Path) -> Letters:
    """The letters of a file; ContentError with every fault."""
    given = read_checked(path, _FileIn, _faults)
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
