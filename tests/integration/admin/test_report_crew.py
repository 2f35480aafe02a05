"""Large reports made by several processes: the same bytes as by one, and whatever becomes of a child."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from practice_world import World
from sqlalchemy import select, update

from databases import Databases
from moving_clock import Clock
from portal import create_app, worker
from portal.assembly import ROOT
from portal.domain.access import Viewer
from portal.models import AuditEvent, Export, Job, table_of
from portal.services import (
    export_children,
    export_crew,
    export_hands,
    export_making,
    export_orders,
    export_parts,
    export_rows,
    export_streams,
    exports,
    jobs,
)
from portal.services.export_children import Child, Lost
from portal.services.export_crew import NOBODY, Crew, Forking
from portal.services.export_parts import Part
from portal.services.export_rows import BEGINNING
from portal.services.exports import ExportView
from portal.services.tools import Passwords
from portal.workplace import Workplace

OWN = "I would rather not say it in front of anybody."
#: A child that reads two intakes at a time, so that a few rows are several parts.
CHILD = (
    sys.executable, "-c",
    "from portal.services import export_rows as r; r.BATCH = 2;"
    "from portal.commands import hands; hands.main()",
)  # fmt: skip
#: One that starts and ends at once.
GONE = (sys.executable, "-S", "-c", "")
#: One that tells where the next part begins and breaks off in the middle of its own.
TORN = (
    sys.executable, "-S", "-c",
    'input(); print(\'{"following": null}\\n{"seen": 1, "rows": 1, "unreadable": 0, "size": 9}\\nhalf\')',
)  # fmt: skip
FAILED = (sys.executable, "-S", "-c", 'input(); print(\'{"error": "OperationalError"}\')')

#: Two that hang: before they say anything, and in the middle of a part.
HANGING = (sys.executable, "-S", "-c", "import time; input(); time.sleep(600)")
STUCK = (*TORN[:-1], f"{TORN[-1]}; import sys, time; sys.stdout.flush(); time.sleep(600)")


@pytest.fixture
def environment(tmp_path: Path, databases: Databases) -> dict[str, str]:
    """Settings of a practice with key files of its own, for this process and its children."""
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    return {"PORTAL_INSTANCE": str(instance), **databases.fresh(instance)}


@pytest.fixture
def world(environment: dict[str, str], passwords: Passwords, clock: Clock) -> Iterator[World]:
    """Two cases with three sent intakes, one in words of its own."""
    house = create_app(environment).extensions["portal.house"]
    world = World(house.store, replace(house.tools, passwords=passwords, clock=clock))
    first, second = world.case(), world.case()
    first.send("a", "Alex", own_words=OWN)
    first.send("b", "Bo")
    second.send("a", "Cleo")
    yield world
    house.close()


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


@pytest.fixture
def crew(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """Two real children, for whom any report is large enough, and parts of two intakes."""
    monkeypatch.setattr(export_crew, "LARGE", 1)
    monkeypatch.setattr(export_rows, "BATCH", 2)
    with Crew(CHILD, count=2, folder=ROOT, environment={**os.environ, **environment}) as crew:
        yield crew


def _crew_of(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Crew:
    monkeypatch.setattr(export_crew, "LARGE", 1)
    return Crew(command, count=2, folder=ROOT)


def _ask(world: World, by: Viewer, form: str, *, is_handed_over: bool = False, **given: Any) -> ExportView:
    order = export_orders.checked(form=form, **given)
    with world.store.staff.write() as session:
        return exports.create(session, world.tools, order=order, by=by, is_handed_over=is_handed_over)


def _find(world: World, export_id: str) -> ExportView:
    with world.store.staff.read() as session:
        return exports.find(session, world.tools, export_id)


def _made(world: World, view: ExportView, folder: Path, by: Viewer, crew: Crew) -> tuple[bytes, Any]:
    """The file, and what is kept of it, made from the beginning."""
    c = table_of(Export).c
    with world.store.staff.write() as session:
        anew = {"state": "waiting", "position": "{}", "done_rows": 0, "all_rows": None, "manifest": None}
        session.execute(update(table_of(Export)).where(c.id == view.id).values(**anew))
    for _ in range(20):
        export_making.run(world.store, world.tools, folder, view.id, crew=crew)
        if (found := _find(world, view.id)).state != "waiting":
            break
    body = b"".join(export_streams.content(world.store, world.tools, view=found, folder=folder, by=by))
    return body, found


def _streamed(world: World, view: ExportView, by: Viewer, crew: Crew) -> bytes:
    return b"".join(export_streams.stream(world.store, world.tools, view=view, by=by, crew=crew))


def _events(world: World, export_id: str) -> list[tuple[str, str]]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        rows = session.execute(
            select(c.verb, c.detail).where(c.subject_id == export_id).order_by(c.happened_at)
        )
        return [(row.verb, str(row.detail)) for row in rows]


def test_several_processes_make_the_same_bytes_and_manifest_as_one(
    world: World, ada: Viewer, crew: Crew, tmp_path: Path
) -> None:
    given = {"identified": True, "purpose": "to compare", "include": ("text",)}
    made = _ask(world, ada, "json", **given)
    assert _made(world, made, tmp_path, ada, crew) == _made(world, made, tmp_path, ada, NOBODY)
    asked, *finished = _events(world, made.id)
    assert (asked[0], finished) == ("export.asked", [finished[0]] * 2)
    for form in ("csv", "json"):
        streamed = _ask(world, ada, form, is_handed_over=True)
        by_several, by_one = (_streamed(world, streamed, ada, hands) for hands in (crew, NOBODY))
        assert by_several == by_one
    workbook = _ask(world, ada, "xlsx", is_handed_over=True)
    books = [
        b"".join(export_making.at_once(world.store, world.tools, tmp_path, workbook, by=ada, crew=hands))
        for hands in (crew, NOBODY)
    ]
    assert (books[0], len(crew.pids)) == (books[1], 2)
    _ends_with_its_pipe_alone(crew._children[0])


def _ends_with_its_pipe_alone(child: Child) -> None:
    """A restart asks every process of a service to stop: the parent finishes its slice, with its children."""
    process: Any = child.process
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.1)
    _hang_up(child)
    assert process.wait(60) == 0


def _hang_up(child: Child) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, child.pipes[0])
    os.close(nowhere)


def test_a_child_that_is_killed_loses_nothing_and_leaves_nothing_plain(
    world: World, ada: Viewer, crew: Crew, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    view = _ask(world, ada, "json", identified=True, purpose="to lose one", include=("text",))
    task = view.task(world.tools, "rows")
    whole = list(export_parts.alone(world.store.staff, task, BEGINNING))
    found: list[Part] = []
    for part in export_crew.parts(world.store.staff, task, BEGINNING, crew=crew, intakes=3):
        found.append(part)
        for pid in crew.pids:
            os.kill(pid, signal.SIGKILL)
    assert (found, crew.pids, crew.takes(10_000)) == (whole, [], False)
    assert OWN.encode() in b"".join(part.body for part in found)
    assert [record.message for record in caplog.records if record.name == "portal.export"] == [
        "a child that made a report was lost (gone); this process goes on alone"
    ]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if OWN.encode() in path.read_bytes()]
    with crew:
        pass
    assert crew.takes(10_000)  # the next sweep tries again


@pytest.mark.parametrize("command", [GONE, TORN, FAILED])
def test_children_that_do_not_work_here_cost_a_report_nothing(
    world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    view = _ask(world, ada, "csv", is_handed_over=True)
    assert _streamed(world, view, ada, _crew_of(command, monkeypatch)) == _streamed(world, view, ada, NOBODY)


@pytest.mark.parametrize("command", [HANGING, STUCK])
def test_a_child_that_hangs_is_waited_for_so_long_and_no_longer(
    world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Safety waits behind it, and another worker may have the job after a while."""
    assert jobs.LEASE.total_seconds() > export_children.PATIENCE
    monkeypatch.setattr(export_children, "PATIENCE", 0.5)
    view, crew = _ask(world, ada, "csv", is_handed_over=True), _crew_of(command, monkeypatch)
    began = time.monotonic()
    assert _streamed(world, view, ada, crew) == _streamed(world, view, ada, NOBODY)
    assert (time.monotonic() - began < 60, crew.pids) == (True, [])


