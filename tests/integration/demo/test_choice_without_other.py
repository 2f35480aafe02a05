"""Somebody who came alone says that the other will not join: it stands, though nobody was ever invited."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from partner_rooms import join
from portal.domain.access import system
from portal.models import Partner, Statement, table_of
from portal.services import couples, happenings, statements
from portal.services.tools import Tools
from portal.store import Store


@pytest.mark.parametrize(
    ("choice", "stands"), [("will_not_join", "declined"), ("do_not_contact", "do_not_contact")]
)
def test_a_word_about_somebody_unknown_stands(store: Store, tools: Tools, choice: str, stands: str) -> None:

    alone = join(store, tools)
    with store.partner.write() as session:
        body = {"choice": choice, "channel": "", "address": ""}
        said = statements.state(session, tools, kind="partner_choice", body=body, by=alone.viewer)
    for _twice in range(2):
        with store.staff.write() as session:
            happenings.statement_made(session, tools, statement_id=said, by=system("worker"))
    with store.staff.read() as session:
        people = couples.people(session, tools, alone.case_id)
        slots = session.scalars(select(table_of(Partner).c.slot).order_by(table_of(Partner).c.slot)).all()
        kinds = session.scalars(select(table_of(Statement).c.kind)).all()
    assert [(person.slot, person.participation) for person in people] == [("a", "in_progress"), ("b", stands)]
    assert (slots, "partner_choice" in kinds) == (["a", "b"], True)
