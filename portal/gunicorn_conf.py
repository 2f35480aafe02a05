"""What gunicorn is told when ``serve`` becomes several processes (docs/deployment.md).

Read again at every reload; where to listen, and how often, stands on the command line. Each process loads the
application by itself, after the fork: a reload takes new code, and no process shares a connection or a key
with another.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from gunicorn import util as _util
from gunicorn.errors import HaltServer
from gunicorn.http import wsgi as _answers

from portal import dress, logs

worker_class = "gthread"
threads = 8
wsgi_app = "wsgi:app"
pythonpath = str(Path(__file__).resolve().parent.parent)
preload_app = False
# Every connection ends with its answer, so that none is closed while its next request is under way. The proxy
# in front keeps the browsers' connections.
keepalive = 0
timeout = 60
graceful_timeout = 30
control_socket_disable = True
# Who asks, and how, is said to the application alone, where PORTAL_TRUSTED_PROXIES says so.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
accesslog = None
logconfig_dict = logs.wanted(os.environ.get("PORTAL_LOG") or "text")

# The name of the software is nobody's business.
_answers.SERVER = "web"

_headers = dress.lines(is_production=os.environ.get("PORTAL_ENV") == "production")


def _refuse(sock: Any, status: int, _reason: str, _words: str) -> None:
    """What gunicorn answers by itself; its own words hold what was sent."""
    _util.write_nonblock(sock, dress.refusal(status, _headers))


_util.write_error = _refuse


def on_reload(master: Any) -> None:
    """New processes first: the old ones go when these serve, and stay where these cannot start."""
    manage, newest = master.manage_workers, master.worker_age

    def manage_once_they_serve() -> None:
        del master.manage_workers
        _wait_for_newer(master, newest)
        manage()

    master.manage_workers = manage_once_they_serve


def _wait_for_newer(master: Any, age: int) -> None:
    give_up = time.monotonic() + timeout
    while time.monotonic() < give_up:
        try:
            master.reap_workers()
        except HaltServer:  # what cannot start ends a fresh server, but not one that serves
            continue
        if all(_serves(worker) for worker in master.WORKERS.values() if worker.age > age):
            return
        time.sleep(0.1)


def _serves(worker: Any) -> bool:
    """Whether it has begun: from then on it notes the time of the machine's clock, and not of the day."""
    return bool(abs(time.monotonic() - worker.tmp.last_update()) < timeout)


def post_fork(_master: Any, _worker: Any) -> None:
    """In a new process: forget what this file needed of the portal, so that a reload takes all code anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "portal"]:
        del sys.modules[name]


def post_worker_init(worker: Any) -> None:
    """In a new process, before its first request: say how it writes, and open what it serves from."""
    from portal.commands import serve  # noqa: PLC0415 - the code of this moment

    serve.furnish(worker.wsgi)
