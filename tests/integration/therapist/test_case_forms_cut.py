"""The forms of a case page are cut once: what belongs to one case, or changes, is never in a cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from practice_world import World
from sqlalchemy import update

from portal.models import StaffAccount, table_of
from portal.services import practice_settings
from portal.web import cuts
from portal.web.therapist import case_forms


def forms(page: str) -> str:
    """Everything below "Work on it"."""
    return page.partition('<section class="card work"')[2].partition('id="letters"')[0]


def test_the_next_case_shows_its_own_names_and_what_was_typed_is_no_mark(
    house: World, desk: Callable[..., Any]
) -> None:
    thea = house.staff()
    sit, found = desk(thea), {}
    for name in ("Ana \ue000csrf\ue001 <b>", "Zoe"):
        case = house.case(therapist=thea)
        case.send("a", name)
        found[name] = forms(sit.get(f"/cases/{case.id}"))
        assert re.findall(r'action="/cases/([^/"]+)', found[name]) == [case.id] * 9
    first, second = found.values()
    assert "A: Ana \ue000csrf\ue001 &lt;b&gt;" in first
    assert "Zoe" not in first
    assert "A: Zoe" in second
    assert "Ana" not in second
    assert "\ue000" not in second


def test_it_forgets_the_practice_of_before_and_speaks_the_language_of_whoever_looks(
    house: World, desk: Callable[..., Any]
) -> None:
    thea = house.staff()
    sit, case = desk(thea), house.case(therapist=thea)
    case.send("a", "Ana")
    before = forms(sit.get(f"/cases/{case.id}"))
    ada = house.staff("Ada", roles=("admin",))
    with house.store.staff.write() as session:
        given = {"practice_name": "Elsewhere", "phone": "555 0199"}
        practice_settings.change(session, house.tools, given=given, by=ada)
    after = forms(sit.get(f"/cases/{case.id}"))
    assert "555 0199" in after
    assert "555 0199" not in before
    with house.store.staff.write() as session:
        session.execute(update(table_of(StaffAccount)).values(language="es"))
    assert "Guardar la entrevista" in forms(sit.get(f"/cases/{case.id}"))


def test_a_cut_holds_no_name(house: World, desk: Callable[..., Any], monkeypatch: Any) -> None:
    kept: list[tuple[str, ...]] = []
    fill = cuts.fill
    monkeypatch.setattr(cuts, "fill", lambda cut, values: [kept.append(cut), fill(cut, values)][1])
    thea = house.staff()
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    desk(thea).get(f"/cases/{case.id}")
    assert len(kept) == len(case_forms.ACTS)
    assert not [text for cut in kept for text in cut if "Ana" in text or case.id in text]
