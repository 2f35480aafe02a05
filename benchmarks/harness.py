"""What every figure is measured with: server processes, keep-alive clients, interleaved rounds, one table.

CPU of a server is what its threads ran, user and system, as the kernel counts it; the client is another
process. A row is the median over the rounds; its unfavourable end must meet the goal, and a single wrong
answer fails it.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import keeping

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ROUNDS = 5
_PATIENCE = 60.0


@dataclass(frozen=True)
class Row:
    """One line of the table. ``ours``, ``floor``: medians in ``unit``; ``worst``: what must meet the goal."""

    what: str
    unit: str
    ours: float
    floor: float | None
    worst: float
    goal: float
    at_least: bool = False
    wrong: int = 0

    @property
    def reached(self) -> bool:
        """Whether the unfavourable end meets the goal, with no wrong answer."""
        met = self.worst >= self.goal if self.at_least else self.worst <= self.goal
        return met and self.wrong == 0


@dataclass
class Server:
    """A process that serves on a port of its own."""

    process: subprocess.Popen[bytes]
    port: int
    started_in: float = 0.0

    def cpu(self) -> float:
        """Milliseconds its threads have run so far, children too."""
        return sum(_ran(pid) for pid in self._pids()) / 1e6

    def memory(self) -> float:
        """Resident memory in MB, children too."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self._pids()]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _pids(self) -> list[int]:
        found, at = [self.process.pid], 0
        while at < len(found):
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += [int(pid) for pid in (task / "children").read_text().split()]
            at += 1
        return found


def _ran(pid: int) -> int:
    """Nanoseconds that the threads of a process ran."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += int((task / "schedstat").read_text().split()[0])
        except OSError:  # a thread that has just ended
            continue
    return found


@dataclass
class Client:
    """One keep-alive connection that carries cookies of its own."""

    port: int
    cookie: str = ""
    wrong: int = 0
    _connection: http.client.HTTPConnection | None = None

    def ask(self, path: str, body: Mapping[str, object] | None = None, *, wants: int = 200) -> bytes:
        """The body of an answer; another status than ``wants`` is counted as wrong."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        text = None if body is None else urlencode(body, doseq=True)
        if text is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("GET" if text is None else "POST", path, text, headers)
        answer = self._connection.getresponse()
        found = answer.read()
        self.wrong += answer.status != wants
        return found

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str], *, ready: str) -> Iterator[Server]:
    """Serve until the block ends. ``environment`` may name the port as ``{port}``."""
    port = _free_port()
    named = {name: value.replace("{port}", str(port)) for name, value in environment.items()}
    began = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        cwd=ROOT,
        env={**os.environ, **named},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    server = Server(process, port)
    try:
        _wait(server, ready)
        server.started_in = time.perf_counter() - began
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _wait(server: Server, ready: str) -> None:
    give_up = time.monotonic() + _PATIENCE
    while server.process.poll() is None and time.monotonic() < give_up:
        client = Client(server.port)
        try:
            client.ask(ready)
        except OSError:
            client.wrong = 1
        client.close()
        if not client.wrong:
            return
        time.sleep(0.02)
    server.process.kill()
    told = server.process.stderr.read().decode(errors="replace") if server.process.stderr else ""
    raise RuntimeError(f"no server within {_PATIENCE:.0f} s: {told[-2000:]}")


def portal(folder: Path, role: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the real portal over an instance folder."""
    return [sys.executable, "-m", "flask", "--app", "wsgi", "serve"], {
        "PORTAL_INSTANCE": str(folder), "PORTAL_ROLE": role, "PORTAL_PORT": "{port}",
        "PORTAL_THROTTLE": "off",
    }  # fmt: skip


def floor(folder: Path, page: int = 16_384, listed: int = 0) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the floors that serve pages. ``page``: bytes of its section's page;
    ``listed``: of its list that is noted, at least."""
    return [sys.executable, str(HERE / "floors" / "web.py")], {
        "FLOOR_FOLDER": str(folder), "FLOOR_PORT": "{port}",
        "FLOOR_PAGE": str(page), "FLOOR_LIST": str(listed),
    }  # fmt: skip


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        found: int = listener.getsockname()[1]
        return found


@dataclass
class Contender:
    """What is asked of one server, again and again, and what it took: CPU and time, in ms a request."""

    server: Server
    client: Client
    send: Callable[[Client], object]
    cpu: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)

    def run(self, count: int) -> None:
        """One round."""
        times, before = [], self.server.cpu()
        for _ in range(count):
            began = time.perf_counter()
            self.send(self.client)
            times.append(1e3 * (time.perf_counter() - began))
        self.cpu.append((self.server.cpu() - before) / count)
        self.slow.append(quantiles(times, n=20)[-1])


def race(contenders: Sequence[Contender], count: int, *, warm: int = 15, rounds: int = ROUNDS) -> None:
    """Interleaved rounds, so that what else the machine does falls on all alike."""
    for one in contenders:
        for _ in range(warm):
            one.send(one.client)
    for _ in range(rounds):
        for one in contenders:
            one.run(count)
    for one in contenders:
        one.client.close()


def ratio(what: str, ours: Contender, theirs: Contender, goal: float, *, extra: float = 0.0) -> Row:
    """CPU of ours to that of a floor, round by round; ``extra`` ms may come on top of the floor."""
    found = [one / (other + extra) for one, other in zip(ours.cpu, theirs.cpu, strict=True)]
    wrong = ours.client.wrong + theirs.client.wrong
    return Row(what, "ms CPU", median(ours.cpu), median(theirs.cpu) + extra, max(found), goal, wrong=wrong)


def plain(what: str, ours: Contender, goal: float) -> Row:
    """CPU of ours against a fixed number of ms."""
    return Row(what, "ms CPU", median(ours.cpu), None, max(ours.cpu), goal, wrong=ours.client.wrong)


def table(rows: Sequence[Row]) -> str:
    """The rows in columns."""
    lines = [f"{'':54}{'ours':>10}{'floor':>10}  {'':7}{'ratio':>8}{'worst':>8}{'goal':>9}"]
    for row in rows:
        beside = "" if row.floor is None else f"{row.floor:.2f}"
        times = "" if not row.floor else f"{row.ours / row.floor:.2f}"
        goal = f"{'>=' if row.at_least else '<='} {row.goal:g}"
        told = "ok" if row.reached else f"{row.wrong} wrong answers" if row.wrong else "NOT MET"
        figures = f"{row.ours:10.2f}{beside:>10}  {row.unit:7}{times:>8}{row.worst:8.2f}{goal:>9}"
        lines.append(f"{row.what:54}{figures}  {told}")
    return "\n".join(lines) + "\n"


def keep(name: str, rows: Sequence[Row], *, renews: bool = False) -> Path:
    """Keep the rows of one part, with what they were measured on; ``renews`` as in ``keeping``."""
    kept = {
        "measured": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "load": [round(one, 1) for one in os.getloadavg()],
        "rows": [_rounded(row) for row in rows],
    }
    return keeping.put(f"{name}.json", json.dumps(kept, indent=1) + "\n", renews=renews)


def _rounded(row: Row) -> dict[str, object]:
    told = {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(row).items()}
    return {**told, "reached": row.reached}
