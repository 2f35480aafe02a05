"""The caseload narrowed and ordered by what its address says, each order out of an index of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from practice_world import Case, Desk, World
from sqlalchemy import text, update
from sqlalchemy.dialects import sqlite

from portal.domain.access import Viewer
from portal.models import CaseFile, StaffAccount, table_of
from portal.services import accounts, break_glass, caseload, caseload_queries, practice_settings
from portal.services.caseload import CaseloadPage
from portal.services.caseload_filters import Cursor, Filters, UnknownOption
from portal.web.therapist import words

Sit = Callable[[Viewer], Desk]


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


def page(world: World, by: Viewer, after: Cursor | None = None, **filters: Any) -> CaseloadPage:
    with world.store.staff.write() as session:
        chosen = Filters(**filters)
        return caseload.page(session, world.tools, by=by, after=after, filters=chosen)


def ids(world: World, by: Viewer, **filters: Any) -> list[str]:
    return [row.id for row in page(world, by, **filters).rows]


def mark(case: Case, **values: Any) -> str:
    c = table_of(CaseFile).c
    with case.world.store.staff.write() as session:
        session.execute(update(table_of(CaseFile)).where(c.id == case.id).values(**values))
    return case.id


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {}),
        ({"whose": "all", "sort": "urgency", "urgency": "", "after": "x"}, {}),
        ({"whose": "mine", "urgency": "0", "route": "safety"}, None),
        ({"status": "closed", "language": "es", "sort": "newest"}, None),
    ],
)
def test_an_address_says_what_is_shown_and_keeps_it(
    given: dict[str, str], fields: dict[str, str] | None
) -> None:
    assert Filters.parse(given).as_fields() == (given if fields is None else fields)


@pytest.mark.parametrize("name", ["whose", "urgency", "route", "status", "language", "sort"])
def test_what_is_not_offered_is_refused(name: str) -> None:
    with pytest.raises(UnknownOption, match=name):
        Filters.parse({name: "drop table"})


def test_whose_cases(world: World, thea: Viewer) -> None:
    omar = world.staff("Omar")
    own, nobodys, colleagues = (world.case(therapist=who) for who in (thea, None, omar))
    with world.store.staff.write() as session:
        break_glass.open_case(session, world.tools, case_id=colleagues.id, reason="On call.", by=thea)
    assert set(ids(world, thea)) == {own.id, nobodys.id, colleagues.id}
    assert ids(world, thea, whose="mine") == [own.id]
    assert ids(world, thea, whose="unassigned") == [nobodys.id]


def test_by_urgency_route_and_language(world: World, thea: Viewer) -> None:
    danger, waiting, spanish = (world.case(therapist=thea) for _ in range(3))
    danger.send("a", "Ruth", harm_received__weapon="past_year")
    waiting.send("a", "Kim")
    viewer = spanish.join("a", "Ana")
    with world.store.partner.write() as session:
        accounts.set_language(session, world.tools, language="es", by=viewer)
    spanish.send("a")
    assert ids(world, thea, urgency=0) == [danger.id]
    assert ids(world, thea, urgency=0, sort="waiting") == [danger.id]
    assert ids(world, thea, urgency=0, sort="newest") == [danger.id]
    assert ids(world, thea, route="safety") == [danger.id]
    assert set(ids(world, thea, route="wait")) == {waiting.id, spanish.id}
    assert ids(world, thea, route="couples") == []
    assert ids(world, thea, language="es") == [spanish.id]
    assert set(ids(world, thea, language="en")) == {danger.id, waiting.id}


def test_orders_and_their_pages(world: World, thea: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caseload_queries, "PAGE", 2)
    monkeypatch.setattr(caseload, "PAGE", 2)
    caseload_queries.driven.cache_clear()
    now = world.tools.now()
    cases = [world.case(therapist=thea) for _ in range(5)]
    for n, case in enumerate(cases):
        at, day = now - timedelta(days=n), timedelta(days=1)
        mark(case, waiting_since=at, news_at=now - (n * 7 % 5) * day, urgency=n % 2)
    expected = {
        "urgency": [4, 2, 0, 3, 1],
        "waiting": [4, 3, 2, 1, 0],
        "newest": [0, 3, 1, 4, 2],
    }
    for sort, order in expected.items():
        seen: list[str] = []
        after = None
        for size in (2, 2, 1):
            found = page(world, thea, after, sort=sort)
            assert len(found.rows) == size
            seen += [row.id for row in found.rows]
            after = found.after
        assert (seen, after) == ([cases[n].id for n in order], None), sort
    for n, case in enumerate(cases):
        mark(case, closed_at=now - timedelta(hours=n))
    found = page(world, thea, status="closed")
    assert [row.id for row in found.rows] == [cases[0].id, cases[1].id]
    further = page(world, thea, found.after, status="closed")
    assert [row.id for row in further.rows] == [cases[2].id, cases[3].id]
    assert ids(world, thea) == []
    caseload_queries.driven.cache_clear()


def test_a_filter_without_an_index_stops_looking_and_says_where(
    world: World, thea: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caseload_queries, "LOOKED", 3)
    caseload_queries.driven.cache_clear()
    cases = [world.case(therapist=thea) for _ in range(5)]
    for n, case in enumerate(cases):
        mark(case, waiting_since=world.tools.now() + timedelta(minutes=n), languages="es" if n == 4 else "en")
    first = page(world, thea, language="es")
    assert (first.rows, first.after is not None) == ((), True)
    second = page(world, thea, first.after, language="es")
    assert ([row.id for row in second.rows], second.after) == ([cases[4].id], None)
    caseload_queries.driven.cache_clear()


def test_what_is_new_what_is_overdue_and_how_many(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", "Ana", harm_received__weapon="past_year")
    first = page(world, thea)
    assert [(row.is_new, row.is_overdue) for row in first.rows] == [(True, False)]
    assert first.counts == {"0": 1, "1": 0, "2": 0, "3": 0, "overdue": 0}
    from portal.services import case_views

    with world.store.staff.write() as session:
        case_views.opened(session, world.tools, case_id=case.id, by=thea)
    world.tools.clock.move(days=2)  # type: ignore[attr-defined]
    second = page(world, thea)
    assert [(row.is_new, row.is_overdue) for row in second.rows] == [(False, True)]
    assert second.counts["overdue"] == 1
    case.send("b", "Ben")
    assert [row.is_new for row in page(world, thea).rows] == [True]
    case.see("a", thea)
    case.see("b", thea)
    assert [row.is_overdue for row in page(world, thea).rows] == [False]


EVERY = [
    {"whose": whose, "sort": sort, "urgency": urgency, "status": status, "language": language}
    for whose in ("all", "mine", "unassigned")
    for sort in ("urgency", "waiting", "newest")
    for urgency in (None, 3)
    for status in ("open", "closed")
    for language in ("", "es")
]


def plan_of(world: World, asked: Any) -> list[str]:
    compiled = asked.compile(dialect=sqlite.dialect(paramstyle="named"))
    values = {"viewer": "t", "now": "2026-01-01 00:00:00", "after_urgency": 1, "after_id": "x",
              "after_at": "2026-01-01 00:00:00"}  # fmt: skip
    params = {**compiled.params, **{k: v for k, v in values.items() if k in compiled.params}}
    with world.store.staff.engine.connect() as connection:
        return [row[3] for row in connection.execute(text("EXPLAIN QUERY PLAN " + str(compiled)), params)]


#: A range of the cases of somebody, or of nobody.
BY_WHOSE = re.compile(r"SEARCH case_file USING (COVERING )?INDEX ix_case_file_own_\w+ \(therapist_id=\?")


@pytest.mark.engine("sqlite")  # reads the plan as SQLite words it
def test_every_order_comes_out_of_an_index(world: World) -> None:
    """Own cases and nobody's are merged as they lie: nothing is sorted, no table is walked, on any page."""
    for chosen in EVERY:
        for is_first in (True, False):
            plan = plan_of(world, caseload_queries.looked(Filters(**chosen), is_first=is_first))
            of_cases = [step for step in plan if "case_file" in step]
            assert not [step for step in plan if step.startswith("SCAN")], (chosen, plan)
            if chosen["whose"] == "all":
                assert "MERGE (UNION ALL)" in plan
                assert [bool(BY_WHOSE.match(step)) for step in of_cases] == [True, True, True, False], plan
                assert "(id=?)" in of_cases[3], plan
            else:
                assert [bool(BY_WHOSE.match(step)) for step in of_cases] == [True], plan
                assert not [step for step in plan if "TEMP B-TREE" in step], (chosen, plan)


