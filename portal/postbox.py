"""Mail that waits: each is built, handed over, and noted as sent or to be tried again."""

from __future__ import annotations

from portal.services import mails, practices
from portal.workplace import Workplace, note_error


def send(place: Workplace) -> int:
    """Send what is due; returns how many there were. One bad mail does not keep the others waiting."""
    with place.store.staff.write() as session:
        leased = mails.lease(session, place.tools)
    if not leased:
        return 0
    with place.store.staff.read() as session:
        practice = practices.view(session)
    for mail in leased:
        try:
            message = mails.build(mail, practice, sender=place.sender, now=place.tools.now())
            place.carrier(message, mail.id)
            is_sent = True
        except Exception as error:  # one bad mail must not keep the others waiting
            note_error("mail", error)
            is_sent = False
        with place.store.staff.write() as session:
            mails.settle(session, place.tools, mail, is_sent=is_sent)
    return len(leased)
