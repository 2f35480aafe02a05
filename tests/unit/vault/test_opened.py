"""What was opened is kept for a second look, and forgotten with its keys, its blob and its time."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from portal import keyfiles, opened
from portal.opened import Opened
from portal.services import case_names
from portal.services.tools import Passwords, Tools
from portal.vault import KeyMissing, Place, Vault, VaultError, new_vault

HERE = Place("consent", "name_sealed", "1")


class Times:
    """Says how often it was asked."""

    def __init__(self) -> None:
        self.count = 0
        self.now = 0.0

    def opening(self) -> int:
        self.count += 1
        return self.count


def tools_over(vault: Vault) -> Tools:
    return Tools(vault=vault, passwords=Passwords.__new__(Passwords), base_url="")


def test_only_the_same_blob_in_the_same_place_is_remembered() -> None:
    kept, times = Opened(), Times()
    elsewhere = Place("consent", "name_sealed", "2")
    asked = [(HERE, b"a"), (HERE, b"a"), (HERE, b"b"), (elsewhere, b"a"), (HERE, b"a")]
    assert [kept.recall(place, blob, times.opening) for place, blob in asked] == [1, 1, 2, 3, 1]


def test_what_nobody_asks_for_is_gone_after_two_spells() -> None:
    times = Times()
    kept = Opened(lambda: times.now)
    kept.recall(HERE, b"asked", times.opening)
    kept.recall(HERE, b"left", times.opening)
    for _ in range(2):
        times.now += opened.LIFE
        assert kept.recall(HERE, b"asked", times.opening) == 1
    assert kept.recall(HERE, b"left", times.opening) == 3


def test_many_at_once_are_opened_once_each_and_leave_like_the_others() -> None:
    times = Times()
    kept = Opened(lambda: times.now)
    asked: list[str] = []

    def opening(blob: str) -> str:
        asked.append(blob)
        return blob.upper()

    assert kept.recall_each("rows", "aba", opening) == ["A", "B", "A"]
    assert kept.recall("rows", "b", times.opening) == "B"
    times.now += opened.LIFE
    assert kept.recall_each("rows", "a", opening) == ["A"]
    times.now += opened.LIFE
    assert kept.recall_each("rows", "ab", opening) == ["A", "B"]
    assert asked == ["a", "b", "b"]


def test_nobody_changes_what_is_remembered_by_the_id_of_its_row() -> None:
    """A row of the caseload is: no verb may update a consent or a recommendation, only add and erase."""
    changes = re.compile(r"\bupdate\(\s*(?:table_of\(\s*)?(?:Consent|Recommendation)\b")
    files = (Path(opened.__file__).parent).rglob("*.py")
    assert [path.name for path in files if changes.search(path.read_text(encoding="utf-8"))] == []
    assert changes.search("update(table_of(Consent)).where()")


def test_no_more_than_two_generations_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "SIZE", 3)
    kept, times = Opened(), Times()
    for number in range(50):
        kept.recall(HERE, bytes([number]), times.opening)
    assert len(kept._young) + len(kept._old) <= 6


def test_a_name_is_opened_once_and_not_after_it_changed_or_was_erased() -> None:
    tools = tools_over(new_vault())
    blob = tools.vault.seal(HERE, "Ana")
    assert [case_names.opened(tools, "1", blob) for _ in range(2)] == ["Ana", "Ana"]
    assert case_names.opened(tools, "1", None) is None
    assert case_names.opened(tools, "1", tools.vault.seal(HERE, "Bea")) == "Bea"
    with pytest.raises(VaultError):
        case_names.opened(tools, "1", blob[:-1] + bytes([blob[-1] ^ 1]))
    with pytest.raises(VaultError):
        case_names.opened(tools, "2", blob)


def test_a_destroyed_key_opens_nothing_that_it_opened_before(tmp_path: Path) -> None:
    keys, private = tmp_path / "keys.json", tmp_path / "private.key"
    keyfiles.make_missing(keys=keys, private=private, secret=tmp_path / "secret")
    tools = tools_over(keyfiles.load_vault(keys=keys, private=private, role="all"))
    blob = tools.vault.seal(HERE, "Ana")
    still = tools.reading()
    assert [case_names.opened(one, "1", blob) for one in (tools, still, tools)] == ["Ana"] * 3
    keys.unlink(), private.unlink()
    keyfiles.make_missing(keys=keys, private=private, secret=tmp_path / "secret")
    for one in (tools, tools.reading()):
        with pytest.raises(KeyMissing):
            case_names.opened(one, "1", blob)


def test_a_partners_process_remembers_no_name(tmp_path: Path) -> None:
    paths = {"keys": tmp_path / "keys.json", "private": tmp_path / "private.key"}
    keyfiles.make_missing(**paths, secret=tmp_path / "secret")
    tools = tools_over(keyfiles.load_vault(**paths, role="partner"))
    blob = tools.vault.seal(HERE, "Ana")
    for _ in range(2):
        with pytest.raises(KeyMissing):
            case_names.opened(tools, "1", blob)
    assert tools.vault.opened._young == {}


def test_a_long_ciphertext_is_known_by_its_ends_which_no_other_shares() -> None:
    vault, text = new_vault(), "x" * 5000
    boxes = [seal(HERE, text) for seal in (partial(vault.box, "staff"), vault.seal) for _ in range(200)]
    marks = {opened.mark(box) for box in boxes}
    assert (len(marks), max(map(len, marks)) < 100) == (400, True)
    assert opened.mark(b"a short one") == b"a short one"
