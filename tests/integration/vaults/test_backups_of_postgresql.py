"""A backup of a PostgreSQL practice, made while others write; it goes back to either engine."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from bare_databases import Bare, Instance
from sqlalchemy import Connection

import sealed_practice
from cast import OFFICE
from moving_clock import Clock
from portal import moving
from portal.services import audit
from portal.services.tools import Passwords, Tools
from portal.store import Store, engine_at

#: What a restore ends (see test_backups.py), and what is reckoned anew.
DEAD = {
    ("insight", "body_box"),
    *(("partner_session", "card_box"), ("invitation", "link_box"), ("mail", "body_box")),
    ("account_link", "link_box"),
}


@pytest.fixture
def there(here: Instance, bare: Bare) -> Instance:
    """The full practice on PostgreSQL."""
    assert here.run("move", "--to", bare.url, "--partner", bare.partner_url)[0] == 0
    return here.at(bare)


def _elsewhere(there: Instance, folder: Path) -> Instance:
    """An empty machine that has the keys, over a file."""
    folder.mkdir(mode=0o700)
    for name in ("portal-keys.json", "private.key"):
        shutil.copy(there.folder / name, folder / name)
    return Instance(folder)


def _texts(instance: Instance, passwords: Passwords) -> dict[tuple[str, str, str], str]:
    with sealed_practice.opened(instance.folder, Clock(), passwords) as opened:
        if not instance.database:
            return sealed_practice.texts(opened.store, opened.tools)
        store = Store.over(staff=engine_at(instance.database), partner=engine_at(instance.partner))
        found = sealed_practice.texts(store, opened.tools)
        store.dispose()
        return found


def _living(texts: dict[tuple[str, str, str], str]) -> dict[tuple[str, str, str], str]:
    return {place: text for place, text in texts.items() if place[:2] not in DEAD}


def test_it_goes_back_to_either_engine(
    there: Instance, other_bare: Bare, tmp_path: Path, passwords: Passwords
) -> None:
    told, file = _living(_texts(there, passwords)), tmp_path / "practice.backup"
    code, said = there.run("backup", "create", str(file))
    assert (code, said[0][:10]) == (0, "Backup of ")
    assert [path.name for path in there.folder.glob(".*")] == []
    on_file = _elsewhere(there, tmp_path / "file")
    on_server = _elsewhere(there, tmp_path / "server").at(other_bare)
    for again in (on_file, on_server):
        code, said = again.run("backup", "restore", str(file))
        assert (code, "database sound" in said[0], len(said)) == (0, True, 4)
        assert [path.name for path in again.folder.glob(".*")] == []
        # The text of a sent mail waits nowhere else; everything a person wrote is there.
        assert told.items() <= _texts(again, passwords).items()
        assert again.run("audit", "verify")[0] == 0
    alive = "select id from {} where revoked_at is null"
    for table in ("partner_session", "staff_session"):
        assert other_bare.rows(alive.format(table)) == []
    assert other_bare.rows("select id from account_link union all select id from staff_link") == []
    assert len(other_bare.rows("select id from audit_event where verb = 'backup.restored'")) == 1
    code, said = on_server.run("backup", "restore", str(file))
    assert (code, said) == (2, ["this practice is not empty; a backup never replaces one"])


def _writes_twins(store: Store, tools: Tools, stop: threading.Event, written: list[int]) -> None:
    while not stop.is_set():
        with store.staff.write() as session:
            for verb in ("case.opened", "case.assigned"):
                subject = ("case", f"twin-{written[0]}")
                audit.record(session, tools, by=OFFICE, verb=verb, subject=subject)
        written[0] += 1


def _come_to(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.01)


def _late(put: Callable[..., None], is_so: Callable[[], bool]) -> Callable[..., None]:
    """The same once something was written after the moment, however fast the copying is."""

    def put_late(*given: Any) -> None:
        _come_to(is_so)
        put(*given)

    return put_late


def test_made_while_others_write_it_holds_one_moment(
    there: Instance, tmp_path: Path, passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction writes two rows: a backup has both or neither, and all that was committed before."""
    stop, written, acknowledged = threading.Event(), [0], [0]
    with sealed_practice.opened(there.folder, Clock(), passwords) as opened:
        tools = opened.tools
    store = Store.over(staff=engine_at(there.database), partner=engine_at(there.partner))
    snapshot = moving.snapshot

    def taken(source: Connection, path: Path) -> None:
        # The moment of the transaction is its first statement; what is committed before that is in it.
        acknowledged[0] = written[0]
        snapshot(source, path)
        acknowledged.append(written[0])
        # However long a table takes to compare: the moment is not let go of.
        assert source.exec_driver_sql("show idle_in_transaction_session_timeout").scalar() == "0"

    monkeypatch.setattr(moving, "snapshot", taken)
    monkeypatch.setattr(moving, "_put", _late(moving._put, lambda: written[0] > acknowledged[0]))
    writer = threading.Thread(target=_writes_twins, args=(store, tools, stop, written))
    writer.start()
    try:
        _come_to(lambda: written[0] >= 3)
        code, _ = there.run("backup", "create", str(tmp_path / "busy.backup"))
    finally:
        stop.set()
        writer.join()
        store.dispose()
    assert (code, acknowledged[1] > acknowledged[0]) == (0, True)
    back = _elsewhere(there, tmp_path / "back")
    assert back.run("backup", "restore", str(tmp_path / "busy.backup"))[0] == 0
    with closing(sqlite3.connect(back.folder / "portal.sqlite3")) as database:
        rows = database.execute("select subject_id from audit_event where subject_id like 'twin-%'")
        found = [name for (name,) in rows]
    assert (len(found), len(set(found)) >= acknowledged[0]) == (2 * len(set(found)), True)


def test_what_does_not_arrive_in_the_file_is_no_backup(
    there: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = moving._put

    def bent(opening: moving.Opening, table: Any, batch: list[dict[str, Any]]) -> None:
        put(opening, table, [{**row, "id": row["id"].upper()} if "id" in row else row for row in batch])

    monkeypatch.setattr(moving, "_put", bent)
    code, said = there.run("backup", "create", str(tmp_path / "bad.backup"))
    assert (code, said) == (2, ["bad.backup: what was written does not read back; is the disk sound?"])
    assert not (tmp_path / "bad.backup").exists()


class Killed(BaseException):
    """As after kill -9."""


def test_a_killed_restore_is_made_up_for_and_nothing_is_replaced(
    there: Instance, other_bare: Bare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "practice.backup"
    assert there.run("backup", "create", str(file))[0] == 0
    back = _elsewhere(there, tmp_path / "back").at(other_bare)
    with psycopg.connect(other_bare.url):
        code, said = back.run("backup", "restore", str(file))
        assert (code, said) == (2, ["the portal is running here; stop it first"])

    def dies(*_given: object) -> None:
        raise Killed

    for place, name in ((moving, "_put"), (Store, "admit_partners")):
        with monkeypatch.context() as killing:
            killing.setattr(place, name, dies)
            with pytest.raises(Killed):
                back.run("backup", "restore", str(file))
        code, said = back.run("audit", "verify")
        assert (code, said[0].startswith("A practice is being put into this database")) == (2, True)
    assert back.run("backup", "restore", str(file))[0] == 0
    assert back.run("audit", "verify")[0] == 0
    lost = replace(back, database=other_bare.url.replace(other_bare.name, "no_such_database"))
    code, said = lost.run("backup", "restore", str(file))
    assert (code, said) == (2, ["the database cannot be used (OperationalError)"])