@pytest.mark.engine("sqlite")
def test_a_filter_looks_into_the_index_of_its_order_and_a_row_is_read_at_its_place(world: World) -> None:
    """What is looked at in vain costs no row, and what is shown no look for where it lies."""
    plan = plan_of(world, caseload_queries.page(Filters(language="es", route="couples"), is_first=True))
    of_index = "SEARCH case_file USING COVERING INDEX ix_case_file_own_queue (therapist_id=? AND closed_at=?)"
    assert [step for step in plan if "case_file" in step][:2] == [of_index] * 2, plan
    assert plan[plan.index("SCAN picked") + 1] == "SEARCH case_file USING INTEGER PRIMARY KEY (rowid=?)", plan


@pytest.mark.engine("sqlite")
def test_who_is_barred_is_listed_only_where_anybody_is(world: World) -> None:
    """SQLite takes 90 KB for each list: a page with a filter would ask the system for two megabytes."""
    plan = plan_of(world, caseload_queries.page(Filters(language="es"), is_first=True))
    asked = [before.split()[0] for before, step in pairwise(plan) if step.startswith("SEARCH conflict_block")]
    assert (asked[::2], asked[1::2]) == (["SCALAR"] * 19, ["LIST"] * 19)


@pytest.mark.engine("sqlite")
def test_a_search_walks_the_newest_cases_and_a_row_only_its_own_plans(world: World) -> None:
    plan = plan_of(world, caseload_queries.search())
    assert [step for step in plan if "ix_case_file_own_opened" in step], plan
    assert not [step for step in plan if "MULTI-INDEX" in step or step.startswith("SCAN case_file")], plan
    of_one = "SEARCH call_plan USING INDEX sqlite_autoindex_call_plan_1 (partner_id=?)"
    assert [step for step in plan if step.startswith("SEARCH call_plan")] == [of_one] * 2


