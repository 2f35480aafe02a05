"""A backup made while others write, put back on an empty machine: all is there, nothing dead revives."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

import sealed_practice
from cast import OFFICE
from moving_clock import Clock
from portal import backup_files, create_app, key_exchange, sqlite_files, vault_files
from portal.assembly import House
from portal.commands import backup
from portal.models import (
    AccountLink,
    AuditEvent,
    Intake,
    Invitation,
    Mail,
    Partner,
    PartnerSession,
    SealedEntry,
    StaffAccount,
    StaffLink,
    StaffSession,
    table_of,
)
from portal.services import audit, audit_anchors, audit_chain, erasure_ledger, erasures, retention, sessions
from portal.services.audit_anchors import Anchor
from portal.services.tools import Passwords
from portal.store import Store
from sealed_practice import Filled

KEYS = ("portal-keys.json", "private.key")


@dataclass
class Machine:
    """An instance folder, commands on it, and perhaps a second place."""

    folder: Path
    second: Path | None = None

    def run(self, *words: str) -> tuple[int, list[str]]:
        config = {"PORTAL_INSTANCE": str(self.folder)}
        if self.second is not None:
            config["PORTAL_ANCHOR"] = str(self.second)
        app = create_app(config)
        done = app.test_cli_runner().invoke(args=list(words))
        app.extensions["portal.house"].close()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output.splitlines()

    def take_keys(self, other: Path) -> Machine:
        """As ``keys restore`` would put them."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for name in KEYS:
            shutil.copy(other / name, self.folder / name)
        return self

    @property
    def database(self) -> Path:
        return self.folder / "portal.sqlite3"


@pytest.fixture
def old(filled: Filled, tmp_path: Path) -> Machine:
    """Where the practice is."""
    return Machine(filled.folder, tmp_path / "second")


@pytest.fixture
def new(tmp_path: Path, filled: Filled) -> Machine:
    """An empty machine that has the keys."""
    return Machine(tmp_path / "new", tmp_path / "second").take_keys(filled.folder)


@pytest.fixture
def made(old: Machine, tmp_path: Path) -> Path:
    """A backup of it."""
    file = tmp_path / "practice.backup"
    code, said = old.run("backup", "create", str(file))
    assert (code, said[0][:10]) == (0, "Backup of ")
    return file


