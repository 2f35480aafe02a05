"""A practice moves from its SQLite file to PostgreSQL: all of it, once, and never half."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bare_databases import Bare, Instance
from sqlalchemy import Boolean, make_url

import sealed_practice
from moving_clock import Clock
from portal import create_app, moving
from portal.models import Base, UtcDateTime
from portal.services.tools import Passwords
from portal.store import Store, engine_at

ROOT = Path(__file__).parents[3]


def _to(bare: Bare) -> tuple[str, ...]:
    return ("move", "--to", bare.url, "--partner", bare.partner_url)


def _plain(value: Any, kind: Any) -> Any:
    """A value of SQLite as psycopg hands the same one out."""
    if value is None or not isinstance(kind, (Boolean, UtcDateTime)):
        return value
    return bool(value) if isinstance(kind, Boolean) else datetime.fromisoformat(value)


def _of_file(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with closing(sqlite3.connect(path)) as database:
        for name, table in Base.metadata.tables.items():
            kinds = [column.type for column in table.columns]
            asked = f"select {', '.join(table.columns.keys())} from {name}"
            found[name] = [tuple(map(_plain, row, kinds)) for row in database.execute(asked)]
    return found


def _of_server(bare: Bare) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for name, table in Base.metadata.tables.items():
        found[name] = bare.rows(f"select {', '.join(table.columns.keys())} from {name}")
    return found


def _sorted(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: sorted(rows, key=repr) for name, rows in tables.items()}


def _without_move(bare: Bare) -> dict[str, list[tuple[Any, ...]]]:
    """The new place but for the event that tells of the move."""
    found = _of_server(bare)
    verb = list(Base.metadata.tables["audit_event"].columns.keys()).index("verb")
    found["audit_event"] = [row for row in found["audit_event"] if row[verb] != "practice.moved"]
    return _sorted(found)


def _stands(bare: Bare) -> Any:
    return bare.rows("select version_num from alembic_version")[0][0]


def test_everything_is_there_row_by_row(here: Instance, blank: Bare, passwords: Passwords) -> None:
    bare = blank
    before, keys = _of_file(here.file), (here.folder / "portal-keys.json").read_bytes()
    assert [name for name, rows in before.items() if not rows] == []
    code, said = here.run(*_to(bare))
    count = sum(map(len, before.values()))
    assert code == 0, said
    assert said[0] == f"audit_event: {len(before['audit_event'])} rows"
    assert said[len(before) + 1 :] == [
        f"{count} rows moved. From now on these settings (with the passwords, where there are some):",
        f"DATABASE_URL={make_url(bare.url)}",
        f"PARTNER_DATABASE_URL={make_url(bare.partner_url)}",
        "Keys, reports and every other setting stay. No portal starts on the old file any more:",
        "keep portal.sqlite3 until a backup of the new place is made, then delete it.",
    ]
    assert _without_move(bare) == _sorted(before)
    assert _of_file(here.file) == before
    assert (here.folder / "portal-keys.json").read_bytes() == keys
    there = here.at(bare)
    assert there.run("audit", "verify")[0] == 0
    detail = bare.rows("select actor_id, detail from audit_event where verb = 'practice.moved'")
    assert detail == [("move", f'{{"rows": {count}}}')]
    with sealed_practice.opened(here.folder, Clock(), passwords) as old:
        store = Store.over(staff=engine_at(bare.url), partner=engine_at(bare.partner_url))
        told = sealed_practice.texts(store, old.tools)
        store.dispose()
        assert told == sealed_practice.texts(old.store, old.tools)
    assert any(sealed_practice.WORD in one for one in told.values())


def test_no_portal_starts_on_what_was_left_or_is_half_filled(here: Instance, bare: Bare) -> None:
    before = _of_file(here.file)
    with pytest.MonkeyPatch.context() as killing:
        killing.setattr("portal.commands.moving._open", _dies)
        with pytest.raises(Killed):
            here.run(*_to(bare))
    code, said = here.run("audit", "verify")
    assert (code, said) == (2, ["This practice was moved to another database: set DATABASE_URL to it."])
    code, said = here.at(bare).run("audit", "verify")
    assert (code, said[0].startswith("A practice is being put into this database")) == (2, True)
    # The very last step is made up for; then nothing is left to do.
    code, said = here.run(*_to(bare))
    assert (code, said[0]) == (0, f"audit_event: {len(before['audit_event'])} rows, "
                                  f"{len(before['audit_event'])} of them there already")  # fmt: skip
    assert _without_move(bare) == _sorted(before)
    code, said = here.run(*_to(bare))
    assert (code, said) == (2, ["this practice was moved already; set DATABASE_URL to where it is"])


class Killed(BaseException):
    """As after kill -9: nobody tidies up."""


def _dies(*_given: object) -> None:
    raise Killed


def _killed_at(step: int, put: Callable[..., None]) -> Callable[..., None]:
    seen = [0]

    def dying(*given: Any) -> None:
        seen[0] += 1
        if seen[0] > step:
            raise Killed
        put(*given)

    return dying


def test_a_killed_run_is_gone_on_with(here: Instance, bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after every few batches, again and again, until it is through; no batch is copied twice."""
    before = _of_file(here.file)
    monkeypatch.setattr(moving, "BATCH", 7)
    put, sent = moving._put, [0]

    def counted(*given: Any) -> None:
        sent[0] += len(given[2])
        put(*given)

    for _ in range(50):
        monkeypatch.setattr(moving, "_put", _killed_at(12, counted))
        try:
            code, said = here.run(*_to(bare))
        except Killed:
            continue
        break
    assert (code, sent[0]) == (0, sum(map(len, before.values())))
    assert any(line.endswith("of them there already") for line in said)
    assert _without_move(bare) == _sorted(before)