@pytest.mark.engine("sqlite")
def test_the_newest_of_a_row_is_read_off_an_index(world: World) -> None:
    """Whatever a case has of consents and recommendations, nothing of it is sorted, row by row."""
    plan = plan_of(world, caseload_queries.page(Filters(), is_first=True))
    per_row = plan[next(at for at, step in enumerate(plan) if step == "SCAN picked") :]
    per_row = per_row[: next(at for at, step in enumerate(per_row) if "letter" in step)]
    newest = [step for step in per_row if "COVERING INDEX" in step]
    assert newest == [
        "SEARCH recommendation USING COVERING INDEX ix_recommendation_case_id_made_at_id (case_id=?)",
        *["SEARCH consent USING COVERING INDEX ix_consent_partner_id_given_at_id (partner_id=?)"] * 2,
    ]
    assert not [step for step in per_row if "TEMP B-TREE" in step], per_row


def test_a_row_that_is_remembered_changes_with_everything_it_shows(house: World, desk: Sit) -> None:
    """Each line of it in turn, in the browsers of two therapists who look again and again."""
    thea, theo = house.staff(), house.staff("Theo")
    case, sits = house.case(therapist=thea), (desk(thea), desk(theo))

    def shown() -> list[str]:
        pages = [sit.get("/caseload") for _ in range(2) for sit in sits]
        assert [_row_of(page) for page in pages[:2]] == [_row_of(page) for page in pages[2:]]
        return [_row_of(page) for page in pages[:2]]

    nobody, theirs = shown()
    assert ("No name yet, opened" in nobody, theirs) == (True, "")
    case.join("a", "Ana \ue000waiting\ue001 <b>")
    assert "Ana \ue000waiting\ue001 &lt;b&gt;" in shown()[0]
    case.send("a", harm_received__weapon="past_year")
    assert "Safety New since your last look" in " ".join(re.sub(r"<[^>]+>", " ", shown()[0]).split())
    sits[0].get(f"/cases/{case.id}")
    assert "New since your last look" not in shown()[0]
    house.tools.clock.move(days=2)  # type: ignore[attr-defined]
    sits = (desk(thea), desk(theo))
    assert all(part in shown()[0] for part in ("2 days", "Call overdue"))
    mark(case, therapist_id=None)
    assert ["not assigned" in one for one in shown()] == [True, True]
    mark(case, therapist_id=theo.id)
    mine, yours = shown()
    assert (mine, "yours" in yours, "New since your last look" in yours) == ("", True, True)
    with house.store.staff.write() as session:
        session.execute(text("DELETE FROM audit_event"))  # both have the same row now, but for whose it is
        break_glass.open_case(session, house.tools, case_id=case.id, reason="Emergency", by=thea)
    assert ["colleague" in one for one in shown()] == [True, False]
    with house.store.staff.write() as session:
        session.execute(update(table_of(StaffAccount)).values(language="es"))
    spoken = shown()[1]
    assert ("2 días" in spoken, "yours" in spoken, "New since" in spoken) == (True, False, False)


