"""Who wakes the worker: a queue file of its own, after a commit and every minute."""

from __future__ import annotations

from pathlib import Path

from huey import SqliteHuey
from huey.consumer import Consumer

from portal import worker


class _QuietConsumer(Consumer):
    """A consumer inside another program: leaves the signal handlers alone."""

    def _set_signal_handlers(self) -> None:
        """The server's own handlers stay."""


class Alarm:
    """Wakes the worker through a queue file of its own; works across processes."""

    def __init__(self, queue_file: Path) -> None:
        self._huey = SqliteHuey("portal", filename=str(queue_file), results=False, utc=True)
        self._place: worker.Workplace | None = None
        self._sweep = self._huey.task(name="sweep")(self._run)
        self._huey.periodic_task(lambda _now: True, name="every_minute")(self._run)

    def ring(self) -> None:
        """Ask for a sweep soon; several rings before it starts are one.

        The queue itself says whether one is waiting: the process that rings may not be the one that works.
        """
        if not self._huey.pending_count():
            self._sweep()

    def start(self, place: worker.Workplace) -> Consumer:
        """Start one worker thread in this process; returns the consumer to stop."""
        self._place = place
        consumer = _QuietConsumer(self._huey, workers=1, max_delay=0.5, check_worker_health=False)
        consumer.start()
        self.ring()
        return consumer

    def _run(self) -> None:
        if self._place is None:
            return
        try:
            worker.sweep(self._place)
        except Exception as error:  # huey would log its text; the next minute tries again
            worker.note_error("sweep", error)
