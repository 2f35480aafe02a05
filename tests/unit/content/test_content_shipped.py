"""Everything that ships is read at start, and its faults come together."""

from __future__ import annotations

import pytest

from portal.content.faults import ContentError, Fault
from portal.content.shipped import LOADERS, require_sound


def test_what_ships_is_sound() -> None:
    require_sound()
    assert len(LOADERS) == 7


def test_faults_of_several_loaders_come_together() -> None:
    def torn() -> None:
        raise ContentError([Fault("b.yaml", 2, "torn")])

    def short() -> None:
        raise ContentError([Fault("a.yaml", 1, "short"), Fault("a.yaml", 9, "odd")])

    with pytest.raises(ContentError) as caught:
        require_sound([torn, lambda: None, short])
    assert [str(fault) for fault in caught.value.faults] == [
        "a.yaml:1: short",
        "a.yaml:9: odd",
        "b.yaml:2: torn",
    ]
