"""From the first save to a latched finding: contract.md, "How sealed answers flow"."""

from __future__ import annotations

import pytest

from cast import ON_CALL, Cast, Pair
from portal.domain.access import Viewer
from portal.services import screening
from portal.services.errors import Conflict
from portal.services.screening import Screened
from portal.worker import WORKER

LOOK = "Please look at the caseload"
ALERTS = [(ON_CALL, LOOK), ("thea@example.org", LOOK)]
NECK = "harm_received.strangled"
FOUND = ("a", "R1", NECK, "provisional")
SAFE = {"harm_received__strangled": "none"}
DANGER = {"harm_received__strangled": "past_year"}


@pytest.fixture
def begun(pair: Pair) -> Pair:
    """a stands on the safety page."""
    pair.a.joins()
    pair.a.saves("start", "open", to="safety", private="yes")
    pair.cast.works()
    return pair


def _states(pair: Pair) -> list[str]:
    return [view.state for view in pair.views()]


def test_a_dangerous_draft_is_found_at_once_and_told_once_in_neutral_words(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    assert begun.findings() == [FOUND]
    assert begun.route() == ("safety", "ipv_acute")
    texts = [mail.get_content() for mail in begun.cast.outbox]
    assert begun.cast.subjects() == ALERTS
    assert [sorted(text.split()) for text in texts] == [
        sorted("Please look at the caseload now. http://127.0.0.1:8000/caseload".split())
    ] * 2
    begun.cast.works()
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    assert (begun.cast.subjects(), begun.findings()) == ([], [FOUND])


def test_an_alert_without_on_call_and_without_a_therapist_goes_to_every_therapist(company: Cast) -> None:
    company.sets(on_call_email="")
    company.therapist("one@example.org")
    company.therapist("two@example.org", roles=("admin", "therapist"))
    company.therapist("office@example.org", roles=("admin",))
    pair = company.couple()
    pair.a.joins().saves("safety", **DANGER)
    company.works()
    assert company.subjects() == [("one@example.org", LOOK), ("two@example.org", LOOK)]


def test_a_finding_of_tier_h_calls_nobody_at_night(begun: Pair) -> None:
    begun.a.saves("safety", fear="some")
    begun.cast.works()
    assert (begun.findings(), begun.cast.subjects()) == ([("a", "R5b", "fear", "provisional")], [])


def test_a_correction_on_the_same_page_withdraws_it_for_good(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    begun.cast.clock.move(minutes=3)
    begun.a.saves("safety", **SAFE)
    begun.cast.works()
    assert _states(begun) == ["corrected"]
    assert begun.file()["standing_findings"] == []
    begun.a.saves("safety", "next")
    begun.cast.clock.move(minutes=30)
    begun.cast.works()
    assert (_states(begun), begun.route()[0]) == (["corrected"], "wait")


def test_a_correction_by_the_save_that_leaves_the_page_counts(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    begun.cast.clock.move(minutes=1)
    begun.a.saves("safety", "next", **SAFE)
    begun.cast.works()
    assert _states(begun) == ["corrected"]


def test_a_corrected_finding_that_is_told_again_is_new(begun: Pair) -> None:
    for answers in (DANGER, SAFE, DANGER):
        begun.a.saves("safety", **answers)
        begun.cast.works()
        begun.cast.clock.move(minutes=1)
    assert begun.findings() == [("a", "R1", NECK, "corrected"), FOUND]
    assert begun.cast.subjects() == sorted(ALERTS * 2)


@pytest.mark.parametrize("go", ["draft", "clear"])
def test_a_blank_or_a_clear_marker_takes_nothing_back(begun: Pair, go: str) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    answers = {"harm_received__strangled": ""} if go == "draft" else {}
    begun.a.saves("safety", go, **answers)
    begun.cast.works()
    assert (_states(begun), begun.route()) == (["provisional"], ("safety", "ipv_acute"))
    begun.cast.clock.move(minutes=10)
    begun.cast.works()
    assert (_states(begun), begun.route()) == (["latched"], ("safety", "ipv_acute"))


@pytest.mark.parametrize("go", ["next", "back", "save"])
def test_leaving_the_section_latches(begun: Pair, go: str) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    begun.cast.clock.move(minutes=1)
    begun.a.saves("safety", go)
    begun.cast.works()
    assert _states(begun) == ["latched"]


def test_a_danger_told_by_the_save_that_leaves_is_latched_at_once(begun: Pair) -> None:
    begun.a.saves("safety", "next", **DANGER)
    begun.cast.works()
    assert _states(begun) == ["latched"]
    assert begun.cast.subjects() == ALERTS


def test_ten_minutes_latch_and_not_one_microsecond_less(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    begun.cast.clock.move(minutes=10, microseconds=-1)
    begun.cast.works()
    assert _states(begun) == ["provisional"]
    begun.cast.clock.move(microseconds=1)
    begun.cast.works()
    view = begun.views()[0]
    assert (view.state, view.settled_at) == ("latched", begun.cast.clock())


def test_the_end_of_the_session_latches(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    begun.cast.clock.move(seconds=20)
    begun.a.leaves()
    begun.cast.works()
    assert _states(begun) == ["latched"]


def test_what_latched_stands_whatever_is_answered_later(begun: Pair) -> None:
    begun.a.saves("safety", "save", **DANGER)
    begun.cast.works()
    begun.cast.clock.move(days=1)
    begun.a.saves("safety", "save", **SAFE)
    begun.cast.works()
    assert _states(begun) == ["latched"]
    assert begun.file()["standing_findings"] == [{"slot": "a", "tier": "A", "found_on": "2026-11-23"}]
    assert begun.route() == ("safety", "ipv_acute")


@pytest.mark.parametrize("last", ["next", "draft", "sent"])
@pytest.mark.parametrize("first", ["told by the save that leaves", "told before"])
def test_a_correction_after_the_page_was_left_is_none_though_the_worker_comes_late(
    begun: Pair, first: str, last: str
) -> None:
    """Left, changed and left again before anybody looked: the first leaving counts."""
    if first == "told before":
        begun.a.saves("safety", **DANGER)
        begun.cast.works()
    begun.cast.clock.move(seconds=1)
    begun.a.saves("safety", "next", **({} if first == "told before" else DANGER))
    begun.cast.clock.move(seconds=1)
    begun.a.saves("safety", "draft" if last == "draft" else "next", **SAFE)
    if last == "sent":
        begun.cast.clock.move(seconds=1)
        begun.a.submits()
    begun.cast.works()
    assert _states(begun) == ["latched"]
    assert begun.route() == ("safety", "ipv_acute")


def test_a_correction_that_comes_too_late_is_no_correction(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    begun.cast.clock.move(minutes=10, seconds=1)
    begun.a.saves("safety", **SAFE)
    begun.cast.works()
    assert _states(begun) == ["latched"]


def test_a_section_left_long_ago_leaves_time_to_correct_today(begun: Pair) -> None:
    begun.a.saves("safety", "next", fear="none")
    begun.cast.clock.move(minutes=5)
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    assert _states(begun) == ["provisional"]


def test_sending_latches(pair: Pair) -> None:
    pair.a.joins().saves("safety", **DANGER)
    pair.cast.works()
    pair.a.submits()
    pair.cast.works()
    assert pair.findings() == [("a", "R1", NECK, "latched")]


def test_nothing_is_lost_while_no_worker_runs(begun: Pair) -> None:
    """Told, left, and changed the next day, before anybody looked."""
    begun.a.saves("safety", "next", **DANGER)
    begun.cast.clock.move(days=1)
    begun.a.saves("safety", "next", **SAFE)
    begun.cast.works()
    assert [(v.state, v.found_at.day) for v in begun.views()] == [("latched", 23)]
    assert begun.cast.subjects() == ALERTS
    assert begun.route() == ("safety", "ipv_acute")


def test_a_slip_corrected_before_anybody_looked_is_shown_as_corrected_and_alerts_nobody(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.clock.move(seconds=2)
    begun.a.saves("safety", **SAFE)
    begun.cast.works()
    assert (_states(begun), begun.cast.subjects()) == (["corrected"], [])


def test_what_was_sent_and_withdrawn_before_anybody_looked_is_found_all_the_same(pair: Pair) -> None:
    pair.a.joins().sends(**DANGER)
    pair.a.says("withdrawal", reason="")
    pair.cast.works()
    assert pair.findings() == [
        ("a", "R1", NECK, "latched"),
    ]
    assert pair.file()["partners"] == {}
    assert pair.route() == ("safety", "ipv_acute")


def test_only_the_one_who_told_it_takes_back_a_finding_made_of_both(begun: Pair) -> None:
    """b's fear of consequences is tier B; together with an act that a tells by mistake it would be A."""
    begun.b.joins().sends(fear_of_consequences="yes")
    begun.cast.works()
    begun.cast.clock.move(minutes=1)
    before = begun.findings()
    begun.a.saves("safety", harm_received__threat="earlier")
    begun.cast.works()
    assert begun.findings() == [("a", "R1", "harm_received.threat", "provisional"), *before]
    begun.cast.clock.move(minutes=1)
    begun.a.saves("safety", harm_received__threat="none")
    begun.cast.works()
    assert begun.findings() == [("a", "R1", "harm_received.threat", "corrected"), *before]
    assert before == [("b", "R4", "fear_of_consequences", "latched")]
    assert begun.route() == ("safety", "ipv")


def test_what_two_tell_in_the_same_minute_is_found_together_once_it_has_settled(begun: Pair) -> None:
    begun.b.joins().saves("safety", fear_of_consequences="yes")
    begun.cast.works()
    begun.a.saves("safety", harm_received__threat="earlier", control_received=["money"])
    begun.cast.works()
    assert begun.findings() == [("b", "R4", "fear_of_consequences", "provisional")]
    # The rules read both answers all the same.
    assert begun.route() == ("safety", "ipv_acute")
    begun.cast.clock.move(minutes=10)
    begun.cast.works()
    begun.a.saves("pressure", voluntary="5")
    begun.cast.works()
    assert begun.findings() == [
        ("a", "R1", "control_received", "latched"),
        ("a", "R1", "harm_received.threat", "latched"),
        ("b", "R1", "fear_of_consequences", "latched"),
        ("b", "R4", "fear_of_consequences", "latched"),
    ]


def test_an_act_told_and_not_settled_is_not_held_against_the_other(begun: Pair) -> None:
    begun.a.saves("safety", harm_received__physical="past_year")
    begun.cast.works()
    begun.b.joins().saves("safety", fear_of_consequences="yes")
    begun.cast.works()
    assert begun.findings() == [
        ("a", "R5b", "harm_received.physical", "provisional"),
        ("b", "R4", "fear_of_consequences", "provisional"),
    ]


def test_a_second_look_adds_nothing_and_writes_nothing(begun: Pair) -> None:
    begun.a.saves("safety", **DANGER)
    begun.cast.works()
    store, tools = begun.cast.store, begun.cast.tools
    with store.staff.read() as session:
        seen = screening.look(session, tools, intake_id=begun.a.intake_id)
    with store.staff.write() as session:
        assert screening.note(session, tools, seen, by=WORKER) == Screened(begun.id, 0, 0, 0, frozenset())
    assert begun.findings() == [FOUND]


@pytest.mark.parametrize("what", ["save", "send", "screen"])
def test_whoever_looked_before_something_moved_looks_again(begun: Pair, what: str) -> None:
    begun.a.saves("safety", **DANGER)
    store, tools = begun.cast.store, begun.cast.tools
    with store.staff.read() as session:
        seen = screening.look(session, tools, intake_id=begun.a.intake_id)
    if what == "save":
        begun.a.saves("safety", fear="some")
    elif what == "send":
        begun.a.submits()
    else:
        begun.cast.works()
    before = begun.findings()
    with pytest.raises(Conflict), store.staff.write() as session:
        screening.note(session, tools, seen, by=WORKER)
    assert begun.findings() == before


def test_staff_see_where_and_when(begun: Pair, thea: Viewer) -> None:
    begun.a.saves("safety", **DANGER)
    told_at = begun.cast.clock()
    begun.cast.clock.move(seconds=4)
    begun.cast.works()
    view = begun.views()[0]
    assert (view.section, view.tier, view.found_at, view.settled_at) == ("safety", "A", told_at, None)
    assert (view.partner_id, view.intake_id) == (begun.a.viewer.partner_id, begun.a.intake_id)
