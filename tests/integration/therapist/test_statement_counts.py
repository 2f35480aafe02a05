"""What pages of staff cost in statements (measures.md): the same few, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from practice_world import World

from partner_rooms import statements_of


def test_a_caseload_page_costs_three_statements(house: World, desk: Callable[..., Any]) -> None:
    """Session (and practice, whose name and words stand on every page), list, event."""
    thea = house.staff()
    sit = desk(thea)
    found = []
    for _ in range(2):
        with statements_of(house.store) as seen:
            sit.get("/caseload")
        found.append([statement.split()[0] for statement in seen])
        for _ in range(20):
            house.case(therapist=thea)
    assert found == [["SELECT", "WITH", "INSERT"]] * 2


def test_a_case_page_costs_the_same_beside_many_cases(house: World, desk: Callable[..., Any]) -> None:
    thea = house.staff()
    sit = desk(thea)
    case = house.case(therapist=thea)
    found = []
    for _ in range(2):
        with statements_of(house.store) as seen:
            sit.get(f"/cases/{case.id}")
        found.append(len(seen))
        for _ in range(20):
            house.case(therapist=thea)
    assert found[0] == found[1]


def test_the_overview_of_cases_for_admins_costs_the_same_for_many(
    house: World, desk: Callable[..., Any]
) -> None:
    sit = desk(house.staff("Ada", roles=("admin",)))
    found = []
    for _ in range(2):
        with statements_of(house.store) as seen:
            for path in ("/admin", "/admin/cases", "/admin/people", "/admin/exports", "/admin/audit"):
                sit.get(path)
        found.append(len(seen))
        for _ in range(20):
            house.case()
    assert found[0] == found[1]
