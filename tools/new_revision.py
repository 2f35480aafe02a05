"""Write an Alembic revision for what the models have that a freshly migrated database lacks.

Usage: python tools/new_revision.py 0002 "what changes"
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from portal.migrations import migrate
from portal.store import prepare

if __name__ == "__main__":
    revision, text = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        engine = prepare(create_engine(f"sqlite:///{folder}/empty.sqlite3"), is_partner=False)
        if migrate.head() is not None:
            migrate.to_head(engine)
        migrate.new_revision(engine, text, revision)
        engine.dispose()