def test_a_child_that_hangs_does_not_outlive_a_parent_that_was_killed(
    world: World, ada: Viewer, environment: dict[str, str]
) -> None:
    hanging = (
        sys.executable, "-c",
        "import time; from portal.commands import hands as c; from portal.services import export_parts as p;"
        "p.made = lambda *_: time.sleep(600); c._LONGEST = 1; c.main()",
    )  # fmt: skip
    view = _ask(world, ada, "csv", is_handed_over=True)
    child = export_children.started(hanging, {**os.environ, **environment}, ROOT)
    os.write(child.pipes[0], json.dumps([view.id, "csv", *BEGINNING]).encode() + b"\n")
    _hang_up(child)
    process: Any = child.process
    try:
        assert process.wait(60) == -signal.SIGALRM
    finally:
        child.end()


def test_children_go_with_the_sweep_and_with_whoever_reads_no_further(
    world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crew = _crew_of(
        (sys.executable, "-S", "-c", "print('{\"following\": null}'); input(); input()"), monkeypatch
    )
    view = _ask(world, ada, "csv", is_handed_over=True)
    made = crew.parts(view.task(world.tools, "csv"), BEGINNING)
    monkeypatch.setattr(Child, "part", lambda _child, following: Part(0, 0, 0, b"", following))
    next(made)
    pids = crew.pids
    made.close()
    assert (len(pids), crew.pids) == (2, [])
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    place = Workplace(world.store, world.tools, tmp_path, lambda *_: None, "a@example.org", crew=crew)
    crew._started()
    worker.sweep(place)
    assert crew.pids == []


def test_a_small_report_starts_nobody(world: World, ada: Viewer) -> None:
    crew = Crew(GONE, count=2, folder=ROOT)
    view = _ask(world, ada, "csv", is_handed_over=True)
    with world.store.staff.read() as session:
        reader = view.reader(world.tools)
        assert [reader.count(session, most) for most in (None, 2, 5_000)] == [3, 2, 3]
    assert _streamed(world, view, ada, crew).count(b"\r\n") == 4
    assert (crew.pids, crew.takes(export_crew.LARGE), NOBODY.takes(10**6)) == ([], True, False)


def test_a_report_for_several_is_cancelled_as_any_other(
    world: World, ada: Viewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 1)
    monkeypatch.setattr(export_making, "SLICE", 1)
    crew = _crew_of(GONE, monkeypatch)
    view = _ask(world, ada, "json")
    export_making.run(world.store, world.tools, tmp_path, view.id, crew=crew)
    assert [path.suffix for path in tmp_path.glob(f"{view.id}*")] == [".spool"]
    with world.store.staff.write() as session:
        exports.cancel(session, world.tools, export_id=view.id, by=ada)
    export_making.run(world.store, world.tools, tmp_path, view.id, crew=crew)
    assert (_find(world, view.id).state, list(tmp_path.glob(f"{view.id}*"))) == ("cancelled", [])
    with world.store.staff.read() as session:
        c = table_of(Job).c
        assert session.scalar(select(c.last_error).where(c.subject_id == view.id)) is None


def test_a_child_answers_with_the_next_start_then_the_part(world: World, ada: Viewer) -> None:
    view, told = _ask(world, ada, "csv", is_handed_over=True), io.BytesIO()
    lines = [
        [view.id, "rows", *BEGINNING],
        [view.id, "rows", "b", ""],
        ["nobody", "rows", *BEGINNING],
        ["more"],
    ]
    asked = io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    export_hands.work(world.store.staff, world.tools, asked, told)
    told.seek(0)
    task, starts = view.task(world.tools, "rows"), (BEGINNING, ("b", ""))
    for start in starts:
        part = export_parts.made(world.store.staff, task, start)
        following = None if part.following is None else list(part.following)
        assert json.loads(told.readline()) == {"following": following}
        numbers = {"seen": part.seen, "rows": part.rows, "unreadable": 0, "size": len(part.body)}
        assert (json.loads(told.readline()), told.read(len(part.body))) == (numbers, part.body)
    assert (json.loads(told.readline()), told.read()) == ({"error": "NotFound"}, b"")


def test_a_child_that_nobody_asks_ends(world: World) -> None:
    told = io.BytesIO()
    export_hands.work(world.store.staff, world.tools, io.BytesIO(), told)
    assert told.getvalue() == b""


def test_one_that_ended_before_it_was_asked_is_lost(world: World, ada: Viewer) -> None:
    task = _ask(world, ada, "csv", is_handed_over=True).task(world.tools, "csv")
    child = export_children.started(GONE, None, ROOT)
    child.process.wait()
    with pytest.raises(Lost):
        child.ask(task, BEGINNING)
    child.end()


def test_a_command_that_runs_alone_forks_them_and_they_go_with_it(
    world: World, ada: Viewer, environment: dict[str, str]
) -> None:
    """Nothing is carried over: no connection of the parent's, no pipe of another child."""
    view = _ask(world, ada, "json", is_handed_over=True, identified=True, purpose="p", include=("text",))
    script = [sys.executable, "-c", FORKING, view.id]
    parent = subprocess.Popen(
        script, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert parent.stdout is not None
    told = json.loads(parent.stdout.readline())
    body = _streamed(world, view, ada, NOBODY)
    assert (told["body"], told["kept"], told["rows"]) == (body.decode(), [[0, 0]] * 2, body.count(b"\n"))
    first, second = (_pipes(pid) for pid in told["pids"])
    assert (len(first), len(second), first & second) == (2, 2, set())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for pid in told["pids"]:
        _waits_for_end(pid)


#: Two forked children for two intakes a part; the last line tells what came of it, and then it waits.
FORKING = """
import json, os, sys, time
from portal import create_app
from portal.commands import hands
from portal.domain.access import system
from portal.services import export_crew, export_rows, export_streams, exports
house = create_app().extensions["portal.house"]
store, tools, doors = house.store, house.tools, (house.store.staff, house.store.partner)
export_rows.BATCH, export_crew.LARGE_FORKED, fork, kept = 2, 1, os.fork, []
def forked():
    pools = [door.engine.pool for door in doors]
    kept.append([pool.checkedin() + pool.checkedout() for pool in pools])
    return fork()
os.fork = forked
forking = export_crew.Forking(hands.copied(store.staff, tools), house.close)
crew = export_crew.Crew(("false",), count=2, folder=".", forking=forking)
with store.staff.read() as session:
    view = exports.find(session, tools, sys.argv[1])
body = b"".join(export_streams.stream(store, tools, view=view, by=system("test"), crew=crew))
told = {"body": body.decode(), "kept": kept, "rows": body.count(b"\\n"), "pids": crew.pids}
print(json.dumps(told), flush=True)
time.sleep(600)
"""


def _pipes(pid: int) -> set[str]:
    """The pipes that it holds beside what every process has."""
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile, as what this looks through is
            link = str(one.readlink())
            found |= {link} if int(one.name) > 2 and link.startswith("pipe:") else set()
    return found


def _waits_for_end(pid: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        time.sleep(0.02)
    pytest.fail("it outlived its parent")


def test_beside_threads_nobody_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert not export_children.may_fork()
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(Path, "iterdir", lambda _path: iter([Path("1"), Path("2")]))
    assert not export_children.may_fork()
    monkeypatch.setattr(Path, "iterdir", lambda _path: iter([Path("1")]))
    assert export_children.may_fork()
    monkeypatch.setattr(export_children, "Path", _no_such_folder)
    assert not export_children.may_fork()


def _no_such_folder(_path: str) -> Path:
    raise OSError


def test_a_crew_forks_where_it_may_and_closes_what_is_open_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here without copying: a process stands for what would be forked."""
    order: list[str] = []

    def fork() -> int:
        order.append("fork")
        return os.posix_spawnp("sleep", ["sleep", "60"], os.environ)

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(export_children, "may_fork", lambda: True)
    forking = Forking(lambda *_pipes: None, lambda: order.append("ready"))
    crew = Crew((), count=2, folder=ROOT, forking=forking)
    assert (crew.takes(export_crew.LARGE_FORKED), crew.takes(export_crew.LARGE_FORKED - 1)) == (True, False)
    children = [*crew._started()]
    assert (order, len({*crew.pids}), crew._started()) == (["ready", "fork", "fork"], 2, children)
    crew.dismiss()
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child.process.pid, 0)


BEGINNINGS = (
    lambda: export_children.forked(lambda *_pipes: None, ()),
    lambda: export_children.started(("true",), None, ROOT),
)


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_where_no_child_can_be_begun_it_is_lost_and_leaves_no_pipe(
    monkeypatch: pytest.MonkeyPatch, begin: Callable[[], object]
) -> None:
    def full(*_given: object, **_named: object) -> int:
        raise BlockingIOError("no room")

    monkeypatch.setattr(os, "fork", full)
    monkeypatch.setattr(subprocess, "Popen", full)
    before = _pipes(os.getpid())
    with pytest.raises(Lost, match="not begun"):
        begin()
    assert _pipes(os.getpid()) <= before


def test_the_end_of_a_child_that_the_system_forgot_is_no_fault() -> None:
    """Whoever started us may ignore the ends of children: then none is told of."""
    pid = os.posix_spawnp("true", ["true"], os.environ)
    os.waitpid(pid, 0)
    forgotten = export_children._Copy(pid)
    forgotten.kill()
    assert forgotten.wait() == 0


def test_a_system_that_widens_no_pipe_is_asked_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_children, "_SET_SIZE", None)
    child = export_children.started(GONE, None, ROOT)
    with pytest.raises(Lost):
        child.part(None)
    child.end()
