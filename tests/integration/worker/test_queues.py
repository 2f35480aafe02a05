"""Where the worker is woken from: a file, PostgreSQL or Redis. None is the truth, none stops a page."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cast import Pair
from databases import PostgresDatabases, server
from fake_redis import RedisServer, redis_server
from portal import alarm as alarms
from portal import create_app
from portal.alarm import Alarm
from portal.assembly import House
from portal.commands import serve
from portal.services import jobs

LOOK = "Please look at the caseload"
KINDS = ("file", "redis", "postgresql")


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresDatabases]:
    with server() as databases:
        databases.sql(
            "CREATE ROLE woken LOGIN", "CREATE ROLE ringing LOGIN", "CREATE DATABASE queues OWNER woken"
        )
        yield databases


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as served:
        yield served


@pytest.fixture(params=KINDS)
def queue(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """Where the queue is, of each kind: on a busy machine it may take longer than a page would wait."""
    monkeypatch.setattr(alarms, "_PATIENCE", 30.0)
    if request.param == "file":
        return tmp_path / "jobs.queue"
    if request.param == "redis":
        return str(request.getfixturevalue("redis").url)
    return str(request.getfixturevalue("postgres").url("queues", "woken"))


def until(is_so: Callable[[], object], seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not is_so() and time.monotonic() < give_up:
        time.sleep(0.02)
    assert is_so()


def test_the_file_of_a_queue_is_its_owners_alone(tmp_path: Path) -> None:
    """The folder may be a clone's ``instance``, which everybody of the machine may look into."""
    alarm = Alarm(tmp_path / "jobs.queue")
    alarm.ring()
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    alarm._huey.storage.close()
    assert modes["jobs.queue"] == 0o600
    assert set(modes.values()) == {0o600}


def test_the_process_that_rings_wakes_another_one(pair: Pair, queue: Path | str) -> None:
    pair.cast.works()
    pair.cast.outbox.clear()
    pages, work = Alarm(queue), Alarm(queue)
    shift = work.start(pair.cast.place)
    try:
        time.sleep(0.2)  # the sweep of the start is over
        pair.a.joins().says("message", text="Hello.")
        pages.ring()
        until(lambda: pair.cast.outbox)
    finally:
        shift.stop()
        pages._huey.storage.close()
        work._huey.storage.close()
    assert pair.cast.subjects() == [("thea@example.org", LOOK)]


