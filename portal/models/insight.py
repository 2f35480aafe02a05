"""Figures about the practice as a whole, kept so that a page need not reckon them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from portal.models.base import Base, Id


class Insight(Base):
    """The newest figures, one row, id ``practice``: counts as JSON, boxed with the staff ring."""

    __tablename__ = "insight"

    id: Mapped[Id]
    body_box: Mapped[bytes]
    made_at: Mapped[datetime]
