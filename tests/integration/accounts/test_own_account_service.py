"""The own account, the way in and the end of a sitting, through the partner door."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from arrivals import begun, card_of, events, jobs, rows, staff, verbs, viewer_of
from sqlalchemy import insert

from portal.domain.access import Viewer
from portal.domain.lifecycle import WayIn
from portal.models import AccountLink, Consent, Statement, table_of
from portal.services import accounts, departures, intakes, sessions, way_in
from portal.services.accounts import Card
from portal.services.errors import Conflict
from portal.services.tools import Tools
from portal.store import Store

if TYPE_CHECKING:
    from moving_clock import Clock


def test_the_card_stands_until_it_is_kept(store: Store, tools: Tools, clock: Clock) -> None:
    joined = begun(store, tools)
    by, shown = viewer_of(store, joined), card_of(store, tools, joined)
    with store.partner.write() as session:
        other = sessions.open_partner(session, tools, account_id=by.id, card="{}")
        assert accounts.card(session, tools, by=by) == Card(shown["sign_in_name"], shown["recovery_code"])
        accounts.keep(session, tools, by=by)
        assert accounts.card(session, tools, by=by) is None
        assert sessions.find_partner(session, tools, other) is not None
    first = rows(store, "account")[0]["kept_at"]
    clock.move(minutes=1)
    with store.partner.write() as session:
        accounts.keep(session, tools, by=by)
    assert (rows(store, "account")[0]["kept_at"], first) == (first, tools.now() - timedelta(minutes=1))
    assert [row["card_box"] for row in rows(store, "partner_session")] == [None, None]
    assert verbs(store) == ["account.joined", "account.kept", "account.kept", "case.opened"]


def test_the_page_about_leaving_is_seen_once(store: Store, tools: Tools, clock: Clock) -> None:
    by = viewer_of(store, begun(store, tools))
    for _ in range(2):
        with store.partner.write() as session:
            accounts.see_leaving(session, tools, by=by)
        clock.move(minutes=1)
    seen_at = rows(store, "account")[0]["leaving_seen_at"]
    assert seen_at == tools.now() - timedelta(minutes=2)


def test_a_new_password_ends_other_sessions_and_links(store: Store, tools: Tools) -> None:
    joined = begun(store, tools)
    by = viewer_of(store, joined)
    link = {"id": "l", "account_id": by.id, "token_hash": "h", "expires_at": tools.now()}
    with store.staff.write() as session:
        session.execute(insert(table_of(AccountLink)), [link])
    with store.partner.write() as session:
        other = sessions.open_partner(session, tools, account_id=by.id)
        accounts.change_password(session, tools, new_hash="new", by=by)
    with store.partner.read() as session:
        live = [sessions.find_partner(session, tools, token) is not None for token in (joined.token, other)]
    assert (live, rows(store, "account")[0]["password_hash"]) == ([True, False], "new")
    assert rows(store, "account_link")[0]["used_at"] == tools.now()
    assert [event[0] for event in events(store)[-2:]] == ["session.all_ended", "password.changed"]


def test_whoever_was_put_out_meanwhile_changes_no_password(store: Store, tools: Tools) -> None:
    joined = begun(store, tools)
    by = viewer_of(store, joined)
    with store.partner.write() as session:
        token = sessions.open_partner(session, tools, account_id=by.id)
        other = sessions.find_partner(session, tools, token)
        assert other is not None
        accounts.change_password(session, tools, new_hash="mine", by=by)
    with pytest.raises(Conflict, match="ended"), store.partner.write() as session:
        accounts.change_password(session, tools, new_hash="theirs", by=other.viewer)
    assert rows(store, "account")[0]["password_hash"] == "mine"


def test_the_language_is_the_account_s(store: Store, tools: Tools) -> None:
    by, staff_id = viewer_of(store, begun(store, tools)), staff(store, tools)
    with store.partner.write() as session:
        accounts.set_language(session, tools, language="es", by=by)
    with store.staff.write() as session:
        accounts.set_language(session, tools, language="es", by=Viewer(kind="staff", id=staff_id))
    kept = [rows(store, name)[0]["language"] for name in ("account", "staff_account")]
    assert kept == ["es", "es"]
    assert events(store)[-2:] == [
        ("account.language_set", "partner", "account", by.id),
        ("account.language_set", "staff", "staff", staff_id),
    ]


def test_progress_on_the_way_in_is_the_own_acts_alone(store: Store, tools: Tools) -> None:
    by = viewer_of(store, begun(store, tools))
    begun(store, tools)
    states = [progress(store, by)]
    with store.partner.write() as session:
        accounts.keep(session, tools, by=by)
        accounts.see_leaving(session, tools, by=by)
        session.execute(insert(table_of(Consent)), [consent(by, tools)])
        session.execute(insert(table_of(Statement)), [contact(by, tools)])
    states.append(progress(store, by))
    with store.partner.write() as session:
        intakes.begin(session, tools, partner_id=by.partner_id, by=by)
    states.append(progress(store, by))
    with store.partner.write() as session:
        intakes.submit(session, tools, by=by)
    states.append(progress(store, by))
    assert states == [
        WayIn(kept=False, leaving_seen=False, consented=False, contact_given=False, sent=False),
        WayIn(kept=True, leaving_seen=True, consented=True, contact_given=True, sent=False),
        WayIn(kept=True, leaving_seen=True, consented=True, contact_given=True, sent=False),
        WayIn(kept=True, leaving_seen=True, consented=True, contact_given=True, sent=True),
    ]


def progress(store: Store, by: Viewer) -> WayIn:
    with store.partner.read() as session:
        return way_in.progress(session, by=by)


def consent(by: Viewer, tools: Tools) -> dict[str, object]:
    return {
        "id": "c",
        "partner_id": by.partner_id,
        "version": "1",
        "policy": "b",
        "language": "en",
        "text_hash": "h",
        "name_sealed": b"",
        "given_at": tools.now(),
    }


def contact(by: Viewer, tools: Tools) -> dict[str, object]:
    return {
        "id": "s",
        "partner_id": by.partner_id,
        "kind": "contact",
        "body_sealed": b"",
        "said_at": tools.now(),
    }


def test_ending_a_session_leaves_the_section_that_stands_open(
    store: Store, tools: Tools, clock: Clock
) -> None:
    joined = begun(store, tools)
    by = viewer_of(store, joined)
    with store.partner.write() as session:
        intake_id = intakes.begin(session, tools, partner_id=by.partner_id, by=by)
    clock.move(minutes=3)
    with store.partner.write() as session:
        departures.end(session, tools, by=by)
    left = [(row["section"], row["left_at"]) for row in rows(store, "section_state") if row["left_at"]]
    assert left == [("start", tools.now())]
    assert jobs(store) == [("joined", by.id), ("left", intake_id)]
    assert events(store)[-2:] == [
        ("section.left", "partner", "intake", intake_id),
        ("session.ended", "partner", "account", by.id),
    ]
    with store.partner.read() as session:
        assert sessions.find_partner(session, tools, joined.token) is None


def test_nothing_is_left_once_the_form_was_sent_or_before_it_began(store: Store, tools: Tools) -> None:
    joined = begun(store, tools)
    by = viewer_of(store, joined)
    with store.partner.write() as session:
        departures.leave_section(session, tools, by=by)
        intakes.begin(session, tools, partner_id=by.partner_id, by=by)
        intakes.submit(session, tools, by=by)
        departures.leave_section(session, tools, by=by)
    assert "left" not in [kind for kind, _ in jobs(store)]


def test_signing_out_everywhere_ends_this_session_too(store: Store, tools: Tools) -> None:
    joined = begun(store, tools)
    by = viewer_of(store, joined)
    with store.partner.write() as session:
        other = sessions.open_partner(session, tools, account_id=by.id)
        departures.end_everywhere(session, tools, by=by)
    with store.partner.read() as session:
        live = [sessions.find_partner(session, tools, token) for token in (joined.token, other)]
    assert (live, [row["card_box"] for row in rows(store, "partner_session")]) == ([None, None], [None, None])


def test_staff_leave_no_section(store: Store, tools: Tools) -> None:
    staff_id = staff(store, tools)
    session_id = rows(store, "staff_session")[0]["id"]
    with store.staff.write() as session:
        departures.end(session, tools, by=Viewer(kind="staff", id=staff_id, session_id=session_id))
    assert (rows(store, "staff_session")[0]["revoked_at"], jobs(store)) == (tools.now(), [])
    assert events(store)[-1] == ("session.ended", "staff", "staff", staff_id)
