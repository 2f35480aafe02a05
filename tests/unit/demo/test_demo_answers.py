"""Every couple of the demonstration answers only what is offered, and lands where the cast says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.content import questionnaire as bank
from portal.content.rules import ruleset
from portal.demo import answers, cast
from portal.demo.cast import Couple
from portal.demo.streams import Stream, spread
from portal.domain import answers as cleaning
from portal.domain import routing, scoring
from portal.domain.couple_file import parse_couple

TODAY = date(2026, 11, 24)
QUESTIONNAIRE = bank.load(policy="b", on_call=True)
COUPLES = {couple.key: couple for couple in cast.couples()}
_STANDS = {
    "sends": "submitted", "sends_again": "submitted", "withdraws": "declined", "not_now": "declined",
    "fills": "in_progress", "begins": "in_progress", "joins": "in_progress",
}  # fmt: skip


def _participation(couple: Couple) -> dict[str, str]:
    stands = {"a": "not_invited", "b": "not_invited"}
    for step in couple.steps():
        if step.verb in ("opens", "opens_again"):
            stands.update(dict.fromkeys(step.words, "invited"))
        if step.verb in _STANDS:
            stands[step.words[0]] = _STANDS[step.verb]
        if step.verb == "do_not_contact":
            stands["b"] = "do_not_contact"
    return stands


def _said(couple: Couple, slot: str) -> dict[str, Any]:
    later = any(step.verb == "sends_again" and step.words[0] == slot for step in couple.steps())
    given = answers.filled_in(QUESTIONNAIRE, couple, slot, later=later)
    silent = [item.key for section in QUESTIONNAIRE.sections if section.silent for item in section.items]
    return {key: value for key, value in given.items() if given["private"] != "no" or key not in silent}


def _submitted(couple: Couple, slot: str) -> dict[str, Any]:
    steps = [step for step in couple.steps() if step.words[:1] == (slot,)]
    sent = [step for step in steps if step.verb in ("sends", "sends_again")][-1]
    given: dict[str, Any] = scoring.partner_answers(QUESTIONNAIRE, _said(couple, slot))
    claimed = any(step.verb == "claims" for step in steps)
    return {
        **given,
        "eligible": {**given["eligible"], "consented": True, "identity_conflict": claimed},
        "submitted_on": (TODAY - sent.ago).isoformat(),
        "important_event_since": any(step.verb == "adds" for step in steps),
        "safe_channel": True,
        "shared_account": any("shared_account" in step.words for step in steps),
    }


def _file(couple: Couple) -> dict[str, Any]:
    stands = _participation(couple)
    partners = {slot: _submitted(couple, slot) for slot in "ab" if stands[slot] == "submitted"}
    for step in couple.steps():
        if step.verb == "fills":
            sections = [QUESTIONNAIRE.section(key) for key in step.words[1:]]
            asked = {item.key for section in sections for item in section.items}
            said = {key: value for key, value in _said(couple, step.words[0]).items() if key in asked}
            partners.setdefault(step.words[0], scoring.draft_answers(said))
    clearances = [
        {"tier": step.words[0], "on": (TODAY - step.ago).isoformat()}
        for step in couple.steps()
        if step.verb == "clears"
    ]
    return {
        "as_of": TODAY.isoformat(), "participation": stands, "partners": partners, "clearances": clearances,
    }  # fmt: skip


@pytest.mark.parametrize("key", COUPLES)
def test_a_couple_lands_where_the_cast_says(key: str) -> None:
    couple = COUPLES[key]
    file = _file(couple)
    if not couple.route:
        assert file["partners"] == {}
        return
    found = routing.recommend(parse_couple(file), ruleset(), would_change=False).as_dict()
    assert (found["route"], found["reason"], found["model"] or "") == (
        couple.route,
        couple.reason,
        couple.model,
    )


@pytest.mark.parametrize("key", COUPLES)
def test_every_answer_is_one_that_is_offered(key: str) -> None:
    for slot in "ab":
        given = answers.filled_in(QUESTIONNAIRE, COUPLES[key], slot)
        for section in QUESTIONNAIRE.sections:
            asked = {item.key for item in section.items}
            posted = {k: v if isinstance(v, list) else [v] for k, v in given.items() if k in asked}
            cleaned = cleaning.clean(section, posted)
            assert dict(cleaned.values) == {k: v for k, v in given.items() if k in asked}
            assert cleaned.is_clean


def test_the_cast_names_only_what_exists() -> None:
    known = {item.key for item in QUESTIONNAIRE.items} | {
        "gottman",
        "eft",
        "developmental",
        "satisfaction",
        "mood",
        "alcohol",
    }
    named = {
        key
        for couple in COUPLES.values()
        for given in (couple.both, couple.a.answers, couple.b.answers, couple.a.later, couple.b.later)
        for key in given
    }
    staff = {member.key for member in cast.THERAPISTS}
    assert named - known == set()
    assert {couple.therapist for couple in COUPLES.values()} == {*staff, ""}
    assert {person.theme for couple in COUPLES.values() for person in (couple.a, couple.b)} <= set(
        answers.voices().themes
    )


def test_every_route_and_reason_of_the_table_is_shown() -> None:
    wanted = {
        (rule.route, reason)
        for rule in ruleset().rules
        for reason in (rule.reason, rule.reason_if_call_first)
        if reason
    }
    assert {(couple.route, couple.reason) for couple in COUPLES.values() if couple.route} == wanted


def test_nobody_shares_a_name() -> None:
    names = [person.name for couple in COUPLES.values() for person in (couple.a, couple.b)]
    assert len(COUPLES) >= 40
    assert sorted(set(names)) == sorted(names)


def test_answers_are_the_same_every_time() -> None:
    first = answers.filled_in(QUESTIONNAIRE, COUPLES["maple"], "b")
    assert first == answers.filled_in(QUESTIONNAIRE, COUPLES["maple"], "b")
    assert first["first_step"] == "no"


def test_a_step_is_days_or_hours_ago() -> None:
    assert cast.Step.read("x", ["5h", "sends", "b"]).ago == timedelta(hours=5)
    assert cast.Step.read("x", [5, "sends", "b"]).ago == timedelta(days=5)


@pytest.mark.parametrize(
    ("total", "highest"), [(0, (3, 3)), (5, (3, 3)), (6, (3, 3)), (9, (3, 3)), (11, (6, 5, 5, 5))]
)
def test_points_are_spread_to_their_sum(total: int, highest: tuple[int, ...]) -> None:
    points = spread(total, highest, Stream("x"))
    assert sum(points) == min(total, sum(highest))
    assert all(0 <= got <= most for got, most in zip(points, highest, strict=True))


def test_the_guide_says_who_is_who() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs/demo.md").read_text(encoding="utf-8")
    therapists = {member.key: member.first_name for member in cast.STAFF}
    missing = [
        couple.key
        for couple in COUPLES.values()
        if f"| {therapists.get(couple.therapist, '*nobody*')} | {_end(couple)} | {couple.look} |" not in guide
        or couple.a.name not in guide
    ]
    assert missing == []
    assert [member.key for member in cast.STAFF if member.email not in guide] == []


def _end(couple: Couple) -> str:
    if not couple.route:
        return "no form yet"
    return f"{couple.route} : {couple.reason}" + (f" ({couple.model})" if couple.model else "")
