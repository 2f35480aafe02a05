"""Alembic's entry: uses the engine it is handed, in one writing transaction."""

from __future__ import annotations

from alembic import context

from portal.models import Base

engine = context.config.attributes["engine"].execution_options(begin="IMMEDIATE")
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        user_module_prefix="portal.models.base.",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Moving a large table may take longer than a page may.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        context.run_migrations()
