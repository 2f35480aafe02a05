"""How a view reaches the house: the store, the tools and who is asking. One accessor each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app, g
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.domain.access import ANONYMOUS, Viewer
from portal.services.sessions import Seat
from portal.services.tools import Tools
from portal.store import Store


def store() -> Store:
    """Both doors to the database."""
    return cast(Store, current_app.extensions["portal.house"].store)


def tools() -> Tools:
    """Clock, randomness, keys, passwords."""
    return cast(Tools, current_app.extensions["portal.house"].tools)


def is_ready() -> bool:
    """Whether the database answers and stands at the newest revision."""
    return bool(current_app.extensions["portal.house"].is_ready())


def settings() -> Settings:
    """The settings of this process."""
    return cast(Settings, current_app.extensions["portal.settings"])


def seat() -> Seat | None:
    """The live session of this request, if any."""
    return cast("Seat | None", g.get("seat"))


def viewer() -> Viewer:
    """Who is asking."""
    held = seat()
    return ANONYMOUS if held is None else held.viewer


def note_touch() -> None:
    """Remember that this request wrote ``last_seen_at`` with its change, so that it is not written twice."""
    g.is_touched = True


def wake_worker() -> None:
    """Tell the worker, after commit, that something waits. Losing the call costs seconds, never work."""
    wake = current_app.extensions.get("portal.wake")
    if wake is not None:
        wake()


@contextmanager
def writing(*, as_partner: bool) -> Iterator[Session]:
    """A write transaction through the right door; wakes the worker once it is committed."""
    door = store().partner if as_partner else store().staff
    with door.write() as session:
        yield session
    wake_worker()
