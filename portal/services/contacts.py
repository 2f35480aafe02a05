"""Safe contact: the last step before the form, so giving it for the first time lays the form out."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.services import intakes, statements
from portal.services.tools import Tools


def give(session: Session, tools: Tools, *, contact: statements.Body, by: Viewer) -> str:
    """Keep how the viewer may be reached ({channel, address, hours, time_zone, voicemail_ok, name_ok}).

    Returns the id of the first round, which is laid out with the first contact at the latest. Partner door.
    """
    statements.state(session, tools, kind="contact", body=contact, by=by)
    return intakes.begin(session, tools, partner_id=by.partner_id, by=by)
