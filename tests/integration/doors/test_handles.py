"""SQLite's own connections of the hot way: the same guard, lock, check and errors, and none left behind."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from partner_rooms import Person, join, settle_practice, statements_of
from portal.driven import Driven
from portal.handles import KEPT, Handle, Handles
from portal.models import Account, AuditEvent, PartnerSession, SealedEntry, table_of
from portal.services import audit, desks, intakes, sessions
from portal.services.tools import Tools
from portal.sqlite_files import path_of
from portal.store import Door, Store

pytestmark = pytest.mark.engine("sqlite")


class Refused(Exception):
    """What a check before a commit may raise."""


def handles_of(door: Door) -> Handles:
    """The door's own connections."""
    assert door.handles is not None
    return door.handles


def events(store: Store) -> int:
    """How many events there are."""
    with store.staff.read() as session:
        return len(session.execute(select(table_of(AuditEvent).c.id)).all())


def note(store: Store, tools: Tools, who: Person, *, fails: type[BaseException] | None = None) -> None:
    """Write one event by the hot way."""
    with store.partner.hot_write() as handle:
        audit.unexpected_fields(handle, tools, count=1, by=who.viewer)
        if fails is not None:
            raise fails


@pytest.fixture
def who(store: Store, tools: Tools) -> Person:
    """A partner at the form."""
    settle_practice(store)
    person = join(store, tools)
    with store.partner.write() as session:
        intakes.begin(session, tools, partner_id=person.viewer.partner_id, by=person.viewer)
    return person


def test_a_row_is_the_one_that_every_other_way_finds(store: Store, tools: Tools, who: Person) -> None:
    with store.partner.glance() as connection, store.partner.hot_read() as handle:
        assert isinstance(handle, Handle)
        for find in (desks.find_seat, desks.find_seat_for_page, sessions.find_partner):
            found = find(handle, tools, who.token)
            assert (found is not None, found) == (True, find(connection, tools, who.token))


def test_the_guard_judges_and_listeners_hear(store: Store, tools: Tools, who: Person) -> None:
    sealed = Driven(select(table_of(SealedEntry).c.body_sealed))
    with pytest.raises(DBAPIError, match="prohibited"), store.partner.hot_read() as handle:
        sealed.all(handle, {})
    with store.staff.hot_read() as handle:
        assert sealed.all(handle, {}) == []
    with statements_of(store) as seen:
        note(store, tools, who)
    assert [statement.split()[0] for statement in seen] == ["INSERT"]


def test_it_is_set_up_as_every_connection(store: Store) -> None:
    for door in (store.staff, store.partner):
        asked = ("synchronous", "foreign_keys", "secure_delete", "journal_mode")
        with closing(door.engine.raw_connection()) as usual, door.hot_read() as handle:
            assert isinstance(handle, Handle)
            handle.raw.set_authorizer(None)
            usual.driver_connection.set_authorizer(None)  # type: ignore[union-attr]
            found = [
                [one.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
                for one in (usual.driver_connection, handle.raw)  # type: ignore[union-attr]
            ]
        assert found[0] == found[1] == [2, 1, 1, "wal"]


@pytest.mark.parametrize("fails", [ValueError, KeyboardInterrupt])
def test_what_breaks_off_leaves_nothing(
    store: Store, tools: Tools, who: Person, fails: type[BaseException]
) -> None:
    before = events(store)
    with pytest.raises(fails):
        note(store, tools, who, fails=fails)
    assert events(store) == before
    note(store, tools, who)
    assert events(store) == before + 1


def test_what_the_check_refuses_is_not_kept(store: Store, tools: Tools, who: Person) -> None:
    def refuse() -> None:
        raise Refused

    before = events(store)
    with pytest.raises(Refused):
        note(store.checked(refuse), tools, who)
    assert events(store) == before
    note(store, tools, who)
    assert events(store) == before + 1


def _hasty(store: Store) -> None:
    """Nobody waits long for the lock of another process."""
    with store.partner.hot_read() as handle:
        assert isinstance(handle, Handle)
        handle.raw.set_authorizer(None)
        handle.raw.execute("PRAGMA busy_timeout=20")


def test_a_lock_that_is_taken_is_told_as_ever_and_holds_up_nobody(
    store: Store, tools: Tools, who: Person
) -> None:
    path = path_of(store.partner.engine)
    assert path is not None
    before = events(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        _hasty(store)
        with pytest.raises(OperationalError, match="locked"):
            note(store, tools, who)
    note(store, tools, who)
    assert events(store) == before + 1


def test_an_error_of_the_commit_is_told_and_nothing_is_kept(store: Store, tools: Tools, who: Person) -> None:
    values = {
        "id": "kettle",
        "account_id": "nobody",
        "token_hash": "x",
        "card_box": None,
        "device_hash": None,
    }
    times = dict.fromkeys(("created_at", "last_seen_at", "authenticated_at"), tools.now())
    late = Driven(table_of(PartnerSession).insert())

    def write() -> None:
        with store.partner.hot_write() as handle:
            assert isinstance(handle, Handle)
            handle.raw.set_authorizer(None)
            handle.raw.execute("PRAGMA defer_foreign_keys=ON")
            late.change(handle, {**values, **times})

    with pytest.raises(IntegrityError) as refused:
        write()
    assert "kettle" not in str(refused.value)
    with store.staff.read() as session:
        assert (
            session.scalar(select(table_of(PartnerSession).c.id).where(PartnerSession.id == "kettle")) is None
        )
    note(store, tools, who)


def test_one_is_used_again_and_few_are_kept(store: Store) -> None:
    handles = handles_of(store.partner)
    with store.partner.hot_read() as first:
        pass
    with store.partner.hot_read() as again:
        assert again is first
    many = [handles.take() for _ in range(KEPT + 2)]
    for one in many:
        handles.give_back(one)
    assert len(handles._idle) == KEPT
    assert handles.take() is many[KEPT - 1]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        many[-1].raw.execute("SELECT 1")


def test_whoever_closes_the_store_closes_them(store: Store) -> None:
    with store.partner.hot_read() as partner, store.staff.hot_read() as staff:
        assert isinstance(partner, Handle)
        assert isinstance(staff, Handle)
    store.dispose()
    for handle in (partner, staff):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            handle.raw.execute("SELECT 1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_takes_its_own(store: Store) -> None:
    with store.partner.hot_read() as mine:
        pass
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, b"fresh" if handles_of(store.partner).take() is not mine else b"shared")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(tell)
    with os.fdopen(told, "rb") as answer:
        assert answer.read() == b"fresh"
    assert handles_of(store.partner).take() is mine


def test_no_transaction_stands_around_a_look(store: Store) -> None:
    with store.partner.hot_read() as handle:
        Driven(select(table_of(Account).c.id)).all(handle, {})
        assert not handle.in_transaction()
        with pytest.raises(RuntimeError, match="transaction"):
            Driven(table_of(Account).update().values(language="es")).change(handle, {})
