"""call plans and attempts; what the caseload filters and the trail is searched by."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

import portal.models.base

revision = '0007'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('call_attempt',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('partner_id', sa.String(length=36), nullable=False),
    sa.Column('outcome', sa.String(length=64), nullable=False),
    sa.Column('occasion', sa.String(length=64), nullable=False),
    sa.Column('note_box', sa.LargeBinary(), nullable=False),
    sa.Column('called_by', sa.String(length=36), nullable=False),
    sa.Column('called_at', portal.models.base.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_call_attempt_partner_id_partner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_attempt'))
    )
    with op.batch_alter_table('call_attempt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_attempt_partner_id'), ['partner_id'], unique=False)

    op.create_table('call_plan',
    sa.Column('partner_id', sa.String(length=36), nullable=False),
    sa.Column('due_at', portal.models.base.UtcDateTime(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('sent_at', portal.models.base.UtcDateTime(), nullable=True),
    sa.Column('next_try_at', portal.models.base.UtcDateTime(), nullable=True),
    sa.Column('settled_at', portal.models.base.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_call_plan_partner_id_partner')),
    sa.PrimaryKeyConstraint('partner_id', name=op.f('pk_call_plan'))
    )
    with op.batch_alter_table('call_plan', schema=None) as batch_op:
        batch_op.create_index('ix_call_plan_open', ['settled_at', 'due_at', 'partner_id'], unique=False)

    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index('ix_audit_event_actor_id_number', ['actor_id', 'number'], unique=False)
        batch_op.create_index('ix_audit_event_happened_at', ['happened_at'], unique=False)
        batch_op.create_index('ix_audit_event_subject_id_number', ['subject_id', 'number'], unique=False)
        batch_op.create_index('ix_audit_event_verb_number', ['verb', 'number'], unique=False)

    with op.batch_alter_table('case_file', schema=None) as batch_op:
        batch_op.add_column(sa.Column('news_at', portal.models.base.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('route_mark', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('languages', sa.String(length=8), nullable=False, server_default=''))
    op.execute('UPDATE case_file SET news_at = opened_at')
    with op.batch_alter_table('case_file', schema=None) as batch_op:
        batch_op.alter_column('news_at', existing_type=portal.models.base.UtcDateTime(), nullable=False)
        batch_op.alter_column('languages', existing_type=sa.String(length=8), server_default=None)
        batch_op.create_index('ix_case_file_own_closed', ['therapist_id', 'closed_at', 'id'], unique=False)
        batch_op.create_index('ix_case_file_own_news', ['therapist_id', 'closed_at', 'news_at', 'id'], unique=False)
        batch_op.create_index('ix_case_file_own_waiting', ['therapist_id', 'closed_at', 'waiting_since', 'id'], unique=False)

    _route_anew()


def _route_anew() -> None:
    """The worker fills in what the caseload and the call list keep, case by case."""
    connection = op.get_bind()
    ids = connection.execute(sa.text('SELECT DISTINCT case_id FROM recommendation')).scalars().all()
    job = sa.text(
        'INSERT INTO job (id, kind, subject_id, due_at, attempts) '
        "VALUES (:id, 'route', :case, '2000-01-01 00:00:00.000000', 0)"
    )
    for case_id in ids:
        connection.execute(job, {'id': str(uuid.uuid4()), 'case': case_id})


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('case_file', schema=None) as batch_op:
        batch_op.drop_index('ix_case_file_own_waiting')
        batch_op.drop_index('ix_case_file_own_news')
        batch_op.drop_index('ix_case_file_own_closed')
        batch_op.drop_column('languages')
        batch_op.drop_column('route_mark')
        batch_op.drop_column('news_at')

    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_event_verb_number')
        batch_op.drop_index('ix_audit_event_subject_id_number')
        batch_op.drop_index('ix_audit_event_happened_at')
        batch_op.drop_index('ix_audit_event_actor_id_number')

    with op.batch_alter_table('call_plan', schema=None) as batch_op:
        batch_op.drop_index('ix_call_plan_open')

    op.drop_table('call_plan')
    with op.batch_alter_table('call_attempt', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_call_attempt_partner_id'))

    op.drop_table('call_attempt')
