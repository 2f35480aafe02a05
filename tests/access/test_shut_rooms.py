"""The rooms of staff in a process of the partners: shut, not loaded, and answered as everywhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from access import cells, table
from access.practice import House
from portal import create_app

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def partners(house: House) -> Iterator[House]:
    """The same practice as a process of the partners serves it."""
    config = {"PORTAL_INSTANCE": str(house.folder), "PORTAL_THROTTLE": "off", "PORTAL_ROLE": "partner"}
    app = create_app(config, overrides={"tools": house.app.extensions["portal.house"].tools})
    yield replace(house, app=app)
    app.extensions["portal.house"].close()


def addresses(app: Flask) -> list[tuple[str, str, list[str]]]:
    """Everything that can be asked for."""
    return sorted((rule.rule, rule.endpoint, sorted(rule.methods or ())) for rule in app.url_map.iter_rules())


def test_every_address_is_there(house: House, partners: House) -> None:
    assert addresses(partners.app) == addresses(house.app)


def test_they_answer_as_the_rooms_do(house: House, partners: House) -> None:
    """Whoever has a cookie of staff is nobody there (``load_seat``)."""
    rows, wrong = table.rows(), []
    for entrance in cells.entrances(partners):
        if entrance.endpoint.partition(".")[0] not in ("therapist", "admin"):
            continue
        for role, counts_as in (("anonymous", "anonymous"), ("a", "a"), ("thea", "anonymous")):
            answer = cells.ask(partners, role, entrance, "own")
            if answer.status_code != rows[entrance.endpoint, entrance.method][counts_as, "own"]:
                wrong.append(f"{entrance.endpoint} {entrance.method} {role}: {answer.status_code}")
    assert wrong == []


def test_they_are_not_loaded(tmp_path: Path) -> None:
    """A cold start costs what is loaded, and so does every process for as long as it runs."""
    code = "import sys, portal; portal.create_app(); print(*sorted(sys.modules))"
    environ = {**os.environ, "PORTAL_ROLE": "partner", "PORTAL_INSTANCE": str(tmp_path)}
    told = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=environ, text=True)
    loaded = set(told.split())
    unneeded = {
        *("portal.web.therapist", "portal.web.admin", "portal.demo", "portal.worker", "portal.commands.keys"),
        *("alembic", "psycopg", "redis", "smtplib", "typst", "zxcvbn", "openpyxl", "segno", "xlsxwriter"),
        *("limits", "pydantic", "yaml", "portal.content.reading"),
        *("portal.domain.rules", "portal.domain.table", "sqlalchemy.dialects.postgresql"),
    }
    assert ("portal.web.partner" in loaded, loaded & unneeded) == (True, set())
