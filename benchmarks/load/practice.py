"""A practice to load: couples who sit at their forms, couples who sent theirs, a team, an admin.

Made by the portal's own verbs in this process, before anything is served; then only cookies go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import update

from cast import Cast
from portal import create_app
from portal.domain.access import Viewer
from portal.models import Account, CaseFile, StaffAccount, table_of
from portal.services import sessions
from portal.services.tools import Passwords, Tools
from portal.store import Store
from portal.web.cookies import SESSION

Progress = Callable[[str], None]

PASSWORD = "harvest moon over still water"  # noqa: S105  (of nobody)


@dataclass(frozen=True)
class Seat:
    """A signed-in person: the cookie as it is sent, the token of their forms, which record is theirs."""

    cookie: str
    csrf: str
    partner_id: str = ""
    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Practice:
    """Everybody who will be busy."""

    partners: tuple[Seat, ...]
    therapists: tuple[Seat, ...]
    admin: Seat


@contextmanager
def house(config: Mapping[str, str]) -> Iterator[tuple[Store, Tools]]:
    """Both doors and the real keys of an instance, in this process; passwords here cost next to nothing."""
    app = create_app(dict(config))
    opened = app.extensions["portal.house"]
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    try:
        yield opened.store, replace(opened.tools, passwords=cheap)
    finally:
        opened.close()


def fill(config: Mapping[str, str], *, partners: int, therapists: int, sent: int, tell: Progress) -> Practice:
    """``partners`` at their forms, ``sent`` couples whose forms have arrived, all shared out to a team."""
    with house(config) as (store, tools):
        cast = Cast(store, tools, tools.clock, Path(config["PORTAL_INSTANCE"]) / "exports")  # type: ignore[arg-type]
        cast.sets(practice_name="Riverside", phone="555 0100", on_call_email="on-call@example.org")
        team = [cast.therapist(f"t{number}@example.org") for number in range(therapists)]
        admin = cast.therapist("admin@example.org", roles=("admin",))
        _give_password(store, tools, admin)
        seats = []
        for number in range(partners // 2):
            seats += _couple(cast)
            if number % 50 == 49:
                tell(f"{2 * number + 2} partners sit at their forms")
        arrived = [_arrived(cast) for _ in range(sent)]
        cast.works()
        tell(f"{sent} couples have sent theirs")
        own = _share_out(store, arrived, team)
        return Practice(
            tuple(seats),
            tuple(_staff_seat(store, tools, person, tuple(own[person.id])) for person in team),
            _staff_seat(store, tools, admin, ()),
        )


def _give_password(store: Store, tools: Tools, person: Viewer) -> None:
    """Whoever signed in more than five minutes ago is asked for it before a report."""
    table, given = table_of(StaffAccount), tools.passwords.hash(PASSWORD)
    with store.staff.write() as session:
        session.execute(update(table).where(table.c.id == person.id).values(password_hash=given))


def _couple(cast: Cast) -> list[Seat]:
    pair = cast.couple()
    return [_partner_seat(cast.store, cast.tools, someone.joins().viewer) for someone in (pair.a, pair.b)]


def _partner_seat(store: Store, tools: Tools, person: Viewer) -> Seat:
    table = table_of(Account)
    with store.staff.write() as session:
        has_read = {"kept_at": tools.now(), "leaving_seen_at": tools.now()}
        session.execute(update(table).where(table.c.id == person.id).values(has_read))
        token = sessions.open_partner(session, tools, account_id=person.id)
    return Seat(
        f"{SESSION['partner']}={token}", tools.vault.mac("csrf", token.encode()), person.partner_id or ""
    )


def _arrived(cast: Cast) -> str:
    pair = cast.couple()
    for someone in (pair.a, pair.b):
        someone.joins().sends()
    return pair.id


def _share_out(store: Store, cases: list[str], team: list[Viewer]) -> dict[str, list[str]]:
    own: dict[str, list[str]] = {person.id: [] for person in team}
    table = table_of(CaseFile)
    with store.staff.write() as session:
        for case, person in zip(cases, cycle(team), strict=False):
            session.execute(update(table).where(table.c.id == case).values(therapist_id=person.id))
            own[person.id].append(case)
    return own


def _staff_seat(store: Store, tools: Tools, person: Viewer, cases: tuple[str, ...]) -> Seat:
    with store.staff.write() as session:
        token = sessions.open_staff(session, tools, staff_id=person.id, second_factor=True)
    return Seat(f"{SESSION['staff']}={token}", tools.vault.mac("csrf", token.encode()), cases=cases)
