"""What a report makes of texts that are not what the portal writes: one row of it, and no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from practice_world import World
from sqlalchemy import delete, insert, select, update

from portal.models import AnswerSet, Intake, Recommendation, table_of
from portal.services.export_columns import SAID, Source
from portal.services.export_rows import BEGINNING, Reader, Span
from portal.vault import Place

LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def case_id(world: World) -> str:
    case = world.case(therapist=world.staff())
    case.send("a", "Alex Morgan")
    return case.id


def _source(world: World) -> Source:
    reader = Reader(world.tools, "key", Span(None, None, LATER), identified=True)
    (source,), _ = reader.batch(world.store.staff, *BEGINNING)
    assert source is not None
    return source


@pytest.mark.parametrize(
    ("text", "found"), [('{"own_words": "\\ud800"}', {"own_words": "\ud800"}), ("no JSON", {})]
)
def test_answers_with_half_a_character_are_read_and_what_is_no_json_is_marked(
    world: World, case_id: str, text: str, found: dict[str, str]
) -> None:
    c, row_id = table_of(AnswerSet).c, world.tools.new_id()
    blob = world.tools.vault.seal(Place("answer_set", "body_sealed", row_id), text)
    with world.store.staff.write() as session:
        intake_id = session.scalar(select(table_of(Intake).c.id))
        session.execute(delete(table_of(AnswerSet)).where(c.intake_id == intake_id))
        row = {"id": row_id, "intake_id": intake_id, "body_sealed": blob, "made_at": world.tools.now()}
        session.execute(insert(table_of(AnswerSet)), [row])
    source = _source(world)
    assert (source.answers, source.is_readable) == (found, bool(found))


@pytest.mark.parametrize("missing", [None, *SAID])
def test_advice_that_lacks_what_a_report_tells_is_marked(
    world: World, case_id: str, missing: str | None
) -> None:
    c = table_of(Recommendation).c
    body = json.dumps({key: None for key in SAID if key != missing})
    with world.store.staff.write() as session:
        for row_id in session.scalars(select(c.id)).all():
            box = world.tools.vault.box("staff", Place("recommendation", "body_box", row_id), body)
            session.execute(update(table_of(Recommendation)).where(c.id == row_id).values(body_box=box))
    source = _source(world)
    assert (source.case_id, source.is_readable) == (case_id, missing is None)
