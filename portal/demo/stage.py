"""The stage the stories are told on: a clock that is set back, a postbox nobody empties, few passwords.

Everything that happens goes through the portal's own services; only the time is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

from portal.content.words import WORDS
from portal.demo.streams import Stream
from portal.domain.access import Viewer
from portal.services import mail_carriers, passwords
from portal.services.tools import Passwords, Tools
from portal.store import Store

#: Runs every due job with these tools, handing mail to this carrier.
Sweep = Callable[[Tools, mail_carriers.Carrier], None]

_WORDS_IN_A_PASSWORD = 4


class MovableClock:
    """The time of the story."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """What time it is in the story."""
        return self.at

    def move(self, **by: float) -> None:
        """Forward by ``timedelta(**by)``."""
        self.at += timedelta(**by)


class Postbox:
    """Takes every mail, keeps only where its join or set-up link leads, by address; nothing is sent."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}

    def __call__(self, message: EmailMessage, mail_id: str) -> None:
        """Take one mail; its link is all that is kept."""
        for word in message.get_content().split():
            if "/join/" in word:
                self.tokens[message["To"]] = word.rpartition("/")[2]


class FewPasswords(Passwords):
    """Hashes each of the known passwords once, with the portal's own parameters, and then remembers it.

    A demonstration has a hundred accounts and one hash takes a core some hundredths of a second. Anything
    else that is hashed here is a recovery code: all of them get the hash of a secret that is thrown away,
    so that recovery codes of invented people open nothing.
    """

    def __init__(self, real: Passwords, known: Iterable[str], thrown_away: str) -> None:
        self._real = real
        self._hashes = {passwords.canonical(word): real.hash(passwords.canonical(word)) for word in known}
        self._nobodys = real.hash(thrown_away)

    def hash(self, password: str) -> str:
        """The one hash of a known password, or a hash that nothing fits."""
        return self._hashes.get(password, self._nobodys)

    def is_match(self, stored: str | None, password: str) -> bool:
        """As the portal itself compares."""
        return self._real.is_match(stored, password)


@dataclass(frozen=True)
class Secrets:
    """The two passwords of a demonstration: one for every partner, one for all staff."""

    partner: str = field(repr=False)
    staff: str = field(repr=False)


def secrets_of(tools: Tools) -> Secrets:
    """The passwords of this installation's demonstration, computed from its keys and written down nowhere."""
    return Secrets(partner=_password(tools, "partner"), staff=_password(tools, "staff"))


def _password(tools: Tools, whose: str) -> str:
    key = bytes.fromhex(tools.vault.digest("staff", "demonstration_password", whose))
    stream = Stream(whose, key=key)
    drawn: list[str] = []
    while len(drawn) < _WORDS_IN_A_PASSWORD:
        word = stream.pick(WORDS)
        if word not in drawn:
            drawn.append(word)
    return "-".join(drawn)


@dataclass(frozen=True)
class Stage:
    """What the stories are told with. ``staff``: viewer by key of the cast. ``now``: the real time."""

    store: Store
    tools: Tools
    clock: MovableClock
    postbox: Postbox
    secrets: Secrets
    run: Sweep
    now: datetime
    staff: dict[str, Viewer] = field(default_factory=dict)

    @classmethod
    def over(cls, store: Store, tools: Tools, run: Sweep) -> Stage:
        """A stage over a fresh database; ``tools`` are the portal's own."""
        clock, known = MovableClock(tools.now()), secrets_of(tools)
        few = FewPasswords(tools.passwords, (known.partner, known.staff), tools.new_token())
        return cls(
            store=store,
            tools=replace(tools, clock=clock, passwords=few),
            clock=clock,
            postbox=Postbox(),
            secrets=known,
            run=run,
            now=tools.now(),
        )

    def sweep(self) -> None:
        """Let the worker do everything that is due at the time of the story."""
        self.run(self.tools, self.postbox)
