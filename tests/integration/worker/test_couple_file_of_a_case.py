"""The couple file of a case, as the database gives it (contract.md, "Couple file")."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cast import OFFICE, Cast, Pair
from portal.domain.access import Viewer
from portal.services import couples, happenings, intakes, invitations, jobs, joining, routing
from portal.services.errors import OutOfOrder

DANGER = {"harm_received__strangled": "past_year"}


def _participation(pair: Pair) -> dict[str, str]:
    stands: dict[str, str] = pair.file()["participation"]
    return stands


def _partner(pair: Pair, slot: str = "a") -> dict[str, Any]:
    given: dict[str, Any] = pair.file()["partners"][slot]
    return given


def test_a_case_in_which_nobody_answered(pair: Pair) -> None:
    pair.a.joins()
    assert pair.file() == {
        "as_of": "2026-11-23",
        "participation": {"a": "in_progress", "b": "invited"},
        "standing_findings": [],
        "clearances": [],
        "partners": {},
    }


def test_participation_in_every_state(pair: Pair, company: Cast) -> None:
    single = company.couple(both=False)
    assert _participation(single) == {"a": "invited", "b": "not_invited"}
    with company.store.partner.write() as session:
        joining.decline(session, company.tools, token=pair.b.token, reason="busy")
    assert _participation(pair) == {"a": "invited", "b": "declined"}
    company.clock.move(minutes=1)
    pair.b.joins()
    assert _participation(pair) == {"a": "invited", "b": "in_progress"}
    pair.a.joins()
    for choice, stands in (("will_not_join", "declined"), ("do_not_contact", "do_not_contact")):
        pair.a.says("partner_choice", choice=choice, channel="", address="")
        assert _participation(pair) == {"a": "in_progress", "b": stands}
        company.clock.move(minutes=1)
    # Submitted wins over what the other says, a withdrawal over everything, until the next sending.
    pair.b.sends()
    assert _participation(pair) == {"a": "in_progress", "b": "submitted"}
    company.clock.move(minutes=1)
    pair.b.says("withdrawal", reason="")
    assert _participation(pair) == {"a": "in_progress", "b": "declined"}
    with company.store.staff.write() as session:
        intakes.open_round(
            session, company.tools, partner_id=pair.b.viewer.partner_id, kind="refresh", by=OFFICE
        )
    company.clock.move(minutes=1)
    pair.b.sends()
    assert _participation(pair) == {"a": "in_progress", "b": "submitted"}


def test_will_not_join_stands_for_somebody_nobody_invited(company: Cast) -> None:
    single = company.couple(both=False)
    single.a.joins().says("partner_choice", choice="will_not_join", channel="", address="")
    company.works()
    assert _participation(single) == {"a": "in_progress", "b": "declined"}


def test_a_draft_feeds_what_safety_reads_and_the_wish_for_a_call(pair: Pair) -> None:
    pair.a.joins()
    pair.a.saves("start", private="unsure", adult="yes", call_first="yes")
    pair.a.saves("direction", lean="5", decision_firmness="10")
    pair.a.saves("health", alcohol_1="4", suicide_level="declined")
    pair.a.saves("safety", fear="some", control_received=["none"], firearm_access="yes")
    assert pair.file() == {
        "as_of": "2026-11-23",
        "participation": {"a": "in_progress", "b": "invited"},
        "standing_findings": [],
        "clearances": [],
        "partners": {
            "a": {
                "private": "unsure",
                "call_first": True,
                "fear": "some",
                "control_received": [],
                "suicide_level": "declined",
            }
        },
    }


def test_a_wish_to_talk_first_is_seen_at_once_and_when_it_is_ticked_later(company: Cast, pair: Pair) -> None:
    pair.a.joins()
    pair.a.saves("start", "next", call_first="yes")
    company.works()
    assert pair.route() == ("wait", "call_first")
    lone = company.alone(talk_first=True)
    company.works()
    with company.store.staff.read() as session:
        case_id = happenings.case_of_account(session, lone.viewer.id)
        advice = routing.latest(session, company.tools, case_id)
    assert advice is not None
    assert advice.body["reason"] == "call_first"


def test_a_wish_to_talk_first_is_seen_where_the_section_is_never_left(company: Cast, pair: Pair) -> None:
    pair.a.joins()
    pair.a.saves("start", "draft", call_first="yes")
    company.works()
    assert pair.route() == ("wait", "call_first")
    pair.a.saves("start", "draft", preference_note="at noon")
    with company.store.staff.read() as session:  # nothing that the rules read became another
        assert not jobs.waits(session, company.tools, kind="left")
    pair.a.saves("start", "clear")
    company.works()
    assert pair.route() == ("wait", "partner_not_submitted")


def test_a_sent_intake_feeds_everything(pair: Pair) -> None:
    pair.a.joins().sends(lean="2", alcohol_1="declined", call_first="yes")
    before = _partner(pair)
    pair.cast.works()
    given = _partner(pair)
    assert before == given
    assert {key: given[key] for key in given if not key.startswith(("harm_", "indices", "control"))} == {
        "private": "yes", "voluntary": 5, "free_to_leave": "yes", "fear": "none",
        "fear_of_consequences": False, "escalating": "nothing_happened", "order_of_protection": "none",
        "child_danger": "no", "firearm_access": False, "threatened_suicide_if_left": False,
        "suicide_level": 0, "suicidal_behavior": "none", "alcohol_treated": False,
        "alcohol_withdrawal": False, "drug_loss_of_control": False, "drug_treated": False,
        "psychosis_mania": "none", "agreement": "exclusive", "affair": "none", "suspects_affair": False,
        "call_first": True, "staying_from_fear": False, "lean": 2, "decision_firmness": 2,
        "first_step": "yes", "commit_months": "yes", "own_change": 8, "hope": 6, "doubts_told": "yes",
        "partner_lean_guess": 3, "legal_steps": "none", "legal_steps_by": None, "recent_separation": False,
        "neck_wanted": False, "alcohol_score": "declined", "mood_score": 4, "satisfaction": 12,
        "eligible": {
            "adult": True, "in_service_area": True, "consented": True, "identity_conflict": False
        },
        "submitted_on": "2026-11-23", "important_event_since": False, "safe_channel": True,
        "shared_device": False, "shared_account": False, "validity_concern": False,
    }  # fmt: skip


@pytest.mark.parametrize(("contact", "is_safe"), [({"channel": "none"}, False), ({"channel": "text"}, True)])
def test_a_safe_channel_is_the_newest_one(pair: Pair, contact: dict[str, str], is_safe: bool) -> None:
    pair.a.joins().sends()
    pair.cast.clock.move(minutes=1)
    pair.a.says("contact", **contact)
    assert _partner(pair)["safe_channel"] is is_safe


def test_without_consent_or_contact(company: Cast, pair: Pair) -> None:
    pair.a.joins(consents_too=False).sends()
    assert _partner(pair)["eligible"]["consented"] is False
    lone = company.alone()
    with company.store.partner.write() as session:
        intakes.begin(session, company.tools, partner_id=lone.viewer.partner_id, by=lone.viewer)
    lone.sends()
    with company.store.staff.read() as session:
        case_id = happenings.case_of_account(session, lone.viewer.id)
        file = couples.couple_file(session, company.tools, case_id)
    assert file["partners"]["a"]["safe_channel"] is False


def test_one_browser_for_both_is_a_shared_device(pair: Pair) -> None:
    pair.a.joins(device_hash="d" * 64).sends()
    assert _partner(pair)["shared_device"] is False
    pair.b.joins(device_hash="d" * 64).sends()
    assert [_partner(pair, slot)["shared_device"] for slot in "ab"] == [True, True]


def test_two_browsers_are_not(pair: Pair) -> None:
    pair.a.joins(device_hash="d" * 64).sends()
    pair.b.joins(device_hash="e" * 64).sends()
    assert [_partner(pair, slot)["shared_device"] for slot in "ab"] == [False, False]


def test_what_staff_say_counts_as_they_said_it_last(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends()
    pair.cast.clock.move(minutes=1)
    kinds = ("shared_account", "validity_concern", "important_event", "identity_conflict")
    fields = ("shared_account", "validity_concern", "important_event_since")
    for value in ("yes", "no"):
        pair.state("a", thea, **dict.fromkeys(kinds, value))
        pair.cast.clock.move(minutes=1)
        given = _partner(pair)
        said = [given[field] for field in fields] + [given["eligible"]["identity_conflict"]]
        assert said == [value == "yes"] * 4


def test_an_event_counts_only_after_the_sending(pair: Pair, thea: Viewer) -> None:
    pair.a.joins()
    pair.a.says("addition", text="Before.")
    pair.state("a", thea, important_event="yes")
    pair.cast.clock.move(minutes=1)
    pair.a.sends()
    assert _partner(pair)["important_event_since"] is False
    pair.cast.clock.move(minutes=1)
    pair.a.says("addition", text="After.")
    assert _partner(pair)["important_event_since"] is True
    pair.cast.works()
    assert "R12" in pair.advice().body["matched_rules"]  # type: ignore[union-attr]


def test_a_second_claim_is_a_conflict_on_both_cases_until_staff_speak(pair: Pair, thea: Viewer) -> None:
    company = pair.cast
    pair.a.joins().sends()
    company.clock.move(minutes=1)
    second = type(pair.a)(company, "", "a", pair.a.token).joins().sends()
    company.works()
    with company.store.staff.read() as session:
        other = Pair(company, happenings.case_of_account(session, second.viewer.id), second, pair.b)
    conflicts = [_partner(one)["eligible"]["identity_conflict"] for one in (pair, other)]
    assert (conflicts, pair.route(), other.route()) == ([True, True], *[("wait", "outside_scope")] * 2)
    company.clock.move(minutes=1)
    for one in (pair, other):
        one.state("a", thea, identity_conflict="no")
    assert [_partner(one)["eligible"]["identity_conflict"] for one in (pair, other)] == [False, False]
    # A third claimant is a new conflict: the word of staff was about the second.
    company.clock.move(minutes=1)
    type(pair.a)(company, "", "a", pair.a.token).joins()
    assert [_partner(one)["eligible"]["identity_conflict"] for one in (pair, other)] == [True, False]


def test_days_are_those_of_the_practice(pair: Pair, thea: Viewer) -> None:
    """03:30 UTC on the 24th is still the 23rd in New York, and the afternoon of the 24th in Auckland."""
    pair.cast.clock.at = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
    pair.a.joins().sends(**DANGER)
    pair.cast.works()
    pair.interview("a", thea)
    pair.clear("A", thea)
    pair.cast.clock.move(minutes=1)
    for zone, day in (("America/New_York", "2026-11-23"), ("Pacific/Auckland", "2026-11-24")):
        pair.cast.sets(time_zone=zone)
        file = pair.file()
        days = (file["as_of"], file["partners"]["a"]["submitted_on"], file["clearances"])
        assert days == (day, day, [{"tier": "A", "on": day}])


def test_an_incomplete_alcohol_sum_tells_only_from_the_practices_own_level(pair: Pair) -> None:
    pair.a.joins().sends(alcohol_1="4", alcohol_2="2", alcohol_3="")
    assert _partner(pair)["alcohol_score"] is None
    pair.cast.sets(alcohol_level="6")
    assert _partner(pair)["alcohol_score"] == 6
    pair.cast.works()
    assert pair.route() == ("consult", "substance")


def test_a_withdrawn_intake_is_not_read_and_its_findings_stand(pair: Pair) -> None:
    pair.a.joins().sends(**DANGER, harm_received__physical="past_year", child_danger="now")
    pair.cast.works()
    pair.cast.clock.move(days=1)
    pair.a.says("withdrawal", reason="")
    pair.cast.works()
    assert pair.file() == {
        "as_of": "2026-11-24",
        "participation": {"a": "declined", "b": "invited"},
        "standing_findings": [
            {"slot": "a", "tier": "A", "found_on": "2026-11-23"},
            {"slot": "a", "tier": "H", "found_on": "2026-11-23"},
        ],
        "clearances": [],
        "partners": {"a": {"child_danger": "now"}},
    }
    assert pair.route() == ("safety", "ipv_acute")


def test_a_withdrawn_draft_is_not_read_either(pair: Pair) -> None:
    pair.a.joins().saves("safety", fear="strong", escalating="yes")
    pair.cast.works()
    pair.a.says("withdrawal", reason="")
    assert pair.file()["partners"] == {}
    assert [row["tier"] for row in pair.file()["standing_findings"]] == ["A", "B", "H"]


def test_withdrawing_without_a_finding_takes_the_advice_back(pair: Pair) -> None:
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    assert pair.route() == ("couples", "matched")
    pair.cast.clock.move(minutes=1)
    pair.a.says("withdrawal", reason="")
    pair.b.says("withdrawal", reason="")
    pair.cast.works()
    advice = pair.advice()
    assert advice is not None
    assert advice.body["route"] == "wait"


def test_what_the_read_intake_raises_itself_is_no_standing_finding(pair: Pair) -> None:
    pair.a.joins()
    pair.a.saves("safety", "next", **DANGER)
    pair.cast.works()
    assert pair.file()["standing_findings"] == []
    pair.a.sends(**DANGER)
    pair.cast.works()
    assert pair.file()["standing_findings"] == []


@pytest.mark.parametrize(
    ("field", "value", "route"),
    [
        ("order_of_protection", "current", ("safety", "order")),
        ("child_danger", "now", ("safety", "child")),
    ],
)
def test_order_and_child_stand_until_a_clinician_confirms(
    pair: Pair, thea: Viewer, field: str, value: str, route: tuple[str, str]
) -> None:
    company = pair.cast
    pair.a.joins().sends(**{field: value})
    company.works()
    company.clock.move(days=1)
    pair.request("a", "refresh", thea)
    pair.a.sends()
    company.works()
    calm = {"order_of_protection": "none", "child_danger": "no"}[field]
    assert (_partner(pair)[field], pair.route()) == (value, route)
    # What is fed is not what was said: it raises nothing anew, and alerts nobody again.
    assert [view.state for view in pair.views()] == ["latched"]
    company.clock.move(days=1)
    pair.state("a", thea, confirm=field)
    company.works()
    assert (_partner(pair)[field], pair.route()[1] == route[1]) == (calm, False)
    # A newer danger asks for a newer word.
    company.clock.move(days=1)
    pair.request("a", "refresh", thea)
    pair.a.sends(**{field: value})
    company.works()
    assert (_partner(pair)[field], pair.route()) == (value, route)


def test_a_confirmation_before_the_finding_confirms_nothing(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().saves("safety", "next", child_danger="no")
    pair.state("a", thea, confirm="child_danger")
    pair.cast.clock.move(minutes=1)
    pair.a.sends(child_danger="now")
    pair.cast.works()
    pair.a.says("withdrawal", reason="")
    assert _partner(pair) == {"child_danger": "now"}


@pytest.mark.parametrize(("field", "value"), [("order_of_protection", "current"), ("child_danger", "now")])
def test_there_is_nothing_to_accept_before_a_newer_answer(
    pair: Pair, thea: Viewer, field: str, value: str
) -> None:
    """Else a word given too early would let every later answer pass unseen. A blank says nothing either."""
    pair.a.joins().sends(**{field: value})
    pair.cast.works()
    for newer in (None, "", "declined"):
        if newer is not None:
            pair.request("a", "refresh", thea)
            pair.cast.clock.move(days=1)
            pair.a.sends(**{field: newer})
            pair.cast.works()
        with pytest.raises(OutOfOrder, match="nothing_newer"):
            pair.state("a", thea, confirm=field)
        assert (_partner(pair)[field], pair.route()[0]) == (value, "safety")
    pair.a.says("withdrawal", reason="")
    with pytest.raises(OutOfOrder, match="nothing_newer"):
        pair.state("a", thea, confirm=field)


def _cleared(pair: Pair, thea: Viewer) -> None:
    """a told of a danger, was seen alone, and the tier was cleared the next day."""
    pair.a.joins().sends(**DANGER)
    pair.cast.works()
    pair.cast.clock.move(days=1)
    pair.interview("a", thea)
    pair.clear("A", thea)
    pair.cast.works()


def test_a_clearance_counts_from_its_moment(pair: Pair, thea: Viewer) -> None:
    _cleared(pair, thea)
    assert pair.file()["clearances"] == [{"tier": "A", "on": "2026-11-24"}]
    assert pair.route() == ("wait", "partner_not_submitted")


def test_a_clearance_is_left_out_when_an_answer_of_that_day_is_newer(pair: Pair, thea: Viewer) -> None:
    _cleared(pair, thea)
    pair.cast.clock.move(minutes=1)
    pair.request("a", "refresh", thea)
    pair.a.sends()
    pair.cast.works()
    assert (pair.file()["clearances"], pair.route()) == ([], ("safety", "ipv_acute"))


def test_a_slip_of_that_day_that_was_corrected_leaves_the_clearance_alone(pair: Pair, thea: Viewer) -> None:
    _cleared(pair, thea)
    pair.cast.clock.move(minutes=1)
    pair.request("a", "refresh", thea)
    pair.a.saves("safety", fear="strong")
    pair.cast.works()
    assert pair.file()["clearances"] == []
    pair.a.saves("safety", fear="none")
    pair.cast.works()
    assert pair.file()["clearances"] == [{"tier": "A", "on": "2026-11-24"}]


def test_a_clearance_without_somebody_who_takes_part_now_is_left_out(pair: Pair, thea: Viewer) -> None:
    _cleared(pair, thea)
    pair.cast.clock.move(days=1)
    pair.b.joins().sends()
    pair.cast.works()
    assert (pair.file()["clearances"], pair.route()) == ([], ("safety", "ipv_acute"))
    # An interview afterwards does not reach back, and one without the three ticks never counts.
    pair.interview("b", thea)
    assert pair.file()["clearances"] == []
    pair.clear("A", thea)
    pair.cast.works()
    assert pair.file()["clearances"] == [{"tier": "A", "on": "2026-11-25"}]
    assert pair.route() == ("couples", "matched")


def test_a_clearance_from_before_staff_settled_who_somebody_is_is_left_out(pair: Pair, thea: Viewer) -> None:
    _cleared(pair, thea)
    pair.cast.clock.move(days=1)
    pair.state("a", thea, identity_conflict="no")
    pair.cast.works()
    assert (pair.file()["clearances"], pair.route()) == ([], ("safety", "ipv_acute"))
    pair.clear("A", thea)
    assert pair.file()["clearances"] == [{"tier": "A", "on": "2026-11-25"}]


def test_an_interview_without_the_three_ticks_carries_no_clearance(pair: Pair, thea: Viewer) -> None:
    pair.interview("b", thea, ticks=(True, False, True))
    _cleared(pair, thea)
    assert pair.file()["clearances"] == [{"tier": "A", "on": "2026-11-24"}]
    pair.cast.clock.move(days=1)
    pair.b.joins().sends()
    assert pair.file()["clearances"] == []


def test_a_new_danger_in_a_later_round_is_raised_anew_as_soon_as_it_is_told(pair: Pair, thea: Viewer) -> None:
    _cleared(pair, thea)
    pair.cast.outbox.clear()
    pair.cast.clock.move(days=60)
    pair.request("a", "refresh", thea)
    pair.a.saves("safety", **DANGER)
    pair.cast.works()
    assert [view.state for view in pair.views()] == ["latched", "provisional"]
    assert len(pair.cast.subjects()) == 2
    assert pair.file()["standing_findings"] == [
        {"slot": "a", "tier": "A", "found_on": "2027-01-23"},
    ]
    assert pair.route() == ("safety", "ipv_acute")
    pair.a.submits()
    pair.cast.works()
    assert [view.state for view in pair.views()] == ["latched", "latched"]
    assert pair.route() == ("safety", "ipv_acute")


def test_a_later_round_that_adds_what_was_missing_raises_nothing_again(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends(**DANGER, lean="")
    pair.cast.works()
    before = pair.findings()
    pair.cast.subjects()
    pair.cast.clock.move(days=1)
    pair.request("a", "missing", thea)
    pair.cast.works()
    pair.a.saves("direction", "next", lean="2")
    pair.cast.works()
    pair.a.submits()
    pair.cast.works()
    assert pair.findings() == before == [("a", "R1", "harm_received.strangled", "latched")]
    assert _partner(pair)["lean"] == 2
    pair.cast.clock.move(days=1)
    pair.request("a", "missing", thea)
    pair.a.saves("safety", "next", **DANGER)
    pair.cast.works()
    assert pair.findings() == before * 2


def test_blocked_invitations_read_the_same_file(pair: Pair) -> None:
    """A draft that tells of an order blocks inviting before anything was sent."""
    pair.a.joins().saves("safety", order_of_protection="past")
    with pair.cast.store.staff.read() as session:
        couple = couples.couple(session, pair.cast.tools, pair.id)
        assert invitations.is_blocked(couple, None, ()) is True


def test_who_has_an_account(pair: Pair) -> None:
    pair.a.joins()
    with pair.cast.store.staff.read() as session:
        people = couples.people(session, pair.cast.tools, pair.id)
    assert [(person.slot, person.has_account, person.language) for person in people] == [
        ("a", True, "en"),
        ("b", False, "en"),
    ]
