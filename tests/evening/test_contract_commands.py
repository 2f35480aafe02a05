"""The commands from outside: exit codes, faults by line, nothing echoed (contract.md, commands and files)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import live_portal
from live_portal import ROOT, LivePortal

SMALL = {"as_of": "2026-11-22", "participation": {"a": "invited", "b": "not_invited"}}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> LivePortal:
    """An instance that is not served."""
    return live_portal.fresh(tmp_path_factory.mktemp("commands") / "instance")


def run(portal: LivePortal, *words: str, given: str | bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A command with its answer as bytes, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=ROOT,
        env=portal._environment(),
        input=given.encode() if isinstance(given, str) else given,
        capture_output=True,
        check=False,
    )


def test_recommend_takes_an_object_an_array_and_lines_and_touches_nothing(tmp_path: Path) -> None:
    portal = live_portal.fresh(tmp_path / "instance")
    one = json.dumps(SMALL)
    forms = (one, f"[{one}, {one}]", f"{one}\n{one}\n")
    answers = [run(portal, "routing", "recommend", "-", given=text) for text in forms]
    assert [(a.returncode, a.stderr) for a in answers] == [(0, b"")] * 3
    lines = [answer.stdout.splitlines() for answer in answers]
    assert [len(found) for found in lines] == [1, 2, 2]
    assert json.loads(lines[0][0])["reason"] == "partner_not_submitted"
    assert lines[1] == lines[2]
    assert list((tmp_path / "instance").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"line 1: .+"),
        ('{"as_of": "2026-11-22"}', r"line 1: participation: .+"),
        (json.dumps({**SMALL, "secretword": 1}), r"line 1: .*: .+"),
        (json.dumps({**SMALL, "partners": {"a": {"lean": 1.0}}}), r"line 1: partners\.a\.lean: .+"),
        (json.dumps({**SMALL, "partners": {"a": {"fear": "secretword"}}}), r"line 1: partners\.a\.fear: .+"),
        ('{"as_of": "2026-11-22", "as_of": "2026-11-22"}', r"line 1: .*as_of.*"),
        (
            json.dumps({**SMALL, "participation": {"a": "submitted", "b": "invited"}}),
            r"line 1: partners.*: .+",
        ),
        (json.dumps(SMALL) + '\n{"as_of": 1}\n' + json.dumps(SMALL), r"line 2: .+"),
    ],
)
def test_a_bad_file_is_named_by_line_and_path_without_its_value(
    portal: LivePortal, text: str, said: str
) -> None:
    done = run(portal, "routing", "recommend", "-", given=text)
    assert done.returncode == 2
    error = done.stderr.decode()
    assert re.match(said, error), error
    assert "Traceback" not in error
    assert "secretword" not in error or '"secretword"' in text
    assert len(done.stdout.splitlines()) == (1 if text.startswith(json.dumps(SMALL) + "\n") else 0)


def test_bytes_that_are_no_text_and_a_file_that_is_not_there(portal: LivePortal, tmp_path: Path) -> None:
    for given in (b"\xff\xfe", b"[" * 100_000):
        done = run(portal, "routing", "recommend", "-", given=given)
        assert (done.returncode, b"Traceback" in done.stderr) == (2, False), given[:5]
    missing = run(portal, "routing", "recommend", str(tmp_path / "none.json"))
    assert (missing.returncode, b"Traceback" in missing.stderr) == (2, False)
    file = tmp_path / "couple.json"
    file.write_text(json.dumps(SMALL))
    assert run(portal, "routing", "recommend", str(file)).returncode == 0


def test_accounts_create_refuses_nonsense(portal: LivePortal) -> None:
    good = {"--role": "admin", "--email": "ada@example.org", "--name": "Ada"}
    for bad in ({"--role": "emperor"}, {"--email": "nonsense"}):
        words = [word for pair in (good | bad).items() for word in pair]
        done = run(portal, "accounts", "create", *words)
        assert (done.returncode, b"Traceback" in done.stderr) == (2, False), bad
    words = [word for pair in good.items() for word in pair]
    made = run(portal, "accounts", "create", *words)
    assert made.returncode == 0
    assert re.search(rb"http://127\.0\.0\.1:\d+/set-up/\S+", made.stdout)
    twice = run(portal, "accounts", "create", *words)
    assert (twice.returncode, b"Traceback" in twice.stderr) == (2, False)
    refused = run(portal, "demo", "load")
    assert (refused.returncode, refused.stdout) == (2, b"")
    mode = {f.name: oct(f.stat().st_mode & 0o777) for f in portal.instance.iterdir() if f.is_file()}
    assert {mode[name] for name in ("private.key", "secret.key", "portal-keys.json", "portal.sqlite3")} == {
        "0o600"
    }


def test_the_questionnaire_as_fhir(portal: LivePortal) -> None:
    done = run(portal, "questionnaire", "export", "--locale", "es")
    assert done.returncode == 0
    exported = json.loads(done.stdout)
    assert (exported["resourceType"], exported["language"]) == ("Questionnaire", "es")
    assert run(portal, "questionnaire", "export", "--locale", "xx").returncode == 2


def test_exports_and_audit_by_command(portal: LivePortal, tmp_path: Path) -> None:
    output = tmp_path / "report.csv"
    done = run(portal, "exports", "create", "--format", "csv", "--output", str(output))
    assert (done.returncode, done.stderr) == (0, b"")
    assert output.read_bytes().startswith(b"\xef\xbb\xbfexport_id,slot,month,")
    for words in (
        ("--format", "pdf", "--output", str(output)),
        ("--format", "csv", "--output", str(tmp_path / "x.csv"), "--since", "yesterday"),
        ("--format", "csv", "--output", str(tmp_path / "x.csv"), "--identified"),
    ):
        bad = run(portal, "exports", "create", *words)
        assert (bad.returncode, b"Traceback" in bad.stderr) == (2, False), words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("PORTAL_PORT", "none"),
            ("PORTAL_HOST", "0.0.0.0"),
        ),
        ("PORTAL_ENV", "production"),
    ],
)
def test_bad_settings_are_named_and_nothing_starts(portal: LivePortal, name: str, value: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "serve"],
        cwd=ROOT,
        env=portal._environment() | {name: value},
        capture_output=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 2, done.stderr.decode()
    assert (name if value != "production" else "PORTAL_BASE_URL") in done.stderr.decode()
    assert b"Traceback" not in done.stderr
