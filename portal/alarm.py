"""Who wakes the worker: a queue beside the database after a commit, and the clock every minute.

The rows of the main database say what is due. The queue (a file, PostgreSQL or Redis) carries nothing but
the word that somebody should look: when it cannot be reached, the next minute finds the same rows.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from huey import Huey, PostgresHuey, RedisHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage, SqliteStorage

from portal.services.errors import told

if TYPE_CHECKING:
    from portal.workplace import Workplace

log = logging.getLogger("portal.worker")

#: Seconds after which the worker looks by itself.
MINUTE: Final = 60.0
#: Seconds from the beginning of one sweep to that of the next that somebody asked for; half of that from a
#: round to the next. To look at each save by itself costs several times the save: those of a moment are
#: looked at together, and a danger is told half a second later at most.
BREATH: Final = 0.5
#: After the queue could not be reached nobody waits for it again for so many seconds.
SPELL: Final = 10.0
#: Seconds that one word to the queue may take.
_PATIENCE: Final = 1.0


class _Words(Serializer):
    """A waiting task as its id and name in JSON. huey's own would be a pickle, which whoever can write to the
    queue could make run anything where the private key is held.
    """

    def _serialize(self, data: Message) -> bytes:
        return json.dumps([data.id, data.name]).encode()

    def _deserialize(self, data: bytes) -> Message:
        task_id, name = json.loads(data)
        return Message(str(task_id), str(name), retries=0, retry_delay=0, args=(), kwargs={})


class _Tables(PostgresStorage):
    """Makes its tables when it first gets through, and only where they are missing: whoever rings needs no
    right to make any.
    """

    _is_laid = False

    def _create_connection(self) -> Any:
        connection = self._connect()
        found = connection.execute("SELECT to_regclass(%s)", (self.table_counter,)).fetchone()
        if not self._is_laid and found[0] is None:
            for statement in self.ddl:
                connection.execute(statement)
        self._is_laid = True
        return connection


class _File(SqliteStorage):
    """A queue in a file. Every save asks it whether a ring waits: one statement, and no block around it."""

    def queue_size(self) -> int:
        """How many rings wait."""
        with self.lock:
            cursor = self.conn.execute("select count(*) from task where queue = ?", (self.name,))
            (count,) = cursor.fetchone()
            cursor.close()
        return int(count)


class _QuietConsumer(Consumer):
    """A consumer inside another program: leaves the signal handlers alone."""

    def _set_signal_handlers(self) -> None:
        """The server's own handlers stay."""


class Shift:
    """The worker at work: one thread for the queue, one for the clock."""

    def __init__(self, consumer: Consumer, clock: threading.Thread, is_over: threading.Event) -> None:
        self._consumer, self._clock, self._is_over = consumer, clock, is_over

    def stop(self, *, graceful: bool = True) -> None:
        """Finish the round of jobs that was begun; what is left is done after the next start."""
        self._is_over.set()
        self._consumer.stop(graceful=graceful)
        self._clock.join()


class Alarm:
    """Wakes the worker through a queue of its own; works across processes and machines.

    ``name``: the same in all processes of one practice. Of two that share a place for their queues each
    would else take the other's rings, and its own worker would sleep on.
    """

    def __init__(self, queue: Path | str, *, name: str = "portal", minute: float = MINUTE) -> None:
        self._huey = _queue_at(queue, name)
        self._minute = minute
        self._place: Workplace | None = None
        self._sweeping = threading.Lock()
        self._is_over = threading.Event()
        self._away_until = 0.0
        self._began = -BREATH
        self._sweep = self._huey.task(name="sweep")(self._answer)

    def ring(self) -> None:
        """Ask for a sweep soon; several rings before it starts are one. Never fails, never waits long.

        The queue itself says whether one is waiting: the process that rings may not be the one that works.
        """
        if time.monotonic() < self._away_until:
            return
        try:
            if not self._huey.pending_count():
                self._sweep()
        except Exception as error:  # what was committed stays; the next minute finds it
            self._away_until = time.monotonic() + SPELL
            log.error("ringing failed: %s", told(error))

    def start(self, place: Workplace) -> Shift:
        """Start working in this process; returns what stops it."""
        self._place = place
        consumer = _QuietConsumer(
            self._huey, workers=1, periodic=False, max_delay=0.5, check_worker_health=False
        )
        is_over = self._is_over = threading.Event()
        clock = threading.Thread(target=self._watch, args=(is_over,), name="every minute", daemon=True)
        consumer.start()
        clock.start()
        return Shift(consumer, clock, is_over)

    def _watch(self, is_over: threading.Event) -> None:
        """Sweep at once and every minute, whatever becomes of the queue."""
        while True:
            self._run()
            if is_over.wait(self._minute):
                return

    def _answer(self) -> None:
        """Somebody rang: sweep, not too soon after the last time. A stop waits for no breath."""
        self._pause(self._began, BREATH)
        self._run()

    def _breathe(self, since: float) -> None:
        self._pause(since, BREATH / 2)

    def _pause(self, since: float, seconds: float) -> None:
        """Until so long after ``since`` on the monotonic clock; not at all once the worker is to stop."""
        self._is_over.wait(max(0.0, since + seconds - time.monotonic()))

    def _run(self) -> None:
        from portal import worker, workplace  # noqa: PLC0415 - late: large; who only rings does not work

        if self._place is None:
            return
        with self._sweeping:
            self._began = time.monotonic()
            try:
                worker.sweep(self._place, is_over=self._is_over.is_set, breath=self._breathe)
            except Exception as error:  # huey would log its text; the next minute tries again
                workplace.note_error("sweep", error)


def _queue_at(queue: Path | str, name: str) -> Huey:
    settings: dict[str, Any] = {"results": False, "utc": True, "serializer": _Words()}
    if isinstance(queue, Path):
        if queue.parent.is_dir():  # for this account alone, as everything in that folder
            queue.touch(mode=0o600)
            queue.chmod(0o600)
        return Huey(name, storage_class=_File, filename=str(queue), **settings)
    if queue.startswith("postgresql:"):
        bounds = f"-c statement_timeout={int(_PATIENCE * 1000)}"
        return PostgresHuey(
            name, dsn=queue, storage_class=_Tables, create_tables=False, blocking=False,
            connect_timeout=2, options=bounds, tcp_user_timeout=2000, **settings,
        )  # fmt: skip
    from redis import ConnectionPool  # noqa: PLC0415 - late: large, and for this queue alone

    pool = ConnectionPool.from_url(queue, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
    return RedisHuey(name, connection_pool=pool, blocking=False, **settings)
