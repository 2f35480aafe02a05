"""a report reads which intakes it holds, and of whom, off two indexes and not off the rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

_SENT = sa.text("submitted_at IS NOT NULL")


def upgrade() -> None:
    """Forward."""
    columns = ["id", "partner_id", "submitted_at", "questionnaire", "variant"]
    op.create_index("ix_intake_sent", "intake", columns, sqlite_where=_SENT, postgresql_where=_SENT)
    op.create_index("ix_partner_id_slot", "partner", ["id", "slot", "case_id"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_partner_id_slot", "partner")
    op.drop_index("ix_intake_sent", "intake")
