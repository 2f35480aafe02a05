"""Children that make parts of a large report, and the two ways to have one.

Where threads run, as beside the worker, a child is started as a program of its own, which takes it 0.7 s. A
command that runs by itself forks: what it has loaded and read is there at once. Over the pipes of either go
a report's id and where a batch begins, and back the rows; neither lies on a disk unsealed, on a command line
or in an environment. A child ends when its pipe does, so that none outlives a parent that was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, NoReturn, Protocol

from portal.services.export_parts import Part, Task
from portal.services.export_rows import Start

#: Seconds that a child may take for an answer. A part takes a tenth of one and a start less than one, but it
#: gives way to everybody else; a job is leased for longer (``jobs.LEASE``).
PATIENCE: Final = 60.0
#: Bytes that a pipe holds: a whole part, so that a child need not wait until its parent has time to read it.
_PIPE: Final = 1 << 20
#: Bytes that are read at once: more would be asked of the system anew each time.
_PIECE: Final = 1 << 16
#: Linux's fcntl.h; a system without it keeps its own size.
_SET_SIZE: Final[int | None] = getattr(fcntl, "F_SETPIPE_SZ", None)

#: What a forked child does: answers what it is asked on the one until that ends, on the other.
Work = Callable[[IO[bytes], IO[bytes]], None]


class Lost(Exception):
    """A child ended or failed; its parts are made by its parent instead."""


class _Process(Protocol):
    """What is asked of a process, of either kind."""

    pid: int

    def kill(self) -> None: ...

    def wait(self) -> int: ...


class Child:
    """One of them. It is asked for one part at a time, so that what waits in memory is bounded."""

    def __init__(self, process: _Process, asked: int, told: int) -> None:
        self.process, self._asked, self._told = process, asked, told
        self._held, self._poll = bytearray(), select.poll()
        self._poll.register(told, select.POLLIN)
        _widen(told)

    @property
    def pipes(self) -> tuple[int, int]:
        """The parent's ends, which no other child may hold open."""
        return self._asked, self._told

    def ask(self, task: Task, start: Start) -> Start | None:
        """Have it begin a part; where the following one begins. Raises Lost."""
        asked = json.dumps([task.reader.key, task.form, *start]).encode() + b"\n"
        try:
            os.write(self._asked, asked)
        except OSError as error:
            raise Lost("gone") from error
        found = self._line(time.monotonic() + PATIENCE)["following"]
        return None if found is None else (found[0], found[1])

    def part(self, following: Start | None) -> Part:
        """The part it was asked for. Raises Lost."""
        end = time.monotonic() + PATIENCE
        told = self._line(end)
        while len(self._held) < told["size"]:
            self._read(end)
        body = bytes(self._held[: told["size"]])
        del self._held[: told["size"]]
        return Part(told["seen"], told["rows"], told["unreadable"], body, following)

    def _line(self, end: float) -> dict[str, Any]:
        while b"\n" not in self._held:
            self._read(end)
        line, _, rest = self._held.partition(b"\n")
        self._held = rest
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise Lost(told["error"])
        return told

    def _read(self, end: float) -> None:
        """What it has said since. One that hangs is gone when its time is over: safety waits behind it."""
        ready = self._poll.poll(1e3 * max(0.0, end - time.monotonic()))
        some = os.read(self._told, _PIECE) if ready else b""
        if not some:
            raise Lost("gone" if ready else "late")
        self._held += some

    def end(self) -> None:
        """End it, whatever it does: it keeps nothing."""
        self.process.kill()
        self.process.wait()
        for pipe in self.pipes:
            os.close(pipe)


def _widen(pipe: int) -> None:
    if _SET_SIZE is not None:
        with contextlib.suppress(OSError):  # more than this account may have
            fcntl.fcntl(pipe, _SET_SIZE, _PIPE)


def started(command: Sequence[str], environment: Mapping[str, str] | None, folder: Path) -> Child:
    """A child that is a program of its own. Raises Lost where the system has no room for it."""
    (asked, asking), (told, telling) = os.pipe(), os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=asked, stdout=telling, env=environment, cwd=folder
        )
    except OSError as error:
        os.close(asking)
        os.close(told)
        raise Lost("not begun") from error
    finally:
        os.close(asked)
        os.close(telling)
    return Child(process, asking, told)


def may_fork() -> bool:
    """Whether this process has one thread, as Python and as the system count: only then is a copy whole."""
    try:
        return threading.active_count() == 1 and len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:  # a system that tells nothing
        return False


class _Copy:
    """A process that was forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        """End it. Its number is its own until it was waited for."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Have it go from the list of processes; how it ended, 0 where the system did not keep that.

        It keeps nothing where somebody ignored ends of children before us, as a container may.
        """
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:
            return 0


def forked(work: Work, others: Sequence[Child]) -> Child:
    """A copy of this process that does ``work`` and nothing else, and holds no pipe of the ``others``.

    Connections to the database must have been closed before. Raises Lost where the system has no room for it.
    """
    (asked, asking), (told, telling) = os.pipe(), os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        for pipe in (asked, asking, told, telling):
            os.close(pipe)
        raise Lost("not begun") from error
    if not pid:  # pragma: no cover - in the child, which no test measures
        _work(work, asked, telling, (asking, told, *(pipe for one in others for pipe in one.pipes)))
    os.close(asked)
    os.close(telling)
    return Child(_Copy(pid), asking, told)


def _work(  # pragma: no cover - in the child
    work: Work, asked: int, telling: int, not_its_own: Sequence[int]
) -> NoReturn:
    """Never returns: what its parent was about to do, and what lies in its buffers, is its parent's."""
    try:
        gc.freeze()
        for pipe in not_its_own:
            os.close(pipe)
        work(os.fdopen(asked, "rb"), os.fdopen(telling, "wb"))
    finally:
        os._exit(0)
