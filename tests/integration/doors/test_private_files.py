"""What a command makes is its own account's from its first byte on, whatever umask that account has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal import create_app

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
ROOT = Path(__file__).resolve().parents[3]

#: Looks at every file of the folder whenever Python is about to do anything that it reports.
WATCHED = """
import json, os, stat, sys
from pathlib import Path
os.umask(0)
folder, seen, looking = Path(sys.argv.pop()), {}, []
def look(event, _given):
    if looking or not event.startswith(("open", "compile", "exec", "sqlite3", "os.link", "os.re")):
        return
    looking.append(True)
    for path in folder.rglob("*"):
        try:
            seen.setdefault(path.suffix or path.name, set()).add(stat.S_IMODE(path.lstat().st_mode))
        except FileNotFoundError:
            pass
    looking.clear()
sys.addaudithook(look)
from portal import create_app
def run(instance, *words, **given):
    app = create_app({"PORTAL_INSTANCE": str(folder / instance), "PORTAL_ANCHOR": str(folder / "anchor")})
    done = app.test_cli_runner().invoke(args=words, **given)
    assert done.exit_code == 0, (words, done.output, done.exception)
    app.extensions["portal.house"].close()
phrase = "a long passphrase of several words\\n" * 2
run("here", "accounts", "create", "--role", "admin", "--email", "a@example.org", "--name", "A")
run("here", "exports", "create", "--format", "csv", "--output", str(folder / "report.csv"))
run("here", "keys", "kit", str(folder / "kit"), input=phrase)
run("here", "backup", "create", str(folder / "night.backup"))
(folder / "there").mkdir(mode=0o700)
run("there", "keys", "restore", str(folder / "kit"), input=phrase)
run("there", "backup", "restore", str(folder / "night.backup"))
run("there", "worker")
print(json.dumps({name: sorted(map(oct, modes)) for name, modes in seen.items()}))
"""


def test_no_file_of_any_command_is_readable_by_others_for_a_moment(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path)],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    modes = json.loads(told.stdout)
    assert {".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".half", ".key", ".json", ".csv", "kit"} <= set(modes)
    assert {name: seen for name, seen in modes.items() if not set(seen) <= {"0o600", "0o700"}} == {}


OPENED_TWICE = """
import sqlite3, subprocess, sys
from pathlib import Path
from portal import create_app
database = Path(sys.argv[1]) / "portal.sqlite3"
apps = [create_app({"PORTAL_INSTANCE": sys.argv[1]}) for _ in range(2)]
houses = [app.extensions["portal.house"] for app in apps]
houses[0].tools
with houses[0].store.staff.read() as session:
    session.connection()
houses[1].tools
look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('select 1 from job'); c.close()"
subprocess.run([sys.executable, "-c", look, str(database)], check=True)
print(database.with_name("portal.sqlite3-wal").exists())
"""


def test_a_house_that_is_opened_again_gives_no_lock_away(tmp_path: Path) -> None:
    """As a process does whose first try failed. Another one would else take what it is writing with it."""
    told = subprocess.run(
        [sys.executable, "-c", OPENED_TWICE, str(tmp_path / "i")],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert (told.stdout, told.stderr) == ("True\n", "")


def test_what_is_gone_between_look_and_lock_stops_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever used the database last takes its companions away, whenever that is."""
    found, gone = Path.glob, tmp_path / "portal.sqlite3-wal"
    monkeypatch.setattr(
        Path, "glob", lambda path, words: [*found(path, words), *([gone] if path == tmp_path else [])]
    )
    app = create_app({"PORTAL_INSTANCE": str(tmp_path)})
    assert app.extensions["portal.house"].tools
    app.extensions["portal.house"].close()
