"""Every kind of event that the code writes has words, and is either open to admins or clinical."""

from __future__ import annotations

import ast
from pathlib import Path

from portal.services.audit_kinds import CLINICAL, HIDDEN, OPEN, SEEN
from portal.web.event_words import WORDS

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
