"""Every encrypted text opens where it lies and nowhere else, names its key, and is padded."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import text

import sealed_practice
from portal.models.blobs import BlobColumn, every
from portal.services import key_changes
from portal.vault import BUCKET, Place, VaultError, key_id_of, new_vault
from sealed_practice import Filled

COLUMNS = {(column.table.name, column.column): column for column in every()}


def test_every_column_is_known_and_holds_something(filled: Filled) -> None:
    opened = sealed_practice.texts(filled.store, filled.tools)
    assert {place[:2] for place in opened} == set(COLUMNS)
    assert sum(sealed_practice.WORD in told for told in opened.values()) >= 12


def test_moved_anywhere_it_does_not_open(filled: Filled) -> None:
    """Each blob into one other row of its own column and into a row of every other column."""
    store, tools = filled.store, filled.tools
    blobs = sealed_practice.blobs(store)
    samples = {place[:2]: (place, blob) for place, blob in blobs.items()}
    moves = [(place, other) for (place, _), (other, _) in product(samples.values(), samples.values())]
    moves += [(place, other) for place, other in product(blobs, blobs) if place[:2] == other[:2]]
    for place, (table, column, row) in moves:
        if place != (table, column, row):
            with pytest.raises(VaultError):
                key_changes.opened(tools, COLUMNS[table, column], row, blobs[place])
    assert len(moves) > len(COLUMNS) ** 2


def test_each_names_its_key_and_is_padded(filled: Filled) -> None:
    store, tools = filled.store, filled.tools
    overhead = {None: 1 + 8 + 32 + 16, "partner": 1 + 8 + 12 + 16, "staff": 1 + 8 + 12 + 16}
    for (table, column, _), blob in sealed_practice.blobs(store).items():
        ring = COLUMNS[table, column].ring
        assert key_id_of(blob) == tools.vault.current_id(ring)
        assert (len(blob) - overhead[ring]) % BUCKET == 0


def test_nonces_are_never_used_twice() -> None:
    vault, place = new_vault(), Place("note", "body_box", "1")
    nonces = {vault.box("staff", place, "")[9:21] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_no_text_of_anybody_stands_in_an_event(filled: Filled) -> None:
    """Whatever the practice keeps encrypted (answers, names, addresses, notes) is in no audit event."""
    store, tools = filled.store, filled.tools
    with store.staff.read() as session:
        events = [" ".join(map(str, row)) for row in session.execute(text("select * from audit_event"))]
    trail = "\n".join(events)
    assert len(events) > 60
    told = [part for whole in sealed_practice.texts(store, tools).values() for part in _words(whole)]
    assert "Somebody" in told
    assert sealed_practice.WORD not in trail
    assert [word for word in told if word in trail] == []


def _words(whole: str) -> list[str]:
    """What a person could have said: names, addresses, sentences; not the keys and ids around them."""
    parts = whole.replace('"', "\n").split("\n")
    return [part for part in parts if "@" in part or part == "Somebody" or " " in part.strip(" :,{}[]")]


def test_the_blob_columns_are_those_of_the_tables() -> None:
    assert all(isinstance(column, BlobColumn) for column in every())
    assert COLUMNS["section_state", "draft_box"].ring == "partner"
    assert COLUMNS["account", "email_sealed"].ring is None
    assert COLUMNS["finding", "body_box"].ring == "staff"
