"""``routing verify`` from the outside: what it prints, and how it fails."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from couple_files import RULES, couple_file, routed
from portal.commands import routing_proof
from portal.domain.proof import Proof
from portal.domain.proof_checks import Violation

HOLDS = Proof(12, 1, 3, {"R1": 7, "R20": 5}, {"safety": 7, "consult": 5}, ())


def run(proof: Proof, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    monkeypatch.setattr(routing_proof, "prove", lambda _rules: proof)
    done = CliRunner().invoke(routing_proof.routing, ["verify"])
    return done.exit_code, done.stdout.splitlines()


def test_a_proof_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    status, lines = run(HOLDS, monkeypatch)
    assert (status, lines[:-2], lines[-2].split()[0], lines[-1]) == (
        0,
        [
            "states 12",
            "frames 1, branchings 3",
            "route safety 7",
            "route consult 5",
            "rule R1 7",
            "rule R20 5",
        ],
        "seconds",
        "0 violations",
    )


def test_a_counterexample_is_printed_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    couple = couple_file()
    found = (Violation("danger", "one answer leads down", (couple,)), Violation("reached", "nobody"))
    status, lines = run(replace(HOLDS, violations=found), monkeypatch)
    assert (status, lines[-4:-2]) == (
        1,
        ["violation danger: one answer leads down", "violation reached: nobody"],
    )
    assert [json.loads(line) for line in lines[-2:]] == [couple, routed(couple).as_dict()]


def test_the_live_rules_are_what_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(routing_proof, "prove", lambda rules: seen.append(rules) or HOLDS)
    CliRunner().invoke(routing_proof.routing, ["verify"])
    assert seen == [RULES]
