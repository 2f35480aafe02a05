"""a filter of the caseload looks at its thousand cases in the index of their order, not in their rows."""

from __future__ import annotations

from alembic import op

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None

_NAME = "ix_case_file_own_queue"
_ORDER = ["therapist_id", "closed_at", "urgency", "waiting_since", "id"]


def upgrade() -> None:
    """Forward."""
    op.drop_index(_NAME, "case_file")
    op.create_index(_NAME, "case_file", [*_ORDER, "route_mark", "languages"])


def downgrade() -> None:
    """Back."""
    op.drop_index(_NAME, "case_file")
    op.create_index(_NAME, "case_file", _ORDER)
