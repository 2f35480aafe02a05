"""how long a report lies ready."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("practice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("export_days", sa.Integer(), nullable=False, server_default="7"))
    # A practice that is there already gets the default; the column itself has none.
    with op.batch_alter_table("practice", schema=None) as batch_op:
        batch_op.alter_column("export_days", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("practice", schema=None) as batch_op:
        batch_op.drop_column("export_days")
