"""Statements handed to the driver itself: rows, guard, listeners and errors are as on SQLAlchemy's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, literal_column, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from partner_rooms import join, settle_practice, statements_of
from portal.driven import Driven
from portal.models import Account, PartnerSession, SealedEntry, base, table_of
from portal.models.partner_door import Prohibited
from portal.services import desks, intakes, sessions
from portal.services.tools import Tools
from portal.store import Store

pytestmark = pytest.mark.engine("sqlite")

LANGUAGE = update(table_of(Account)).where(table_of(Account).c.id == bindparam("of_account"))


def change(language: str = "es", who: str = "nobody") -> dict[str, Any]:
    """Values of a change of language."""
    return {"of_account": who, "language": language}


@pytest.fixture
def language() -> Driven:
    """A change of an account's language."""
    return Driven(LANGUAGE.values(language=bindparam("language")))


def test_a_row_is_the_one_that_sqlalchemy_finds(store: Store, tools: Tools) -> None:
    settle_practice(store)
    person = join(store, tools)
    with store.partner.write() as session:
        intakes.begin(session, tools, partner_id=person.viewer.partner_id, by=person.viewer)
    token = {"token_hash": sessions.token_digest(tools, person.token)}
    asked = (
        (sessions._partner_statement(), token),
        (desks._seat_statement(), token),
        (desks._page_statement(), token),
        (desks._own_statement(), {"account_id": person.viewer.id}),
    )
    with store.partner.glance() as connection:
        for driven, values in asked:
            plain = connection.execute(driven.statement, values).one()
            found: Any = driven.one(connection, values)
            assert (tuple(found), found._fields) == (tuple(plain), plain._fields)
            assert driven.one(connection, dict.fromkeys(values, "nobody")) is None


def test_rows_by_place_hold_what_the_rows_by_name_do(store: Store, tools: Tools) -> None:
    """And a value that a statement names again and again is bound once."""
    join(store, tools)
    a, now, value = table_of(Account).c, bindparam("now"), {"now": tools.now()}
    made = Driven(
        select(a.id, a.created_at).where(a.created_at <= now, or_(a.kept_at.is_(None), a.kept_at <= now))
    )
    with statements_of(store) as seen, store.partner.glance() as connection:
        found = made.rows(connection, value)
        assert found == [tuple(row) for row in made.all(connection, value)]
    assert (len(found), type(found[0]), seen[0].count("?1"), seen[0].count("?")) == (1, tuple, 2, 2)
    with store.partner.read() as session:  # the ORM's way
        assert made.rows(session, value) == found


def test_whoever_listens_hears_of_it(store: Store, language: Driven) -> None:
    nobody = {"token_hash": "nobody"}
    with statements_of(store) as seen, store.partner.write_row() as connection:
        sessions._partner_statement().one(connection, nobody)
        assert language.change(connection, change()) == 0
    assert [statement.split()[0] for statement in seen] == ["SELECT", "UPDATE"]


def test_the_guard_judges_it(store: Store) -> None:
    sealed = Driven(select(table_of(SealedEntry).c.body_sealed))
    unasked = Driven(select(literal_column("replace('a', 'a', 'b')").label("b")))
    with store.partner.glance() as connection:
        with pytest.raises(DBAPIError, match="prohibited"):
            sealed.one(connection, {})
        with pytest.raises(Prohibited):
            unasked.one(connection, {})


def test_an_error_is_sqlalchemys_and_names_no_value(store: Store, tools: Tools) -> None:
    row = {
        "id": "kettle", "account_id": "nobody", "token_hash": "x", "created_at": tools.now(),
        "last_seen_at": tools.now(), "authenticated_at": tools.now(), "device_hash": None, "card_box": None,
    }  # fmt: skip
    with pytest.raises(IntegrityError) as refused, store.partner.write_row() as connection:
        Driven(insert(table_of(PartnerSession))).change(connection, row)
    assert "kettle" not in str(refused.value)


def test_a_change_belongs_to_a_transaction(store: Store, tools: Tools, language: Driven) -> None:
    who = join(store, tools).viewer.id
    with store.partner.glance() as connection, pytest.raises(RuntimeError, match="transaction"):
        language.change(connection, change(who=who))
    with store.partner.write_row() as connection:
        assert language.change(connection, change(who=who)) == 1
        connection.rollback()
    with store.partner.write() as session:  # the ORM's way
        assert session.scalar(select(table_of(Account).c.language)) == "en"
        assert language.change(session, change(who=who)) == 1


def test_what_it_cannot_write_by_itself_is_refused(store: Store, language: Driven) -> None:
    a_list = Driven(LANGUAGE.where(table_of(Account).c.id.in_(["a", "b"])).values(language="es"))
    a_mark = Driven(select(literal_column("'?'").label("mark")))
    with store.partner.write_row() as connection:
        with pytest.raises(TypeError, match="question mark"):
            a_mark.one(connection, {})
        with pytest.raises(TypeError, match="missing"):
            language.change(connection, {"language": "es"})
        with pytest.raises(TypeError, match="lists"):
            a_list.change(connection, {"of_account": "nobody"})


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-5))])
@pytest.mark.parametrize("micro", [0, 7, 123456])
def test_a_time_is_written_whole_in_utc(zone: timezone, micro: int) -> None:
    when = datetime(2026, 11, 29, 13, 48, 12, micro, tzinfo=UTC)
    assert base._to_text(when.astimezone(zone)) == f"2026-11-29 13:48:12.{micro:06}"
    assert base._from_text(base._to_text(when.astimezone(zone))) == when
