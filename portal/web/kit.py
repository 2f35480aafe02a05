"""How a view reaches the house: the store, the tools and who is asking. One accessor each.

Flask's own ``g``, ``request`` and ``current_app`` find what they stand for at each dot, for a microsecond; a
page has some sixty. What every request runs takes the things themselves, once: ``here``, ``asked``, ``app``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask, Request, current_app, g, request
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.domain.access import ANONYMOUS, Viewer
from portal.services.sessions import Seat
from portal.services.tools import Tools
from portal.store import Store


def here() -> Any:
    """What is kept for as long as this request lasts: ``g`` itself."""
    return g._get_current_object()


def asked() -> Request:
    """The request itself."""
    found: Request = request._get_current_object()  # type: ignore[attr-defined]
    return found


def app() -> Flask:
    """The application itself."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return found


def store() -> Store:
    """Both doors to the database."""
    return cast(Store, app().extensions["portal.house"].store)


def tools() -> Tools:
    """Clock, randomness, keys, passwords."""
    return cast(Tools, app().extensions["portal.house"].tools)


def is_ready() -> bool:
    """Whether the database answers and stands at the newest revision."""
    return bool(app().extensions["portal.house"].is_ready())


def settings() -> Settings:
    """The settings of this process."""
    return cast(Settings, app().extensions["portal.settings"])


def seat() -> Seat | None:
    """The live session of this request, if any."""
    return cast("Seat | None", here().get("seat"))


def viewer() -> Viewer:
    """Who is asking."""
    held = seat()
    return ANONYMOUS if held is None else held.viewer


def note_touch() -> None:
    """Remember that this request wrote ``last_seen_at`` with its change, so that it is not written twice."""
    here().is_touched = True


def has_worker() -> bool:
    """Whether this application calls a worker when something waits: a served one does."""
    return "portal.wake" in app().extensions


def wake_worker() -> None:
    """Tell the worker, after commit, that something waits. Losing the call costs seconds, never work."""
    wake = app().extensions.get("portal.wake")
    if wake is not None:
        wake()


@contextmanager
def writing(*, as_partner: bool) -> Iterator[Session]:
    """A write transaction through the right door; wakes the worker once it is committed."""
    door = store().partner if as_partner else store().staff
    with door.write() as session:
        yield session
    wake_worker()
