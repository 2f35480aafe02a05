"""Participation as a truth table over what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.domain.participation import Signs, participation

T1 = datetime(2026, 11, 1, tzinfo=UTC)
T2 = T1 + timedelta(days=1)
T3 = T1 + timedelta(days=2)


@pytest.mark.parametrize(
    ("signs", "want"),
    [
        (Signs(), "not_invited"),
        (Signs(invited_at=T1), "invited"),
        (Signs(invited_at=T1, joined_at=T2), "in_progress"),
        (Signs(joined_at=T2), "in_progress"),
        (Signs(joined_at=T1, submitted_at=T2), "submitted"),
        (Signs(joined_at=T1, submitted_at=T2, withdrawn_at=T3), "declined"),
        (Signs(joined_at=T1, submitted_at=T2, withdrawn_at=T2), "declined"),
        (Signs(joined_at=T1, submitted_at=T3, withdrawn_at=T2), "submitted"),
        (Signs(joined_at=T1, withdrawn_at=T2), "declined"),
        (Signs(invited_at=T1, not_now_at=T2), "declined"),
        (Signs(invited_at=T1, not_now_at=T2, joined_at=T3), "in_progress"),
        (Signs(invited_at=T1, not_now_at=T3, joined_at=T2), "declined"),
        (Signs(invited_at=T1, other_choice="will_not_join"), "declined"),
        (Signs(invited_at=T1, joined_at=T2, other_choice="will_not_join"), "declined"),
        (Signs(invited_at=T1, other_choice="do_not_contact"), "do_not_contact"),
        (Signs(invited_at=T1, not_now_at=T2, other_choice="do_not_contact"), "do_not_contact"),
        (Signs(joined_at=T1, submitted_at=T2, other_choice="do_not_contact"), "submitted"),
        (Signs(joined_at=T1, submitted_at=T2, other_choice="will_not_join"), "submitted"),
        (Signs(invited_at=T1, other_choice="invite"), "invited"),
    ],
)
def test_participation(signs: Signs, want: str) -> None:
    assert participation(signs) == want
