"""A staff member's browser without script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from practice_world import World

from portal.domain.access import Viewer
from portal.services import sessions


@dataclass(frozen=True)
class Desk:
    """Who sits there, their browser, and its session."""

    viewer: Viewer
    client: FlaskClient
    csrf: str

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, /, **fields: str | list[str]) -> Any:
        return self.client.post(path, data={"csrf_token": self.csrf, **fields})


def sit_down(app: Flask, house: World, name: str, *roles: str) -> Desk:
    """Sign somebody in who has these roles."""
    viewer = house.staff(name, roles=roles)
    with house.store.staff.write() as session:
        token = sessions.open_staff(session, house.tools, staff_id=viewer.id, second_factor=True)
    client = app.test_client()
    client.set_cookie("portal-staff", token, domain="localhost")
    return Desk(viewer, client, house.tools.vault.mac("csrf", token.encode()))


def errors(page: Any) -> dict[str, str]:
    """The error summary of a page: field -> message."""
    return dict(re.findall(r'<li><a href="#([^"]+)">([^<]+)</a></li>', page.text))


def value(page: Any, name: str) -> str:
    """The value of the first input of that name."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page.text)
    assert found is not None, f"no field {name}"
    return found[1]
