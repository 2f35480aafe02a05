"""Refusals and faults as pages: the same shell for everybody, no trace, nothing that tells who exists."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from types import TracebackType
from typing import Any

from flask import Flask, Request, Response, current_app, g, make_response, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError  # noqa: A004
from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.sansio.utils import get_host

from portal.services.errors import NotFound, told
from portal.vault import KeyRetired, VaultError
from portal.web import bodies, lean, sittings
from portal.web.bodies import TooMany
from portal.web.guards import BadToken

#: Addresses whose errors are empty, because a script reads them.
_EMPTY = frozenset({"/my/form/draft"})
_PAGES = frozenset({400, 401, 404, 405, 409, 413, 500, 503})
#: What PostgreSQL says of itself when it stands by for another server, or ended a transaction that hung.
_UNREADY = frozenset({"25006", "25P03"})
#: Tells our own script that a text was kept for its author.
KEPT = "X-Kept"
#: Posted fields that are never echoed.
_SECRET_FIELDS = frozenset({"csrf_token", "password", "current_password", "code", "recovery_code"})


#: An exception as ``sys.exc_info`` gives it.
_Caught = tuple[type, BaseException, TracebackType | None] | tuple[None, None, None]


class _Address(Rule):
    """An address that learns how to be linked to at the first link: to most there never is one."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        @cache
        def made() -> Callable[..., tuple[str, str]]:
            return super(_Address, self)._compile_builder(append_unknown)

        def build(*given: Any, **named: Any) -> tuple[str, str]:
            return made()(*given, **named)

        return build


@lru_cache(maxsize=64)
def _host(scheme: str, header: str, trusted: tuple[str, ...]) -> str:
    """The name that was asked for, where it is one of ours; kept, as nearly every request bears the same one.
    Raises SecurityError, each time anew."""
    return get_host(scheme, header, trusted_hosts=trusted)


@lru_cache(maxsize=64)
def _for_addresses(host: str) -> str:
    """The same name as addresses are matched and made with; Werkzeug works it out for each request."""
    return Map().bind(host).server_name


class Portal(Flask):
    """An application whose log says which page failed, where and by what class of error.

    Flask's own words hold the path, which may be somebody's link, and the error's text, which may be
    somebody's answer. OPTIONS is a method like any other that a page does not have, so that no answer to it
    depends on who asks (security.md T31).
    """

    url_rule_class = _Address
    request_class = lean.Asked
    session_interface = lean.NoSession()
    default_config = ImmutableDict({**Flask.default_config, "PROVIDE_AUTOMATIC_OPTIONS": False})

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view or hook of ours is a coroutine; Flask would look at each of a dozen, each time."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What finds the view of an address: as Flask makes it, with the name of the host judged once."""
        header = None if request is None else request.environ.get("HTTP_HOST")
        if request is None or not header or "HTTP_UPGRADE" in request.environ:
            return super().create_url_adapter(request)
        request.trusted_hosts = self.config["TRUSTED_HOSTS"]
        request.host = host = _host(request.scheme, header, tuple(request.trusted_hosts))
        query = request.query_string.decode(errors="replace")
        return MapAdapter(
            self.url_map, _for_addresses(host), request.root_path, "", request.scheme, request.path,
            request.method, query,
        )  # fmt: skip

    def log_exception(self, exc_info: _Caught) -> None:
        """Called by Flask for what no view caught."""
        if exc_info[1] is not None:
            self.logger.error("%s failed: %s", request.endpoint, told(exc_info[1]))


def _page(status: int, **context: Any) -> Response:
    if request.path in _EMPTY:
        return lean.Bare(status=status)
    name = status if status in _PAGES else 400
    return make_response(render_template(f"errors/{name}.html", status=status, **context), status)


def _kept() -> list[tuple[str, str]]:
    """What was typed into the refused form, without secrets; nothing of a body that is too large to read."""
    try:
        fields = bodies.kept()
    except HTTPException:
        return []
    return [(name, value) for name, value in fields if name not in _SECRET_FIELDS]


def _http(error: HTTPException) -> Response:
    if error.code == 401 and g.get("kept_late"):
        # Kept for its author alone: whoever holds the device now is shown nothing of it.
        answer = _page(401, is_kept=True)
        answer.headers[KEPT] = "late"
        sittings.forget(answer)
        return answer
    if error.code == 401:
        # Signed out while typing: only whoever sent the text is shown it, and only in this answer.
        return _page(401, kept=_kept(), action=request.path)
    answer = _page(error.code or 500)
    if error.code == 405:
        answer.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return answer


def _not_found(_error: NotFound) -> Response:
    return _page(404)


def _expired(_error: BadToken) -> Response:
    """The form no longer belongs to this session: show what was typed, to be sent again."""
    if request.path in _EMPTY:
        return lean.Bare(status=400)
    return make_response(render_template("errors/expired.html", kept=_kept(), action=request.path), 400)


def _too_many(_error: TooMany) -> Response:
    """A body that no page of ours sends, perhaps with a text of somebody's among it."""
    return _page(400, kept=_kept(), action=request.path)


def _strange_host(_error: SecurityError) -> Response:
    """A name that is not ours: no address can be drawn for it, so the answer is a bare line."""
    return Response("Bad request: unknown host name.\n", 400, mimetype="text/plain")


def _is_gone(error: Exception) -> bool:
    """Whether the database broke off the connection, or will not be written to just now."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", "") in _UNREADY


def _database(error: DBAPIError) -> Any:
    """Gone: asked once more where a page was only to be read, else told as busy. Any other error is ours."""
    if not isinstance(error, OperationalError) and not _is_gone(error):
        raise error
    if request.method in ("GET", "HEAD") and _is_gone(error) and not g.get("is_second_try"):
        g.is_second_try = True
        return _again()
    return _busy(error)


def _again() -> Any:
    app = current_app
    try:
        answer = app.preprocess_request()
        return app.make_response(app.dispatch_request() if answer is None else answer)
    except Exception as error:  # as Flask does for the first try
        return app.handle_user_exception(error)


def _busy(error: OperationalError | DBAPIError | TimeoutError | KeyRetired) -> Response:
    """Locked, full or gone, or the keys were exchanged this very moment: nothing was kept, and the page says
    so with what was typed.
    """
    what = "key any more" if isinstance(error, KeyRetired) else "database"
    current_app.logger.error("%s found no %s: %s", request.endpoint, what, told(error))
    answer = _page(503, kept=_kept(), action=request.path)
    answer.headers["Retry-After"] = "10"
    return answer


def unreadable(error: VaultError, words: str, *, status: int) -> Response:
    """A page that holds something no key opens: ``words`` say so and the way out, with what was typed."""
    current_app.logger.error("%s could not open something: %s", request.endpoint, told(error))
    body = render_template("errors/unreadable.html", words=words, kept=_kept(), action=request.path)
    return make_response(body, status)


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SecurityError, _strange_host)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(BadToken, _expired)
    app.register_error_handler(TooMany, _too_many)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(TimeoutError, _busy)  # no connection became free in time
    app.register_error_handler(KeyRetired, _busy)
