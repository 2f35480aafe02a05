"""whoever acts writes an event into the indexes it needs at once; the worker fills those that go by number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0094"
branch_labels = None
depends_on = None

#: What the trail is searched by.
_SEARCHED = (["subject_id", "number"], ["actor_id", "number"], ["verb", "number"], ["happened_at"])


def _indexes(rows: str | None) -> None:
    where = None if rows is None else sa.text(rows)
    for columns in _SEARCHED:
        name = "ix_audit_event_" + "_".join(columns)
        op.create_index(name, "audit_event", columns, sqlite_where=where, postgresql_where=where)


def _drop_indexes() -> None:
    for columns in _SEARCHED:
        op.drop_index("ix_audit_event_" + "_".join(columns), "audit_event")


def upgrade() -> None:
    """Forward."""
    _drop_indexes()
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_constraint("uq_audit_event_number", type_="unique")
    _indexes("number IS NOT NULL")
    for name, columns, rows, is_unique in (
        ("ix_audit_event_number", ["number"], "number IS NOT NULL", True),
        ("ix_audit_event_unnumbered", ["number", "happened_at", "id"], "number IS NULL", False),
    ):
        where = sa.text(rows)
        op.create_index(
            name, "audit_event", columns, unique=is_unique, sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_audit_event_unnumbered", "audit_event")
    op.drop_index("ix_audit_event_number", "audit_event")
    _drop_indexes()
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.create_unique_constraint("uq_audit_event_number", ["number"])
    _indexes(None)