@pytest.fixture(scope="session")
def sound(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with a backup ``practice.backup`` in its folder, for tests that change neither."""
    machine = Machine(Path(shutil.copytree(model, tmp_path_factory.mktemp("sound") / "instance")))
    assert machine.run("backup", "create", str(machine.folder / "practice.backup"))[0] == 0
    return machine


def _count(filled: Filled, statement: str) -> int:
    with filled.store.staff.read() as session:
        return int(session.scalar(text(statement)) or 0)


def test_everything_is_there_again(filled: Filled, made: Path, new: Machine, passwords: Passwords) -> None:
    told = sealed_practice.texts(filled.store, filled.tools)
    code, said = new.run("backup", "restore", str(made))
    assert (code, len(said)) == (0, 4)
    assert "database sound" in said[0]
    assert said[3] == "Erased again since then: 0."
    assert [path.name for path in new.folder.glob(".*")] == []
    assert new.database.stat().st_mode & 0o777 == 0o600
    with sealed_practice.opened(new.folder, Clock(), passwords) as again:
        after = sealed_practice.texts(again.store, again.tools)
        dead = {place for place in told if place[:2] in {
            ("partner_session", "card_box"), ("invitation", "link_box"), ("mail", "body_box"),
            ("account_link", "link_box"),
        }}  # fmt: skip
        assert {place: text for place, text in told.items() if place not in dead}.items() <= after.items()
        assert [place for place in after if place[:2] == ("invitation", "link_box")] == []
        assert _count(again, "select count(*) from audit_event where verb = 'backup.restored'") == 1
    assert new.run("audit", "verify")[0] == 0


def test_the_file_tells_nothing_and_holds_no_key(filled: Filled, made: Path) -> None:
    raw = made.read_bytes()
    keys = json.loads((filled.folder / "portal-keys.json").read_text())
    words = [
        "SQLite format 3",
        "audit_event",
        sealed_practice.WORD,
        (filled.folder / "private.key").read_text(),
    ]
    words += [
        key for ring in ("partner", "staff") for key in (*keys[ring]["keys"].values(), keys[ring]["index"])
    ]
    assert [word for word in words if word.encode() in raw] == []
    blobs = sealed_practice.blobs(filled.store).values()
    assert [blob for blob in blobs if blob in raw] == []
    assert made.stat().st_mode & 0o777 == 0o600
    with backup_files.reading(made) as (manifest, _):
        assert manifest.count > 60
    assert [path.name for path in filled.folder.glob(".*")] == []


def _come_to(number: int, written: list[int]) -> None:
    while written[0] < number:
        time.sleep(0.01)


def test_made_while_others_write_it_holds_one_moment(
    filled: Filled, old: Machine, new: Machine, tmp_path: Path, passwords: Passwords,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Each transaction writes two rows: a backup has both or neither, and all that was committed before."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            with filled.store.staff.write() as session:
                for verb in ("case.opened", "case.assigned"):
                    subject = ("case", f"twin-{written[0]}")
                    audit.record(session, filled.tools, by=OFFICE, verb=verb, subject=subject)
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    copy, acknowledged = sqlite_files.copy, [0]

    def copied(engine: Engine, target: Path) -> None:
        _come_to(3, written)
        acknowledged[0] = written[0]
        copy(engine, target)
        _come_to(6, written)

    monkeypatch.setattr(sqlite_files, "copy", copied)
    try:
        code, _ = old.run("backup", "create", str(tmp_path / "busy.backup"))
    finally:
        stop.set()
        writer.join()
    assert (code, written[0] > 5) == (0, True)
    assert new.run("backup", "restore", str(tmp_path / "busy.backup"))[0] == 0
    with sealed_practice.opened(new.folder, Clock(), passwords) as again:
        twins = _count(again, "select count(*) from audit_event where subject_id like 'twin-%'")
        pairs = _count(
            again, "select count(distinct subject_id) from audit_event where subject_id like 'twin-%'"
        )
    assert (twins, pairs >= acknowledged[0]) == (2 * pairs, True)


def test_nothing_that_was_ended_revives(
    filled: Filled, old: Machine, new: Machine, tmp_path: Path, passwords: Passwords
) -> None:
    tools, now = filled.tools, filled.clock
    with filled.store.staff.write() as session:
        staff = session.scalars(select(table_of(StaffAccount).c.id)).first()
        owner = session.scalars(select(table_of(PartnerSession).c.account_id)).first()
        partner_token = sessions.open_partner(session, tools, account_id=str(owner))
        staff_token = sessions.open_staff(session, tools, staff_id=str(staff), second_factor=True)
        expires = {"expires_at": now().replace(year=2099)}
        session.execute(
            table_of(AccountLink).insert(),
            [{"id": "link", "account_id": owner, "token_hash": "x", **expires}],
        )
    file = tmp_path / "before.backup"
    assert old.run("backup", "create", str(file))[0] == 0
    # After the backup both sign out; neither cookie may live again, nor any link.
    assert new.run("backup", "restore", str(file))[0] == 0
    with sealed_practice.opened(new.folder, now, passwords) as again, again.store.staff.read() as session:
        assert sessions.find_partner(session, again.tools, partner_token) is None
        assert sessions.find_staff(session, again.tools, staff_token) is None
        for model in (PartnerSession, StaffSession):
            live = table_of(model).c.revoked_at.is_(None)
            assert session.scalar(select(func.count()).where(live)) == 0
        for model in (AccountLink, StaffLink):
            assert session.scalar(select(func.count(table_of(model).c.id))) == 0
        i, m = table_of(Invitation).c, table_of(Mail).c
        assert session.scalar(select(func.count(i.id)).where(i.token_hash.is_not(None))) == 0
        waiting = session.scalars(select(m.template).where(m.sent_at.is_(None), m.failed_at.is_(None)))
        assert list(waiting) == []
        steps = session.scalars(select(table_of(StaffAccount).c.totp_step)).all()
        assert min(steps) > 50_000_000


def test_what_was_erased_since_is_erased_again(
    filled: Filled, old: Machine, new: Machine, made: Path, passwords: Passwords
) -> None:
    p = table_of(Partner).c
    with filled.store.staff.read() as session:
        person = session.execute(select(p.id, p.case_id).where(p.slot == "b")).first()
    assert person is not None
    with filled.store.staff.write() as session:
        retention.hold(session, filled.tools, case_id=person.case_id, is_held=False, by=OFFICE)
        erasures.erase_person(session, filled.tools, partner_id=person.id, by=OFFICE)
    assert old.run("worker")[0] == 0
    assert [one.id for one in erasure_ledger.read(filled.tools, old.second or Path())] == [person.id]
    code, said = new.run("backup", "restore", str(made))
    assert (code, said[3]) == (0, "Erased again since then: 1.")
    with sealed_practice.opened(new.folder, Clock(), passwords) as again, again.store.staff.read() as session:
        assert session.execute(select(p.id).where(p.id == person.id)).one_or_none() is None


def test_without_a_second_place_it_says_that_it_could_not(sound: Machine, tmp_path: Path) -> None:
    made, new = sound.folder / "practice.backup", Machine(tmp_path / "new").take_keys(sound.folder)
    code, said = new.run("backup", "restore", str(made))
    assert (code, said[3]) == (
        0, "Erasures since then could NOT be made again: PORTAL_ANCHOR names no second place."
    )  # fmt: skip


def test_a_ledger_that_lost_lines_is_named(
    filled: Filled, old: Machine, new: Machine, tmp_path: Path
) -> None:
    with filled.store.staff.write() as session:
        p = table_of(Partner).c
        person = session.scalars(select(p.id).where(p.slot == "b")).first()
        erasures.erase_person(session, filled.tools, partner_id=str(person), by=OFFICE)
    assert old.run("backup", "create", str(tmp_path / "later.backup"))[0] == 0
    (tmp_path / "second" / erasure_ledger.FILE).unlink()
    code, said = new.run("backup", "restore", str(tmp_path / "later.backup"))
    assert (code, said[3][:46]) == (0, "Erased again: 0. The ledger is NOT whole: it l")


@pytest.mark.parametrize("name", [erasure_ledger.FILE, audit_anchors.FILE])
def test_a_damaged_second_place_is_a_finding(sound: Machine, tmp_path: Path, name: str) -> None:
    made = sound.folder / "practice.backup"
    new = Machine(tmp_path / "new", tmp_path / "second").take_keys(sound.folder)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / name).write_text("forged\n")
    code, said = new.run("backup", "restore", str(made))
    assert (code, "line 1 is damaged" in said[0], new.database.exists()) == (1, True, False)


def test_the_trail_goes_on_after_a_restore_and_an_older_anchor_must_hold(
    filled: Filled, old: Machine, new: Machine, made: Path
) -> None:
    for _ in range(3):
        with filled.store.staff.write() as session:
            audit.record(session, filled.tools, by=OFFICE, verb="case.opened", subject=("case", "later"))
    with filled.store.staff.write() as session:
        audit_chain.extend(session, filled.tools)
        stands = audit_anchors.newest(session, at=filled.tools.now())
    audit_anchors.keep(filled.tools, old.second or Path(), stands)
    assert new.run("backup", "restore", str(made))[0] == 0
    assert new.run("audit", "verify")[0] == 0
    with closing(sqlite3.connect(new.database)) as database, database:
        database.execute("delete from audit_event where number = (select max(number) from audit_event)")
        with backup_files.reading(made) as (manifest, _):
            database.execute("delete from audit_event where number >= ?", (manifest.count,))
    assert new.run("audit", "verify")[0] == 1


def _flip(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: b"", 2),
        (lambda raw: b"something else\n" + raw, 2),
        (lambda raw: raw.replace(b"backup 1", b"backup 2", 1), 2),
        (lambda raw: raw.replace(b'"count": ', b'"count": 1', 1), 1),
        (lambda raw: raw.replace(b'"count"', b'"Count"', 1), 2),
        (lambda raw: raw[: raw.index(b"{")] + b"[]\n", 2),
        (lambda raw: _flip(raw, len(raw) - 1), 1),
        (lambda raw: _flip(raw, len(raw) // 2), 1),
        (lambda raw: raw[:-1], 1),
        (lambda raw: raw[: len(raw) // 2], 1),
        (lambda raw: raw + b"x", 1),
        (lambda raw: raw[: raw.index(b"}\n") + 2], 1),
    ],
)
def test_a_changed_file_is_not_taken(
    sound: Machine, tmp_path: Path, change: Callable[[bytes], bytes], code: int
) -> None:
    made, new = sound.folder / "practice.backup", Machine(tmp_path / "new").take_keys(sound.folder)
    changed = tmp_path / "changed.backup"
    changed.write_bytes(change(made.read_bytes()))
    before = sorted(path.name for path in new.folder.iterdir())
    assert new.run("backup", "restore", str(changed))[0] == code
    assert sorted(path.name for path in new.folder.iterdir()) == before


def test_a_practice_that_is_not_empty_is_never_replaced(filled: Filled, old: Machine, made: Path) -> None:
    before = sealed_practice.blobs(filled.store)
    code, said = old.run("backup", "restore", str(made))
    assert (code, said) == (2, ["this practice is not empty; a backup never replaces one"])
    assert sealed_practice.blobs(filled.store) == before


def test_an_instance_that_was_only_started_is_empty(sound: Machine, tmp_path: Path) -> None:
    made, new = sound.folder / "practice.backup", Machine(tmp_path / "new").take_keys(sound.folder)
    assert new.run("accounts", "first-link")[0] == 0
    with closing(sqlite3.connect(new.database)) as held:
        held.execute("select count(*) from account").fetchone()
        code, said = new.run("backup", "restore", str(made))
        assert (code, said) == (2, ["the portal is running here; stop it first"])
    assert new.run("backup", "restore", str(made))[0] == 0
    assert not sqlite_files.is_empty(new.database)


def test_a_file_that_is_no_practice_is_left_alone(sound: Machine, tmp_path: Path) -> None:
    made, new = sound.folder / "practice.backup", Machine(tmp_path / "new").take_keys(sound.folder)
    with closing(sqlite3.connect(new.database)) as other, other:
        other.execute("create table recipes (name text)")
    assert new.run("backup", "restore", str(made))[0] == 2


def test_keys_must_be_there_and_fit(filled: Filled, old: Machine, made: Path, tmp_path: Path) -> None:
    bare = Machine(tmp_path / "bare")
    code, said = bare.run("backup", "restore", str(made))
    assert (code, said) == (2, ["there are no keys here; put them in place first: keys restore KIT"])
    assert sorted(path.name for path in bare.folder.iterdir()) == []
    bare.take_keys(filled.folder)
    paths = sealed_practice.paths_in(bare.folder)
    key_exchange.begin(paths)
    key_exchange.end(paths)
    code, said = bare.run("backup", "restore", str(made))
    assert (code, said) == (2, ["this backup needs other keys: those of the day it was made"])
    (bare.folder / "private.key").write_text("damaged")
    assert bare.run("backup", "restore", str(made))[0] == 2
    assert not bare.database.exists()


def test_a_backup_of_a_newer_portal_is_refused(
    filled: Filled, old: Machine, new: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr("portal.migrations.migrate.current", lambda _engine: "9999")
        newer.setattr("portal.migrations.migrate.head", lambda: "9999")
        assert old.run("backup", "create", str(tmp_path / "newer.backup"))[0] == 0
    code, said = new.run("backup", "restore", str(tmp_path / "newer.backup"))
    assert (code, said) == (2, ["this backup was made by a newer version of the portal; update first"])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("update audit_event set verb = 'x' where number = 5", "event 5 was changed"),
        ("delete from audit_event where number = 7", "event 7 is missing"),
        ("update statement set body_sealed = zeroblob(300)", "a text in the backup cannot be opened"),
        ("pragma foreign_keys = off", ""),
    ],
)
def test_a_practice_that_was_tampered_with_is_saved_but_not_put_back(
    filled: Filled, old: Machine, new: Machine, tmp_path: Path, harm: str, said: str
) -> None:
    with closing(sqlite3.connect(old.database)) as database, database:
        database.execute(harm)
        if not said:
            database.execute("delete from case_file")
    code, told = old.run("backup", "create", str(tmp_path / "harmed.backup"))
    assert (code, told[-1]) == (1, f"The audit trail has a fault: {said}") if "audit" in harm else code == 0
    code, told = new.run("backup", "restore", str(tmp_path / "harmed.backup"))
    assert (code, (said or "refers to nothing") in told[0]) == (1, True)
    assert not new.database.exists()


def test_events_cut_off_before_the_copy_are_missed_by_the_manifest(
    old: Machine, new: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copier that holds the keys and drops the newest events still has to say how many there were."""
    new.second = None
    manifest = backup._manifest

    def said(house: House, store: Store, anchor: Anchor) -> backup_files.Manifest:
        return manifest(house, store, replace(anchor, count=anchor.count + 1))

    monkeypatch.setattr(backup, "_manifest", said)
    assert old.run("backup", "create", str(tmp_path / "cut.backup"))[0] == 0
    code, told = new.run("backup", "restore", str(tmp_path / "cut.backup"))
    assert (code, "is missing: an anchor counts" in told[0]) == (1, True)


def test_bytes_that_are_no_database_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"not a database" * 1000)
    assert sqlite_files.fault_of(tmp_path / "file") == "it is not a database"