def test_rings_before_anybody_comes_are_one_and_say_nothing_but_that(queue: Path | str) -> None:
    pages, other = Alarm(queue), Alarm(queue)
    for _ in range(3):
        pages.ring()
    (waiting,) = other._huey.storage.enqueued_items()
    task_id, name = json.loads(waiting)
    assert (len(task_id), name, other._huey.pending_count()) == (36, "portal.alarm.sweep", 1)
    task = other._huey.dequeue()
    assert (task.id, task.args, task.kwargs) == (task_id, (), {})
    for alarm in (pages, other):
        alarm._huey.storage.close()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "jobs.queue"
    file.touch(mode=0o644)
    alarm = Alarm(file)
    alarm.ring()
    assert {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {
        "jobs.queue": 0, "jobs.queue-shm": 0, "jobs.queue-wal": 0
    }  # fmt: skip
    alarm._huey.storage.close()


def test_two_practices_at_one_place_take_no_ring_of_each_other(queue: Path | str, tmp_path: Path) -> None:
    """Each would else wait for the next minute, with a danger unread."""
    names = []
    for folder, role in (("one", "all"), ("one", "partner"), ("other", "all")):
        settings = {"PORTAL_INSTANCE": str(tmp_path / folder), "PORTAL_ROLE": role}
        app = create_app(settings | ({} if isinstance(queue, Path) else {"PORTAL_QUEUE": queue}))
        house: House = app.extensions["portal.house"]
        house.tools  # noqa: B018  (makes the keys)
        names.append(serve._hang_alarm(app)._huey.name)
        house.close()
    assert names[0] == names[1] != names[2]
    one, other = Alarm(queue, name=names[0]), Alarm(queue, name=names[2])
    one.ring()
    assert [alarm._huey.pending_count() for alarm in (one, other)] == [1, 0]
    for alarm in (one, other):
        alarm._huey.storage.close()


class Bomb:
    """A pickle that does something when it is opened."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("went-off"),)  # type: ignore[return-value]


@pytest.mark.parametrize("planted", [pickle.dumps(Bomb()), b'["x", "os.system"]', b'["x"]', b"[[], {}]", b""])
def test_what_others_put_into_the_queue_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    alarm = Alarm(tmp_path / "jobs.queue")
    alarm._huey.storage.enqueue(planted)
    with pytest.raises(Exception) as caught:  # noqa: PT011  (whatever it is, the consumer goes on)
        alarm._huey.dequeue()
    assert not isinstance(caught.value, AttributeError)
    assert (alarm._huey.pending_count(), (tmp_path / "went-off").exists()) == (0, False)
    alarm._huey.storage.close()


def test_who_only_rings_needs_no_right_to_make_tables(postgres: PostgresDatabases) -> None:
    work = Alarm(postgres.url("queues", "woken"))
    work.ring()
    grants = (
        "GRANT SELECT, INSERT ON huey_task TO ringing",
        "GRANT USAGE ON SEQUENCE huey_task_id_seq TO ringing",
    )
    postgres.sql(*grants, database="queues")
    assert work._huey.dequeue() is not None
    pages = Alarm(postgres.url("queues", "ringing"))
    pages.ring()
    assert work._huey.pending_count() == 1
    assert work._huey.dequeue() is not None
    for alarm in (pages, work):
        alarm._huey.storage.close()


def silent_port() -> Iterator[int]:
    """Somebody who takes the connection and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]


deaf = pytest.fixture(silent_port)


@pytest.mark.parametrize(
    "where", ["redis://127.0.0.1:1/0", "postgresql://x@127.0.0.1:1/x", "redis://127.0.0.1:{deaf}/0"]
)
def test_an_unreachable_queue_costs_a_page_little_once_and_then_nothing(
    where: str, deaf: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "SPELL", 600.0)
    alarm = Alarm(where.format(deaf=deaf))
    asked, ask = [], alarm._huey.pending_count
    monkeypatch.setattr(alarm._huey, "pending_count", lambda: asked.append(time.monotonic()) or ask())
    for _ in range(50):
        alarm.ring()
    # Once, and given up after a second or two; a busy machine may take longer to come back to it.
    assert (len(asked), time.monotonic() - asked[0] < 20) == (1, True)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].getMessage().startswith("ringing failed: ")


def test_without_its_queue_the_worker_looks_every_minute(pair: Pair, redis: RedisServer) -> None:
    pair.cast.works()
    pair.cast.outbox.clear()
    pages, work = Alarm(redis.url), Alarm(redis.url, minute=0.3)
    shift = work.start(pair.cast.place)
    try:
        redis.stop()
        pair.a.joins().says("message", text="Hello.")
        pages.ring()
        until(lambda: pair.cast.outbox)
    finally:
        shift.stop()
    assert pair.cast.subjects() == [("thea@example.org", LOOK)]


def test_after_a_while_the_queue_is_tried_again(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = Alarm(redis.url)
    redis.stop()
    alarm.ring()
    redis.start()
    alarm.ring()
    assert alarm._huey.pending_count() == 0
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + alarms.SPELL)
    alarm.ring()
    assert alarm._huey.pending_count() == 1


def test_a_save_is_kept_and_answered_when_nobody_can_be_woken(pair: Pair) -> None:
    """What is due stands in the main database, whatever became of the ring."""
    Alarm("redis://127.0.0.1:1/0").ring()
    pair.a.joins().says("message", text="Hello.")
    with pair.cast.store.staff.read() as session:
        assert jobs.waits(session, pair.cast.tools, kind="statement")
