"""Tables only. Import from here, so that every table is known to the metadata."""

from portal.models.account import Account, AccountLink, Consent, Notice, PartnerSession, Statement
from portal.models.base import Base, KeptTime, UtcDateTime, hexed, moment, place_of, table_of
from portal.models.care import (
    Appointment,
    CallAttempt,
    CallPlan,
    Clearance,
    Interview,
    Letter,
    Recommendation,
    Review,
)
from portal.models.case import CaseFile, Fact, Invitation, Partner
from portal.models.closing import Closing
from portal.models.discernment import DiscernmentEnd, DiscernmentSession
from portal.models.insight import Insight
from portal.models.intake import AnswerSet, Finding, Intake, SealedEntry, SectionState
from portal.models.late_text import LateText
from portal.models.ledger import AuditEvent, Export, Job, Mail
from portal.models.practice import PRACTICE_ID, Practice
from portal.models.staff import BreakGlass, StaffAccount, StaffCode, StaffLink, StaffSession
from portal.models.staffing import Absence, ConflictBlock, StaffEntry

__all__ = [
    "PRACTICE_ID",
    "Absence",
    "Account",
    "AccountLink",
    "AnswerSet",
    "Appointment",
    "AuditEvent",
    "Base",
    "BreakGlass",
    "CallAttempt",
    "CallPlan",
    "CaseFile",
    "Clearance",
    "Closing",
    "ConflictBlock",
    "Consent",
    "DiscernmentEnd",
    "DiscernmentSession",
    "Export",
    "Fact",
    "Finding",
    "Insight",
    "Intake",
    "Interview",
    "Invitation",
    "Job",
    "KeptTime",
    "LateText",
    "Letter",
    "Mail",
    "Notice",
    "Partner",
    "PartnerSession",
    "Practice",
    "Recommendation",
    "Review",
    "SealedEntry",
    "SectionState",
    "StaffAccount",
    "StaffCode",
    "StaffEntry",
    "StaffLink",
    "StaffSession",
    "Statement",
    "UtcDateTime",
    "hexed",
    "moment",
    "place_of",
    "table_of",
]
