"""What is over its time goes, what is not or is held stays; and it is off the disk, not only out of sight."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

import sealed_practice
from cast import OFFICE, Cast, Pair
from moving_clock import Clock
from portal import create_app, worker
from portal import handles as portal_handles
from portal.domain.access import Viewer
from portal.models import (
    AccountLink,
    CaseFile,
    Intake,
    Invitation,
    Job,
    Mail,
    Partner,
    PartnerSession,
    SealedEntry,
    SectionState,
    StaffLink,
    table_of,
)
from portal.services import admin_cases, jobs, late_texts, mails, retention
from portal.services.retention import Deleted
from portal.services.tools import Passwords
from portal.store import Store
from portal.vault import Place


@pytest.fixture
def pair(company: Cast) -> Pair:
    company.therapist()
    pair = company.couple(therapist="thea@example.org")
    pair.a.joins().saves("start", "next", call_first="yes")
    pair.a.saves("safety", "next", fear="strong")
    pair.b.joins().sends()
    company.works()
    return pair


def _run(cast: Cast, outbox: Path | None = None) -> Deleted:
    return retention.run(cast.store, cast.tools, by=OFFICE, outbox=outbox)


def _rows(cast: Cast, statement: object) -> list[tuple[object, ...]]:
    with cast.store.staff.read() as session:
        return [tuple(row) for row in session.execute(statement)]  # type: ignore[call-overload]


def _entries(pair: Pair, intake_id: str) -> int:
    c = table_of(SealedEntry).c
    ((count,),) = _rows(pair.cast, select(func.count(c.id)).where(c.intake_id == intake_id))
    return int(str(count))


def test_before_its_time_nothing_goes(pair: Pair) -> None:
    pair.cast.clock.move(minutes=5)
    assert _run(pair.cast) == Deleted()
    assert _rows(pair.cast, text("select 1 from audit_event where verb = 'retention.run'")) == []


def test_a_form_that_was_never_sent_is_emptied_and_can_be_begun_again(pair: Pair) -> None:
    pair.cast.clock.move(days=181)
    version, findings = pair.a.desk.version, pair.findings()
    assert _run(pair.cast).drafts == 1
    desk = pair.a.desk
    assert (desk.version, desk.position, desk.private, set(desk.touched.values())) == (
        version, "start", None, {()}
    )  # fmt: skip
    assert [place.draft_box for place in desk.places.values() if place.draft_box] == []
    assert (_entries(pair, desk.intake_id), _entries(pair, pair.b.intake_id) > 0) == (0, True)
    pair.cast.works()
    assert pair.findings() == findings
    pair.a.saves("safety", "next", fear="none")
    pair.a.sends()
    pair.cast.works()
    assert _run(pair.cast).drafts == 0


@pytest.mark.parametrize("reason", ["policy", "held", "not looked at"])
def test_a_draft_stays_while_there_is_a_reason(pair: Pair, reason: str) -> None:
    if reason == "policy":
        pair.cast.sets(draft_days="200")
    if reason == "held":
        with pair.cast.store.staff.write() as session:
            retention.hold(session, pair.cast.tools, case_id=pair.id, is_held=True, by=OFFICE)
    if reason == "not looked at":
        with pair.cast.store.staff.write() as session:
            session.execute(update(table_of(SealedEntry)).values(screened_at=None))
    pair.cast.clock.move(days=181)
    assert _run(pair.cast).drafts == 0
    assert _entries(pair, pair.a.intake_id) > 0


def test_a_reopened_form_belongs_to_the_record(pair: Pair) -> None:
    thea = Viewer(kind="staff", id="thea")
    pair.request("b", "refresh", thea)
    pair.b.saves("safety", "next", fear="some")
    pair.cast.works()
    pair.cast.clock.move(days=181)
    _run(pair.cast)
    assert _entries(pair, pair.b.intake_id) > 0


def test_dead_links_go_and_live_ones_stay(pair: Pair) -> None:
    cast = pair.cast
    with cast.store.staff.write() as session:
        ids = session.scalars(text("select id from account")).all()
        session.execute(
            table_of(AccountLink).insert(),
            [
                {
                    "id": f"link-{at}", "account_id": ids[0], "token_hash": f"{at}",
                    "expires_at": cast.clock() + timedelta(days=at),
                }
                for at in (-1, 1)
            ],
        )  # fmt: skip
    staff = len(_rows(cast, select(table_of(StaffLink).c.id)))
    invited = select(table_of(Invitation).c.token_hash)
    assert _run(cast).links == 1
    assert len(_rows(cast, select(table_of(StaffLink).c.id))) == staff
    assert (None,) not in _rows(cast, invited)
    assert _rows(cast, select(table_of(AccountLink).c.id)) == [("link-1",)]
    cast.clock.move(days=31)
    assert _run(cast).links == 1 + staff + 2
    assert set(_rows(cast, invited)) == {(None,)}
    assert _run(cast).links == 0


def _stuck(cast: Cast) -> tuple[int, int]:
    """Mails that could not be sent, as an admin's overview counts and lists them."""
    with cast.store.staff.write() as session:
        desk = admin_cases.desk(session, cast.tools, by=OFFICE)
    return desk.stuck_mails, len(desk.undelivered)


