"""Keyboard shortcuts of staff can be turned off, in this browser alone (WCAG 2.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from admin_browser import Desk


def has_keys(desk: Desk) -> tuple[bool, bool]:
    """Whether the page loads the script of the keys, and whether the page about them says so."""
    page = desk.get("/shortcuts").text
    return "/static/js/staff.js" in page, "Shortcuts are on in this browser." in page


def test_shortcuts_are_turned_off_and_on(sit: Callable[..., Desk]) -> None:
    ada = sit("Ada", "admin")
    seen = [has_keys(ada)]
    for chosen in ("off", "on"):
        answer = ada.post("/shortcuts", shortcuts=chosen)
        assert (answer.status_code, answer.location) == (303, "/shortcuts")
        seen.append(has_keys(ada))
    assert seen == [(True, True), (False, False), (True, True)]
    assert has_keys(sit("Thea", "therapist")) == (True, True)


def test_nothing_else_is_chosen(sit: Callable[..., Desk]) -> None:
    assert sit("Ada", "admin").post("/shortcuts", shortcuts="perhaps").status_code == 400


def test_no_partner_and_no_visitor_loads_the_keys(sit: Callable[..., Desk]) -> None:
    ada = sit("Ada", "admin")
    assert "staff.js" not in ada.get("/help").text
