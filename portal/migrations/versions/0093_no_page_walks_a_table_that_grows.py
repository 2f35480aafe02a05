"""no page and no sweep walks a table that grows with the practice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None

#: Of a few rows among many: name, table, columns, which rows.
_PARTS = (
    ("ix_case_file_open_opened", "case_file", ["opened_at", "id"], "closed_at IS NULL"),
    ("ix_invitation_held", "invitation", ["partner_id"], "state = 'held'"),
    ("ix_finding_provisional", "finding", ["found_at", "intake_id"], "state = 'provisional'"),
)
#: What refers to another row: without these, whoever deletes one walks all that may refer to it.
_REFERENCES = (
    ("review", "recommendation_id"), ("letter", "partner_id"), ("finding", "intake_id"),
    ("account_link", "account_id"), ("staff_link", "staff_id"),
)  # fmt: skip


def upgrade() -> None:
    """Forward."""
    for name, table, columns, rows in _PARTS:
        op.create_index(name, table, columns, sqlite_where=sa.text(rows), postgresql_where=sa.text(rows))
    for table, column in _REFERENCES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Back."""
    for table, column in reversed(_REFERENCES):
        op.drop_index(f"ix_{table}_{column}", table)
    for name, table, _, _ in reversed(_PARTS):
        op.drop_index(name, table)
