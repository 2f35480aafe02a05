"""The real portal as a process of its own: `flask --app wsgi serve` over its own instance folder.

Used by the browser stories and by everything else that must see what a visitor sees.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from databases import Databases

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT = 180  # seconds; a loaded machine may need a while, a healthy one two
_FIRST, _MANY = 12_000, 20_000
_PORTS = (_FIRST + (97 * os.getpid() + number) % _MANY for number in range(_MANY))


@dataclass(frozen=True)
class LivePortal:
    """A portal that may be serving, and its folder."""

    instance: Path
    port: int
    #: Settings beside those of every test: the database, where it is not the file in the folder.
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """Where the practice's tables are."""
        return self.settings.get("DATABASE_URL", f"sqlite:///{self.instance / 'portal.sqlite3'}")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str) -> str:
        """Run `flask --app wsgi <words>` on this instance; its stdout. A failing command fails the test."""
        done = subprocess.run(
            _flask(*words),
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def mails(self) -> list[EmailMessage]:
        """Everything that was sent, oldest first."""
        files = sorted((self.instance / "outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    @contextmanager
    def serving(self) -> Iterator[LivePortal]:
        """Serve until the block ends."""
        with self.process("all"):
            yield self

    @contextmanager
    def process(self, role: str) -> Iterator[subprocess.Popen[bytes]]:
        """Serve in this role until the block ends; the process that serves."""
        log = self.instance / "serve.log"
        environment = {**self._environment(), "PORTAL_ROLE": role}
        with log.open("ab") as output:
            process = subprocess.Popen(
                _flask("serve"), cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready(process, log)
            yield process
        finally:
            _stop(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        give_up = time.monotonic() + START_LIMIT
        while process.poll() is None and time.monotonic() < give_up:
            if self._status("/readyz") == 200:
                return
            time.sleep(0.05)
        raise AssertionError(
            f"the portal did not start:\n{log.read_text(encoding='utf-8', errors='replace')}"
        )

    def _status(self, path: str) -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "PORTAL_INSTANCE": str(self.instance),
            "PORTAL_PORT": str(self.port),
            "PORTAL_THROTTLE": "off",
            **self.settings,
        }


def fresh(instance: Path, databases: Databases | None = None, **settings: str) -> LivePortal:
    """A portal over a new, empty folder and a free port; on PostgreSQL where ``databases`` are there."""
    instance.mkdir(parents=True, mode=0o700)
    if databases is not None and databases.name != "sqlite":
        settings |= databases.fresh(instance, by_rows=True)
    return LivePortal(instance, free_port(), settings)


def free_port() -> int:
    """Where nobody listens, nor will until a server does: below the ports that the system hands out by itself
    (to another test, before our server has begun), and each once, from where this process alone begins."""
    for port in _PORTS:
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def _flask(*words: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *words]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
