"""/styleguide: every component once, in development; in production there is no such page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from portal.config import Settings
from portal.web.public import styleguide

COMPONENTS = Path(__file__).resolve().parents[3] / "templates/components"
#: What the layouts print, what belongs to a refusal, a number to press, and the charts of /admin/insights.
ELSEWHERE = {"crisis", "dial", "figures", "language", "leave", "kept"}


def test_every_component_is_shown(app: Flask) -> None:
    page = app.test_client().get("/styleguide")
    shown = "".join(one.read_text() for one in (COMPONENTS.parent / "styleguide").glob("*.html"))
    imported = set(re.findall(r'from "components/(\w+)\.html"', shown))
    assert page.status_code == 200
    assert {one.stem for one in COMPONENTS.glob("*.html")} - ELSEWHERE - imported == set()


def test_every_colour_is_shown_with_its_contrast(app: Flask) -> None:
    page = app.test_client().get("/styleguide").text
    sheet = Path(f"{app.static_folder}/css/portal.css").read_text(encoding="utf-8")
    named = re.findall(r"<code>--([a-z-]{3,})</code>", page)
    assert named == [one.name for one in styleguide.colours(sheet)]


@pytest.mark.engine("sqlite")
def test_production_has_no_style_guide(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "is_production", True)
    assert app.test_client().get("/styleguide").status_code == 404
