"""Stored cases run again under another ruleset: what changes and by which row; and that nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select, update

from cast import Pair
from portal.commands import routing_backtest
from portal.content import rules as content
from portal.domain.access import Viewer
from portal.domain.expressions import mine
from portal.domain.rules import Rule
from portal.domain.table import TABLE
from portal.models import AnswerSet, AuditEvent, Recommendation, table_of
from portal.services import backtests, routing
from portal.services.backtests import Outcome

Table = tuple[Rule, ...]


def dropped(table: Table) -> Table:
    return tuple(rule for rule in table if rule.id != "R18b")


def narrowed(table: Table) -> Table:
    return tuple(replace(rule, when=mine("gone")) if rule.id == "R18b" else rule for rule in table)


def widened(table: Table) -> Table:
    return tuple(replace(rule, when=mine("submitted")) if rule.id == "R12" else rule for rule in table)


def run(pair: Pair) -> list[Outcome]:
    with pair.cast.store.staff.read() as session:
        return list(backtests.run(session, pair.cast.tools, named=content.CURRENT, unread=[]))


def plant(change: Callable[[Table], Table], monkeypatch: pytest.MonkeyPatch) -> None:
    planted = replace(content.ruleset(), rules=change(TABLE))
    monkeypatch.setattr(routing, "rules_of", lambda _session, _named: planted)


def counted(pair: Pair) -> tuple[int, ...]:
    with pair.cast.store.staff.read() as session:
        tables = (table_of(Recommendation), table_of(AuditEvent))
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


@pytest.fixture
def matched(pair: Pair) -> Pair:
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    assert pair.route() == ("couples", "matched")
    return pair


def test_the_same_rules_say_the_same_however_late(matched: Pair) -> None:
    matched.cast.clock.move(days=100)
    assert run(matched) == [
        Outcome(matched.id, "couples : matched", "R18b", "couples : matched", "R18b", "R18b")
    ]
    assert not run(matched)[0].is_changed


@pytest.mark.parametrize(
    ("change", "new", "rule", "responsible"),
    [
        (dropped, "consult : unclassified", "R20", "R18b"),
        (narrowed, "consult : unclassified", "R20", "R18b"),
        (widened, "refresh : stale", "R12", "R12"),
    ],
)
def test_a_change_names_the_row_responsible_and_changes_nothing(
    *,
    matched: Pair,
    change: Callable[[Table], Table],
    new: str,
    rule: str,
    responsible: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = counted(matched)
    plant(change, monkeypatch)
    assert run(matched) == [Outcome(matched.id, "couples : matched", "R18b", new, rule, responsible)]
    assert run(matched)[0].is_changed
    assert counted(matched) == before


def test_a_clearance_after_the_advice_is_read_as_of_today(matched: Pair, thea: Viewer) -> None:
    matched.cast.clock.move(days=3)
    matched.interview("a", thea)
    matched.interview("b", thea)
    matched.clear("A", thea)
    assert [(one.old_rule, one.new_rule) for one in run(matched)] == [("R18b", "R18b")]


def test_the_command_prints_a_line_a_changed_case(matched: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    class House:
        store, tools = matched.cast.store, matched.cast.tools

    app = Flask("test")
    app.extensions["portal.house"] = House
    routing_backtest.init_app(app)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["routing", "backtest"]).stdout == "1 cases, 0 changed, ruleset 2026.1\n"
    plant(dropped, monkeypatch)
    assert runner.invoke(args=["routing", "backtest", "--ruleset", "2026.1"]).stdout.splitlines() == [
        f"case {matched.id}: couples : matched (R18b) -> consult : unclassified (R20), because of R18b",
        "1 cases, 1 changed, ruleset 2026.1",
    ]
    with matched.cast.store.staff.write() as session:
        session.execute(update(table_of(AnswerSet)).values(body_sealed=b"x"))
    assert runner.invoke(args=["routing", "backtest"]).stdout.splitlines() == [
        f"case {matched.id}: something of it cannot be opened (its key is missing, or it is damaged)",
        "0 cases, 0 changed, 1 left out, ruleset 2026.1",
    ]
    unknown = CliRunner().invoke(routing_backtest.routing, ["backtest", "--ruleset", "1999.1"])
    assert unknown.exit_code == 2
