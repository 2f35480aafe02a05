"""A batch of a report begins where it begins in whatever it reads, on both databases; on SQLite it looks at
no row for what an index holds (PostgreSQL goes by how many rows there are, with 100,000 forms that way)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from practice_world import World
from sqlalchemy import event, text

from portal.services import export_rows
from portal.services.export_orders import ALL, Filters

#: Off on PostgreSQL, so that an empty table is read in the way that many rows lead it to.
_OTHER_WAYS = ("enable_hashjoin", "enable_nestloop", "enable_seqscan", "enable_bitmapscan", "enable_sort")


def _plan(world: World, filters: Filters) -> str:
    """What the database says it will do for a batch."""
    door, told = world.store.staff, list[tuple[str, Any]]()
    asked = export_rows._intakes(filters, False, door.is_postgres)
    values = {"before": datetime(2030, 1, 1, tzinfo=UTC), "slot": "b", "after": "8", "batch": 400}

    def hear(_connection: Any, _cursor: Any, statement: str, bound: Any, *_rest: object) -> None:
        told.append((statement, bound))

    with door.engine.connect() as connection:
        for name in _OTHER_WAYS if door.is_postgres else ():
            connection.execute(text(f"SET LOCAL {name} = off"))
        event.listen(connection, "before_cursor_execute", hear)
        connection.execute(asked.statement, values)
        statement, bound = told[-1]
        cursor = connection.connection.cursor()
        cursor.execute(("EXPLAIN " if door.is_postgres else "EXPLAIN QUERY PLAN ") + statement, bound)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("filters", [ALL, Filters(status="open")])
def test_a_batch_reads_intakes_and_partners_off_their_indexes(world: World, filters: Filters) -> None:
    plan = _plan(world, filters)
    assert "SEARCH intake USING COVERING INDEX ix_intake_sent (id>?)" in plan
    assert "SEARCH partner USING COVERING INDEX ix_partner_id_slot (id=? AND slot=?)" in plan


def test_a_batch_begins_among_the_answers_too(world: World) -> None:
    plan = _plan(world, ALL)
    if world.store.staff.is_postgres:
        begins = plan.partition("uq_answer_set_intake_id on answer_set")[2].splitlines()[1]
        assert "Merge Cond: ((intake.id)::text = (answer_set.intake_id)::text)" in plan
        assert re.search("Index Cond: .*> '8'", begins)
    else:
        assert "SEARCH answer_set USING INDEX sqlite_autoindex_answer_set_2 (intake_id=?)" in plan
