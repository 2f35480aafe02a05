"""What every template may use, and which language it speaks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from flask import Flask, current_app, request, url_for
from flask_login import UserMixin

from portal.services import practices
from portal.web import cookies, csrf, kit, lean, speech

LANGUAGES = ("en", "es")
_LAST = "portal-practice"


def locale() -> str:
    """The account's language, else the visitor's choice, else the browser's, else English."""
    seat = kit.seat()
    if seat is not None:
        return seat.language
    chosen = cookies.read(request, cookies.LANGUAGE)
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "en"


@cache
def _fingerprint(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """Address of a static file with a hash of its content, so that it may be cached for good."""
    return url_for("static", filename=path, v=_fingerprint(f"{current_app.static_folder}/{path}"))


def practice() -> practices.PracticeView:
    """The practice's settings, read once a request and only when a page asks for them."""
    here = kit.here()
    if "practice" not in here:
        held = kit.seat()
        seen = _read_practice() if held is None or held.practice is None else held.practice
        # Roles are stepped into in development only, whatever the database says.
        is_stage = seen.is_demo and kit.settings().is_production
        here.practice = replace(seen, is_demo=False) if is_stage else seen
        kit.app().extensions[_LAST] = here.practice
    return cast(practices.PracticeView, here.practice)


def _read_practice() -> practices.PracticeView:
    door = kit.store().staff if kit.viewer().kind == "staff" else kit.store().partner
    with door.glance() as connection:
        return practices.view(connection)


def last_practice() -> practices.PracticeView:
    """The settings as this process read them last, for pages that must come without the database."""
    return cast(practices.PracticeView, current_app.extensions.get(_LAST) or practices.PracticeView())


class _LazyPractice:
    """Lets templates write ``practice.name`` without every page paying for the query."""

    def __getattr__(self, name: str) -> Any:
        return getattr(practice(), name)


def _variables() -> dict[str, Any]:
    viewer = kit.viewer()
    return {
        "asset": asset,
        "csrf_token": csrf.token,
        "locale": locale(),
        "practice": _LazyPractice(),
        "viewer": None if viewer.kind == "anonymous" else viewer,
    }


class _User(UserMixin):
    """Flask-Login's view of a live session."""

    def __init__(self, account_id: str) -> None:
        self.id = account_id


def _load_user(_request: object) -> _User | None:
    viewer = kit.viewer()
    return None if viewer.kind == "anonymous" else _User(viewer.id)


def init_app(app: Flask) -> None:
    """Languages, Flask-Login (by request only: our sessions, no cookie of its own) and template variables."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).resolve().parent.parent / "translations")
    speech.Speech(app, locale_selector=locale, timezone_selector=lambda: practice().time_zone)
    speech.install(app.jinja_env)
    login = lean.Login(app)
    login.session_protection = None
    login.request_loader(_load_user)
    app.context_processor(_variables)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
