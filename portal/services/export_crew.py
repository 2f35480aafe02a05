"""Children that open, score and write the rows of a large report, while their parent joins what they made.

They read the keys and the database as this process does (``export_children``), and give way to whatever else
the machine has to do.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.services import export_children, export_parts
from portal.services.export_children import Child, Lost, Work
from portal.services.export_parts import Part, Task
from portal.services.export_rows import Start
from portal.store import Door

log = logging.getLogger("portal.export")

#: Intakes from which on a report is worth the second that a child takes to start.
LARGE: Final = 5_000
#: And where children are forked, which takes them no time.
LARGE_FORKED: Final = 1_000


@dataclass(frozen=True)
class Forking:
    """How a command forks its children. ``work``: what they do; ``ready``: called before the first is made,
    for no connection to the database may be carried over."""

    work: Work
    ready: Callable[[], None]


class Crew:
    """Up to ``count`` children, made when a large report needs them. For one thread at a time.

    ``command``: the program they are, where they cannot be forked (``forking``).
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        count: int,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        forking: Forking | None = None,
    ) -> None:
        self.count = count
        self._command, self._folder, self._environment = command, folder, environment
        self._forking = forking
        self._children: list[Child] = []
        self._is_spent = False

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_error: object) -> None:
        self.dismiss()

    def takes(self, intakes: int) -> bool:
        """Whether a report of so many intakes is theirs."""
        return not self._is_spent and bool(self.count) and intakes >= self.least

    @property
    def least(self) -> int:
        """Intakes of the smallest report that is theirs."""
        return LARGE if self._forking is None else LARGE_FORKED

    @property
    def pids(self) -> list[int]:
        """Numbers of those that were started."""
        return [child.process.pid for child in self._children]

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
        forking = self._forking if export_children.may_fork() else None
        if forking is not None and not self._children:
            forking.ready()
        while len(self._children) < self.count:
            self._children.append(
                export_children.started(self._command, self._environment, self._folder)
                if forking is None
                else export_children.forked(forking.work, self._children)
            )
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
