"""What Flask makes anew for every request, no larger than ours need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from flask_login import LoginManager
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property

#: Of every page, and of what stands in its place.
_TYPE: Final = "text/html; charset=utf-8"


class Asked(Request):
    """A request whose cookies are taken from where they stand, not looked for among all headers."""

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """As Werkzeug reads them."""
        found: Any = parse_cookie(self.environ.get("HTTP_COOKIE", ""), cls=self.dict_storage_class)
        return found


class Bare(Response):
    """An answer without a body. Its head goes out as it stands: an address in it is one of our own."""

    def __init__(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        """As Werkzeug, which looks at each of six things that such an answer never has."""
        self.headers, self.response = Headers(), []
        for name, value in (headers or {}).items():
            self.headers.add(name, value)
        self.headers.add("Content-Type", _TYPE)
        self.direct_passthrough, self._on_close = False, []
        self.status = status

    def get_wsgi_response(self, environ: Any) -> tuple[tuple[()], str, list[tuple[str, str]]]:
        """As Werkzeug, which looks for addresses to quote and for bytes to count."""
        head = self.headers.to_wsgi_list()
        if self.status_code != 204:
            head.append(("Content-Length", "0"))
        return (), self.status, head


class NoSession(SessionInterface):
    """Flask's session cookie is never read and never set: sessions are rows of ours. One, empty, for all."""

    _none: Final = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """Nothing, which cannot be written to."""
        return self._none


class Login(LoginManager):
    """Flask-Login, by request only: it has no cookie of its own to look after."""

    def _update_remember_cookie(self, response: Any) -> Any:
        return response
