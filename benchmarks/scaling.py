"""What one practice costs: memory, connections, space, time to migrate, to move and to back up.

Run as ``PYTHONPATH=.:tests .venv/bin/python benchmarks/scaling.py``; it starts a PostgreSQL server of its own
and keeps the figures in ``measured``, or with ``--renew`` in ``benchmarks/results``. The practice is the
demonstration, its rows repeated under new ids until it holds CASES cases.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, LargeBinary, func, insert, select

from benchmarks import keeping
from databases import PostgresDatabases, server
from evening.practices import Practice, open_section, save
from live_portal import LivePortal, free_port
from portal import moving
from portal.migrations import migrate
from portal.models import Base
from portal.store import engine_at, prepare

CASES = 1_000
SECONDS = 4.0
KEPT_ONCE = {"practice", "insight", "export", "staff_account", "staff_code", "staff_link", "staff_session"}
_TICKS = os.sysconf("SC_CLK_TCK")


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu(process: int) -> float:
    """CPU seconds of a process so far."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def memory(process: int) -> float:
    """MiB that a process alone has in memory (Pss: what is shared counts for a part)."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def grown(engine: Engine) -> None:
    """Repeat every case of the practice until there are CASES."""
    with engine.begin() as connection:
        found = {
            table: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in moving.tables()
            if table.name not in KEPT_ONCE
        }
        there = len(found[Base.metadata.tables["case_file"]])
        for _ in range(CASES // there - 1):
            new: dict[str, str] = {}
            for table, rows in found.items():
                if rows:
                    connection.execute(insert(table), [_renamed(table.name, row, new) for row in rows])


def _renamed(table: str, row: dict[str, Any], new: dict[str, str]) -> dict[str, Any]:
    known = Base.metadata.tables[table].columns
    made = {}
    for name, value in row.items():
        is_unique = known[name].unique or name == "id"
        if isinstance(known[name].type, LargeBinary) or not isinstance(value, str):
            made[name] = None if table == "audit_event" and name in ("number", "chain") else value
        elif is_unique or name.endswith("_id"):
            is_own = is_unique or value in new
            made[name] = (
                new.setdefault(value, uuid4().hex * (2 if len(value) > 40 else 1)) if is_own else value
            )
        else:
            made[name] = value
    return made


def served(settings: dict[str, str], folder: Path, databases: PostgresDatabases | None) -> dict[str, float]:
    """Memory, connections and CPU of a process that serves one partner who saves without a pause."""
    folder.mkdir(mode=0o700)
    portal = LivePortal(folder, free_port(), settings)
    with portal.process("all") as process:
        browser = Practice(portal).begin()
        open_section(browser, "words")
        idle = memory(process.pid)
        before, count, until = cpu(process.pid), 0, time.monotonic() + SECONDS
        while time.monotonic() < until:
            save(browser, "words", "save", own_words=f"number {count}")
            count += 1
        used = cpu(process.pid) - before
        found = {
            "memory_mib_started": idle,
            "memory_mib_after": memory(process.pid),
            "page_and_save_cpu_ms": 1000 * used / count,
            "pages_and_saves_a_second": count / SECONDS,
        }
        if databases is not None:
            found["connections"] = float(moving.others(engine_at(settings["DATABASE_URL"])))
    return found


def main() -> None:
    """Measure, print, keep."""
    with tempfile.TemporaryDirectory() as name, server() as databases:
        databases.prepare()
        folder = Path(name)
        found: dict[str, Any] = {"sqlite": served({}, folder / "a", None)}
        found["postgresql"] = served(databases.fresh(folder, by_rows=True), folder / "b", databases)
        found.update(_space(folder, databases))
    text = json.dumps(found, indent=1) + "\n"
    sys.stdout.write(text)
    keeping.put("scaling.json", text, renews=keeping.RENEW in sys.argv)


def _space(folder: Path, databases: PostgresDatabases) -> dict[str, Any]:
    demo = folder / "demo"
    demo.mkdir(mode=0o700)
    LivePortal(demo, free_port(), {}).command("demo", "load")
    path = demo / "portal.sqlite3"
    source = prepare(engine_at(f"sqlite:///{path}"), is_partner=False)
    grown(source)
    with source.connect() as connection:
        cases = connection.scalar(select(func.count()).select_from(Base.metadata.tables["case_file"]))
    databases.sql("CREATE DATABASE blank TEMPLATE template0 OWNER portal_staff")
    target = prepare(engine_at(databases.url("blank")), is_partner=False)
    migrated = timed(lambda: migrate.to_head(target))
    looked = timed(lambda: migrate.to_head(target))
    source.dispose()
    with moving.held(path) as held:
        moved = timed(lambda: moving.arrive(held, target, lambda _line: None))
        rows = sum(held.scalar(select(func.count()).select_from(table)) or 0 for table in moving.tables())
    with target.connect() as connection:
        size = connection.scalar(select(func.pg_database_size("blank"))) or 0
        snapped = timed(lambda: moving.snapshot(connection, folder / "snapshot"))
    target.dispose()
    return {
        "cases": cases,
        "rows": rows,
        "sqlite_mib": path.stat().st_size / 2**20,
        "postgresql_mib": size / 2**20,
        "migrate_from_nothing_s": migrated,
        "look_at_start_s": looked,
        "move_s": moved,
        "snapshot_s": snapped,
    }


if __name__ == "__main__":
    main()
