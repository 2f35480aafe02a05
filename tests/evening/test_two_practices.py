"""A practice after its move, and two practices side by side under load: served, from outside."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

import live_portal
from databases import PostgresDatabases
from evening.answer_sheets import sheet
from evening.plain_client import Browser
from evening.practices import (
    PASSWORD,
    SETTINGS,
    Practice,
    Staff,
    fill_in,
    open_section,
    routed,
    save,
    walk_in,
    within,
)
from live_portal import LivePortal, free_port
from portal import keyfiles
from portal.models import Base
from portal.models.blobs import every
from portal.rings import RingName
from portal.vault import Place, Vault, VaultError

#: How long everybody works at the least, and how much each side has kept by then, however slow the machine.
SECONDS = 2.0
KEPT = 6
PATIENCE = 120.0


def test_everybody_finds_their_practice_after_the_move(tmp_path: Path, postgres: PostgresDatabases) -> None:
    file, place = tmp_path / "instance", {}
    file.mkdir(mode=0o700)
    place = postgres.fresh(tmp_path, by_rows=True)
    old = LivePortal(file, free_port(), {})
    with old.serving():
        practice = Practice(old)
        boss = practice.staff("admin", "therapist", email="both@example.org", name="Bo Both")
        assert boss.browser.submit("/admin/settings", SETTINGS).status == 303
        case, to_a, to_b = practice.invite(boss, boss)
        name = ""
        for path in (to_a, to_b):
            browser = practice.visitor()
            assert browser.submit(path, {"choice": "join", "password": PASSWORD}).status == 303
            name = browser.get("/my/account").text_of("sign-in-name")
            walk_in(browser)
            fill_in(browser, sheet())
        route = within(10, lambda: _decided(boss.browser, case))
    old.command("move", "--to", place["DATABASE_URL"], "--partner", place["PARTNER_DATABASE_URL"])
    new = LivePortal(file, free_port(), place)
    with new.serving():
        practice = Practice(new, practice.used_codes)
        boss.browser, partner = practice.visitor(), practice.visitor()
        assert boss.sign_in(practice).status == 303
        assert (boss.browser.get("/caseload").status, routed(boss.browser, case)) == (200, route)
        answer = partner.submit("/sign-in", {"name": name, "password": PASSWORD})
        assert (answer.status, answer.location, partner.get("/my").status) == (303, "/my", 200)
        assert partner.submit("/my/message", {"text": "after the move"}).status == 303


def _decided(browser: Browser, case: str) -> str | None:
    found = routed(browser, case)
    return None if found in (None, "wait") else found


@dataclass
class Side:
    """One of the two practices, its people, and the word by which all that is said in it is known."""

    portal: LivePortal
    word: str
    boss: Staff
    case: str
    partners: list[Browser]
    said: list[str] = field(default_factory=list)
    wrong: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def opened(cls, portal: LivePortal, word: str) -> Side:
        practice = Practice(portal)
        boss = practice.staff("admin", "therapist", email=f"{word}@example.org", name=f"{word} Staff")
        assert boss.browser.submit("/admin/settings", {**SETTINGS, "practice_name": word}).status == 303
        case, *links = practice.invite(boss, boss)
        return cls(portal, word, boss, case, [practice.join(link) for link in links])

    def works_on(self, began: float) -> bool:
        """Until the time is over and enough is kept; somebody who is refused does not go on."""
        gone = time.monotonic() - began
        return not self.wrong and gone < (SECONDS if len(self.said) >= KEPT else PATIENCE)

    def types(self, browser: Browser, began: float) -> None:
        open_section(browser, "words")
        while self.works_on(began):
            text = f"{self.word} said {len(self.said)}"
            answer = save(browser, "words", "save", own_words=text)
            (self.said if answer.status == 303 else self.wrong).append(  # type: ignore[attr-defined]
                text if answer.status == 303 else ("/my/form", answer.status)
            )

    def reads(self, began: float) -> None:
        while self.works_on(began):
            for path in ("/caseload", self.case):
                status = self.boss.browser.get(path).status
                if status != 200:
                    self.wrong.append((path, status))

    @property
    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row, past the portal."""
        url = self.portal.settings.get("DATABASE_URL", "")
        is_server = url.startswith("postgresql")
        found = {}
        with closing(psycopg.connect(url) if is_server else sqlite3.connect(self.file)) as database:
            for name, table in Base.metadata.tables.items():
                columns = table.columns.keys()
                asked = f"select {', '.join(columns)} from {name}"
                found[name] = [dict(zip(columns, row, strict=True)) for row in database.execute(asked)]  # type: ignore[union-attr]
        return found

    @property
    def file(self) -> Path:
        return self.portal.instance / "portal.sqlite3"

    @property
    def vault(self) -> Vault:
        folder = self.portal.instance
        return keyfiles.load_vault(
            keys=folder / "portal-keys.json", private=folder / "private.key", role="all"
        )

    @property
    def on_disk(self) -> bytes:
        """All that lies in its folder: mails, logs, keys, database."""
        files = sorted(path for path in self.portal.instance.rglob("*") if path.is_file())
        return b"".join(path.read_bytes() for path in files)


