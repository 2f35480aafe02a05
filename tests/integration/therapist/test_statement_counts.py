"""What pages of staff cost in statements (measures.md): the same few, whatever they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from practice_world import World

from partner_rooms import statements_of
from portal.rings import RingName
from portal.vault import Place, Vault

#: Who asks, whether they may (before the page and in its transaction), the event, and one or two a table.
CASE_PAGE = 27


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
    assert found == [CASE_PAGE, CASE_PAGE]


def test_a_case_page_costs_the_same_when_much_happened_and_opens_each_sealed_thing_once(
    house: World, desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    thea = house.staff()
    sit, case = desk(thea), house.case(therapist=thea)
    for slot in "ab":
        case.send(slot)
        case.say(slot, "addition", {"text": "Something came up."})
        case.see(slot, thea)
    case.sign(thea)
    places = watched(monkeypatch)
    with statements_of(house.store) as seen:
        sit.get(f"/cases/{case.id}")
    assert len(seen) == CASE_PAGE
    kinds = Counter(place.table for place in places)
    assert (kinds["answer_set"], kinds["statement"], kinds["consent"], kinds["interview"]) == (2, 4, 2, 2)
    assert sorted(places) == sorted(set(places))


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """Every place that is opened from now on."""
    places: list[Place] = []
    opened, unboxed = Vault.open, Vault.unbox

    def opening(vault: Vault, place: Place, blob: bytes) -> str:
        places.append(place)
        return opened(vault, place, blob)

    def unboxing(vault: Vault, ring: RingName, place: Place, blob: bytes) -> str:
        places.append(place)
        return unboxed(vault, ring, place, blob)

    monkeypatch.setattr(Vault, "open", opening)
    monkeypatch.setattr(Vault, "unbox", unboxing)
    return places


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
