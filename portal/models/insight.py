"""Figures about the practice as a whole, kept so that a page need not reckon them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from portal.models.base import Base, Id


class Insight(Base):
    """The newest figures, id ``practice``, and those being made, id ``building``: counts as JSON, boxed."""

    __tablename__ = "insight"

    id: Mapped[Id]
    body_box: Mapped[bytes]
    made_at: Mapped[datetime]
