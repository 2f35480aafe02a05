"""Who said what: both accounts of one thing pooled, a disagreement shown, nothing added up."""

from __future__ import annotations

from typing import Any

from portal.domain.told import Told, compare


def told(a: dict[str, Any] | None = None, b: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    partners = {slot: given for slot, given in (("a", a), ("b", b)) if given is not None}
    return [(one.field, one.affected, dict(one.says), one.verdict) for one in compare(partners)]


def test_received_and_done_are_one_thing() -> None:
    assert told({"harm_received": {"threat": "past_year"}}, {"harm_done": {"threat": "earlier"}}) == [
        ("harm_received.threat", "a", {"a": "past_year", "b": "earlier"}, "both")
    ]


def test_what_one_tells_and_the_other_denies() -> None:
    assert told({"harm_done": {"insult": "past_year"}}, {"harm_received": {"insult": "none"}}) == [
        ("harm_received.insult", "b", {"a": "past_year", "b": "none"}, "only_a")
    ]
    assert told({"harm_received": {"weapon": "none"}}, {"harm_done": {"weapon": "earlier"}}) == [
        ("harm_received.weapon", "a", {"a": "none", "b": "earlier"}, "only_b")
    ]


def test_the_gravest_acts_stand_first_whoever_is_affected() -> None:
    a = {
        "harm_received": {"insult": "past_year", "strangled": "earlier"},
        "harm_done": {"physical": "earlier"},
    }
    assert [(field, slot) for field, slot, *_ in told(a)] == [
        ("harm_received.strangled", "a"),
        ("harm_received.physical", "b"),
        ("harm_received.insult", "a"),
    ]


def test_control_is_told_kind_by_kind() -> None:
    assert told({"control_received": ["money", "phone"]}, {"control_done": ["money"]}) == [
        ("control_received.money", "a", {"a": "yes", "b": "yes"}, "both"),
        ("control_received.phone", "a", {"a": "yes", "b": "none"}, "only_a"),
    ]


def test_who_left_it_open_is_not_who_denies_it() -> None:
    found = compare({"a": {"control_received": ["money"]}, "b": {"control_done": "declined"}})
    assert [(one.says["b"], one.left_open) for one in found] == [("declined", ("b",))]
    blank = compare({"a": {"harm_received": {"injury": "earlier"}}, "b": {"harm_done": None}})
    assert [(one.says["b"], one.left_open, one.tellers) for one in blank] == [(None, ("b",), ("a",))]


def test_fear_is_a_persons_own_and_nobody_else_is_asked() -> None:
    a = {"fear": "strong", "fear_of_consequences": True, "free_to_leave": "hard"}
    b = {"fear": "none", "fear_of_consequences": False, "free_to_leave": "yes"}
    assert told(a, b) == [
        ("fear", "a", {"a": "strong"}, "only_a"),
        ("fear_of_consequences", "a", {"a": "yes"}, "only_a"),
        ("free_to_leave", "a", {"a": "hard"}, "only_a"),
    ]


def test_what_is_told_of_both() -> None:
    a = {"escalating": "yes", "order_of_protection": "past", "child_danger": "no"}
    b = {"escalating": "nothing_happened", "order_of_protection": "past", "child_danger": "concern"}
    assert told(a, b) == [
        ("escalating", None, {"a": "yes", "b": "nothing_happened"}, "only_a"),
        ("order_of_protection", None, {"a": "past", "b": "past"}, "both"),
        ("child_danger", None, {"a": "no", "b": "concern"}, "only_b"),
    ]


def test_nobody_there_reports_nothing() -> None:
    assert compare({}) == ()
    assert compare({"a": {"fear": "declined", "harm_received": {"threat": "declined"}}}) == ()


def test_a_report_is_one_value() -> None:
    assert Told("fear", "b", {"b": "some"}).tellers == ("b",)
