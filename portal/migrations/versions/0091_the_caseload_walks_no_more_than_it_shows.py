"""the caseload walks no more than it shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.drop_index("ix_case_file_queue", "case_file")
    op.create_index("ix_case_file_own_opened", "case_file", ["therapist_id", "opened_at", "id"])
    is_closed = sa.text("closed_at IS NOT NULL")
    op.create_index(
        "ix_case_file_closed_at",
        "case_file",
        ["closed_at"],
        sqlite_where=is_closed,
        postgresql_where=is_closed,
    )
    op.create_index("ix_break_glass_staff_id_expires_at", "break_glass", ["staff_id", "expires_at"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_break_glass_staff_id_expires_at", "break_glass")
    op.drop_index("ix_case_file_closed_at", "case_file")
    op.drop_index("ix_case_file_own_opened", "case_file")
    op.create_index("ix_case_file_queue", "case_file", ["closed_at", "urgency", "waiting_since", "id"])