def _own(rows: dict[str, list[dict[str, Any]]]) -> set[Any]:
    """What no two practices may have in common: ids, digests, MACs, links, everything encrypted."""
    found: set[Any] = set()
    for name, table in Base.metadata.tables.items():
        for column in table.columns:
            is_own = column.name == "id" or column.name.endswith(("_id", "_hash", "_box", "_sealed"))
            if is_own or column.name in ("mac", "chain"):
                found |= {row[column.name] for row in rows[name]}
    # What is named and not drawn: the practice's row, who acts by itself.
    return {value for value in found if value is not None and len(value) >= 16}


def _is_open(vault: Vault, ring: RingName | None, place: Place, blob: bytes) -> bool:
    try:
        vault.open(place, blob) if ring is None else vault.unbox(ring, place, blob)
    except VaultError:
        return False
    return True


def _opens(blobs: dict[str, list[dict[str, Any]]], vault: Vault) -> int:
    opened = 0
    for column in every():
        key = [part.name for part in column.table.primary_key.columns]
        for row in blobs[column.table.name]:
            if row[column.column]:
                place = Place(*column.place, "/".join(row[name] for name in key))
                opened += _is_open(vault, column.ring, place, bytes(row[column.column]))
    return opened


def _crowd(sides: list[Side]) -> None:
    """Everybody at once, for a while."""
    began = time.monotonic()
    threads = [threading.Thread(target=side.reads, args=(began,)) for side in sides]
    for side in sides:
        threads += [threading.Thread(target=side.types, args=(one, began)) for one in side.partners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_practices_under_load_share_nothing(tmp_path: Path, postgres: PostgresDatabases) -> None:
    place = postgres.fresh(tmp_path, by_rows=True)
    with ExitStack() as stack:
        portals = [
            live_portal.LivePortal(tmp_path / word, free_port(), settings)
            for word, settings in (("Quillwort", {}), ("Brambling", place))
        ]
        for portal in portals:
            portal.instance.mkdir(mode=0o700)
            stack.enter_context(portal.serving())
        sides = [Side.opened(portal, portal.instance.name) for portal in portals]
        _crowd(sides)
        assert [side.wrong for side in sides] == [[], []]
        assert [len(side.said) >= KEPT for side in sides] == [True, True]
        one, other = sides
        for mine, theirs in ((one, other), (other, one)):
            for browser, path in ((mine.boss.browser, "/caseload"), (mine.partners[0], "/my")):
                stranger = Browser("127.0.0.1", theirs.portal.port, dict(browser.cookies))
                answer = stranger.get(path)
                assert (browser.get(path).status, answer.status, answer.location) == (200, 303, "/sign-in")
            assert theirs.boss.browser.get(mine.case).status == 404
    rows = [side.rows for side in sides]
    for found in rows:
        assert min(len(found[name]) for name in ("sealed_entry", "audit_event", "job")) > 3
    assert _own(rows[0]) & _own(rows[1]) == set()
    for at in (0, 1):
        mine, theirs = sides[at], sides[1 - at]
        assert theirs.word not in repr(rows[at])
        assert theirs.word.encode() not in mine.on_disk
        assert mine.word.encode() in b"".join(mail.as_bytes() for mail in mine.portal.mails())
        assert (_opens(rows[at], mine.vault) > 10, _opens(rows[at], theirs.vault)) == (True, 0)