def test_what_changed_between_two_runs_is_copied_anew(
    here: Instance, bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killing:
        killing.setattr(moving, "_put", _killed_at(20, moving._put))
        with pytest.raises(Killed):
            here.run(*_to(bare))
    with closing(sqlite3.connect(here.file)) as database, database:
        database.execute("update export set state = 'failed'")
        database.execute("delete from insight")
    before = _of_file(here.file)
    code, said = here.run(*_to(bare))
    assert (code, said[1]) == (0, "The practice has changed since the last run: starting anew.")
    assert _without_move(bare) == _sorted(before)


_PAUSE = """
create function pause() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
create trigger pause before insert on {table} for each row execute function pause()
"""


def test_kill_9_in_the_middle(here: Instance, bare: Bare) -> None:
    before = _of_file(here.file)
    bare.sql(_PAUSE.format(table="partner"))
    words = [sys.executable, "-u", "-m", "flask", "--app", "wsgi", *_to(bare)]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        words, cwd=ROOT, env={**kept, "PORTAL_INSTANCE": str(here.folder)}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("discernment_session"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    bare.sql("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
             "and datname = current_database()")  # fmt: skip
    assert len(bare.rows("select id from case_file")) == len(before["case_file"])
    assert bare.rows("select id from partner") == []
    assert here.run("audit", "verify")[0] == 0  # the old place was never left
    bare.sql("drop trigger pause on partner")
    assert here.run(*_to(bare))[0] == 0
    assert {name: rows for name, rows in _without_move(bare).items() if name != "audit_event"} == {
        name: rows for name, rows in _sorted(before).items() if name != "audit_event"
    }


_BEND = """
create function bend() returns trigger language plpgsql as $$ begin {bend}; return {returned}; end $$;
create trigger bend before insert on {table} for each row execute function bend()
"""


@pytest.mark.parametrize(
    ("table", "bend", "returned"),
    [
        ("statement", "new.body_sealed := set_byte(new.body_sealed, 40, 0)", "new"),
        ("partner_session", "new.last_seen_at := new.last_seen_at + interval '1 microsecond'", "new"),
        ("practice", "new.self_referral := not new.self_referral", "new"),
        ("practice", "new.name := null", "new"),
        ("finding", "null", "null"),
    ],
)
def test_a_difference_is_found(here: Instance, bare: Bare, table: str, bend: str, returned: str) -> None:
    bare.sql("alter table practice alter name drop not null", "alter table practice alter name drop default")
    bare.sql(_BEND.format(table=table, bend=bend, returned=returned))
    code, said = here.run(*_to(bare))
    assert (code, said[-1]) == (1, f"Not as it was sent: {table}. The practice stays where it is.")
    assert str(_stands(bare)).startswith("moving ")
    assert here.run("audit", "verify")[0] == 0


def test_a_broken_trail_or_text_is_not_moved(here: Instance, bare: Bare) -> None:
    for harm, found in (
        ("update audit_event set verb = 'x' where number = 5", "the audit trail has a fault: event 5 was"),
        ("update statement set body_sealed = zeroblob(300)", "A text cannot be opened"),
    ):
        kept = here.file.read_bytes()
        with closing(sqlite3.connect(here.file)) as database, database:
            database.execute(harm)
        code, said = here.run(*_to(bare))
        assert (code, found in said[-1]) == (1, True)
        here.file.write_bytes(kept)
    assert str(_stands(bare)).startswith("moving ")


def test_a_target_that_will_not_do_is_refused(here: Instance, bare: Bare, full: Path, tmp_path: Path) -> None:
    another = Instance(Path(shutil.copytree(full, tmp_path / "another")))
    shutil.rmtree(another.folder)
    assert another.run("audit", "verify")[0] == 0  # a practice of its own, with keys of its own
    nobody = "nobody answers, or not to this role (OperationalError)"
    address = "--to: an address such as postgresql://owner@host/database"
    no_such = bare.url.replace(bare.name, "no_such_database")
    for words, reason in (
        (("--to", no_such), f"--to: {nobody}"),
        (("--to", bare.url, "--partner", no_such), f"--partner: {nobody}"),
        (("--to", "sqlite:///x"), address),
        (("--to", "x"), address),
        (("--to", bare.partner_url), "the target cannot be used (InsufficientPrivilege)"),
    ):
        assert here.run("move", *words) == (2, [reason])
    bare.sql("create table public.something (x int)")
    code, said = here.run(*_to(bare))
    assert (code, said) == (
        2, ["the target holds other tables; make a database for this practice alone"]
    )  # fmt: skip
    bare.sql("drop table something")
    assert another.run(*_to(bare))[0] == 0
    code, said = here.run(*_to(bare))
    assert (code, said) == (2, ["the target is not empty; make a new database for this practice alone"])
    bare.sql("update alembic_version set version_num = 'moving 0011 0123'")
    code, said = here.run(*_to(bare))
    assert (code, said) == (2, ["another practice, or another version, is being put into the target"])
    assert here.at(bare).run(*_to(bare)) == (
        2, ["DATABASE_URL does not name a SQLite file: there is nothing to move"]
    )  # fmt: skip


def test_a_portal_that_runs_is_not_moved_from_under_its_partners(here: Instance, bare: Bare) -> None:
    app = create_app({"PORTAL_INSTANCE": str(here.folder)})
    assert app.test_client().get("/readyz").status_code == 200
    assert here.run(*_to(bare)) == (2, ["the portal is running here; stop it first"])
    app.extensions["portal.house"].close()
    assert here.run(*_to(bare))[0] == 0
    # And one that is started again on the old settings says no.
    code, said = here.run("serve")
    assert (code, said) == (2, ["This practice was moved to another database: set DATABASE_URL to it."])


def test_without_keys_or_practice_nothing_is_made(here: Instance, blank: Bare, tmp_path: Path) -> None:
    code, said = Instance(tmp_path / "nothing").run(*_to(blank))
    assert (code, said) == (2, ["portal.sqlite3: there is no such database"])
    (here.folder / "portal-keys.json").unlink()
    code, said = here.run(*_to(blank))
    assert (code, said) == (2, ["there are no keys here; put them in place first: keys restore KIT"])
    assert blank.rows("select table_name from information_schema.tables where table_schema = 'public'") == []
