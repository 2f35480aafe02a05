"""The database as the migrations make it is the database that the tables describe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

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
    command = [sys.executable, "-c", _START, f"sqlite:///{tmp_path / 'race.sqlite3'}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [subprocess.Popen(command, text=True, cwd=ROOT, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    # Both wait for the end of their input, so that they begin in the same moment.
    for process in started:
        process.stdin.close()
        process.stdin = None
    said = [process.communicate(timeout=60) for process in started]
    assert said == [(f"{migrate.head()}\n", "")] * 2
