"""A partner at the services, and in a browser without script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from partner_rooms import Browser, Person, join, settle_practice
from portal.services.tools import Tools
from portal.store import Store


@pytest.fixture
def person(store: Store, tools: Tools) -> Person:
    """Somebody whose next page is the form (services tests)."""
    settle_practice(store)
    return join(store, tools)


@pytest.fixture
def visit(app: Flask, tools: Tools) -> Callable[..., Browser]:
    """A browser of somebody at a step of the way in: ``visit("consent")``."""
    store: Store = app.extensions["portal.house"].store
    settle_practice(store)

    def open_at(step: str = "form", *, case_id: str = "", slot: str = "a") -> Browser:
        person = join(store, tools, step=step, case_id=case_id, slot=slot)
        client = app.test_client()
        client.set_cookie("portal", person.token, domain="localhost")
        return Browser(client, person, store, tools)

    return open_at


@pytest.fixture
def visitor(visit: Callable[..., Browser]) -> Browser:
    """Somebody whose next page is the form."""
    return visit()
