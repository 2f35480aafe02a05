"""`make soak` in small: what it calls kept is kept, and what it would call lost it does find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from benchmarks import soak
from benchmarks.load import people
from benchmarks.load.people import Typist
from benchmarks.load.practice import house
from benchmarks.load.reading_back import losses
from portal.models import SealedEntry, SectionState, table_of

WISH = soak.Wish(seconds=12, partners=4, therapists=1, sent=1, database="sqlite")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Everybody types twenty times as fast."""
    monkeypatch.setattr(people, "TYPES_EVERY", 0.1)
    monkeypatch.setattr(people, "SAVES_A_PAGE", 2)
    monkeypatch.setattr(people, "LOOKS_EVERY", 0.5)
    return tmp_path


@pytest.mark.deep
def test_a_small_evening_loses_nothing_and_a_planted_loss_is_found(hurried: Path) -> None:
    kept: list[Typist] = []
    seen = soak.run(WISH, folder=hurried, keep=kept)
    assert soak.faults(seen | {"memory_growth": 1.2}) == []  # a short evening: it still fills
    assert soak.faults(seen | {"memory_growth": 1.2, "seconds": 600}) == ["memory grew beyond 1.05"]
    assert seen["acknowledged_saves_read_back"] > 40
    assert {kind.rpartition(" ")[0] for kind in seen["statuses"]} >= {
        "autosave", "save and go on", "form page", "submit", "caseload", "case page", "call noted",
        "report asked", "report file",
    }  # fmt: skip
    settings = {"PORTAL_INSTANCE": str(hurried / "instance")}
    assert losses(settings, kept) == (seen["acknowledged_saves_read_back"], [])
    typist = next(one for one in kept if not one.is_sent)
    with house(settings) as (store, _tools), store.staff.write() as session:
        entries = table_of(SealedEntry)
        sealed = max(version for section, version in typist.acknowledged if section == "reasons")
        gone = session.execute(
            delete(entries).where(entries.c.section == "reasons", entries.c.version == sealed)
        )
        assert gone.rowcount >= 1
        states = table_of(SectionState)
        session.execute(update(states).where(states.c.section == "patterns").values(draft_box=None))
    _, found = losses(settings, [typist])
    own = f"{typist.seat.partner_id}: "
    patterns = max(version for section, version in typist.acknowledged if section == "patterns")
    assert sorted(found) == [
        f"{own}patterns {patterns} is not as it was acknowledged last",
        f"{own}reasons {sealed} is not as it was acknowledged",
    ]
    assert json.loads(json.dumps(seen)) == seen
