"""The database as the migrations make it is the database that the tables describe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from portal import create_app
from portal.migrations import migrate
from portal.models import Base
from portal.store import Store, prepare

ROOT = Path(__file__).parents[3]


def test_from_nothing_to_the_newest_revision(tmp_path: Path) -> None:
    engine = prepare(create_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}"), is_partner=False)
    before = migrate.current(engine)
    migrate.to_head(engine)
    migrate.to_head(engine)
    tables = set(inspect(engine).get_table_names())
    stands = migrate.current(engine)
    engine.dispose()
    assert (before, stands, tables) == (None, migrate.head(), {*Base.metadata.tables, "alembic_version"})


def test_the_files_say_of_themselves_what_alembic_reads_from_them(tmp_path: Path) -> None:
    scripts = ScriptDirectory(str(ROOT / "portal" / "migrations"))
    chain = {script.revision: script.down_revision or "" for script in scripts.walk_revisions()}
    assert (migrate._revisions(), migrate.head()) == (chain, scripts.get_current_head())


_AT_HEAD = """
import sys
from portal import create_app
house = create_app({"PORTAL_INSTANCE": sys.argv[1]}).extensions["portal.house"]
print(house.is_ready(), sorted({"alembic", "huey", "icalendar", "openpyxl", "xlsxwriter"} & set(sys.modules)))
"""


def test_a_house_that_is_at_the_newest_revision_opens_without_what_would_bring_it_there(
    tmp_path: Path,
) -> None:
    house = create_app({"PORTAL_INSTANCE": str(tmp_path)}).extensions["portal.house"]
    house.tools  # noqa: B018  (makes keys and database)
    house.close()
    words = [sys.executable, "-c", _AT_HEAD, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    assert (done.stdout, done.stderr) == ("True []\n", "")


def test_a_practice_of_the_first_version_keeps_its_settings_and_gets_the_new_ones(tmp_path: Path) -> None:
    engine = prepare(create_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}"), is_partner=False)
    command.upgrade(migrate._config(engine), "0001")
    columns = "id, name, phone, time_zone, confidentiality, self_referral, stale_days, alcohol_level, "
    with engine.begin() as connection:
        connection.execute(
            text(
                f"insert into practice ({columns} index_margin, has_on_call, is_demo) "
                "values ('practice', 'Riverside', '', 'UTC', 'b', 1, 45, 8, 10, 0, 0)"
            )
        )
    migrate.to_head(engine)
    with engine.connect() as connection:
        kept = connection.execute(
            text(
                "select name, stale_days, draft_days, mail_days, case_years, export_days, clarity_for_two "
                "from practice"
            )
        ).one()
    engine.dispose()
    assert tuple(kept) == ("Riverside", 45, 180, 30, 7, 7, 1)


def test_the_trail_keeps_every_event_on_the_way_to_its_indexes_by_number_and_back(tmp_path: Path) -> None:
    engine = prepare(create_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}"), is_partner=False)
    config = migrate._config(engine)

    def told(asked: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(asked))]

    schema = (
        "select name, replace(sql, '\"', '') from sqlite_master where tbl_name = 'audit_event' order by 1"
    )
    command.upgrade(config, "0094")
    before = told(schema)
    columns = "id, verb, actor_kind, actor_id, subject_kind, subject_id, happened_at, detail, mac, number"
    with engine.begin() as connection:
        for at, number in enumerate(("1", "2", "null", "null")):
            values = (
                f"'{9 - at}', 'v', 'staff', 'x', 'case', 'c', '2026-11-29 12:00:00.00000{at}', '{{}}', 'm'"
            )
            connection.execute(text(f"insert into audit_event ({columns}) values ({values}, {number})"))
    rows = told("select * from audit_event order by happened_at")
    command.upgrade(config, "0096")
    assert told("select * from audit_event order by happened_at") == rows
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("update audit_event set number = 2 where id = '7'"))
    command.downgrade(config, "0094")
    after = (told("select * from audit_event order by happened_at"), told(schema))
    engine.dispose()
    assert after == (rows, before)


def test_models_and_migrations_say_the_same(store: Store) -> None:
    with store.staff.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


_START = """
import sys
from sqlalchemy import create_engine
from portal.migrations import migrate
from portal.store import prepare
engine = prepare(create_engine(sys.argv[1]), is_partner=False)
sys.stdin.read()
migrate.to_head(engine)
print(migrate.current(engine))
"""


def test_two_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _START, f"sqlite:///{tmp_path / 'race.sqlite3'}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [subprocess.Popen(words, text=True, cwd=ROOT, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    # Both wait for the end of their input, so that they begin in the same moment.
    for process in started:
        process.stdin.close()
        process.stdin = None
    said = [process.communicate(timeout=300) for process in started]
    assert said == [(f"{migrate.head()}\n", "")] * 2