def test_how_long_somebody_waits_goes_on_while_nothing_else_of_the_row_changes(
    house: World, desk: Sit
) -> None:
    thea = house.staff()
    house.case(therapist=thea)

    def waits(**time: float) -> str:
        house.tools.clock.move(**time)  # type: ignore[attr-defined]
        found = [re.search(r'class="waiting"[^>]*>([^<]+)<', desk(thea).get("/caseload")) for _ in range(2)]
        told = [one[1] for one in found if one]
        assert told[0] == told[1]
        return told[0]

    assert [waits(), waits(hours=3), waits(minutes=29), waits(minutes=2), waits(hours=21)] == [
        "0 hours", "3 hours", "3 hours", "4 hours", "1 day",
    ]  # fmt: skip
    assert waits(hours=-22) == "3 hours"


@pytest.mark.parametrize("seconds", [-1, 0, 0.5, 359.9, 360, 360.4, 361, 719, 1800, 86_400 * 9 + 359])
def test_words_for_a_wait_say_from_when_to_when_they_stay(seconds: float) -> None:
    span = timedelta(seconds=seconds)
    said, begins, ends = words.waited_until(span, "en")
    assert begins <= span < ends <= begins + timedelta(seconds=360)
    for other in (begins, (begins + ends) / 2, ends - timedelta(microseconds=1)):
        assert words.waited_until(other, "en") == (said, begins, ends)


def test_a_row_of_safety_says_what_comes_after_everybody_was_seen_alone(house: World, desk: Sit) -> None:
    """As the case page does; who sends again is seen again."""
    thea = house.staff()
    case, sit = house.case(therapist=thea), desk(thea)
    case.send("a", harm_received__weapon="past_year")
    case.join("b")

    def comes_next() -> str:
        return "apart" if "See each person alone" in _row_of(sit.get("/caseload")) else "after"

    found = [comes_next()]
    for slot, is_asked in (("a", True), ("b", False), ("b", True)):
        case.see(slot, thea, ticks=(True, True, is_asked))
        found.append(comes_next())
    assert found == ["apart", "apart", "apart", "after"]
    assert "All were seen alone: clear what was settled, or sign safety" in _row_of(sit.get("/caseload"))
    case.send("b")
    assert comes_next() == "apart"


def test_a_day_in_a_row_is_that_of_the_practice(house: World, desk: Sit) -> None:
    thea, ada = house.staff(), house.staff("Ada", roles=("admin",))
    house.case(therapist=thea)
    found = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):  # a day and an hour apart
        with house.store.staff.write() as session:
            given = {"practice_name": "Here", "phone": "555 0100", "time_zone": zone}
            practice_settings.change(session, house.tools, given=given, by=ada)
        found.add(_row_of(desk(thea).get("/caseload")))
    assert len(found) == 2


def _row_of(page: str) -> str:
    """The only row of a caseload; nothing where it is empty."""
    found = re.search(r'<tr>\s*<th scope="row">.*?</tr>', page, re.S)
    return found[0] if found else ""


def test_the_address_keeps_the_filters_from_page_to_page(
    house: World, desk: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    thea = house.staff()
    for _ in range(51):
        house.case(therapist=thea)
    sit = desk(thea)
    shown = sit.get("/caseload?whose=mine&sort=waiting")
    found = re.search(r'href="(/caseload\?[^"]*after=[^"]+)"', shown)
    assert found is not None
    address = found[1].replace("&amp;", "&")
    assert address.startswith("/caseload?whose=mine&sort=waiting&after=")
    assert sit.get(address).count('scope="row"') == 1
    assert '<option value="mine" selected>' in sit.get(address)
    sit.get("/caseload?sort=name", 400)
    assert "No case fits these filters" in sit.get("/caseload?status=closed")


def test_sixty_cases_say_what_needs_somebody_first(house: World, desk: Sit) -> None:
    thea = house.staff()
    for n in range(60):
        mark(house.case(therapist=thea if n % 3 else None), urgency=n % 4)
    page = desk(thea).get("/caseload")
    said = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for part in ("Same day: 15", "Within two working days: 15", "Ready to sign: 15", "Calls overdue: 0"):
        assert part in said, part
    assert page.count('scope="row"') == 50


def test_what_there_is_none_of_alarms_nobody(house: World, desk: Sit) -> None:
    sit = desk(house.staff())
    levels = r'class="badge urgency-(\w+)" href="/(?:caseload\?urgency=0|calls)"'
    assert re.findall(levels, sit.get("/caseload")) == ["none", "none"]
    mark(house.case(), urgency=0)
    assert re.findall(levels, sit.get("/caseload")) == ["now", "none"]
