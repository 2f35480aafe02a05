"""One person's page, conflicts and suggestions on a case's page, and a therapist's handing back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from admin_browser import Desk, errors
from practice_world import PASSWORD, World

from portal.services import absences, cases, conflicts, staff_profiles
from portal.services.errors import NotFound


@pytest.fixture
def thea(sit: Callable[..., Desk]) -> Desk:
    return sit("Thea", "therapist")


@pytest.fixture
def theo(sit: Callable[..., Desk]) -> Desk:
    return sit("Theo", "therapist")


def _where(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("Location")


def _age(house: World) -> None:
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]


def test_a_profile_is_saved_shown_and_refused_with_what_was_ticked(
    house: World, ada: Desk, thea: Desk
) -> None:
    path = f"/admin/people/{thea.viewer.id}"
    saved = ada.post(
        f"{path}/profile", trainings=["", "eft_core"], languages=["", "es"], formats=[""],
        hours=["", "mon_evening"], places="5",
    )  # fmt: skip
    assert _where(saved) == (303, path)
    with house.store.staff.read() as session:
        kept = staff_profiles.all_profiles(session, house.tools)[thea.viewer.id]
    assert (kept.trainings, kept.languages, kept.places) == ({"eft_core"}, {"es"}, 5)
    page = ada.get(path)
    assert re.findall(r'value="([a-z_0-9]+)" checked|value="([a-z_0-9]+)"[^>]* checked', page.text) == [
        ("eft_core", ""), ("es", ""), ("mon_evening", ""),
    ]  # fmt: skip
    refused = ada.post(f"{path}/profile", places="500", formats=["", "online"])
    assert (refused.status_code, set(errors(refused))) == (400, {"places"})
    assert 'value="online" checked' in refused.text
    assert 'value="500"' in refused.text


def test_the_list_of_people_shows_trainings_languages_and_load(
    house: World, ada: Desk, thea: Desk, theo: Desk
) -> None:
    path = f"/admin/people/{thea.viewer.id}/profile"
    ada.post(path, trainings=["", "eft_core", "discernment"], languages=["", "es"], places="5")
    for therapist in (thea, thea, theo):
        house.case(therapist=therapist.viewer)
    page = ada.get("/admin/people").text
    rows = re.findall(r"<bdi>(Ada|Thea|Theo)</bdi></a>.*?</tr>", page, re.S)
    work = [
        " ".join(re.sub("<[^>]+>", " ", cell).split())
        for cell in re.findall(r'<td data-label="(?:Trainings and languages|Open cases)".*?</td>', page, re.S)
    ]
    assert dict(zip(rows, zip(work[::2], work[1::2], strict=True), strict=True)) == {
        "Ada": ("–", "–"),
        "Thea": ("EFT, core skills; Discernment counseling Spanish", "2 of 5"),
        "Theo": ("–", "1"),
    }


def test_people_need_a_fresh_sign_in(house: World, ada: Desk, thea: Desk) -> None:
    path = f"/admin/people/{thea.viewer.id}"
    case = house.case(therapist=thea.viewer)
    _age(house)
    for where, fields in (
        ("profile", {"places": "5"}),
        ("absences", {"away_from": "2090-01-01", "away_until": "2090-01-02"}),
        ("cases", {"case": case.id, "to": "", "confirm": "yes"}),
    ):  # fmt: skip
        refused = ada.post(f"{path}/{where}", **fields)
        assert (refused.status_code, set(errors(refused))) == (400, {"password"}), where
        assert refused.text.count('id="password"') == 1
    assert _where(ada.post(f"{path}/profile", places="5", password=PASSWORD)) == (303, path)


def test_an_absence_is_noted_shown_and_ended(house: World, ada: Desk, thea: Desk, theo: Desk) -> None:
    path, today = f"/admin/people/{thea.viewer.id}", house.tools.now().date()
    fields = {"away_from": today.isoformat(), "away_until": (today + timedelta(3)).isoformat()}
    refused = ada.post(f"{path}/absences", **{**fields, "away_until": "soon"}, cover=theo.viewer.id)
    assert (refused.status_code, set(errors(refused))) == (400, {"away_until"})
    assert f'value="{theo.viewer.id}" selected' in refused.text
    assert _where(ada.post(f"{path}/absences", **fields, cover=theo.viewer.id)) == (303, path)
    page = ada.get(path).text
    assert "Away now" in page
    assert "Covered by <bdi>Theo</bdi>" in page
    found = re.search(r'name="absence" value="([^"]+)"', page)
    assert found is not None
    assert _where(ada.post(f"{path}/absences", absence=found[1])) == (303, path)
    assert ada.post(f"{path}/absences", absence=found[1]).status_code == 404
    with house.store.staff.read() as session:
        assert absences.coming(session, house.tools) == ()


def test_cases_are_looked_at_before_they_move(house: World, ada: Desk, thea: Desk, theo: Desk) -> None:
    path = f"/admin/people/{thea.viewer.id}"
    first, second = house.case(therapist=thea.viewer), house.case(therapist=thea.viewer)
    with house.store.staff.write() as session:
        conflicts.bar(
            session, house.tools, case_id=second.id, staff_id=theo.viewer.id, reason="family", by=ada.viewer
        )
    nothing = ada.post(f"{path}/cases", to=theo.viewer.id)
    assert (nothing.status_code, set(errors(nothing))) == (400, {"case"})
    look = ada.post(f"{path}/cases", case=[first.id, second.id], to=theo.viewer.id)
    assert (look.status_code, re.findall(r'name="case" value="([^"]+)"', look.text)) == (200, [first.id])
    assert "Stays: conflict of interest" in look.text
    assert ada.get(path).text.count('name="case"') == 2  # nothing moved
    moved = ada.post(f"{path}/cases", case=[first.id, second.id], to=theo.viewer.id, confirm="yes")
    assert _where(moved) == (303, path)
    assert re.findall(r'name="case" value="([^"]+)"', ada.get(path).text) == [second.id]


def test_a_conflict_is_set_and_lifted_on_the_case_page(house: World, ada: Desk, theo: Desk) -> None:
    case = house.case()
    path = f"/admin/cases/{case.id}"
    refused = ada.post(f"{path}/conflicts", person=theo.viewer.id)
    assert (refused.status_code, set(errors(refused))) == (400, {"conflict_reason"})
    assert _where(ada.post(f"{path}/conflicts", person=theo.viewer.id, conflict_reason="business")) == (
        303,
        path,
    )
    page = ada.get(path).text
    found = re.search(r'name="lift" value="([^"]+)"', page)
    assert found is not None
    assert "Has business with one of them" in page
    assert "Not possible" in page
    assert theo.get(f"/cases/{case.id}").status_code == 404
    assert theo.post(f"/cases/{case.id}/break-glass", reason="fire").status_code == 404
    _age(house)
    stale = ada.post(f"{path}/conflicts", lift=found[1])
    assert (stale.status_code, set(errors(stale))) == (400, {"password"})
    assert _where(ada.post(f"{path}/conflicts", lift=found[1], password=PASSWORD)) == (303, path)
    assert theo.get(f"/cases/{case.id}").status_code == 200


def test_ones_own_conflict_is_not_ones_own_to_lift(house: World, sit: Callable[..., Desk]) -> None:
    both = sit("Both", "admin", "therapist")
    case = house.case()
    both.post(f"/admin/cases/{case.id}/conflicts", person=both.viewer.id, conflict_reason="family")
    with house.store.staff.read() as session:
        block = conflicts.of_case(session, case.id)[0]
    refused = both.post(f"/admin/cases/{case.id}/conflicts", lift=block.id)
    assert (refused.status_code, set(errors(refused))) == (409, {"person"})


def test_the_suggestions_say_why_without_naming_what_the_case_is_about(
    house: World, ada: Desk, thea: Desk
) -> None:
    case = house.case(therapist=thea.viewer)
    case.send("a")
    case.send("b", lean="4", commit_months="no", doubts_told="yes")
    assert case.route() == "discernment"
    page = ada.get(f"/admin/cases/{case.id}").text
    table = page[page.index("Who could take this case") :]
    assert "not trained for what this case calls for" in table
    assert "iscernment" not in page


def test_a_therapist_hands_a_case_back(house: World, ada: Desk, thea: Desk, theo: Desk) -> None:
    case = house.case(therapist=thea.viewer)
    path = f"/cases/{case.id}/handing-back"
    assert path in thea.get(f"/cases/{case.id}").text
    refused = thea.post(path)
    assert (refused.status_code, set(errors(refused))) == (400, {"reason", "confirm"})
    unticked = thea.post(path, reason="family")
    assert (unticked.status_code, set(errors(unticked))) == (400, {"confirm"})
    assert 'value="family" checked' in unticked.text
    assert _where(thea.post(path, reason="family", confirm="yes")) == (303, "/caseload")
    assert thea.get(f"/cases/{case.id}").status_code == 404
    assert theo.get(f"/cases/{case.id}").status_code == 200
    assert "Related to one of them" in ada.get(f"/admin/cases/{case.id}").text
    alone = theo.post(path, reason="family", confirm="yes")
    assert (alone.status_code, set(errors(alone))) == (409, {"reason"})
    with house.store.staff.read() as session, pytest.raises(NotFound):
        cases.require_visible(session, house.tools, case.id, thea.viewer)
