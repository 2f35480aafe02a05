"""The practice: one row of settings."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Short

PRACTICE_ID = "practice"


class Practice(Base):
    """Settings the rules and pages need. Exactly one row, id ``practice``."""

    __tablename__ = "practice"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=PRACTICE_ID)
    name: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[Short] = mapped_column(default="")
    time_zone: Mapped[Short] = mapped_column(default="America/New_York")
    confidentiality: Mapped[str] = mapped_column(String(1), default="b")
    self_referral: Mapped[bool] = mapped_column(default=True)
    stale_days: Mapped[int] = mapped_column(default=60)
    alcohol_level: Mapped[int] = mapped_column(default=8)
    index_margin: Mapped[int] = mapped_column(default=10)
    #: Whether discernment counseling is named as an alternative for two who are both unsure (R16b).
    clarity_for_two: Mapped[bool] = mapped_column(default=True)
    #: How long what nobody needs is kept: unsent drafts, bodies of mail that never went out, closed cases.
    draft_days: Mapped[int] = mapped_column(default=180)
    mail_days: Mapped[int] = mapped_column(default=30)
    case_years: Mapped[int] = mapped_column(default=7)
    #: How long the file of a report lies ready.
    export_days: Mapped[int] = mapped_column(default=7)
    #: Languages of sessions, days of the week with office hours (1 Monday … 7 Sunday), days off in between.
    languages: Mapped[Short] = mapped_column(default="en")
    working_days: Mapped[Short] = mapped_column(default="1,2,3,4,5")
    holidays: Mapped[str] = mapped_column(Text, default="")
    #: What the public pages say of cost, length and the like, and where the practice is: JSON, name -> text.
    public_texts: Mapped[str] = mapped_column(Text, default="{}")
    has_on_call: Mapped[bool] = mapped_column(default=False)
    #: The on-call e-mail address, boxed with the staff ring. Not readable by partners.
    on_call_box: Mapped[bytes | None] = mapped_column(default=None)
    #: Set by ``demo load`` only: the demonstration page steps into roles on such a database.
    is_demo: Mapped[bool] = mapped_column(default=False)
