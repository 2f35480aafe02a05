"""Alembic revisions and how to run them."""
