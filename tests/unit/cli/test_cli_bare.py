"""Commands that are served by an application of commands alone."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from portal.cli import Commands
from portal.commands import serve
from portal.commands.bare import create_commands, let_refuse, module_of, serves
from portal.config import ConfigError, load

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("/some/bin/flask --app wsgi routing recommend -", "routing"),
        ("flask/__main__.py --app wsgi routing verify", "routing_proof"),
        ("flask.exe --app=wsgi routing simulate --seed 3", "routing_proof"),
        ("flask --app wsgi routing document docs", "routing_proof"),
        ("flask --app wsgi routing backtest", ""),
        ("flask --app wsgi routing --help", ""),
        ("flask --app wsgi serve", ""),
        ("gunicorn wsgi:app routing recommend", ""),
        ("", ""),
    ],
)
def test_what_is_served_so(line: str, module: str) -> None:
    assert module_of(line.split()) == module


@pytest.mark.parametrize(
    ("line", "is_so"),
    [
        ("/some/bin/flask --app wsgi serve", True),
        ("flask/__main__.py --app=wsgi serve", True),
        ("/some/bin/gunicorn wsgi:app", True),
        ("/lib/gunicorn/__main__.py --bind 127.0.0.1:8000 --workers 3", True),
        ("flask --app wsgi worker", False),
        ("flask --app wsgi routing recommend -", False),
        ("", False),
    ],
)
def test_which_command_lines_serve(line: str, is_so: bool) -> None:
    assert serves(line.split()) is is_so


def test_it_holds_the_commands_and_no_page() -> None:
    app = create_commands("routing")
    assert list(app.cli.commands) == ["routing"]
    assert list(app.url_map.iter_rules()) == []
    assert app.extensions == {}


def test_nothing_of_the_database_or_the_keys_is_loaded() -> None:
    """In a process of its own: here everything is loaded already."""
    told = (
        "import sys; from portal.commands.bare import create_commands; create_commands('routing');"
        "print(sorted({'sqlalchemy', 'cryptography', 'portal.services', 'portal.web'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _ended_by(error: Exception) -> Result:
    """How a command of the whole portal ends that meets ``error`` in an open house."""

    def meets() -> None:
        raise error

    app = Flask("test")
    app.extensions["portal.house"] = SimpleNamespace(closed_by=None)
    command = click.Command("meets", callback=meets)
    let_refuse(command, Commands(app).refusals)
    return CliRunner().invoke(command)


def _statement(kind: type[DBAPIError], text: str) -> DBAPIError:
    return kind("SELECT secretword", None, sqlite3.DatabaseError(text))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device\n"),
        (OSError(errno.EROFS, "Read-only file system", "/a/b"), "/a/b: Read-only file system\n"),
        (
            _statement(OperationalError, "database or disk is full"),
            "the database cannot be used: database or disk is full\n",
        ),
        (ConfigError("PORTAL_PORT: nobody can listen there"), "PORTAL_PORT: nobody can listen there\n"),
    ],
)
def test_what_the_machine_refuses_is_one_line_and_no_finding(error: Exception, said: str) -> None:
    ended = _ended_by(error)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (2, "", said)


@pytest.mark.parametrize(
    "error",
    [
        _statement(IntegrityError, "UNIQUE constraint failed"),
        FileNotFoundError(errno.ENOENT, "No such file", "elsewhere"),
        ValueError("ours"),
    ],
)
def test_a_mistake_of_ours_stays_one(error: Exception) -> None:
    ended = _ended_by(error)
    assert (ended.exception, ended.stderr) == (error, "")


@pytest.mark.skipif(
    not Path("/dev/full").is_char_device(), reason="only Linux has a disk that is always full"
)
@pytest.mark.parametrize("words", ["routing recommend -", "questionnaire export"])
def test_a_full_disk_behind_a_command(words: str) -> None:
    with Path("/dev/full").open("wb") as full:
        line = [sys.executable, "-m", "flask", "--app", "wsgi", *words.split()]
        couple = '{"as_of": "2026-11-22", "participation": {"a": "invited", "b": "not_invited"}}'
        done = subprocess.run(
            line, cwd=ROOT, input=couple, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "No space left on device\n")


def test_a_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_args: object, **_named: object) -> NoReturn:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(serve.one_process, "Pages", taken)
    with pytest.raises(ConfigError) as caught:
        serve._serve_pages(Flask("test"), load({}))
    said = "PORTAL_HOST, PORTAL_PORT: nobody can listen there (Address already in use)\n"
    assert f"{caught.value}\n" == said
