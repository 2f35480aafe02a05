"""Whoever measures in a clone changes no file that is kept there, but where that is what they want."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "benchmarks"))

import bench  # noqa: E402
import keeping  # noqa: E402

import icicle  # noqa: E402
import profiles  # noqa: E402
from benchmarks import keeping as same  # noqa: E402
from benchmarks import soak  # noqa: E402

EVENING = {"saves_lost": 0, "acknowledged_saves_read_back": 1, "not_answered": {}, "unexpected": []}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Everything is measured in no time; where the files are then."""
    monkeypatch.setattr(bench, "run", lambda _part, _folder, **_named: [])
    monkeypatch.setattr(soak, "run", lambda _wish, **_named: EVENING | {"seconds": 1, "memory_growth": 1})
    monkeypatch.setattr(profiles, "_asks", lambda _folder: [("save", "A save", lambda: None)])
    monkeypatch.setattr(profiles, "watched", lambda _ask: icicle.Box())
    monkeypatch.setattr(profiles, "ROOT", tmp_path)
    monkeypatch.setattr(profiles, "FOLDER", tmp_path / "pictures")
    for module in (keeping, same):
        monkeypatch.setattr(module, "MEASURED", tmp_path / "measured")
        monkeypatch.setattr(module.put, "__kwdefaults__", {"kept": tmp_path / "results"})
    return lambda: sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["measured/case.json", "measured/save.svg", "measured/soak-sqlite.json"]),
        (["--renew"], ["pictures/save.svg", "results/case.json", "results/soak-sqlite.json"]),
    ],
)
def test_figures_are_put_beside_the_kept_ones_unless_these_are_meant(
    folders: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, words: list[str], found: list[str]
) -> None:
    assert bench.main(["case", *words]) == 0
    monkeypatch.setattr(sys, "argv", ["", *words])
    assert soak.main() == 0
    profiles.main()
    assert folders() == found


@pytest.mark.parametrize("target", ["bench", "soak", "profiles"])
def test_make_passes_on_what_is_meant(target: str) -> None:
    said = []
    for words in ([], ["RENEW=1"]):
        command = ["make", "--dry-run", target, *words]
        said.append(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout)
    assert ["--renew" in one for one in said] == [False, True]
    assert (ROOT / ".gitignore").read_text("utf-8").splitlines().count("/measured/") == 1
