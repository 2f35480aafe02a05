"""``routing simulate`` and ``routing document``; the page of the rules is the one that would be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.commands import routing_proof
from portal.commands.routing_proof import documents
from portal.domain.population import RATES

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return documents()


@pytest.mark.parametrize("name", ["routing.md", "pictures/routing.svg"])
def test_the_page_of_the_rules_is_current(name: str, written: dict[str, str]) -> None:
    """Put right by: flask --app wsgi routing document docs"""
    assert (DOCS / name).read_text(encoding="utf-8") == written[name]


def test_the_page_is_written_where_it_is_asked_for(
    tmp_path: Path, written: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing_proof, "documents", lambda: written)
    done = CliRunner().invoke(routing_proof.routing, ["document", str(tmp_path)])
    assert (done.exit_code, done.stdout.splitlines()) == (0, list(written))
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in written} == written


def test_a_study_gives_the_same_figures_for_the_same_seed() -> None:
    options = ["simulate", "--practices", "20", "--couples", "10", "--per-week", "6"]
    one, two, other = (
        CliRunner().invoke(routing_proof.routing, [*options, "--seed", seed]).stdout.splitlines()
        for seed in ("1", "1", "2")
    )
    assert one == two
    assert one != other
    assert one[0] == "20 practices of 10 couples, 6 couples a week, seed 1"
    assert [line.split()[0] for line in one[1:]] == ["route"] * 8 + ["rule"] * 30 + ["work"] * 5 + [
        "rate"
    ] * len(RATES)
