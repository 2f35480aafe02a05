"""whether discernment counseling is named for two unsure partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('clarity_for_two', sa.Boolean(), nullable=False, server_default=sa.true()))

    # A practice that is there already gets the default; the column itself has none.
    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.alter_column('clarity_for_two', server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.drop_column('clarity_for_two')
