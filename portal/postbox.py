"""Mail that waits: each is built, handed over, and noted as sent or to be tried again."""

from __future__ import annotations

from portal.services import invitations, mail_carriers, mails, practices
from portal.services.mails import WaitingMail
from portal.workplace import WORKER, Workplace, note_error


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
            if mail.template == "invitation" and _is_withheld(place, mail):
                continue
            message = mail_carriers.build(mail, practice, sender=place.sender, now=place.tools.now())
            place.carrier(message, mail.id)
            is_sent = True
        except Exception as error:  # one bad mail must not keep the others waiting
            note_error("mail", error)
            is_sent = False
        with place.store.staff.write() as session:
            mails.settle(session, place.tools, mail, is_sent=is_sent)
    return len(leased)


def _is_withheld(place: Workplace, mail: WaitingMail) -> bool:
    """Whether danger was told since this invitation was asked for: it would reach the home where that is."""
    with place.store.staff.write() as session:
        is_withheld = invitations.withhold(session, place.tools, link=mail.params["link"], by=WORKER)
        if is_withheld:
            mails.withdraw(session, place.tools, mail)
    return is_withheld
