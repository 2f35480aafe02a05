"""PostgreSQL databases of one's own, looked into past the portal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from databases import PARTNERS, PostgresDatabases
from portal import create_app

#: Words that a careless copy bends: quotes, what COPY takes for NULL, line ends, signs beyond the BMP.
ODD = 'd\'où \\N\t"x"\r\n ́e 𝒳 👩‍❤️‍👨 %s :name'


@dataclass(frozen=True)
class Bare:
    """A PostgreSQL database of one's own."""

    server: PostgresDatabases
    name: str

    @property
    def url(self) -> str:
        """Its address for the owner."""
        return self.server.url(self.name)

    @property
    def partner_url(self) -> str:
        """And for the partners' role."""
        return self.server.url(self.name, PARTNERS)

    def sql(self, *statements: str) -> None:
        """Run statements in it as the server's own account."""
        self.server.sql(*statements, database=self.name)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a query finds, asked past the portal."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]


@dataclass
class Instance:
    """A folder with a practice, and commands on it."""

    folder: Path
    database: str = ""
    partner: str = ""

    def run(self, *words: str) -> tuple[int, list[str]]:
        given = {"PORTAL_INSTANCE": str(self.folder), "DATABASE_URL": self.database}
        app = create_app({**given, "PARTNER_DATABASE_URL": self.partner})
        done = app.test_cli_runner().invoke(args=list(words))
        app.extensions["portal.house"].close()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output.splitlines()

    def at(self, bare: Bare) -> Instance:
        """The same folder, over PostgreSQL."""
        return replace(self, database=bare.url, partner=bare.partner_url)

    @property
    def file(self) -> Path:
        return self.folder / "portal.sqlite3"
