"""A clearance covers what was on the table when each person was last seen alone, and nothing found later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import insert

from cast import Pair
from portal.domain.access import Viewer
from portal.models import Clearance, table_of
from portal.services import intakes
from portal.services.errors import OutOfOrder
from portal.vault import Place

DANGER = {"harm_received__strangled": "past_year"}
SAFE = {"harm_received__strangled": "none"}


def left(pair: Pair) -> None:
    """Told in the form that is open once more, and left: it stands for good."""
    pair.b.saves("safety", "next", **DANGER)


def open_still(pair: Pair) -> None:
    """Told, and it may still be corrected."""
    pair.b.saves("safety", **DANGER)


def taken_back(pair: Pair) -> None:
    """No answer says so any more; the finding stands."""
    left(pair)
    pair.cast.clock.move(seconds=20)
    pair.b.saves("safety", "next", **SAFE)


@pytest.fixture
def seen(pair: Pair, thea: Viewer) -> Pair:
    """Both sent and were seen alone, and b has the form open once more."""
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    for slot in "ab":
        pair.interview(slot, thea)
    pair.request("b", "refresh", thea)
    pair.cast.clock.move(minutes=1)
    return pair


def refused(pair: Pair, thea: Viewer, tier: str = "A") -> str:
    with pytest.raises(OutOfOrder) as why:
        pair.clear(tier, thea)
    return why.value.reason


@pytest.mark.parametrize("tells", [left, open_still, taken_back])
def test_what_was_found_since_needs_another_interview_with_each(
    seen: Pair, thea: Viewer, tells: Callable[[Pair], None]
) -> None:
    """Each: what one tells about two is asked of both. An interview without its three ticks asks nothing."""
    tells(seen)
    seen.cast.works()
    seen.cast.clock.move(minutes=30)
    assert [refused(seen, thea, tier) for tier in ("A", "B", "H", "crisis")] == ["found_since_both"] * 4
    seen.interview("a", thea)
    assert refused(seen, thea) == "found_since_b"
    seen.interview("b", thea, ticks=(True, True, False))
    assert refused(seen, thea) == "found_since_b"
    seen.interview("b", thea)
    seen.clear("A", thea)
    assert seen.file()["clearances"] == [{"tier": "A", "on": "2026-11-23"}]


def test_who_was_seen_before_the_other_told_is_asked_again(seen: Pair, thea: Viewer) -> None:
    left(seen)
    seen.cast.works()
    seen.interview("b", thea)
    assert refused(seen, thea) == "found_since_a"


def test_what_was_corrected_in_time_asks_for_nothing(seen: Pair, thea: Viewer) -> None:
    open_still(seen)
    seen.cast.works()
    seen.b.saves("safety", **SAFE)
    seen.cast.works()
    assert [view.state for view in seen.views()] == ["corrected"]
    seen.clear("A", thea)


def test_a_clearance_without_whoever_comes_back_clears_no_work_with_both(seen: Pair, thea: Viewer) -> None:
    """Seen alone long ago, away while the other told of danger and was cleared, and back."""
    seen.a.says("withdrawal", reason="")
    left(seen)
    seen.cast.works()
    seen.interview("b", thea)
    seen.clear("A", thea)
    seen.cast.works()
    assert seen.file()["clearances"] == [{"tier": "A", "on": "2026-11-23"}]
    seen.cast.clock.move(days=1)
    place, ana = seen.cast, seen.a.viewer.partner_id
    with place.store.staff.write() as session:
        intakes.open_round(session, place.tools, partner_id=ana, kind="refresh", by=thea)
    seen.a.sends()
    seen.cast.works()
    assert (seen.file()["clearances"], seen.route()) == ([], ("safety", "ipv_acute"))
    for slot in "ab":
        seen.interview(slot, thea)
    seen.clear("A", thea)
    assert seen.file()["clearances"] == [{"tier": "A", "on": "2026-11-24"}]


@pytest.mark.parametrize(("tier", "counts"), [("A", False), ("B", True)])
def test_a_clearance_of_before_this_was_asked_covers_only_what_was_asked_about(
    seen: Pair, thea: Viewer, tier: str, counts: bool
) -> None:
    """One that stands already, given over a finding of its tier that came after the interviews."""
    left(seen)
    seen.cast.works()
    tools = seen.cast.tools
    row = {
        "id": tools.new_id(), "case_id": seen.id, "tier": tier, "given_by": thea.id, "given_at": tools.now(),
    }  # fmt: skip
    row["note_box"] = tools.vault.box("staff", Place("clearance", "note_box", str(row["id"])), "Seen.")
    with seen.cast.store.staff.write() as session:
        session.execute(insert(table_of(Clearance)), [row])
    assert (seen.file()["clearances"] != []) is counts
