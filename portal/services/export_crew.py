"""Children that open, score and write the rows of a large report, while their parent joins what they made.

They are started as programs of their own, never forked, and read the keys and the database as this process
does; over their pipes go a report's id and where a batch begins, and back the rows. Neither ever lies on a
disk unsealed, on a command line or in an environment. A child ends when its pipe does, so that none
outlives a parent that was killed. They give way to whatever else the machine has to do.
"""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from portal.services import export_parts
from portal.services.export_parts import Part, Task
from portal.services.export_rows import Start
from portal.store import Door

log = logging.getLogger("portal.export")

#: Intakes from which on a report is worth the second that a child takes to start.
LARGE: Final = 5_000
#: Seconds that a child may take for an answer. A part takes a tenth of one and a start less than one, but it
#: gives way to everybody else; a job is leased for longer (``jobs.LEASE``).
PATIENCE: Final = 60.0


class Lost(Exception):
    """A child ended or failed; its parts are made by its parent instead."""


class Child:
    """One of them. It is asked for one part at a time, so that what waits in memory is bounded."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None, folder: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=pipe, stdout=pipe, env=environment, cwd=folder
        )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def ask(self, task: Task, start: Start) -> Start | None:
        """Have it begin a part; where the following one begins. Raises Lost."""
        asked = json.dumps([task.reader.key, task.form, *start]).encode() + b"\n"
        with self._bounded():
            try:
                _pipe(self._process.stdin).write(asked)
                _pipe(self._process.stdin).flush()
            except OSError as error:
                raise Lost("gone") from error
            found = self._line()["following"]
        return None if found is None else (found[0], found[1])

    def part(self, following: Start | None) -> Part:
        """The part it was asked for. Raises Lost."""
        with self._bounded():
            told = self._line()
            body = _pipe(self._process.stdout).read(told["size"])
        if len(body) != told["size"]:
            raise Lost("ended in the middle of a part")
        return Part(told["seen"], told["rows"], told["unreadable"], body, following)

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """One that hangs is killed when its time is over, and so read as gone: safety waits behind it."""
        late = threading.Timer(PATIENCE, self._process.kill)
        late.daemon = True
        late.start()
        try:
            yield
        finally:
            late.cancel()

    def _line(self) -> dict[str, Any]:
        line = _pipe(self._process.stdout).readline()
        if not line.endswith(b"\n"):
            raise Lost("gone")
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise Lost(told["error"])
        return told

    def end(self) -> None:
        """End it, whatever it does: it keeps nothing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                _pipe(pipe).close()
            except OSError:  # a question it never read
                continue


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise Lost("has no pipe")
    return pipe


class Crew:
    """Up to ``count`` children, started when a large report needs them. For one thread at a time."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        count: int,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.count = count
        self._command, self._folder, self._environment = command, folder, environment
        self._children: list[Child] = []
        self._is_spent = False

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_error: object) -> None:
        self.dismiss()

    def takes(self, intakes: int) -> bool:
        """Whether a report of so many intakes is theirs."""
        return not self._is_spent and bool(self.count) and intakes >= LARGE

    @property
    def pids(self) -> list[int]:
        """Numbers of those that were started."""
        return [child.pid for child in self._children]

    def parts(self, task: Task, start: Start | None, most: int | None = None) -> Iterator[Part]:
        """Parts from ``start`` to the end, or ``most`` of them, in order. Raises Lost; those that were
        yielded before are whole. Each child begins where the one before it has read up to."""
        busy: deque[tuple[Child, Start | None]] = deque()
        idle = deque(self._started())
        is_done = False
        try:
            while True:
                while idle and start is not None and most != 0:
                    child = idle.popleft()
                    start = child.ask(task, start)
                    busy.append((child, start))
                    most = None if most is None else most - 1
                if not busy:
                    break
                child, following = busy.popleft()
                part = child.part(following)
                idle.append(child)
                yield part
            is_done = True
        finally:
            if not is_done:  # what they are still making is nobody's
                self.dismiss()

    def _started(self) -> list[Child]:
        while len(self._children) < self.count:
            self._children.append(Child(self._command, self._environment, self._folder))
        return self._children

    def give_up(self) -> None:
        """Take no more reports until dismissed: they do not work here."""
        self.dismiss()
        self._is_spent = True

    def dismiss(self) -> None:
        """End them all; the next large report starts others."""
        for child in self._children:
            child.end()
        self._children, self._is_spent = [], False


#: No children: whoever is asked makes every row itself.
NOBODY: Final = Crew((), count=0, folder=Path())


def parts(
    door: Door,
    task: Task,
    start: Start | None,
    *,
    crew: Crew,
    intakes: int,
    most: int | None = None,
) -> Iterator[Part]:
    """Parts from ``start`` to the end, or ``most`` of them, of a report of so many ``intakes``: by the crew
    where it is large, and by this process otherwise, and from wherever a child was lost."""
    if crew.takes(intakes):
        try:
            for part in crew.parts(task, start, most):
                yield part
                start, most = part.following, None if most is None else most - 1
            return
        except Lost as error:
            log.warning("a child that made a report was lost (%s); this process goes on alone", error)
            crew.give_up()
    yield from export_parts.alone(door, task, start, most)
