from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.domain.access import ANONYMOUS, Viewer
from portal.domain.visibility import (
    LetterFacts,
    can_decide_letter,
    can_see_answers,
    can_see_letter,
    needs_approval,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AUTHOR = Viewer(kind="staff", id="author", roles=frozenset({"therapist"}))
COLLEAGUE = Viewer(kind="staff", id="colleague", roles=frozenset({"therapist"}))
ADMIN = Viewer(kind="staff", id="admin", roles=frozenset({"admin"}))
NOBODY = Viewer(kind="staff", id="nobody")
PARTNER = Viewer(kind="partner", id="partner", partner_id="p")
WAITING = LetterFacts("waiting", "author", NOW - timedelta(hours=1))
RELEASED = replace(WAITING, state="released", decided_by="colleague")


@pytest.mark.parametrize(
    ("viewer", "may_open", "is_sent", "want"),
    [
        (COLLEAGUE, True, True, True),
        (COLLEAGUE, True, False, False),
        (COLLEAGUE, False, True, False),
        (ADMIN, True, True, False),
        (PARTNER, True, True, False),
    ],
)
def test_answers(viewer: Viewer, may_open: bool, is_sent: bool, want: bool) -> None:
    assert can_see_answers(viewer, may_open_case=may_open, is_sent=is_sent) is want


@pytest.mark.parametrize(
    ("routes", "want"),
    [
        (("couples", None), False),
        (("safety", "consult"), True),
        (("consult", "hold"), True),
        ((None,), False),
    ],
)
def test_which_routes_need_a_second_person(routes: tuple[str | None, ...], want: bool) -> None:
    assert needs_approval(*routes) is want


@pytest.mark.parametrize(
    ("viewer", "letter", "may_open", "want"),
    [
        (AUTHOR, RELEASED, False, True),
        (COLLEAGUE, RELEASED, False, True),
        (ADMIN, RELEASED, False, False),
        (ADMIN, RELEASED, True, True),
        (ADMIN, WAITING, False, True),
        (COLLEAGUE, WAITING, False, True),
        (NOBODY, WAITING, False, False),
        (PARTNER, WAITING, False, False),
        (ANONYMOUS, WAITING, False, False),
    ],
)
def test_who_sees_a_letter(viewer: Viewer, letter: LetterFacts, may_open: bool, want: bool) -> None:
    assert can_see_letter(viewer, letter, may_open_case=may_open) is want


@pytest.mark.parametrize(
    ("viewer", "letter", "is_alone", "hours", "want"),
    [
        (COLLEAGUE, WAITING, False, 0, True),
        (ADMIN, WAITING, False, 0, True),
        (AUTHOR, WAITING, False, 48, False),
        (AUTHOR, WAITING, True, 22, False),
        (AUTHOR, WAITING, True, 23, True),
        (COLLEAGUE, RELEASED, False, 0, False),
        (NOBODY, WAITING, False, 0, False),
        (PARTNER, WAITING, False, 0, False),
    ],
)
def test_who_decides_about_a_letter(
    viewer: Viewer, letter: LetterFacts, is_alone: bool, hours: int, want: bool
) -> None:
    assert can_decide_letter(viewer, letter, is_alone=is_alone, now=NOW + timedelta(hours=hours)) is want
