"""The whole source against the house's rules, and every rule against a planted fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from source_rules import python_faults, template_faults, unfinished

ROOT = Path(__file__).resolve().parent.parent
FINISHED = (
    *("portal/**/*.py", "portal/**/*.yaml", "templates/**/*.html", "static/**/*.css", "static/**/*.js"),
    *("tests/**/*.py", "tools/*.py", "wsgi.py", "docs/**/*.md", "README.md"),
)

WRITTEN_BY_ALEMBIC = "portal/migrations/versions/"

# A file that may break one rule, and why. Empty is best.
EXCEPTIONS: dict[str, str] = {}


def test_python_keeps_the_rules() -> None:
    _expect_none(_faults("portal/**/*.py", python_faults) + _faults("tools/*.py", python_faults))


def test_templates_keep_the_rules() -> None:
    _expect_none(_faults("templates/**/*.html", template_faults))


def test_nothing_is_left_for_later() -> None:
    _expect_none([fault for pattern in FINISHED for fault in _faults(pattern, unfinished)])


def test_every_exception_is_still_one() -> None:
    assert [path for path in EXCEPTIONS if not (ROOT / path).exists()] == []


def test_test_files_have_names_of_their_own() -> None:
    names = sorted(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert names == sorted(set(names))


PLANTED_PYTHON = {
    "a long function": (
        "portal/web/a.py",
        "def f():\n" + "    x = 1\n" * 40,
        "1: f has 41 lines, at most 40",
    ),
    "an engine": (
        "portal/web/a.py",
        "create_engine('x')",
        "1: create_engine() outside the store; take a door of portal/store.py",
    ),
    "a session": (
        "portal/services/a.py",
        "s = orm.Session(e)",
        "1: Session() outside the store; take a door of portal/store.py",
    ),
    "a commit": (
        "portal/services/a.py",
        "session.commit()",
        "1: commit() in a service; the transaction belongs to whoever handed the Session in",
    ),
    "the cookie session": (
        "portal/web/a.py",
        "from flask import g, session",
        "1: flask.session; who is signed in stands in the portal's own sessions",
    ),
    "chance": (
        "portal/services/a.py",
        "import random",
        "1: random can be guessed; draw with Tools, or take a generator handed in",
    ),
    "an id as secret": (
        "portal/services/a.py",
        "reset_token = str(uuid4())",
        "1: a UUID is an id, not a secret; draw it with secrets",
    ),
    "a comparison that tells": (
        "portal/services/a.py",
        "fits = row['mac'] == vault.mac('x', b'')",
        "1: row['mac'] == vault.mac('x', b''); compare it with hmac.compare_digest",
    ),
    "a comparison that tells, of names": (
        "portal/web/a.py",
        "if given.token != held_token: pass",
        "1: given.token != held_token; compare it with hmac.compare_digest",
    ),
    "a template in code": (
        "portal/web/a.py",
        "flask.render_template_string('')",
        "1: render_template_string; templates are files",
    ),
    "the clock": (
        "portal/services/a.py",
        "at = datetime.now(UTC)",
        "1: the clock is handed in (Tools.now), never read",
    ),
    "a package in domain": ("portal/domain/a.py", "import yaml", "1: portal.domain may not import yaml"),
    "a package in content": (
        "portal/content/a.py",
        "from flask import g",
        "1: portal.content may not import flask",
    ),
    "I/O in domain": (
        "portal/domain/a.py",
        "from pathlib import Path",
        "1: pathlib brings clock, chance or I/O into the pure room",
    ),
    "printing in domain": ("portal/domain/a.py", "print(1)", "1: print() in the pure room"),
    "the application": (
        "portal/services/a.py",
        "from portal import create_app",
        "1: imports create_app; only the commands and wsgi.py do",
    ),
}


@pytest.mark.parametrize(("path", "text", "fault"), PLANTED_PYTHON.values(), ids=PLANTED_PYTHON)
def test_a_planted_fault_is_found(path: str, text: str, fault: str) -> None:
    assert python_faults(path, text) == [f"{path}:{fault}"]


def test_sizes_and_drawers_are_found() -> None:
    assert python_faults("portal/utils.py", "\n" * 301) == [
        "portal/utils.py: named like a drawer for anything; name what it is about",
        "portal/utils.py: 301 lines, at most 300; split it by subject",
    ]


def test_good_python_has_no_fault() -> None:
    text = (
        'from portal.domain.access import Viewer\n\ndef f():\n    """Say it.\n'
        + "\n" * 50
        + '    """\n    return 1\n'
    )
    assert python_faults("portal/services/a.py", text) == []
    asked = "found = select(c.id).where(c.token_hash == digest, c.kind != 'x')\nif row.token is None: pass\n"
    assert python_faults("portal/services/a.py", asked) == []


def test_template_faults_are_found() -> None:
    planted = (
        "<script>1</script>\n<p style='x'>\n<button onclick='x'>\n<img src='//cdn.example/x'>\n{{ x|safe }}\n"
        "<script type='module' src='/static/js/portal.js'></script>\n<form action='/begin'>\n"
    )
    assert template_faults("t.html", planted) == [
        "t.html:1: inline script",
        "t.html:2: inline style",
        "t.html:3: script in an attribute",
        "t.html:4: something from another host",
        "t.html:5: unescaped text",
    ]
    assert template_faults("t.html", "\n" * 81) == ["t.html: 81 lines, at most 80; take a component out"]


def test_notes_for_later_are_found() -> None:
    assert unfinished("a.py", "x = 1\n# " + "TO" + "DO: y\n") == ["a.py:2: # " + "TO" + "DO: y"]


def _expect_none(faults: list[str]) -> None:
    assert faults == [], "\n" + "\n".join(faults)


def _faults(pattern: str, rules: Callable[[str, str], list[str]]) -> list[str]:
    found: list[str] = []
    for path in sorted(ROOT.glob(pattern)):
        name = path.relative_to(ROOT).as_posix()
        if name not in EXCEPTIONS and not name.startswith(WRITTEN_BY_ALEMBIC):
            found += rules(name, path.read_text(encoding="utf-8"))
    return found
