"""``flask --app wsgi questionnaire export``: the questionnaire as FHIR R4. No database, no key."""

from __future__ import annotations

import json
from typing import Literal

import click
from flask import Flask

from portal.content import fhir_questionnaire, shipped


@click.group("questionnaire")
def questionnaire() -> None:
    """The questionnaire."""


@questionnaire.command("export")
@click.option("--locale", type=click.Choice(["en", "es"]), default="en", help="The language of its texts.")
def export_command(locale: Literal["en", "es"]) -> None:
    """Print the current questionnaire as a FHIR R4 Questionnaire (JSON)."""
    shipped.require_sound()
    click.echo(json.dumps(fhir_questionnaire.export(locale), ensure_ascii=False, indent=2))


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(questionnaire)
