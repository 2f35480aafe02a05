"""What gunicorn is told when ``serve`` becomes several processes (docs/deployment.md).

Read again at every reload. Each process loads the application by itself, after the fork: a reload takes new
code, and no process shares a connection or a key with another.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from gunicorn.http import wsgi as _answers

from portal import logs
from portal.config import load

_settings = load()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = [f"{_host}:{_settings.port}"]
workers = _settings.processes
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
logconfig_dict = logs.wanted(_settings.log)

# The name of the software is nobody's business.
_answers.SERVER = "web"


def post_fork(_master: Any, _worker: Any) -> None:
    """In a new process: forget what this file needed of the portal, so that a reload takes all code anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "portal"]:
        del sys.modules[name]


def post_worker_init(worker: Any) -> None:
    """In a new process, before its first request: say how it writes, and open what it serves from."""
    from portal import cli_serve  # noqa: PLC0415 - the code of this moment

    cli_serve.furnish(worker.wsgi)
