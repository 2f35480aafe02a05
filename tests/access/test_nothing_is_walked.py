"""No page and no sweep walks a table that grows with the practice: at a million cases that takes seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from sqlalchemy import event, inspect

from access import cells
from access.practice import House
from portal import worker
from portal.commands import serve
from portal.models import Base
from portal.services import rule_walks

#: What has a few rows, however many couples come.
SMALL: Final = frozenset(
    {"practice", "staff_account", "staff_session", "staff_link", "staff_code", "absence", "export", "insight"}
)
_SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
#: Indexes of a few rows among many, and one that is read in its order as far as a page or a count goes.
FEW: Final = frozenset({"ix_invitation_held", "ix_finding_provisional"})
IN_ORDER: Final = re.compile(
    r"WHERE case_file\.closed_at IS NULL( AND \(case_file\.opened_at, case_file\.id\) < \(\?, \?\))?"
    r"\s+ORDER BY case_file\.opened_at DESC, case_file\.id DESC\s+LIMIT \?"
)


@contextmanager
def heard(house: House) -> Iterator[set[str]]:
    """Every statement that is run meanwhile, through both doors."""
    store, found = house.app.extensions["portal.house"].store, set[str]()

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> Any:
        found.add(statement)
        return statement, values

    engines = (store.staff.engine, store.partner.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear, retval=True)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)


def walked(house: House, statement: str) -> set[str]:
    """Tables of which SQLite would read every row, or every entry of an index, for this statement.

    Not where it stops by itself at the first: ``EXISTS`` and a ``LIMIT`` without an order of its own.
    """
    engine = house.app.extensions["portal.house"].store.staff.engine
    growing = set(Base.metadata.tables) - SMALL
    named = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement) if table in growing}
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        places = set(re.findall(r"\?\d+", statement)) or range(statement.count("?"))
        plan = raw.execute("EXPLAIN QUERY PLAN " + statement, [None] * len(places)).fetchall()
    scans = [found for _, _, _, told in plan if (found := _SCAN.match(told)) and found[2] not in FEW]
    is_page = IN_ORDER.search(statement) is not None
    scans = [one for one in scans if not (is_page and one[2] == "ix_case_file_open_opened")]
    return {named.get(one[1], one[1]) for one in scans} & growing


def _is_wanted(statement: str) -> bool:
    return statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE", "INSERT"))


#: "Is there any at all": the first row answers.
_FIRST_ROW = re.compile(r"SELECT case_file\.id \s*FROM case_file\s+LIMIT \? OFFSET \?")


def test_no_page_and_no_sweep_walks_what_grows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # Counting the whole practice is what it is for, once a day.
    monkeypatch.setitem(worker.HANDLERS, "insights", lambda _place, _practice: None)
    with heard(house) as statements:
        for role in ("a", "thea", "theo", "ada"):
            for entrance in cells.entrances(house):
                if entrance.method == "GET":
                    cells.ask(house, role, entrance, "own")
        place = serve.workplace(house.app)
        with place.store.staff.write() as session:
            rule_walks.begin(session, place.tools)
        worker.sweep(place)
    asked = [one for one in statements if _is_wanted(one) and not _FIRST_ROW.fullmatch(one.strip())]
    assert len(asked) > 100
    assert {one: names for one in asked if (names := walked(house, one))} == {}


def test_every_reference_is_found_from_the_other_side(house: House) -> None:
    """Whoever deletes a row has the database look for what refers to it: by an index, or row by row."""
    found = inspect(house.app.extensions["portal.house"].store.staff.engine)
    missing = []
    for table in found.get_table_names():
        begins = {tuple(index["column_names"])[:1] for index in found.get_indexes(table)}
        begins |= {tuple(one["column_names"])[:1] for one in found.get_unique_constraints(table)}
        begins.add(tuple(found.get_pk_constraint(table)["constrained_columns"])[:1])
        for key in found.get_foreign_keys(table):
            if tuple(key["constrained_columns"])[:1] not in begins:
                missing.append((table, key["constrained_columns"]))
    assert missing == []
