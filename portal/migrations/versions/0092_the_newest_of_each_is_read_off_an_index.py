"""the newest consent and recommendation are read off an index."""

from __future__ import annotations

from alembic import op

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_consent_partner_id_given_at_id", "consent", ["partner_id", "given_at", "id"])
    op.drop_index("ix_consent_partner_id", "consent")
    made = ["case_id", "made_at", "id"]
    op.create_index("ix_recommendation_case_id_made_at_id", "recommendation", made)
    op.drop_index("ix_recommendation_case_id_made_at", "recommendation")


def downgrade() -> None:
    """Back."""
    op.create_index("ix_recommendation_case_id_made_at", "recommendation", ["case_id", "made_at"])
    op.drop_index("ix_recommendation_case_id_made_at_id", "recommendation")
    op.create_index("ix_consent_partner_id", "consent", ["partner_id"])
    op.drop_index("ix_consent_partner_id_given_at_id", "consent")
