"""The mail server is away for a day: everything that was to be sent is sent, once, when it is back."""

from __future__ import annotations

import socket

import pytest

from cast import Cast
from partner_rooms import rows_of
from portal import worker
from portal.models import Mail
from portal.services import mail_carriers
from portal.workplace import Workplace


def nobody_there() -> str:
    """The address of a port that refuses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"smtp://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.faults
def test_a_day_without_a_mail_server(company: Cast) -> None:
    company.therapist()
    pair = company.couple()
    company.outbox.clear()
    place, away = company.place, mail_carriers.to_server(nobody_there())
    refused = Workplace(place.store, place.tools, place.exports, away, place.sender)
    pair.a.joins().fills(fear="strong")
    for _ in range(48):
        worker.sweep(refused)
        company.clock.move(minutes=30)
    pair.a.submits()
    worker.sweep(refused)
    waiting = {mail for mail, sent in rows_of(company.store, Mail, "id", "sent_at") if sent is None}
    assert (company.outbox, len(waiting) >= 2, pair.findings() != []) == ([], True, True)
    for _ in range(3):
        company.clock.move(minutes=31)
        company.works()
    ids = [str(mail["Message-ID"])[1:].partition("@")[0] for mail in company.outbox]
    assert sorted(ids) == sorted(waiting)
