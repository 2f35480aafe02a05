"""Commands that are served by an application of commands alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portal.cli_bare import create_commands, module_of, serves

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("/some/bin/flask --app wsgi routing recommend -", "cli_routing"),
        ("flask/__main__.py --app wsgi routing verify", "cli_routing_proof"),
        ("flask.exe --app=wsgi routing simulate --seed 3", "cli_routing_proof"),
        ("flask --app wsgi routing document docs", "cli_routing_proof"),
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
    app = create_commands("cli_routing")
    assert list(app.cli.commands) == ["routing"]
    assert list(app.url_map.iter_rules()) == []
    assert app.extensions == {}


def test_nothing_of_the_database_or_the_keys_is_loaded() -> None:
    """In a process of its own: here everything is loaded already."""
    told = (
        "import sys; from portal.cli_bare import create_commands; create_commands('cli_routing');"
        "print(sorted({'sqlalchemy', 'cryptography', 'portal.services', 'portal.web'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
