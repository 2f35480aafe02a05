"""Who is called by when, and which calls a person's own words forbid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.domain import calling
from portal.domain.calling import Channel, Plan
from portal.domain.working_days import USUAL, Calendar

NEW_YORK = ZoneInfo("America/New_York")
#: A Thursday afternoon.
SENT = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
QUIET: dict[str, Any] = {
    "matched_rules": ["R18b"], "gates": [], "flags": [], "route": "couples", "reason": "matched",
    "reasons": [],
}  # fmt: skip


def due(calendar: Calendar = USUAL, **changed: Any) -> str:
    """The day after the last day of the promise."""
    said = {**QUIET, **changed}
    end = calling.due_at(said, sent_at=SENT, made_at=SENT, zone=NEW_YORK, calendar=calendar)
    last = end.astimezone(NEW_YORK)
    assert (last.hour, last.minute) == (0, 0)
    return last.strftime("%a %d")


@pytest.mark.parametrize(
    ("changed", "until"),
    [
        ({}, "Fri 04"),
        ({"matched_rules": ["R5b"]}, "Fri 04"),
        ({"matched_rules": ["R4"]}, "Tue 01"),
        ({"gates": ["call_next_working_day"]}, "Sat 28"),
        ({"gates": ["call_next_working_day"], "matched_rules": ["R1"]}, "Fri 27"),
        ({"gates": ["call_within_24h"]}, "Fri 27"),
        ({"matched_rules": ["R18b", "R2"]}, "Fri 27"),
    ],
)
def test_by_when(changed: dict[str, Any], until: str) -> None:
    """The day after the last one: the promise ends with that day."""
    assert due(**changed) == until


def test_without_a_sent_form_the_clock_begins_with_the_finding() -> None:
    found = calling.due_at(QUIET, sent_at=None, made_at=SENT, zone=NEW_YORK)
    assert found == calling.due_at(QUIET, sent_at=SENT, made_at=SENT, zone=NEW_YORK)


@pytest.mark.parametrize(
    ("participation", "advice", "wanted"),
    [
        ("submitted", {}, True),
        ("declined", {}, False),
        ("declined", {"matched_rules": ["R1"], "reasons": [{"slot": "a", "rule": "R1"}]}, True),
        ("declined", {"matched_rules": ["R1"], "reasons": [{"slot": "b", "rule": "R1"}]}, False),
        ("declined", {"reason": "call_first", "reasons": [{"slot": "a", "rule": "R10"}]}, False),
        ("do_not_contact", {"matched_rules": ["R1"], "reasons": [{"slot": "a", "rule": "R1"}]}, False),
        ("in_progress", {}, False),
        ("in_progress", {"matched_rules": ["R1"], "reasons": [{"slot": "a", "rule": "R1"}]}, True),
        ("in_progress", {"matched_rules": ["R1"], "reasons": [{"slot": "b", "rule": "R1"}]}, False),
        ("in_progress", {"reason": "call_first", "reasons": [{"slot": "a", "rule": "R10"}]}, True),
        ("in_progress", {"reason": "call_first", "reasons": [{"slot": "b", "rule": "R10"}]}, False),
    ],
)
def test_who_is_called(participation: str, advice: dict[str, Any], wanted: bool) -> None:
    assert calling.is_wanted(participation, "a", {**QUIET, **advice}) is wanted


def test_whoever_a_gate_is_about_is_called_before_sending_too() -> None:
    assert calling.is_wanted("in_progress", "a", QUIET, concerned={"a"})
    assert not calling.is_wanted("in_progress", "a", QUIET, concerned={"b"})
    assert not calling.is_wanted("do_not_contact", "a", QUIET, concerned={"a"})
    assert not calling.is_wanted("declined", "a", QUIET, concerned={"a"})


def test_a_promise_never_moves_away_and_a_held_call_stays_held() -> None:
    early, late = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC)
    first = Plan(early, 3, SENT)
    assert calling.planned(None, first) == first
    assert calling.planned(first, Plan(late, 4, SENT)) == Plan(early, 3, SENT)
    assert calling.planned(Plan(late, 3, SENT), Plan(early, 0, SENT)) == Plan(early, 0, SENT)
    held = replace(first, settled_at=early)
    assert calling.planned(held, Plan(late, 3, SENT)) == held
    assert calling.planned(held, Plan(late, 0, SENT)) == Plan(late, 0, SENT)
    newer = Plan(late, 3, early)
    assert calling.planned(held, newer) == newer
    # Danger told while writing asked for this call; sending the form since puts it off no more than anything.
    told = replace(first, level=1, sent_at=None)
    assert calling.planned(told, Plan(late, 3, SENT)) == Plan(early, 3, SENT)
    assert calling.planned(first, newer) == Plan(early, 3, early)


@pytest.mark.parametrize(
    ("calendar", "ends"),
    [
        (Calendar(frozenset(range(1, 7))), ["Thu 03", "Sun 29", "Sat 28"]),
        (Calendar(off=frozenset({date(2026, 11, 27)})), ["Sat 05", "Wed 02", "Tue 01"]),
    ],
    ids=["open on Saturdays", "closed on Friday"],
)
def test_office_days_and_days_off_are_those_of_the_promise(calendar: Calendar, ends: list[str]) -> None:
    told: tuple[dict[str, Any], ...] = (
        {}, {"matched_rules": ["R4"]}, {"gates": ["call_next_working_day"], "route": "wait"},
    )  # fmt: skip
    assert [due(calendar, **changed) for changed in told] == ends


CALM = Channel("phone", voicemail_ok=True)


@pytest.mark.parametrize(
    ("channel", "outcome", "occasion", "is_safe", "why"),
    [
        (CALM, "no_answer", "ours", True, None),
        (CALM, "no_answer", "ours", None, None),
        (CALM, "no_answer", "ours", False, "outside_hours"),
        (CALM, "no_answer", "agreed", False, None),
        (CALM, "voicemail_left", "ours", True, None),
        (replace(CALM, voicemail_ok=False), "voicemail_left", "agreed", True, "voicemail_not_ok"),
        (replace(CALM, kind="none"), "reached", "ours", True, "await_call"),
        (replace(CALM, kind="none"), "reached", "theirs", False, None),
        (replace(CALM, kind="text"), "reached", "ours", True, "other_channel"),
        (replace(CALM, kind="text"), "reached", "agreed", True, None),
        (replace(CALM, is_wrong_number=True), "reached", "ours", True, "wrong_number"),
        (CALM, "no_answer", "theirs", True, "not_theirs"),
    ],
)
def test_which_calls_are_refused(
    channel: Channel, outcome: str, occasion: str, is_safe: bool | None, why: str | None
) -> None:
    assert calling.refusal(channel, outcome=outcome, occasion=occasion, is_safe=is_safe) == why


@pytest.mark.parametrize(
    ("contact", "channel"),
    [
        (None, Channel("none", voicemail_ok=False)),
        ({"channel": "phone", "address": ""}, Channel("none", voicemail_ok=False)),
        ({"channel": "phone", "address": "1", "voicemail_ok": True}, CALM),
    ],
)
def test_nothing_given_is_no_channel(contact: dict[str, Any] | None, channel: Channel) -> None:
    assert Channel.of(contact) == channel
