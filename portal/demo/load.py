"""Builds the demonstration practice in an empty database and says who can sign in to it.

The practice is marked as a demonstration in the very first transaction and as complete in the last one,
so that one that was interrupted can be told from a real practice, and is built anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.demo import cast, roles, stories
from portal.demo.cast import Couple, StaffMember, Step
from portal.demo.plays import Play
from portal.demo.stage import Stage, Sweep, secrets_of
from portal.demo.streams import Stream
from portal.domain.access import Viewer, system
from portal.models import PRACTICE_ID, Account, Base, Practice, StaffAccount, table_of
from portal.services import people, practice_settings, set_ups, sign_ins, staff_profiles
from portal.services.tools import Tools
from portal.store import Store

LOADER: Final = system("demo load")
_ZONE: Final = ZoneInfo("America/New_York")
_OPENED: Final = timedelta(days=91)
_FRIDAY: Final = 4
_SETTINGS: Final = {
    "practice_name": "Larkspur House (invented)",
    "phone": "+1 555 0142",
    "on_call_email": "on-call@practice.example",
    "time_zone": str(_ZONE),
    "confidentiality": "b",
}


class State(StrEnum):
    """What a database holds: nothing, a real practice, half a demonstration, a whole one."""

    EMPTY = "empty"
    REAL = "real"
    HALF = "half"
    WHOLE = "whole"


@dataclass(frozen=True)
class SignIn:
    """One account that can sign in. ``totp`` is empty for partners."""

    role: str
    name: str
    password: str = field(repr=False)
    totp: str = field(default="", repr=False)

    def line(self) -> str:
        """Role, name, password, TOTP secret or ``-``, parted by tabs."""
        return "\t".join((self.role, self.name, self.password, self.totp or "-"))


def state(session: Session) -> State:
    """What this database holds. Staff door."""
    is_demo = session.scalar(
        select(table_of(Practice).c.is_demo).where(table_of(Practice).c.id == PRACTICE_ID)
    )
    if is_demo:
        return State.WHOLE if roles.is_complete(session) else State.HALF
    used = [session.scalar(select(table_of(kind).c.id).limit(1)) for kind in (StaffAccount, Account)]
    return State.EMPTY if used == [None, None] else State.REAL


def clear(session: Session) -> None:
    """Take away half a demonstration, row by row."""
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(delete(table))


def build(store: Store, tools: Tools, run: Sweep, report: Callable[[str], None]) -> None:
    """Tell every story from the first day to now. ``report`` hears how far it is."""
    stage = Stage.over(store, tools, run)
    stage.clock.at = stage.now - _OPENED
    _open_practice(stage)
    plays = {couple.key: Play(stage, couple) for couple in cast.couples()}
    schedule = sorted(
        (moment for couple in cast.couples() for moment in _moments(stage.now, couple)),
        key=lambda one: one.at,
    )
    for number, moment in enumerate(schedule):
        if number % 50 == 0:
            report(f"{number} of {len(schedule)} steps, {moment.at.date().isoformat()}")
        stage.clock.at = moment.at
        stories.tell(plays[moment.step.couple], moment.step)
        stage.sweep()
    stage.clock.at = stage.now
    stage.sweep()
    with store.staff.write() as session:
        roles.keep(session, stage.tools, plays.values(), by=LOADER)
    stage.sweep()


@dataclass(frozen=True)
class _Moment:
    """A step and when it happens."""

    at: datetime
    step: Step


def _moments(now: datetime, couple: Couple) -> list[_Moment]:
    """A couple's steps in time: in order, a while apart, none in the future."""
    found: list[_Moment] = []
    earliest = now - _OPENED
    for number, step in enumerate(couple.steps()):
        minutes = Stream(f"{couple.key}/{number}/time").below(90)
        at = max(_time_of(now, step, minutes), earliest)
        found.append(_Moment(at, step))
        earliest = at + timedelta(minutes=50)
    return found


def _time_of(now: datetime, step: Step, minutes: int) -> datetime:
    """Partners come in the evening, staff work in the morning and not on a weekend."""
    if step.ago < timedelta(days=1):
        return now - step.ago
    day = (now - step.ago).astimezone(_ZONE).date()
    is_by_a_partner = stories.is_by_a_partner(step.verb)
    if not is_by_a_partner and day.weekday() > _FRIDAY:
        day -= timedelta(days=day.weekday() - _FRIDAY)
    at = datetime.combine(day, time(19 if is_by_a_partner else 10), tzinfo=_ZONE)
    return at.astimezone(now.tzinfo) + timedelta(minutes=minutes)


def _open_practice(stage: Stage) -> None:
    """The settings, the mark of a demonstration, and everybody who works here."""
    with stage.store.staff.write() as session:
        practice_settings.change(session, stage.tools, given=_SETTINGS, by=LOADER)
        is_ours = table_of(Practice).c.id == PRACTICE_ID
        session.execute(update(table_of(Practice)).where(is_ours).values(is_demo=True))
    for member in cast.STAFF:
        stage.staff[member.key] = _employ(stage, member)
    stage.sweep()


def _employ(stage: Stage, member: StaffMember) -> Viewer:
    """Make a staff account and set it up by its one-time link."""
    tools = stage.tools
    with stage.store.staff.write() as session:
        made = people.create(
            session, tools, email=member.email, full_name=member.name, roles=member.roles, by=LOADER
        )
        set_up = set_ups.find(session, tools, token=made.link.rpartition("/")[2])
        step = set_ups.matching_step(tools, set_up, pyotp.TOTP(set_up.secret).at(tools.now()))
        password_hash = tools.passwords.hash(stage.secrets.staff)
        set_ups.finish(session, tools, set_up=set_up, password_hash=password_hash, step=step or 0)
        staff_profiles.change(session, tools, staff_id=made.staff_id, given=member.offers, by=LOADER)
    return Viewer(kind="staff", id=made.staff_id, roles=frozenset(member.roles))


def who_can_sign_in(session: Session, tools: Tools) -> list[SignIn]:
    """Every account of the demonstration: staff first, then partners in the order of the cast."""
    secrets = secrets_of(tools)
    found = []
    for member in cast.STAFF:
        claim = sign_ins.find_staff(session, tools, email=member.email, device_hash=None)
        totp = sign_ins.authenticator(session, tools, staff_id=claim.id).secret
        found.append(SignIn(member.roles[0], member.email, secrets.staff, totp))
    for account_id in roles.partners(session).values():
        found.append(SignIn("partner", roles.sign_in_name(session, tools, account_id), secrets.partner))
    return found
