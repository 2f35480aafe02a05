"""Every kind of event that the code writes has words, and is either open to admins or clinical."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from portal.services.audit_kinds import CLINICAL, HIDDEN, OPEN, SEEN
from portal.services.audit_views import EventView
from portal.web.event_words import DETAILS, WORDS, detail

ROOM = Path(__file__).resolve().parents[3] / "portal"


def _verbs() -> set[str]:
    """What stands as ``verb=``, is kept under a name for verbs, or is handed to a recording helper."""
    found: set[str] = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "verb":
                found |= _constants(node.value)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = {name.id for name in targets if isinstance(name, ast.Name)}
                if names & {"verb", "_VERBS", "_CASE", "_PERSON", "_LOADED"}:
                    found |= _constants(node.value)
    return {verb for verb in found if verb.count(".") == 1}


def _constants(node: ast.AST) -> set[str]:
    return {
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def test_every_kind_has_words_and_a_reader() -> None:
    verbs = _verbs()
    assert len(verbs) > 80
    assert sorted(verbs - WORDS.keys()) == []
    assert OPEN | CLINICAL | {HIDDEN} == WORDS.keys()
    assert OPEN.isdisjoint(CLINICAL)
    assert set(SEEN) <= OPEN


def _keys(node: ast.AST) -> set[str]:
    keys = [key for one in ast.walk(node) if isinstance(one, ast.Dict) for key in one.keys]
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _detail_keys() -> set[str]:
    """The keys of what is handed on as ``detail``, or built under a name for it."""
    found: set[str] = set()
    for path in (ROOM / "services").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "detail":
                found |= _keys(node.value)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = {name.id for name in targets if isinstance(name, ast.Name)}
                if names & {"detail", "about"}:
                    found |= _keys(node.value)
    return found


def test_every_key_of_a_detail_has_words() -> None:
    keys = _detail_keys() | {"kind", "about", "person", "actor", "verb", "since", "until", "before"}
    assert len(keys) > 40
    assert sorted(keys - DETAILS.keys()) == []


def test_a_detail_is_told_in_words_a_yes_by_its_name_alone(app: Flask) -> None:
    told = {"verb": "audit.viewed", "mailed": True, "slot": "a", "before": 1642, "cover": None}
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    event = EventView(1, noon, "appointment.proposed", "staff", "x", "case", "y", told)
    with app.test_request_context():
        assert detail(event, {}).split("; ") == [
            "what: Looked at the audit trail", "with a mail", "person: a", "before event no.: 1642",
        ]  # fmt: skip
