"""Headers of every answer, and padding: two pages must not differ in size by what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response

from portal import dress as fixed
from portal.web import kit, lean

#: Dynamic HTML is filled up to a multiple of this many bytes (security.md §3.3).
PAGE_BUCKET = 4096
_OPEN, _CLOSE = b"<!--", b"-->"


def _pad(response: Response) -> None:
    if response.is_streamed or response.mimetype != "text/html":
        return
    body = response.get_data()
    if not body:  # an answer to a script stays empty
        return
    room = -(len(body) + len(_OPEN) + len(_CLOSE)) % PAGE_BUCKET
    response.set_data(b"".join((body, _OPEN, b" " * room, _CLOSE)))


def dress(response: Response) -> Response:
    """Keep dynamic answers out of every cache, and their length to what every page may have."""
    if kit.asked().endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        if not isinstance(response, lean.Bare):
            _pad(response)
    return response


class Dressing:
    """Adds the headers that are the same for every answer, but those that it has already.

    On the way out to the server, not to Werkzeug's headers: there each of nine is looked at for line breaks
    and copied twice more, a twentieth of a page's time.
    """

    def __init__(self, inside: Callable[..., Iterable[bytes]], lines: dict[str, str]) -> None:
        self._inside = inside
        self._lines = tuple((name.lower(), (name, value)) for name, value in lines.items())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """As a WSGI application."""

        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            held = {name.lower() for name, _ in headers}
            headers += [line for name, line in self._lines if name not in held]
            return start_response(status, headers, exc_info)

        return self._inside(environ, begin)


def init_app(app: Flask) -> None:
    """Dress every answer."""
    app.after_request(dress)
    lines = fixed.lines(is_production=app.extensions["portal.settings"].is_production)
    app.wsgi_app = Dressing(app.wsgi_app, lines)  # type: ignore[method-assign]
