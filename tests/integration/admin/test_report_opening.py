"""What a report makes of texts that are not what the portal writes: one row of it, and no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from practice_world import World
from sqlalchemy import delete, insert, select, update

from portal.models import AnswerSet, Intake, Recommendation, Review, table_of
from portal.services.export_columns import SAID, Source
from portal.services.export_rows import BEGINNING, Reader, Span
from portal.vault import Place

LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def case_id(world: World) -> str:
    case = world.case(therapist=world.staff())
    case.send("a", "Alex Morgan")
    return case.id


def _source(world: World, *, identified: bool = True) -> Source:
    reader = Reader(world.tools, "key", Span(None, None, LATER), identified=identified)
    (source,), _ = reader.batch(world.store.staff, *BEGINNING)
    assert source is not None
    return source


@pytest.mark.parametrize(
    ("text", "found"),
    [('{"own_words": "\\ud800"}', {"own_words": "\ud800"}), ("no JSON", {}), ("[1]", {})],
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
    bare = _source(world, identified=False)
    assert (bare.answers, bare.scores, bare.is_readable) == ({}, source.scores, bool(found))


def test_without_names_the_same_scores_are_read_and_no_answer_is_kept(world: World, case_id: str) -> None:
    whole, bare = _source(world), _source(world, identified=False)
    assert (bare.scores, bare.recommendation, bare.answers) == (whole.scores, whole.recommendation, {})
    assert bare.scores["satisfaction"] is not None
    assert "Morgan" not in repr(whole)


def test_what_was_just_sent_is_put_together_and_scored_alike(world: World, case_id: str) -> None:
    before = _source(world)
    with world.store.staff.write() as session:
        session.execute(delete(table_of(AnswerSet)))
    assert (_source(world).scores, _source(world).answers) == (before.scores, before.answers)


def test_of_advice_and_reviews_the_newest_counts_and_by_id_at_one_moment(world: World, case_id: str) -> None:
    _advise(world, case_id, "refresh", later=timedelta(hours=-1))
    assert _told(world) == ("wait", None)
    ids = sorted(world.tools.new_id() for _ in range(2))
    _advise(world, case_id, "couples", later=timedelta(hours=1), row_id=ids[1])
    _advise(world, case_id, "individual", later=timedelta(hours=1), row_id=ids[0])
    assert _told(world) == ("couples", None)
    _review(world, case_id, "discernment", "override", later=timedelta())
    _review(world, case_id, "couples", "accept", later=timedelta(hours=-1))
    _review(world, case_id, "individual", "defer", later=timedelta(hours=1))
    assert _told(world) == ("couples", "discernment")


def _told(world: World) -> tuple[str, str | None]:
    source = _source(world)
    return (source.recommendation or {})["route"], source.signed_route


def _advise(world: World, case_id: str, route: str, *, later: timedelta, row_id: str | None = None) -> None:
    row_id = row_id or world.tools.new_id()
    body = json.dumps({**dict.fromkeys(SAID), "route": route, "more": "than a report tells"})
    box = world.tools.vault.box("staff", Place("recommendation", "body_box", row_id), body)
    row = {
        "id": row_id, "case_id": case_id, "body_box": box, "ruleset": "-", "inputs_digest": "-",
        "made_at": world.tools.now() + later,
    }  # fmt: skip
    with world.store.staff.write() as session:
        session.execute(insert(table_of(Recommendation)), [row])


def _review(world: World, case_id: str, route: str, decision: str, *, later: timedelta) -> None:
    row_id = world.tools.new_id()
    box = world.tools.vault.box("staff", Place("review", "body_box", row_id), json.dumps({"route": route}))
    with world.store.staff.write() as session:
        advice_id = session.scalar(select(table_of(Recommendation).c.id).limit(1))
        row = {
            "id": row_id, "case_id": case_id, "recommendation_id": advice_id, "decision": decision,
            "body_box": box, "made_by": "-", "made_at": world.tools.now() + later,
        }  # fmt: skip
        session.execute(insert(table_of(Review)), [row])


def test_advice_with_half_a_character_is_told_and_nothing_beside_it(world: World, case_id: str) -> None:
    _advise(world, case_id, "couples\ud800", later=timedelta(hours=1))
    assert dict(_source(world).recommendation or {}) == {**dict.fromkeys(SAID), "route": "couples\ud800"}


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
