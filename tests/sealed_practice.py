"""A practice with something in every encrypted column, every word of it invented and easy to find again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, insert, update

from cast import OFFICE, PASSWORD, Cast, Pair
from evening.answer_sheets import sheet
from portal import keyfiles
from portal.domain.access import Viewer
from portal.domain.answers import Cleaned
from portal.keyfiles import KeyPaths
from portal.models import DiscernmentEnd, DiscernmentSession, Mail, table_of
from portal.models.blobs import every
from portal.services import (
    appointments,
    break_glass,
    call_attempts,
    calls,
    closings,
    export_orders,
    exports,
    invitations,
    joining,
    key_changes,
    late_texts,
    mails,
    releases,
    staff_entries,
    staff_profiles,
)
from portal.services.appointments import Proposal
from portal.services.call_attempts import Told
from portal.services.releases import Draft
from portal.services.tools import Passwords, Tools
from portal.store import Store
from portal.vault import Place, new_vault

if TYPE_CHECKING:
    from moving_clock import Clock

WORD = "Wexkolibri"


@dataclass
class Filled:
    """A practice on disk: database and keys in one folder."""

    folder: Path
    store: Store
    tools: Tools
    clock: Clock


@contextmanager
def opened(folder: Path, clock: Clock, passwords: Passwords) -> Iterator[Filled]:
    """A practice that lies on disk, as a process opens it that starts anew."""
    url = f"sqlite:///{folder / 'portal.sqlite3'}"
    plain = Tools(vault=new_vault(), passwords=passwords, base_url="http://127.0.0.1:8000", clock=clock)
    tools = with_key_files(plain, folder)
    store = Store.over(staff=create_engine(url), partner=create_engine(url))
    yield Filled(folder, store.checked(tools.vault.require_honoured), tools, clock)
    store.dispose()


def with_key_files(tools: Tools, folder: Path) -> Tools:
    """The same tools with keys that lie in files, as ``serve`` has them."""
    paths = paths_in(folder)
    keyfiles.make_missing(keys=paths.keys, private=paths.private, secret=folder / "secret.key")
    return replace(tools, vault=keyfiles.load_vault(keys=paths.keys, private=paths.private, role="all"))


def paths_in(folder: Path) -> KeyPaths:
    """The key files of an instance folder."""
    return KeyPaths(folder / "portal-keys.json", folder / "private.key")


def build(store: Store, tools: Tools, clock: Clock, folder: Path) -> Pair:
    """Two people, a sent and an unsent intake, and everything staff may write about them."""
    cast = Cast(store.checked(tools.vault.require_honoured), tools, clock, folder)
    cast.sets(practice_name="Riverside", on_call_email=f"{WORD}oncall@example.org")
    thea = cast.therapist(f"{WORD}thea@example.org")
    pair = cast.couple(therapist=f"{WORD}thea@example.org")
    pair.a.joins().fills(sheet(harm_received__physical="past_year")).saves("words", own_words=f"{WORD} said")
    pair.a.submits()
    pair.b.joins().saves("start", "next", call_first="yes")
    pair.b.saves("safety", "next", fear="some")
    pair.b.says("message", text=f"{WORD} message")
    cast.works()
    _staff_writes(pair, thea)
    _discernment(pair, thea)
    _self_referred(cast)
    _not_yet_settled(pair)
    _entered_by_staff(cast, thea)
    with cast.store.staff.write() as session:
        order = export_orders.checked(
            form="csv", since="", until="", identified=True, include=(), purpose=f"{WORD} purpose"
        )
        exports.create(session, tools, order=order, by=OFFICE)
    cast.works()
    with cast.store.staff.write() as session:
        mails.queue(
            session, tools, template="sign_in_help", to=f"{WORD}late@example.org", language="en",
            params={"link": f"http://127.0.0.1:8000/password/reset/{WORD}token"},
        )  # fmt: skip
        # It waits for good, whatever the clock of the command that is tried.
        waits = update(table_of(Mail)).where(table_of(Mail).c.sent_at.is_(None))
        session.execute(waits.values(due_at=datetime(2199, 1, 1, tzinfo=UTC)))
    return pair


def _staff_writes(pair: Pair, thea: Viewer) -> None:
    tools = pair.cast.tools
    pair.interview("a", thea)
    pair.interview("b", thea)
    pair.clear("A", thea)
    pair.state("a", thea, important_event="yes")
    pair.cast.works()
    pair.sign(thea)
    with pair.cast.store.staff.write() as session:
        note = f"{WORD} note"
        closings.close(
            session, tools, case_id=pair.id, reason="withdrawn", note=note, by=thea, is_blind=False
        )
        closings.reopen(session, tools, case_id=pair.id, note=note, by=thea)
        draft = Draft(slot="a", letter="free", body=f"{WORD} letter")
        releases.write(session, tools, case_id=pair.id, draft=draft, by=thea)
        proposal = Proposal("a", tools.now() + timedelta(days=3), 50, f"{WORD} place")
        appointments.propose(session, tools, case_id=pair.id, proposal=proposal, by=thea)
        break_glass.open_case(session, tools, case_id=pair.id, reason=f"{WORD} reason", by=thea)
        told = Told("reached", occasion="theirs", note=f"{WORD} call")
        call_attempts.log(session, tools, case_id=pair.id, slot="a", told=told, by=thea)


def _discernment(pair: Pair, thea: Viewer) -> None:
    """As if these two had come for it."""
    tools = pair.cast.tools
    by = {"id": tools.new_id(), "case_id": pair.id}
    note = {
        name: tools.vault.box("staff", Place(name, "note_box", by["id"]), f"{WORD} discernment")
        for name in ("discernment_session", "discernment_end")
    }
    held = {
        **by, "number": 1, "held_on": "2026-01-02", "minutes": 120, "a_goes_on": True, "b_goes_on": False,
        "noted_by": thea.id, "noted_at": tools.now(), "note_box": note["discernment_session"],
    }  # fmt: skip
    ended = {
        **by, "path": 2, "ended_on": "2026-01-02", "outcome_due_on": "2026-07-02", "ended_by": thea.id,
        "ended_at": tools.now(), "note_box": note["discernment_end"],
    }  # fmt: skip
    with pair.cast.store.staff.write() as session:
        session.execute(insert(table_of(DiscernmentSession)), [held])
        session.execute(insert(table_of(DiscernmentEnd)), [ended])


def _entered_by_staff(cast: Cast, thea: Viewer) -> None:
    """What somebody of the staff offers, and a form they began for somebody on the phone."""
    case = cast.couple()
    opening = staff_entries.Opening(
        "phone", "spoken", f"{WORD} name", "en", f"{WORD} note", {"channel": "phone", "address": WORD}
    )
    with cast.store.staff.write() as session:
        given = {"languages": ["en"], "places": ["3"]}
        staff_profiles.change(session, cast.tools, staff_id=thea.id, given=given, by=OFFICE)
        staff_entries.begin(session, cast.tools, case_id=case.id, slot="a", opening=opening, by=thea)


def _not_yet_settled(pair: Pair) -> None:
    """What arrived after a session had run out, and a link given after a verified call."""
    tools = pair.cast.tools
    desk, said = pair.b.desk, {"own_words": f"{WORD} late", "chosen_name": f"{WORD} late"}
    late = [late_texts.of_letter(tools, "message", f"{WORD} late")]
    for key in ("basics", "words"):
        section = desk.questionnaire.section(key)
        given = {item.key: said[item.key] for item in section.items if item.key in said}
        row = late_texts.of_section(tools, desk, section, Cleaned(given, (), {}, ()))
        assert row is not None
        late.append(row)
    with pair.cast.store.partner.write() as session:
        for row in late:
            assert late_texts.keep(session, tools, row=row, by=pair.b.viewer)
    with pair.cast.store.staff.write() as session:
        calls.verified(session, tools, case_id=pair.id, slot="b", by=OFFICE)


def _self_referred(cast: Cast) -> None:
    """Somebody who gave an e-mail, and whose partner was invited by telephone."""
    newcomer = joining.prepare(cast.tools, password=PASSWORD, language="en", email=f"{WORD}own@example.org")
    with cast.store.partner.write() as session:
        joining.begin(session, cast.tools, newcomer=newcomer, talk_first=False)
    other = cast.couple(both=False)
    with cast.store.staff.write() as session:
        invitations.send(
            session, cast.tools, case_id=other.id, slot="b", channel="phone", address="555 0177", by=OFFICE
        )


def texts(store: Store, tools: Tools) -> dict[tuple[str, str, str], str]:
    """Every encrypted text there is, opened, by table, column and row."""
    found = {}
    with store.staff.read() as session:
        for column in every():
            for row in session.execute(column.select()):
                if row[-1]:
                    name = column.row_of(row)
                    place = (column.table.name, column.column, name)
                    found[place] = key_changes.opened(tools, column, name, row[-1])
    return found


def blobs(store: Store) -> dict[tuple[str, str, str], bytes]:
    """The same, closed."""
    with store.staff.read() as session:
        return {
            (column.table.name, column.column, column.row_of(row)): row[-1]
            for column in every()
            for row in session.execute(column.select())
            if row[-1]
        }
