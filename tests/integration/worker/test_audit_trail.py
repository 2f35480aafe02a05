"""The audit trail shows every change to it that somebody makes behind the portal's back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.domain.access import Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit, audit_anchors, audit_chain
from portal.services.audit_anchors import START
from portal.services.tools import Tools
from portal.store import Store

#: A value unlike the one that is there, where any text will not do.
_OTHER = {"happened_at": "'2020-01-01 00:00:00.000000'", "number": "9"}

THEA = Viewer(kind="staff", id="11111111-1111-4111-8111-111111111111")


def _write(store: Store, tools: Tools, count: int, *, chain: bool = True) -> None:
    with store.staff.write() as session:
        for number in range(count):
            tools.clock.move(seconds=1)  # type: ignore[attr-defined]
            detail: audit.Detail = {"n": number}
            audit.record(session, tools, by=THEA, verb="case.opened", subject=("case", "c"), detail=detail)
    if chain:
        with store.staff.write() as session:
            audit_chain.extend(session, tools)


def _verify(store: Store, tools: Tools) -> tuple[int, str | None]:
    with store.staff.read() as session:
        return audit_chain.verify(session, tools)


def _tamper(store: Store, statement: str, **values: object) -> None:
    with store.staff.write() as session:
        session.execute(text(statement), values)


def test_an_empty_and_an_untouched_trail_are_sound(store: Store, tools: Tools) -> None:
    assert _verify(store, tools) == (0, None)
    _write(store, tools, 3)
    assert _verify(store, tools) == (3, None)


def test_events_that_wait_for_their_number_are_checked_by_their_own_mac(store: Store, tools: Tools) -> None:
    _write(store, tools, 2)
    _write(store, tools, 2, chain=False)
    assert _verify(store, tools) == (4, None)
    _tamper(store, "update audit_event set detail = '{}' where number is null")
    checked, fault = _verify(store, tools)
    assert (checked, fault is not None and fault.endswith("was changed")) == (3, True)


def test_batches_go_on_where_the_last_one_ended(
    store: Store, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "BATCH", 2)
    _write(store, tools, 5, chain=False)
    lengths = []
    for _ in range(4):
        with store.staff.write() as session:
            lengths.append(audit_chain.extend(session, tools))
    assert (lengths, _verify(store, tools)) == ([2, 2, 1, 0], (5, None))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "00000000-0000-4000-8000-000000000000"),
        ("verb", "case.closed"),
        ("actor_kind", "partner"),
        ("actor_id", "nobody"),
        ("subject_kind", "intake"),
        ("subject_id", "d"),
        ("happened_at", "2026-11-23 15:00:02.000001"),
        ("detail", '{"n": 2}'),
        ("mac", "0" * 64),
    ],
)
def test_a_change_in_any_column_is_found(store: Store, tools: Tools, column: str, value: object) -> None:
    _write(store, tools, 3)
    _tamper(store, f"update audit_event set {column} = :value where number = 2", value=value)
    assert _verify(store, tools) == (2, "event 2 was changed")


def test_no_column_is_left_out(store: Store, tools: Tools) -> None:
    """A column added one day and not covered by the MAC would be seen here."""
    _write(store, tools, 3)
    for column in [column.name for column in table_of(AuditEvent).columns]:
        other = _OTHER.get(column, "'x'")
        with store.staff.write() as session:
            session.execute(text(f"update audit_event set {column} = {other} where number = 2"))
            assert audit_chain.verify(session, tools)[1] is not None, column
            session.rollback()
    assert _verify(store, tools) == (3, None)


@pytest.mark.parametrize("chain", ["0" * 64, None])
def test_a_changed_or_emptied_chain_is_found(store: Store, tools: Tools, chain: str | None) -> None:
    _write(store, tools, 3)
    _tamper(store, "update audit_event set chain = :chain where number = 2", chain=chain)
    assert _verify(store, tools) == (2, "the chain is broken at event 2")


def test_a_number_taken_away_or_changed_is_found(store: Store, tools: Tools) -> None:
    _write(store, tools, 3)
    _tamper(store, "update audit_event set number = 9 where number = 2")
    assert _verify(store, tools) == (2, "event 2 is missing")
    _tamper(store, "update audit_event set number = null where number = 9")
    assert _verify(store, tools) == (2, "event 2 is missing")


@pytest.mark.parametrize("gone", [1, 2])
def test_a_deleted_event_is_a_gap(store: Store, tools: Tools, gone: int) -> None:
    _write(store, tools, 3)
    _tamper(store, "delete from audit_event where number = :gone", gone=gone)
    assert _verify(store, tools) == (gone, f"event {gone} is missing")


def test_a_deletion_with_all_later_numbers_moved_up_breaks_the_chain(store: Store, tools: Tools) -> None:
    _write(store, tools, 3)
    _tamper(store, "delete from audit_event where number = 2")
    _tamper(store, "update audit_event set number = 2 where number = 3")
    assert _verify(store, tools) == (2, "the chain is broken at event 2")


def test_a_copied_event_is_no_event(store: Store, tools: Tools) -> None:
    _write(store, tools, 2)
    columns = "verb, actor_kind, actor_id, subject_kind, subject_id, happened_at, detail, mac, chain"
    _tamper(
        store,
        f"insert into audit_event (id, number, {columns}) "
        f"select 'copy', 3, {columns} from audit_event where number = 2",
    )
    assert _verify(store, tools) == (3, "event 3 was changed")


def test_microseconds_and_time_zones_come_back_as_they_were_signed(store: Store, tools: Tools) -> None:
    for moment in (
        datetime(2026, 11, 23, 15, 0, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 15, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=UTC),
    ):
        tools.clock.at = moment  # type: ignore[attr-defined]
        with store.staff.write() as session:
            audit.record(session, tools, by=THEA, verb="case.opened", subject=("case", "c"))
            audit_chain.extend(session, tools)
    assert _verify(store, tools) == (3, None)


def test_numbers_begin_at_one_and_the_chain_at_the_start(store: Store, tools: Tools) -> None:
    _write(store, tools, 1)
    with store.staff.read() as session:
        row = session.execute(text("select number, chain, mac from audit_event")).one()
    expected = tools.vault.mac("audit_chain", f"{START}|1|{row.mac}".encode())
    assert (row.number, row.chain) == (1, expected)


def test_unexpected_fields_are_counted_and_not_named(store: Store, tools: Tools) -> None:
    with store.partner.write() as session:
        audit.unexpected_fields(session, tools, count=2, by=Viewer(kind="partner", id="p"))
        audit.unexpected_fields(session, tools, count=1, by=THEA)
    with store.staff.read() as session:
        rows = session.execute(
            text("select verb, subject_kind, subject_id, detail from audit_event order by detail desc")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("request.unexpected_fields", "account", "p", '{"count": 2}'),
        ("request.unexpected_fields", "staff", THEA.id, '{"count": 1}'),
    ]


@pytest.mark.parametrize(
    ("subject", "detail"),
    [
        ("c", {"note": "She said no"}),
        ("c", {"to": "a@example.org"}),
        ("c", {"kinds": ["fear", "Ñandú"]}),
        ("c", {"long": "x" * 81}),
        ("Thea Staff", {}),
    ],
)
def test_nobodys_words_become_part_of_an_event(
    store: Store, tools: Tools, subject: str, detail: audit.Detail
) -> None:
    with pytest.raises(audit.NotAKey), store.staff.write() as session:
        audit.record(session, tools, by=THEA, verb="case.viewed", subject=("case", subject), detail=detail)
    assert _verify(store, tools) == (0, None)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    "change",
    [
        "happened_at = 'yesterday'",
        "happened_at = NULL",
        "happened_at = 5",
        "happened_at = happened_at || '9'",
        "happened_at = happened_at || 'x'",
        "happened_at = replace(happened_at, ' ', 'T')",
        "mac = 'é'",
        "mac = x'00ff'",
        "chain = 'é'",
        "chain = x'c3'",
        "detail = x'ff'",
        "verb = cast(x'fffe' as text)",
        "number = 'two'",
        "number = -2",
        "number = 9223372036854775807",
        "id = 'other'",
        "actor_id = actor_id || char(0)",
    ],
)
def test_whatever_is_put_into_an_event_is_a_finding_and_no_crash(
    store: Store, tools: Tools, change: str
) -> None:
    """As somebody does it with the sqlite3 shell, past every type and constraint."""
    _write(store, tools, 3)
    path = str(store.staff.engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("PRAGMA writable_schema = ON")
        shell.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'audit_event'"
        )
        shell.execute("PRAGMA schema_version = 9999")
        shell.execute(f"UPDATE audit_event SET {change} WHERE number = 2")
    store.dispose()
    assert _verify(store, tools)[1] is not None


def test_events_numbered_anew_behind_a_deletion_are_found_by_the_head(
    store: Store, tools: Tools, tmp_path: Path
) -> None:
    """Delete one, take the later ones their numbers, and let the worker chain them again: sound in itself."""
    head = tmp_path / "audit-head.txt"

    def chains() -> None:
        with store.staff.write() as session:
            audit_chain.extend(session, tools)
        audit_anchors.keep_up(store, tools, second=None, head=head)

    _write(store, tools, 5)
    chains()
    first = audit_anchors.head_of(tools, head)
    _tamper(store, "delete from audit_event where number = 3")
    _tamper(store, "update audit_event set number = null, chain = null where number > 3")
    assert _verify(store, tools) == (4, None)
    with pytest.raises(audit_anchors.TrailTorn):
        chains()
    _write(store, tools, 4)
    with pytest.raises(audit_anchors.TrailTorn):
        chains()
    assert _verify(store, tools) == (8, None)
    held = audit_anchors.head_of(tools, head)
    assert (held, held is not None and held.count) == (first, 5)
    with store.staff.read() as session:
        checked, fault = audit_chain.verify(session, tools, [held] if held else [])
    assert (checked, fault) == (5, "event 5 is not the one that was anchored")


def test_the_head_follows_the_trail_and_says_when_it_was_touched(
    store: Store, tools: Tools, tmp_path: Path
) -> None:
    head = tmp_path / "audit-head.txt"
    for count in (0, 2, 5):
        _write(store, tools, {0: 0, 2: 2, 5: 3}[count])
        for _ in range(2):  # the second time there is nothing new
            audit_anchors.keep_up(store, tools, second=None, head=head)
        held = audit_anchors.head_of(tools, head)
        assert held is not None
        assert (held.count, head.stat().st_mode & 0o777) == (count, 0o600)
    head.write_text(head.read_text().replace(" 5 ", " 4 "))
    with pytest.raises(audit_anchors.AnchorDamaged, match=r"audit-head\.txt: line 1"):
        audit_anchors.keep_up(store, tools, second=None, head=head)
    head.write_text("")
    with pytest.raises(audit_anchors.AnchorDamaged):
        audit_anchors.head_of(tools, head)
