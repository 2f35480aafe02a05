"""The Spanish holds to its glossary (docs/languages.md): the catalogue and everything a practice decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

import translations
from portal.web.admin import staff_words
from portal.web.therapist.presenters import caseload_presenter

CONTENT = Path(__file__).resolve().parent.parent / "portal" / "content"
#: Read first as something else, or called otherwise in the glossary.
NOT_IN_SPANISH = re.compile(
    r"dentro de (dos|cinco|\d+) días|\b(el|la|los|las|un|una|otro|otra) terapeutas?\b|\bintegrantes?\b|"
    r"\bTFE\b|(?<!síntomas de )\babstinencia\b|conflictos? de interés\b|\bdespejad|gestor de contraseñas|«|"
    r"\b(la|su|nuestra) consulta\b",
    re.IGNORECASE,
)


def _spanish(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("es"), str):
            yield node["es"]
        for child in node.values():
            yield from _spanish(child)
    elif isinstance(node, list):
        for child in node:
            yield from _spanish(child)


def _texts() -> list[str]:
    files = sorted(CONTENT.rglob("*.yaml"))
    decided = [text for file in files for text in _spanish(yaml.safe_load(file.read_text("utf-8")))]
    return decided + [str(text.string) for text in translations.read("es") if text.id]


def test_spanish_holds_to_its_glossary() -> None:
    texts = _texts()
    assert len(texts) > 2000
    assert [text for text in texts if NOT_IN_SPANISH.search(text)] == []


@pytest.mark.parametrize(
    "text", ["en cinco días", "El terapeuta", "abstinencia de alcohol", "dentro de 5 días", "persona A"]
)
def test_what_the_glossary_refuses(text: str) -> None:
    is_refused = text in ("El terapeuta", "abstinencia de alcohol", "dentro de 5 días")
    assert bool(NOT_IN_SPANISH.search(text)) is is_refused


def test_words_that_stand_alone_in_spanish(app: Flask) -> None:
    """One English word that is a verb here and a state there has two Spanish words."""
    with app.test_request_context(headers={"Accept-Language": "es"}):
        states = {name: options for name, _label, options in caseload_presenter.choices()}["status"]
        signed = staff_words.language_name("ase")
    assert states == [("open", "Casos abiertos"), ("closed", "Casos cerrados")]
    assert signed == "lengua de señas americana (ASL)"
