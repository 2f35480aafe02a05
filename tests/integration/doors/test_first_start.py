"""The lines of docs/postgresql.md, run as they stand: roles, database, first start, and the next one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from databases import PostgresDatabases
from portal import create_app
from portal.config import ConfigError
from portal.services.tools import Tools
from portal.store import Store

pytestmark = pytest.mark.engine("postgresql")
PAGE = Path(__file__).parents[3] / "docs" / "postgresql.md"


def lines() -> list[list[str]]:
    """The SQL of the page, block by block."""
    blocks = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [block.strip().split("\n") for block in blocks]


def test_the_lines_of_the_page_make_a_practice(
    tmp_path: Path, databases: PostgresDatabases, tools: Tools
) -> None:
    as_admin, in_database = lines()
    databases.sql(*as_admin)
    databases.sql(*in_database, database="harbor")
    config = {
        "PORTAL_ENV": "production",
        "PORTAL_INSTANCE": str(tmp_path / "instance"),
        "PORTAL_BASE_URL": "https://portal.example.org",
        "PORTAL_TRUSTED_HOSTS": "portal.example.org",
        "PORTAL_KEYS": str(tmp_path / "keys.json"),
        "PORTAL_PRIVATE_KEY": str(tmp_path / "private.key"),
        "SECRET_KEY": "s" * 40,
        "PARTNER_DATABASE_URL": databases.url("harbor", "harbor_partners"),
    }
    started = []
    try:
        for role, also in (
            ("all", {"DATABASE_URL": databases.url("harbor", "harbor_staff")}),
            ("partner", {}),
        ):
            app = create_app(config | also | {"PORTAL_ROLE": role}, overrides={"tools": tools})
            store: Store = app.extensions["portal.house"].store
            with store.partner.read() as session:
                who = session.scalar(text("SELECT current_user"))
            page = app.test_client().get("/", base_url="https://portal.example.org").status_code
            started.append((role, app.extensions["portal.house"].is_ready(), who, page))
            app.extensions["portal.house"].close()
        # Tables that no process of the staff has let it into yet, as after a move.
        databases.sql("REVOKE ALL ON alembic_version FROM harbor_partners", database="harbor")
        app = create_app(config | {"PORTAL_ROLE": "partner"}, overrides={"tools": tools})
        with pytest.raises(ConfigError, match="start a process of the staff first"):
            app.extensions["portal.house"].tools  # noqa: B018
        app.extensions["portal.house"].close()
    finally:
        databases.sql(
            "DROP DATABASE harbor WITH (FORCE)", "DROP ROLE harbor_staff", "DROP ROLE harbor_partners"
        )
    assert started == [(role, True, "harbor_partners", 200) for role in ("all", "partner")]
