"""Verbs: one transaction and its audit event each; they return frozen read models, never rows."""
