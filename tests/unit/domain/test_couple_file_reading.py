"""Reading a couple file: what is taken, what is refused, and where (contract.md, "Couple file")."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from couple_files import ANSWERS, BLANK, alone, calm_partner, couple_file, put
from portal.domain.constructs import ACTS
from portal.domain.couple import (
    Bond,
    Clearance,
    Couple,
    Direction,
    Eligibility,
    Harm,
    Health,
    Indices,
    Partner,
    Safety,
    Setting,
    StandingFinding,
)
from portal.domain.couple_fields import FIELD_ORDER
from portal.domain.couple_file import parse_couple
from portal.domain.errors import CoupleFault

NONE = dict.fromkeys(ACTS, "none")

CALM = Partner(
    eligible=Eligibility(adult=True, consented=True, in_service_area=True, identity_conflict=False),
    setting=Setting(
        submitted_on=date(2026, 11, 20), important_event_since=False, safe_channel=True, private="yes",
        shared_device=False, shared_account=False, validity_concern=False, call_first=False,
    ),
    direction=Direction(
        lean=1, decision_firmness=3, first_step="yes", commit_months="yes", own_change=8, hope=7,
        doubts_told="yes", partner_lean_guess=2, legal_steps="none", legal_steps_by=None,
        recent_separation=False,
    ),
    safety=Safety(
        harm=Harm(NONE, NONE, frozenset(), frozenset(), frozenset()), voluntary=5, free_to_leave="yes",
        firearm_access=False, threatened_suicide_if_left=False, order_of_protection="none", neck_wanted=False,
        fear="none", fear_of_consequences=False, control_received=frozenset(), control_done=frozenset(),
        escalating="nothing_happened", child_danger="no", staying_from_fear=False,
    ),
    health=Health(
        suicide_level=0, suicidal_behavior="none", harm_other="none", alcohol_score=2, alcohol_treated=False,
        alcohol_withdrawal=False, drug_loss_of_control=False, drug_treated=False, psychosis_mania="none",
        mood_score=3,
    ),
    bond=Bond(agreement="exclusive", affair="none", suspects_affair=False, satisfaction=11),
    indices=Indices(gottman=40, eft=45, developmental=35),
)  # fmt: skip


def test_a_whole_file_is_read() -> None:
    file = couple_file(
        standing=[{"slot": "b", "tier": "crisis", "found_on": "2026-04-01"}],
        clearances=[{"tier": "H", "on": "2026-11-21"}],
    )
    couple = parse_couple(file)
    assert couple.partners == {"a": CALM, "b": CALM}
    assert couple == Couple(
        as_of=date(2026, 11, 22),
        participation={"a": "submitted", "b": "submitted"},
        sheets=couple.sheets,
        standing=(StandingFinding("b", "crisis", date(2026, 4, 1)),),
        clearances=(Clearance("H", date(2026, 11, 21)),),
        digest=couple.digest,
    )


@pytest.mark.parametrize("empty", [BLANK, None])
def test_what_is_missing_or_null_is_not_answered(empty: object) -> None:
    file = couple_file(participation=("submitted", "invited"))
    for key in ("standing_findings", "clearances"):
        put(file, key, empty)
    file["partners"]["b"] = empty
    if empty is BLANK:
        del file["partners"]["b"]
    file["partners"]["a"] = {} if empty is BLANK else dict.fromkeys(calm_partner())
    couple = parse_couple(file)
    partner = couple.partners["a"]
    assert partner is not None
    assert (partner.direction, partner.bond, partner.indices) == (Direction(), Bond(), Indices())
    assert partner.safety == Safety(Harm({}, {}, frozenset(), frozenset(), frozenset(ACTS)))
    assert (couple.partners["b"], couple.standing, couple.clearances) == (None, (), ())
    assert "legal_steps_by" not in partner.skipped
    assert {"lean", "harm_done.insult", "eligible.adult", "control_done", "mood_score"} <= partner.skipped
    assert not {"submitted_on", "eligible.consented", "neck_wanted", "indices.eft"} & partner.skipped


def test_partners_may_be_missing_altogether() -> None:
    nobody = {"as_of": "2026-11-22", "participation": {"a": "invited", "b": "declined"}, "partners": None}
    assert parse_couple(nobody).partners == {"a": None, "b": None}


def test_declined_is_noted_and_booleans_are_read_as_no() -> None:
    file = alone({"lean": "declined", "alcohol_withdrawal": "declined", "control_done": "declined",
                  "harm_done__threat": "declined", "harm_received": "declined"})  # fmt: skip
    partner = parse_couple(file).partners["a"]
    assert partner is not None
    assert partner.declined == {
        *("lean", "alcohol_withdrawal", "control_done", "harm_done.threat"),
        *(f"harm_received.{act}" for act in ACTS),
    }
    assert partner.skipped == frozenset()
    assert (partner.direction.lean, partner.safety.control_done) == (None, None)
    assert partner.health.alcohol_withdrawal is False
    assert partner.safety.harm == Harm(
        {}, {act: "none" for act in ACTS if act != "threat"}, frozenset(), frozenset(), frozenset(ACTS)
    )


def test_not_asked_is_an_answer_of_its_own() -> None:
    partner = parse_couple(alone({"suicide_level": "not_asked", "suicidal_behavior": "not_asked"})).partners[
        "a"
    ]
    assert partner is not None
    assert (partner.not_asked, partner.skipped) == ({"suicide_level", "suicidal_behavior"}, frozenset())


def test_every_listed_value_is_taken_and_every_field_may_be_declined_but_the_day() -> None:
    for path, values in ANSWERS.items():
        for value in (*values, None, *([] if path == "submitted_on" else ["declined"])):
            parse_couple(couple_file({path.replace(".", "__"): value}))


def test_acts_are_gathered_from_both_sides() -> None:
    file = alone(
        {"harm_received__threat": "past_year", "harm_done__threat": "earlier", "harm_done__weapon": None}
    )
    partner = parse_couple(file).partners["a"]
    assert partner is not None
    harm = partner.safety.harm
    assert (harm.past_year, harm.earlier, harm.unknown) == ({"threat"}, {"threat"}, {"weapon"})
    assert list(harm.fields(frozenset({"threat"}), ("past_year", "earlier"))) == [
        "harm_received.threat",
        "harm_done.threat",
    ]


YES_NO = "must be true or false"
DAY = "must be a date written YYYY-MM-DD"
WHOLE_0_10 = "must be a whole number from 0 to 10"
UNKNOWN = "is no field of a couple file"

BAD_PARTNER: dict[str, tuple[str, Any, str]] = {
    "true for a number": ("lean", True, "must be a whole number from 1 to 5"),
    "1.0 for a number": ("lean", 1.0, "must be a whole number from 1 to 5"),
    "text for a number": ("lean", "1", "must be a whole number from 1 to 5"),
    "too low": ("lean", 0, "must be a whole number from 1 to 5"),
    "too high": ("lean", 6, "must be a whole number from 1 to 5"),
    "negative": ("own_change", -1, WHOLE_0_10),
    "huge": ("hope", 10**4000, WHOLE_0_10),
    "an infinity": ("hope", float("inf"), WHOLE_0_10),
    "a list for a number": ("voluntary", [5], "must be a whole number from 1 to 5"),
    "suicide 6": ("suicide_level", 6, "must be a whole number from 0 to 5"),
    "alcohol 13": ("alcohol_score", 13, "must be a whole number from 0 to 12"),
    "mood 13": ("mood_score", 13, "must be a whole number from 0 to 12"),
    "satisfaction 22": ("satisfaction", 22, "must be a whole number from 0 to 21"),
    "index 101": ("indices.eft", 101, "must be a whole number from 0 to 100"),
    "1 for a boolean": ("recent_separation", 1, YES_NO),
    "yes for a boolean": ("alcohol_treated", "yes", YES_NO),
    "0 for a boolean": ("eligible.adult", 0, YES_NO),
    "a boolean for a choice": ("private", True, "must be one of yes, no, unsure"),
    "another value": ("first_step", "maybe", "must be one of yes, one_or_two, unsure, no"),
    "a list for a choice": ("fear", ["none"], "must be one of none, some, strong"),
    "an object for a choice": ("fear", {}, "must be one of none, some, strong"),
    "a surrogate": ("fear", "\ud800", "must be one of none, some, strong"),
    "another act value": ("harm_done.threat", "often", "must be one of none, past_year, earlier"),
    "neck_wanted as an act value": (
        "harm_done.strangled", "neck_wanted", "must be one of none, past_year, earlier",
    ),
    "not asked elsewhere": ("harm_other", "not_asked", "must be one of none, thoughts, intent"),
    "text for kinds": ("control_done", "money", "must be a list of control kinds"),
    "an unknown kind": ("control_done", ["money", "none"], "holds something that is no control kind"),
    "a number among kinds": ("control_done", [1], "holds something that is no control kind"),
    "no date": ("submitted_on", "today", DAY),
    "a short date": ("submitted_on", "20261120", DAY),
    "a week date": ("submitted_on", "2026-W47-5", DAY),
    "a day that is none": ("submitted_on", "2026-02-30", DAY),
    "other digits": ("submitted_on", "２０２６-11-20", DAY),
    "a time": ("submitted_on", "2026-11-20T10:00", DAY),
    "a number for a date": ("submitted_on", 20261120, DAY),
    "a declined day": ("submitted_on", "declined", DAY),
    "tomorrow": ("submitted_on", "2026-11-23", "lies after as_of"),
    "a list for a part": ("harm_received", [], "must be an object"),
    "text for a part": ("eligible", "yes", "must be an object"),
    "an unknown field": ("leann", 1, UNKNOWN),
    "an unknown act": ("harm_done.slapped", "none", UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), BAD_PARTNER.values(), ids=BAD_PARTNER)
@pytest.mark.parametrize("slot", ["a", "b"])
def test_a_bad_answer_is_refused_with_its_place(slot: str, path: str, value: Any, message: str) -> None:
    file = couple_file()
    put(file["partners"][slot], path, value)
    with pytest.raises(CoupleFault) as caught:
        parse_couple(file)
    assert (caught.value.path, caught.value.message) == (f"partners.{slot}.{path}", message)


STAGES = "must be one of submitted, in_progress, invited, not_invited, declined, do_not_contact"
BAD_TOP: dict[str, tuple[str, Any, tuple[str, str]]] = {
    "no day": ("as_of", BLANK, ("as_of", "is missing")),
    "day null": ("as_of", None, ("as_of", "is missing")),
    "day no date": ("as_of", "yesterday", ("as_of", DAY)),
    "no participation": ("participation", BLANK, ("participation", "is missing")),
    "participation no object": ("participation", "submitted", ("participation", "must be an object")),
    "one slot": ("participation", {"a": "submitted"}, ("participation.b", "is missing")),
    "three slots": (
        "participation", {"a": "invited", "b": "invited", "c": "invited"}, ("participation.c", UNKNOWN),
    ),
    "unknown stage": ("participation", {"a": "sent", "b": "invited"}, ("participation.a", STAGES)),
    "stage no text": ("participation", {"a": 1, "b": "invited"}, ("participation.a", STAGES)),
    "sent without a partner": (
        "partners", {"a": {}}, ("partners.b", "is missing although this partner has submitted"),
    ),
    "no partners": ("partners", BLANK, ("partners.a", "is missing although this partner has submitted")),
    "partners a list": ("partners", [], ("partners", "must be an object")),
    "partner c": ("partners", {"a": {}, "b": {}, "c": {}}, ("partners.c", UNKNOWN)),
    "partner a list": ("partners", {"a": [], "b": {}}, ("partners.a", "must be an object")),
    "unknown at the top": ("couple", 1, ("couple", UNKNOWN)),
    "a name that tells": ("Ana has said\n1", 1, ("", "has a field that does not exist")),
    "a name without end": ("x" * 1000, 1, ("", "has a field that does not exist")),
    "findings no list": ("standing_findings", {}, ("standing_findings", "must be a list")),
    "finding no object": ("standing_findings", ["A"], ("standing_findings.0", "must be an object")),
    "finding without a day": (
        "standing_findings", [{"slot": "a", "tier": "A"}], ("standing_findings.0.found_on", "is missing"),
    ),
    "finding of nobody": (
        "standing_findings", [{"slot": "c", "tier": "A", "found_on": "2026-04-01"}],
        ("standing_findings.0.slot", "must be one of a, b"),
    ),
    "finding of tier C": (
        "standing_findings", [{"slot": "a", "tier": "C", "found_on": "2026-04-01"}],
        ("standing_findings.0.tier", "must be one of A, B, H, crisis"),
    ),
    "finding on no day": (
        "standing_findings", [{"slot": "a", "tier": "A", "found_on": 1}],
        ("standing_findings.0.found_on", DAY),
    ),
    "clearance with a name": (
        "clearances", [{"tier": "A", "on": "2026-11-21"}, {"tier": "A", "on": "2026-11-21", "by": "x"}],
        ("clearances.1.by", UNKNOWN),
    ),
    "clearance of the order": (
        "clearances", [{"tier": "order", "on": "2026-11-21"}],
        ("clearances.0.tier", "must be one of A, B, H, crisis"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("key", "value", "fault"), BAD_TOP.values(), ids=BAD_TOP)
def test_a_bad_file_is_refused_with_its_place(key: str, value: Any, fault: tuple[str, str]) -> None:
    file = couple_file()
    put(file, key.replace(".", "_"), value)
    with pytest.raises(CoupleFault) as caught:
        parse_couple(file)
    assert (caught.value.path, caught.value.message) == fault


@pytest.mark.parametrize("value", [None, 5, "x", [], True])
def test_a_couple_is_an_object(value: Any) -> None:
    with pytest.raises(CoupleFault, match="must be an object") as caught:
        parse_couple(value)
    assert str(caught.value) == "must be an object"


def test_a_fault_says_its_place_in_words() -> None:
    assert str(CoupleFault("partners.a.lean", "is missing")) == "partners.a.lean: is missing"


def test_every_field_has_its_place_in_the_order() -> None:
    assert set(ANSWERS) | {"control_received", "control_done"} == set(FIELD_ORDER)
