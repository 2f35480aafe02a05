"""What the portal's processes say on their error output: when, what, where; never who, never with what.

Our own lines are written without values (``told``). A library's may hold an address, a path or a header: of
those only the logger, the place and the class of the error are kept, and a few of gunicorn's as they are.
"""

from __future__ import annotations

import json
import logging
import logging.config
import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from portal.services.errors import told

#: The request that is being answered; drawn here, so that lines of one request can be found together.
asking: ContextVar[str] = ContextVar("asking_request", default="")
REQUESTS: Final = "portal.requests"
#: Texts of gunicorn's that name processes and nothing else.
_HARMLESS: Final = frozenset(
    {
        "Starting gunicorn %s", "Booting worker with pid: %s", "Worker exiting (pid: %s)", "Hang up: %s",
        "Handling signal: %s", "Shutting down: %s", "Listening at: %s (%s)", "Using worker: %s",
        "WORKER TIMEOUT (pid:%s)", "Worker (pid:%s) exited with code %s.", "Reason: %s",
        "Worker (pid:%s) was sent %s!", "Worker (pid:%s) was sent %s! Perhaps out of memory?",
    }
)  # fmt: skip
#: The same line of a library is told once in so many seconds.
_SPELL: Final = 60.0


def facts(record: logging.LogRecord) -> dict[str, object]:
    """What a line holds, in the order it is shown."""
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    said: dict[str, object] = {"time": at, "level": record.levelname.lower(), "event": record.name}
    if _is_ours(record):
        said["event"] = getattr(record, "event", "note")
        said |= getattr(record, "facts", {"text": record.getMessage()})
    else:
        said["place"] = f"{record.module}:{record.lineno}"
        if isinstance(record.msg, str) and record.msg in _HARMLESS:
            said["text"] = record.getMessage()
    if record.exc_info and record.exc_info[1] is not None:
        said["error"] = told(record.exc_info[1])
    if asking.get():
        said["request"] = asking.get()
    return said


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == "portal"


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(facts(record))


class Text(logging.Formatter):
    """The same for reading: time, level, words."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; whatever is in it, it is one."""
        said = facts(record)
        words = (str(said.pop("time")), str(said.pop("level")).upper(), *map(str, said.values()))
        return " ".join(" ".join(words).split())


class Calm(logging.Filter):
    """Lets a library say the same thing once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if _is_ours(record) or record.levelno < logging.WARNING:
            return True
        line, now = (record.name, record.pathname, record.lineno), time.monotonic()
        if now < self._said.get(line, 0.0):
            return False
        self._said[line] = now + _SPELL
        return True


def wanted(style: str) -> dict[str, Any]:
    """The configuration for ``logging.config.dictConfig``: one handler, one form, for every library."""
    through: dict[str, Any] = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"portal.logs.{'Json' if style == 'json' else 'Text'}"}},
        "filters": {"calm": {"()": "portal.logs.Calm"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["calm"]},
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "portal": through,
            REQUESTS: {"level": "INFO" if style == "json" else "WARNING", **through},
            "gunicorn.error": {"level": "INFO", **through},
            "gunicorn.access": {"level": "CRITICAL", **through},
        },
    }


def begin(style: str) -> None:
    """Write like this from now on in this process; what a thread dies of is told like all the rest."""
    logging.config.dictConfig(wanted(style))
    threading.excepthook = _tell_of_thread


def _tell_of_thread(dead: threading.ExceptHookArgs) -> None:
    if dead.exc_value is not None:
        logging.getLogger("portal.threads").error("a thread ended: %s", told(dead.exc_value))