def test_bodies_of_mail_that_was_given_up_go_and_old_rows_too(pair: Pair) -> None:
    cast, c = pair.cast, table_of(Mail).c
    with cast.store.staff.write() as session:
        for address in ("old@example.org", "waits@example.org"):
            mails.queue(session, cast.tools, template="notify", to=address, language="en", params={})
        first = session.scalars(select(c.id).where(c.sent_at.is_(None)).limit(1)).one()
        gone = {"failed_at": cast.clock(), "attempts": mails.GIVE_UP_AFTER}
        session.execute(update(table_of(Mail)).where(c.id == first).values(gone))
    cast.clock.move(days=29)
    assert _run(cast).mails == 0
    assert _stuck(cast) == (1, 1)
    cast.clock.move(days=2)
    assert _run(cast).mails == 1
    assert _stuck(cast) == (0, 0)
    assert _rows(cast, select(c.body_box).where(c.failed_at.is_not(None))) == [(b"",)]
    assert len(_rows(cast, select(c.id).where(c.sent_at.is_(None), func.length(c.body_box) > 0))) == 2 - 1
    cast.clock.move(days=366)
    _run(cast)
    assert [done for done in _rows(cast, select(c.sent_at, c.failed_at)) if done != (None, None)] == []
    assert _rows(cast, select(table_of(Job).c.id).where(table_of(Job).c.done_at.is_not(None))) == []


