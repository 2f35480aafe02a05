"""Figures about the practice as a whole, boxed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import portal.models.base

revision = "0008"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "insight",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("body_box", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", portal.models.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight")),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("insight")
