"""One line a request for the operators of the portal: which page by its name, how it ended, how long it took.

No address, no path (it may be somebody's link or case), no query, no cookie. Written in JSON logs only.
"""

from __future__ import annotations

import logging
import secrets
import time
from typing import Final

from flask import Flask, Response, g, request

from portal import logs
from portal.web import kit

_log = logging.getLogger(logs.REQUESTS)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def begin() -> None:
    """Take the time, and draw a number that all lines of this request bear."""
    if _log.isEnabledFor(logging.INFO):
        g.began = time.perf_counter()
        logs.asking.set(secrets.token_hex(8))


def note(response: Response) -> Response:
    """Write the line."""
    if "began" in kit.here():
        facts = {
            "endpoint": request.endpoint or "-",
            "method": request.method if request.method in _METHODS else "other",
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.began) * 1000, 1),
        }
        _log.info("request", extra={"event": "request", "facts": facts})
    return response


def end(_error: BaseException | None) -> None:
    """The thread will answer somebody else."""
    logs.asking.set("")


def init_app(app: Flask) -> None:
    """The first to begin and the last to end."""
    app.before_request(begin)
    app.after_request(note)
    app.teardown_request(end)
