"""PostgreSQL databases of one's own, looked into past the portal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from databases import PARTNERS, PostgresDatabases


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
