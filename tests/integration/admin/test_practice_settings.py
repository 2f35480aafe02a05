"""The practice's settings: what is missing stays, what is wrong is refused by field, rules run anew."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from practice_world import World
from sqlalchemy import delete, select

from portal.content import help_lines
from portal.content.help_lines import ShownLine
from portal.content.rules import ruleset
from portal.domain.access import Viewer
from portal.domain.working_days import Calendar
from portal.models import AuditEvent, Job, Practice, table_of
from portal.services import alerts, practice_settings, practices, routing, rule_walks
from portal.services.errors import BadInput
from portal.services.practice_settings import DEFAULTS, PracticeSettings

ALL = {
    "practice_name": "Riverside",
    "phone": "555 0100",
    "on_call_email": "oncall@example.org",
    "time_zone": "Europe/Madrid",
    "confidentiality": "a",
    "self_referral": "no",
    "stale_days": "30",
    "alcohol_level": "6",
    "index_margin": "15",
    "clarity_for_two": "no",
    "draft_days": "90",
    "mail_days": "14",
    "export_days": "3",
    "case_years": "10",
    "languages": "es, en",
    "working_days": "4,1,2",
    "holidays": "2026-12-25,\n2026-12-24 2026-12-25",
    "office_email": "office@example.org",
    "postal_address": "1 River Road",
    "cost_en": "180 dollars an hour.",
    "cost_es": "180 dólares la hora.",
    "length_en": "An hour.",
    "help_lines_en": " Emergency |  112 | Everywhere.\r\n\r\nA line|+34 600 (00) 11|By day.",
}


@pytest.fixture
def ada(world: World) -> Viewer:
    """An admin of a practice that never saved a setting."""
    with world.store.staff.write() as session:
        session.execute(delete(table_of(Practice)))
    return world.staff("Ada", roles=("admin",))


def _change(world: World, by: Viewer, **given: str) -> frozenset[str]:
    with world.store.staff.write() as session:
        return practice_settings.change(session, world.tools, given=given, by=by)


def _view(world: World) -> PracticeSettings:
    with world.store.staff.read() as session:
        return practice_settings.view(session, world.tools)


def _events(world: World) -> list[str]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        return list(session.scalars(select(c.detail).where(c.verb == "settings.changed")))


def test_before_the_first_save_the_defaults_hold(world: World, ada: Viewer) -> None:
    assert _view(world) == DEFAULTS


def test_every_setting_is_kept(world: World, ada: Viewer) -> None:
    assert _change(world, ada, **ALL) == frozenset(ALL)
    assert _view(world) == PracticeSettings(
        "Riverside",
        "555 0100",
        "oncall@example.org",
        "Europe/Madrid",
        "a",
        False,
        30,
        6,
        15,
        False,
        90,
        14,
        10,
        3,
        "en,es",
        "1,2,4",
        "2026-12-24 2026-12-25",
        {
            "cost_en": "180 dollars an hour.",
            "cost_es": "180 dólares la hora.",
            "help_lines_en": "Emergency | 112 | Everywhere.\nA line | +34 600 (00) 11 | By day.",
            "length_en": "An hour.",
            "office_email": "office@example.org",
            "postal_address": "1 River Road",
        },
    )
    with world.store.staff.read() as session:
        assert alerts.on_call_address(session, world.tools) == "oncall@example.org"
        practice = practices.view(session)
        assert (practice.name, practice.phone, practice.time_zone, practice.variant) == (
            "Riverside", "555 0100", "Europe/Madrid", "a+oncall",
        )  # fmt: skip
    assert practice.calendar == Calendar(
        frozenset({1, 2, 4}), frozenset({date(2026, 12, 24), date(2026, 12, 25)})
    )
    assert [practice.told("cost", "es"), practice.told("length", "es"), practice.told("childcare", "es")] == [
        "180 dólares la hora.", "An hour.", "",
    ]  # fmt: skip
    assert practice.told("office_email") == "office@example.org"
    assert practice.help_lines("en") == (
        ShownLine("Emergency", "112", "Everywhere."),
        ShownLine("A line", "+34 600 (00) 11", "By day."),
    )
    assert practice.help_lines("es") == help_lines.shipped("es")
    assert _events(world) == [json.dumps({"settings": sorted(ALL)})]


def test_what_is_missing_stays_and_the_same_again_changes_nothing(world: World, ada: Viewer) -> None:
    _change(world, ada, **ALL)
    assert _change(world, ada, **ALL) == frozenset()
    assert _change(world, ada, phone=" 555 0199 ", unknown="x") == frozenset({"phone"})
    assert _view(world).phone == "555 0199"
    assert _view(world).practice_name == "Riverside"
    assert len(_events(world)) == 2


def test_one_public_text_is_changed_and_the_others_stay(world: World, ada: Viewer) -> None:
    _change(world, ada, cost_en="Ask us.", childcare_en="None.")
    assert _change(world, ada, cost_en="", length_en="") == frozenset({"cost_en"})
    assert _view(world).told == {"childcare_en": "None."}


def test_the_shipped_help_lines_are_no_setting(world: World, ada: Viewer) -> None:
    own, shipped = "Emergency | 112 | Always.", help_lines.as_text(help_lines.shipped("en"))
    assert _change(world, ada, help_lines_en=shipped) == frozenset()
    assert _change(world, ada, help_lines_en=own) == frozenset({"help_lines_en"})
    assert _view(world).told == {"help_lines_en": own}
    assert _change(world, ada, help_lines_en="") == frozenset({"help_lines_en"})
    assert _view(world).told == {}


def test_days_off_are_named_and_emptied_again(world: World, ada: Viewer) -> None:
    _change(world, ada, holidays=" 2026-12-25, ")
    assert _view(world).holidays == "2026-12-25"
    assert _change(world, ada, holidays="") == frozenset({"holidays"})
    assert _view(world).holidays == ""


def test_nobody_is_on_call_once_the_address_is_emptied(world: World, ada: Viewer) -> None:
    _change(world, ada, **ALL)
    _change(world, ada, on_call_email="", phone="")
    with world.store.staff.read() as session:
        assert alerts.on_call_address(session, world.tools) is None
        assert not practices.view(session).has_on_call
    assert (_view(world).on_call_email, _view(world).phone) == ("", "")


@pytest.mark.parametrize(
    ("given", "jobs"), [({"index_margin": "12"}, 1), ({"clarity_for_two": "no"}, 1), ({"phone": "1"}, 0)]
)
def test_open_cases_are_routed_anew_where_the_rules_read_it(
    world: World, ada: Viewer, given: dict[str, str], jobs: int
) -> None:
    """One job for all of them, however many there are."""
    for _ in range(2):
        world.case()
    _change(world, ada, **given)
    c = table_of(Job).c
    with world.store.staff.read() as session:
        found = session.execute(select(c.kind, c.subject_id)).all()
    assert [tuple(row) for row in found] == [(rule_walks.KIND, rule_walks.START)] * jobs


def test_the_rules_are_read_under_the_practices_own_thresholds(world: World, ada: Viewer) -> None:
    _change(world, ada, **ALL)
    with world.store.staff.read() as session:
        assert routing.rules_of(session) == ruleset(
            stale_days=30, alcohol_level=6, index_margin=15, clarity_for_two=0
        )


def test_without_a_case_there_is_nothing_to_route(world: World, ada: Viewer) -> None:
    _change(world, ada, stale_days="14")
    world.work()
    with world.store.staff.read() as session:
        assert not rule_walks.is_under_way(session, world.tools)


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("practice_name", "  ", "missing"),
        ("practice_name", "x" * 201, "too_long"),
        ("practice_name", "a\nBcc: b@example.org", "bad_characters"),
        ("phone", "\ud800", "bad_characters"),
        ("phone", "1" * 65, "too_long"),
        ("on_call_email", "oncall", "bad_email"),
        ("time_zone", "Mars/Olympus", "not_an_option"),
        ("confidentiality", "d", "not_an_option"),
        ("self_referral", "maybe", "not_an_option"),
        ("stale_days", "13", "out_of_range"),
        ("stale_days", "91", "out_of_range"),
        ("alcohol_level", "9", "out_of_range"),
        ("alcohol_level", "3", "out_of_range"),
        ("index_margin", "-5", "out_of_range"),
        ("index_margin", "²", "out_of_range"),
        ("draft_days", "29", "out_of_range"),
        ("mail_days", "91", "out_of_range"),
        ("case_years", "0", "out_of_range"),
        ("index_margin", "1" * 5000, "out_of_range"),
        ("languages", ",", "missing"),
        ("languages", "en,klingon", "not_an_option"),
        ("working_days", "0", "not_an_option"),
        ("holidays", "Christmas", "bad_dates"),
        (
            "holidays",
            " ".join(f"2026-{month:02}-{day:02}" for month in (1, 3) for day in range(1, 32)),
            "too_long",
        ),
        ("cost_es", "x" * 301, "too_long"),
        ("office_email", "office", "bad_email"),
        ("help_lines_es", "Emergencias 112", "bad_help_lines"),
    ],
)
def test_a_bad_setting_is_refused_by_field(
    world: World, ada: Viewer, field: str, text: str, reason: str
) -> None:
    given: dict[str, Any] = {"phone": "555 0100", field: text}
    with pytest.raises(BadInput) as refused:
        _change(world, ada, **given)
    assert refused.value.faults == {field: reason}
    assert _view(world) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        *(("stale_days", 14, 90), ("alcohol_level", 4, 8), ("index_margin", 5, 25)),
        *(("draft_days", 30, 730), ("mail_days", 7, 90), ("case_years", 1, 30), ("export_days", 1, 90)),
    ],
)
def test_both_ends_of_a_safe_range_are_taken(
    world: World, ada: Viewer, name: str, low: int, high: int
) -> None:
    for value in (low, high):
        _change(world, ada, **{name: str(value)})
        assert getattr(_view(world), name) == value


def test_every_time_zone_can_be_chosen() -> None:
    zones = practice_settings.time_zones()
    assert {"America/New_York", "Europe/Madrid", "UTC"} <= set(zones)
    assert list(zones) == sorted(zones)