def test_a_kill_at_any_step_of_a_restore_leaves_an_empty_machine_or_the_whole_practice(
    sound: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sound.folder / "practice.backup"
    new = Machine(tmp_path / "new", tmp_path / "second").take_keys(sound.folder)

    class Killed(BaseException):
        pass

    def dies(*_given: object, **_named: object) -> None:
        raise Killed

    for module, name in (
        ("portal.backup_files", "read"),
        ("portal.services.restores", "sample"),
        ("portal.services.restores", "note"),
        ("portal.services.audit_anchors", "keep"),
        ("portal.commands.places", "FilePlace.take"),
    ):
        with monkeypatch.context() as killing:
            killing.setattr(f"{module}.{name}", dies)
            # Nobody tidies up after a kill.
            killing.setattr(sqlite_files, "discard", lambda path: None)
            with pytest.raises(Killed):
                new.run("backup", "restore", str(made))
        assert not new.database.exists()
    assert new.run("backup", "restore", str(made))[0] == 0
    assert [path.name for path in new.folder.glob(".*")] == []


def test_erased_text_is_not_in_the_newest_backup(
    filled: Filled, old: Machine, made: Path, tmp_path: Path
) -> None:
    """Looked for as the ciphertext it was, in the decrypted database of the backup."""
    e, i, p = table_of(SealedEntry).c, table_of(Intake).c, table_of(Partner).c
    with filled.store.staff.read() as session:
        (case_id,) = set(
            session.scalars(
                select(p.case_id)
                .join_from(table_of(SealedEntry), table_of(Intake), e.intake_id == i.id)
                .join(table_of(Partner), i.partner_id == p.id)
            )
        )
        gone = list(session.scalars(select(e.body_sealed)))

    def found(file: Path) -> int:
        backup_files.read(file, filled.tools.vault, tmp_path / "plain")
        raw = (tmp_path / "plain").read_bytes()
        return sum(blob in raw for blob in gone)

    assert (len(gone) > 5, found(made)) == (True, len(gone))
    assert old.run("retention", "erase", str(case_id), "--yes")[0] == 0
    assert old.run("backup", "create", str(tmp_path / "after.backup"))[0] == 0
    assert found(tmp_path / "after.backup") == 0


def test_each_backup_anchors_the_trail_in_the_second_place(filled: Filled, old: Machine, made: Path) -> None:
    with backup_files.reading(made) as (manifest, _):
        anchors = audit_anchors.read(filled.tools, old.second or Path())
        assert (manifest.count, manifest.head) in {(anchor.count, anchor.head) for anchor in anchors}
        given = f"{manifest.count}:{manifest.head}"
    assert old.run("audit", "verify", "--backup", str(made))[0] == 0
    with filled.store.staff.write() as session:
        session.execute(text("delete from audit_event where number >= :n"), {"n": manifest.count})
    old.second = None
    assert old.run("audit", "verify")[0] == 1  # the head beside the database knows
    (old.folder / "audit-head.txt").unlink()
    assert old.run("audit", "verify")[0] == 0
    assert old.run("audit", "verify", "--anchor", given)[0] == 1
    assert old.run("audit", "verify", "--backup", str(made))[0] == 1
    (filled.folder.parent / "forged.backup").write_bytes(b"intake portal backup 1\n")
    assert old.run("audit", "verify", "--backup", str(filled.folder.parent / "forged.backup"))[0] == 2


def test_a_place_that_will_not_do_is_refused(old: Machine, tmp_path: Path, filled: Filled) -> None:
    (tmp_path / "mine").write_text("mine")
    assert old.run("backup", "create", str(tmp_path / "mine")) == (
        2,
        ["mine is there already; name a new file"],
    )
    code, said = old.run("backup", "create", str(tmp_path / "none" / "b"))
    assert (code, said[0].endswith("there is no such folder")) == (2, True)
    (tmp_path / "second").mkdir(exist_ok=True)
    assert (tmp_path / "mine").read_text() == "mine"


def test_what_does_not_read_back_is_no_backup(
    old: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypted = vault_files.encrypted
    monkeypatch.setattr(
        vault_files,
        "encrypted",
        lambda key, head, source: (_flip(piece, 9) for piece in encrypted(key, head, source)),
    )
    code, said = old.run("backup", "create", str(tmp_path / "bad.backup"))
    assert (code, said) == (2, ["bad.backup: what was written does not read back; is the disk sound?"])
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


def test_a_backup_of_a_practice_under_way_needs_no_row(tmp_path: Path) -> None:
    empty, file = Machine(tmp_path / "empty"), tmp_path / "empty.backup"
    assert empty.run("backup", "create", str(file))[0] == 0
    again = Machine(tmp_path / "again").take_keys(empty.folder)
    assert again.run("backup", "restore", str(file))[0] == 0
    with closing(sqlite3.connect(again.database)) as database:
        kept = table_of(AuditEvent).name
        assert database.execute(f"select count(*) from {kept}").fetchone()[0] >= 1