def test_mails_that_were_written_as_files_go_by_the_same_policy(pair: Pair, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    for name, days in (("old.eml", 31), ("new.eml", 29)):
        (outbox / name).write_text("To: a@example.org")
        moment = (pair.cast.clock() - timedelta(days=days)).timestamp()
        os.utime(outbox / name, (moment, moment))
    assert _run(pair.cast, outbox).mails == 1
    assert [path.name for path in outbox.iterdir()] == ["new.eml"]


def test_cards_of_sessions_that_are_over_go(pair: Pair) -> None:
    held = table_of(PartnerSession).c
    pair.cast.clock.move(hours=3)
    assert _run(pair.cast).sessions == 0
    pair.cast.clock.move(hours=2)
    assert _run(pair.cast).sessions == 2
    assert {row[0] for row in _rows(pair.cast, select(held.card_box))} == {None}
    pair.cast.clock.move(days=366)
    _run(pair.cast)
    assert _rows(pair.cast, select(held.id)) == []


def test_closed_cases_go_after_their_years_unless_they_are_held(pair: Pair) -> None:
    cast, other = pair.cast, pair.cast.couple()
    with cast.store.staff.write() as session:
        session.execute(update(table_of(CaseFile)).values(closed_at=cast.clock()))
        retention.hold(session, cast.tools, case_id=other.id, is_held=True, by=OFFICE)
    cast.clock.move(days=7 * 365)
    assert _run(cast).cases == 0
    cast.clock.move(days=8)
    assert _run(cast).cases == 1
    assert _rows(cast, select(table_of(CaseFile).c.id)) == [(other.id,)]
    assert {row[0] for row in _rows(cast, select(table_of(Partner).c.case_id))} == {other.id}


def test_the_worker_does_it_once_a_day(pair: Pair) -> None:
    cast = pair.cast
    cast.sets(draft_days="30")
    with cast.store.staff.write() as session:
        for _ in range(2):
            jobs.add_once(
                session, cast.tools, kind="retention", subject_id="practice", within=timedelta(hours=1)
            )
    for _ in range(35):
        cast.clock.move(days=1)
        worker.sweep(replace(cast.place, outbox=cast.folder))
    assert pair.a.desk.position == "start"
    c = table_of(Job).c
    waiting = select(c.due_at).where(c.kind == "retention", c.done_at.is_(None))
    assert _rows(cast, waiting) == [(cast.clock() + timedelta(days=1),)]


def test_the_clean_disk_waits_for_readers(store: Store) -> None:
    assert store.clean()


def _traces(folder: Path, blobs: list[bytes]) -> set[str]:
    files = [path for path in folder.iterdir() if path.name.startswith("portal.sqlite3")]
    return {path.name for path in files for blob in blobs if blob in path.read_bytes()}


@pytest.mark.parametrize("way", ["erase", "drafts"])
def test_what_was_deleted_is_off_the_disk(
    model: Path, tmp_path: Path, passwords: Passwords, way: str
) -> None:
    """Searched for byte by byte, as the ciphertext it was, in the database file and its log."""
    folder = Path(shutil.copytree(model, tmp_path / "instance"))
    with sealed_practice.opened(folder, Clock(), passwords) as filled:
        blobs = sealed_practice.blobs(filled.store)
        with filled.store.staff.read() as session:
            i, p = table_of(Intake).c, table_of(Partner).c
            row = session.execute(
                select(p.case_id, i.id)
                .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
                .where(i.submitted_at.is_(None), p.slot == "b")
            ).one()
            case_id, intake_id = row
            e = table_of(SealedEntry).c
            drafted = set(session.scalars(select(e.id).where(e.intake_id == intake_id)))
    gone = [
        blob for (table, _, key), blob in blobs.items()
        if (table, key) in {("sealed_entry", one) for one in drafted}
        or (table == "section_state" and key.startswith(intake_id))
    ]  # fmt: skip
    if way == "erase":
        gone += [blob for (table, *_), blob in blobs.items() if table in {"letter", "answer_set", "finding"}]
    assert (len(gone) > 1, _traces(folder, gone)) == (True, {"portal.sqlite3"})
    words = ["erase", case_id, "--yes"] if way == "erase" else ["run"]
    _age(folder, passwords)
    app = create_app({"PORTAL_INSTANCE": str(folder)})
    done = app.test_cli_runner().invoke(args=["retention", *words])
    assert (done.exit_code, _traces(folder, gone)) == (0, set()), done.output
    with app.extensions["portal.house"].store.staff.read() as session:
        s = table_of(SectionState).c
        assert session.scalar(select(func.count()).where(s.draft_box.is_not(None))) == 0
    app.extensions["portal.house"].close()


def test_what_was_written_a_moment_ago_is_out_of_the_log_too(filled: sealed_practice.Filled) -> None:
    """The write-ahead log still holds the page as it was, until it is emptied."""
    place = Place("mail", "body_box", "late")
    blob = filled.tools.vault.box("staff", place, "a text that was written just now")
    row = {"id": "late", "template": "notify", "language": "en", "body_box": blob, "attempts": 60}
    moment = {"due_at": filled.clock() - timedelta(days=99), "failed_at": filled.clock() - timedelta(days=99)}
    with filled.store.staff.write() as session:
        session.execute(table_of(Mail).insert(), [{**row, **moment}])
    assert _traces(filled.folder, [blob]) == {"portal.sqlite3-wal"}
    code, said = _command(filled.folder, "run")
    assert (code, _traces(filled.folder, [blob])) == (0, set()), said


def test_while_somebody_reads_it_says_that_the_log_is_not_empty(filled: sealed_practice.Filled) -> None:
    with closing(sqlite3.connect(filled.folder / "portal.sqlite3")) as reader:
        reader.execute("pragma busy_timeout=1")
        reader.execute("begin")
        reader.execute("select count(*) from mail").fetchone()
        quick = re.sub("10000", "50", " ".join(portal_handles._PRAGMAS)).split()
        with pytest.MonkeyPatch.context() as hasty:
            hasty.setattr(portal_handles, "_PRAGMAS", tuple(quick))
            code, said = _command(filled.folder, "run")
    assert (code, "the write-ahead log could not be emptied" in said) == (1, True)


def _age(folder: Path, passwords: Passwords) -> None:
    """Every save was made years ago."""
    with sealed_practice.opened(folder, Clock(), passwords) as filled, filled.store.staff.write() as session:
        session.execute(update(table_of(SectionState)).values(saved_at=filled.clock() - timedelta(days=900)))


def _command(folder: Path, *words: str) -> tuple[int, str]:
    app = create_app({"PORTAL_INSTANCE": str(folder)})
    done = app.test_cli_runner().invoke(args=["retention", *words])
    app.extensions["portal.house"].close()
    return done.exit_code, done.output


def test_the_commands_say_what_they_did_or_would_not(filled: sealed_practice.Filled) -> None:
    with filled.store.staff.read() as session:
        case_id = session.scalars(
            select(table_of(Partner).c.case_id).where(table_of(Partner).c.slot == "b")
        ).first()
    folder, case = filled.folder, str(case_id)
    assert _command(folder, "hold", case) == (0, "The case is under legal hold.\n")
    assert _command(folder, "erase", case, "--yes") == (2, "the case is under legal hold\n")
    assert _command(folder, "hold", case, "--lift") == (0, "The hold is lifted.\n")
    assert _command(folder, "hold", "none") == (2, "there is no such case\n")
    for words in (("none", "--yes"), ("none", "--slot", "a", "--yes")):
        assert _command(folder, "erase", *words) == (2, "there is no such case or person\n")
    assert _command(folder, "erase", case)[0] == 2
    code, said = _command(folder, "erase", case, "--slot", "b", "--yes")
    assert (code, said[:8]) == (0, "Erased. ")
    code, said = _command(folder, "run")
    assert (
        code,
        re.fullmatch(
            r"\d+ drafts, \d+ links, \d+ mails, \d+ cards, \d+ cases, \d+ late texts deleted\n", said
        )
        is not None,
    ) == (0, True)


def test_what_came_too_late_goes_once_settled_or_no_longer_offered(pair: Pair) -> None:
    tools = pair.cast.tools

    def arrives() -> None:
        with pair.cast.store.partner.write() as session:
            row = late_texts.of_letter(tools, "message", "Too late.")
            assert late_texts.keep(session, tools, row=row, by=pair.a.viewer)

    arrives()
    with pair.cast.store.partner.write() as session:
        late_texts.settle(session, tools, takes=False, by=pair.a.viewer)
    arrives()
    assert (_run(pair.cast).late, _run(pair.cast).late) == (1, 0)
    pair.cast.clock.move(days=8)
    assert (_run(pair.cast).late, _run(pair.cast).late) == (1, 0)
