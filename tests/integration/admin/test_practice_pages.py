"""What a practice tells of itself, and the first five minutes of a new one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from admin_browser import Desk, errors
from practice_world import World
from sqlalchemy import delete

from portal.domain.access import system
from portal.models import PRACTICE_ID, Practice, table_of
from portal.services import audit, first_steps
from portal.services.first_steps import FirstSteps


def test_days_languages_and_texts_are_kept_shown_and_told_to_everybody(ada: Desk, client: Any) -> None:
    fields: dict[str, str | list[str]] = {
        "practice_name": "Riverside", "working_days": ["", "1", "2"], "languages": ["", "en", "ase"],
        "holidays": "2026-12-25", "cost_en": "180 <b>dollars</b>", "cost_es": "180 dólares",
        "office_email": "office@example.org",
    }  # fmt: skip
    assert ada.post("/admin/settings", **fields).headers["Location"] == "/admin/settings"
    page = ada.get("/admin/settings").text
    assert 'value="2" checked' in page
    assert 'value="3" checked' not in page
    assert 'value="ase" checked' in page
    public = client.get("/if-you-are-not-sure").text
    assert "180 &lt;b&gt;dollars&lt;/b&gt;" in public
    assert "office@example.org" in public
    assert "Childcare" not in public


def _lines(page: Any) -> list[tuple[str, str]]:
    """The help lines of a page: name and number, as they are dialled."""
    line = r'<li><strong>([^<]+)</strong>\s*<span class="contact"><a href="tel:([^"]+)">'
    return re.findall(line, page.text)


def test_the_help_lines_are_the_practices_own_on_every_page(ada: Desk, client: Any) -> None:
    assert _lines(client.get("/nothing-here"))[0] == ("Emergency", "911")
    shown = ada.get("/admin/settings").text
    assert "Emergency | 911 | Police" in shown
    assert "Emergencias | 911 | Policía" in shown
    own = "Emergency <now> | 112 | Police.\nListening | +44 (0)20 7946 0000 | By night."
    assert ada.post("/admin/settings", help_lines_en=own).status_code == 303
    for path in ("/", "/help", "/begin", "/nothing-here"):
        assert _lines(client.get(path)) == [("Emergency &lt;now&gt;", "112"), ("Listening", "+4402079460000")]
    spanish = client.get("/help", headers={"Accept-Language": "es"})
    assert _lines(spanish)[0] == ("Emergencias", "911")
    ada.post("/admin/settings", help_lines_en="")
    assert _lines(client.get("/"))[0] == ("Emergency", "911")


def test_a_row_that_is_no_help_line_is_refused_and_stays(ada: Desk) -> None:
    refused = ada.post("/admin/settings", help_lines_es="Emergencias 112")
    assert (refused.status_code, list(errors(refused))) == (400, ["help_lines_es"])
    assert "Help lines (Español)" in refused.text
    assert "\nEmergencias 112</textarea>" in refused.text


def test_every_fault_is_named_at_once_and_what_was_typed_stays(ada: Desk) -> None:
    refused = ada.post(
        "/admin/settings", holidays="Christmas", working_days=["", "9"], cost_es="x" * 301, phone="555 0142"
    )
    assert (refused.status_code, set(errors(refused))) == (400, {"holidays", "working_days", "cost_es"})
    assert "What it costs (Español)" in refused.text
    assert "Christmas" in refused.text
    assert "555 0142" in refused.text


def test_cases_that_are_still_worked_out_by_other_settings_are_told(house: World, ada: Desk) -> None:
    house.case()
    told = {"en": "Every open case is worked out anew", "es": "Cada caso abierto se evalúa de nuevo"}
    for is_told, changed in ((False, {"phone": "555 0142"}), (True, {"stale_days": "61"}), (False, {})):
        if changed:
            ada.post("/admin/settings", **changed)
        else:
            house.work()
        for language, words in told.items():
            ada.post("/language", language=language)
            assert (words in ada.get("/admin").text) is is_told, (changed, language)


def _steps(house: World) -> FirstSteps:
    with house.store.staff.read() as session:
        return first_steps.view(session)


def test_the_first_five_minutes_are_told_until_they_are_done(
    house: World, ada: Desk, sit: Callable[..., Desk]
) -> None:
    with house.store.staff.write() as session:
        session.execute(delete(table_of(Practice)))
    assert _steps(house) == FirstSteps(False, False, False, False, False)
    assert "first-steps" in ada.get("/admin").text
    ada.post("/admin/settings", practice_name="Riverside")
    assert _steps(house) == FirstSteps(True, False, False, False, False)
    ada.post("/admin/settings", on_call_email="oncall@example.org")
    sit("Thea", "therapist")
    house.case()
    assert _steps(house) == FirstSteps(True, True, False, True, True)
    with house.store.staff.write() as session:
        subject = ("practice", PRACTICE_ID)
        audit.record(session, house.tools, by=system("keys"), verb="keys.kit_made", subject=subject)
    assert _steps(house).is_done
    assert "first-steps" not in ada.get("/admin").text
