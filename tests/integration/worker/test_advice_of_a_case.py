"""Recommendations as the worker makes and keeps them, and the place in the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from cast import Pair
from portal.content.rules import ruleset
from portal.domain.access import Viewer
from portal.models import CaseFile, Practice, Recommendation, table_of
from portal.services import routing
from portal.services.errors import Conflict
from portal.worker import WORKER


def _count(pair: Pair) -> int:
    c = table_of(Recommendation).c
    with pair.cast.store.staff.read() as session:
        return session.scalar(select(func.count(c.id)).where(c.case_id == pair.id)) or 0


def _queue(pair: Pair) -> tuple[int, Any]:
    c = table_of(CaseFile).c
    with pair.cast.store.staff.read() as session:
        row = session.execute(select(c.urgency, c.waiting_since).where(c.id == pair.id)).one()
    return row.urgency, row.waiting_since


def _route(pair: Pair) -> routing.RecommendationView | None:
    with pair.cast.store.staff.write() as session:
        return routing.recommend_case(session, pair.cast.tools, case_id=pair.id, by=WORKER)


def test_nobody_answered_so_there_is_no_advice(pair: Pair) -> None:
    opened_at = pair.cast.clock()
    pair.a.joins()
    pair.cast.works()
    assert (_route(pair), pair.advice(), _count(pair), _queue(pair)) == (None, None, 0, (4, opened_at))


def test_the_same_advice_is_kept_once(pair: Pair) -> None:
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    kept = pair.advice()
    pair.cast.clock.move(days=1)
    assert (_route(pair), pair.advice()) == (kept, kept)


def test_a_new_sending_makes_a_new_recommendation_even_of_the_same_advice(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    before, count = pair.advice(), _count(pair)
    pair.sign(thea)
    assert _queue(pair)[0] == 5
    pair.cast.clock.move(days=1)
    pair.request("a", "refresh", thea)
    pair.a.sends()
    pair.cast.works()
    pair.cast.works()
    after = pair.advice()
    assert before is not None
    assert after is not None
    assert (_count(pair), after.id == before.id) == (count + 1, False)
    assert {**after.body, "inputs_digest": ""} == {**before.body, "inputs_digest": ""}
    assert _queue(pair)[0] == 3


def test_a_signed_review_takes_the_case_off_the_queue_until_something_is_new(
    pair: Pair, thea: Viewer
) -> None:
    pair.a.joins().sends()
    pair.cast.works()
    pair.sign(thea)
    assert _route(pair) == pair.advice()
    assert _queue(pair)[0] == 5
    pair.cast.clock.move(minutes=1)
    pair.b.joins().saves("safety", "next", fear="strong")
    pair.cast.works()
    assert _queue(pair)[0] == 0


def test_the_queue_knows_who_waits_longest(pair: Pair) -> None:
    pair.b.joins().sends(lean="4", commit_months="no")
    first = pair.cast.clock()
    pair.cast.clock.move(hours=2)
    pair.a.joins().sends()
    pair.cast.works()
    assert _queue(pair) == (3, first)


def test_thresholds_are_the_practices_own(pair: Pair) -> None:
    pair.a.joins().sends(alcohol_1="3", alcohol_2="3", alcohol_3="1")
    pair.b.joins().sends()
    pair.cast.works()
    assert pair.route() == ("couples", "matched")
    pair.cast.sets(alcohol_level="6")
    pair.cast.works()
    assert pair.route() == ("consult", "substance")


def test_rules_before_the_practice_was_set_up_are_the_shipped_ones(pair: Pair) -> None:
    pair.a.joins().sends()
    with pair.cast.store.staff.write() as session:
        session.execute(table_of(Practice).delete())
        assert routing.rules_of(session) == ruleset()
    assert pair.file()["partners"]["a"]["alcohol_score"] == 0


def test_two_workers_keep_one_recommendation(pair: Pair) -> None:
    pair.a.joins().sends()
    pair.cast.works()
    pair.cast.clock.move(minutes=1)
    pair.a.says("addition", text="Something new.")
    store, tools = pair.cast.store, pair.cast.tools
    with store.staff.read() as session:
        looks = [routing.look(session, tools, case_id=pair.id) for _ in range(2)]
    with store.staff.write() as session:
        routing.keep(session, tools, looks[0], by=WORKER)
    kept = pair.advice()
    with pytest.raises(Conflict), store.staff.write() as session:
        routing.keep(session, tools, looks[1], by=WORKER)
    assert pair.advice() == kept


def test_a_clock_that_goes_back_does_not_bury_the_newest(pair: Pair) -> None:
    pair.a.joins().sends(harm_received__physical="past_year")
    pair.cast.works()
    before = pair.advice()
    pair.cast.clock.move(hours=-3)
    pair.b.joins().saves("safety", "next", harm_received__strangled="earlier")
    pair.cast.works()
    after = pair.advice()
    assert before is not None
    assert after is not None
    assert (after.made_at, pair.route()) == (
        before.made_at + timedelta(microseconds=1),
        ("safety", "ipv_acute"),
    )


def test_an_intake_goes_stale_by_the_passing_of_days_alone(pair: Pair) -> None:
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    assert pair.route() == ("couples", "matched")
    pair.cast.clock.move(days=60, minutes=5)
    pair.cast.works()
    assert pair.route() == ("couples", "matched")
    pair.cast.clock.move(days=1)
    pair.cast.works()
    assert pair.route() == ("refresh", "stale")


def test_a_day_of_25_hours_does_not_lose_the_day_an_intake_goes_stale(pair: Pair) -> None:
    # Ten minutes past midnight in New York, sixty-one days before a November with an hour more.
    pair.cast.clock.at = datetime(2026, 9, 20, 4, 10, tzinfo=UTC)
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    pair.cast.clock.move(days=61, minutes=1)
    pair.cast.works()
    pair.cast.clock.move(hours=1)
    pair.cast.works()
    assert pair.route() == ("refresh", "stale")


def test_a_signed_case_does_not_go_stale_by_itself(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    pair.sign(thea)
    pair.cast.clock.move(days=62)
    pair.cast.works()
    assert (pair.route(), _queue(pair)[0]) == (("couples", "matched"), 5)


def test_the_digest_beside_the_box_cannot_be_tried_with_the_tables_alone(pair: Pair) -> None:
    """Whoever guesses a whole couple file right does not find it confirmed there."""
    pair.a.joins().sends()
    pair.cast.works()
    kept, c = pair.advice(), table_of(Recommendation).c
    assert kept is not None
    with pair.cast.store.staff.read() as session:
        beside = session.scalar(select(c.inputs_digest).where(c.id == kept.id))
    told = kept.body["inputs_digest"]
    assert beside == pair.cast.tools.vault.digest("staff", "inputs", told)
    assert told.removeprefix("sha256:") not in str(beside)
