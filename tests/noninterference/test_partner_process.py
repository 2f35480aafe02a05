"""A takeover of the process that serves partners: what was saved before it started cannot be had from it.

A really started ``PORTAL_ROLE=partner`` process is used by everybody whose answers lie in the database;
then its memory and every file of the instance folder are searched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import live_portal
from evening.plain_client import Browser
from evening.practices import PASSWORD, SETTINGS, Practice, save, send, walk_in
from noninterference.process_memory import found_in
from noninterference.test_canaries import disguises, traces
from portal.content import questionnaire as bank
from portal.domain.questionnaire import Kind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/PID/mem")
#: Saved before the process started, and typed while it runs.
EARLIER, NOW = "Zedernholz", "Bernsteinufer"
SEALED = "reasons", "reflection", "direction", "pressure", "safety", "health", "affair", "words"


@dataclass(frozen=True)
class Seized:
    """The process, its folder, and the people who use it."""

    process: subprocess.Popen[bytes]
    practice: Practice
    sent: Browser
    drafting: Browser
    staff: Browser


def texts_of(section: str) -> dict[str, str]:
    """The secret word in every field of a section that takes text."""
    items = bank.load().section(section).items
    return {item.key: f"{EARLIER}{item.key}" for item in items if item.kind is Kind.TEXT}


def one_who_sent(practice: Practice) -> Browser:
    """Everything filled in with the word, sent, and something added."""
    browser = practice.visitor()
    given = {"password": PASSWORD, "email": f"{EARLIER}@example.org"}
    assert browser.submit("/begin", given).location == "/my/account"
    walk_in(browser)
    for section in bank.load().section_keys:
        assert save(browser, section, **texts_of(section)).status == 303
    send(browser)
    for page in ("/my/add", "/my/message"):
        assert browser.submit(page, {"text": f"{EARLIER} {page}"}).status == 303
    return browser


def one_who_drafts(practice: Practice) -> Browser:
    """Sealed sections filled in with the word and not sent."""
    browser = practice.begin()
    for section in SEALED:
        assert save(browser, section, **texts_of(section)).status == 303
    return browser


@pytest.fixture(scope="module")
def seized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seized]:
    portal = live_portal.fresh(tmp_path_factory.mktemp("taken") / "instance")
    with portal.serving():
        practice = Practice(portal)
        admin = practice.staff("admin", "therapist", email="ada@example.org").browser
        assert admin.submit("/admin/settings", SETTINGS).status == 303
        sent, drafting = one_who_sent(practice), one_who_drafts(practice)
    portal.command("worker")
    with portal.process("partner") as process:
        yield Seized(process, practice, sent, drafting, admin)


def look_everywhere(browser: Browser) -> None:
    """Every page a partner has, and whatever may be written there."""
    for page in (
        "/my",
        "/my/account",
        "/my/contact",
        "/my/consent",
        "/my/partner",
        "/my/withdraw",
        "/my/add",
    ):
        assert browser.get(page).status in (200, 303)
    for page in ("/my/form", "/my/form/check", "/my/message"):
        browser.get(page)
    assert browser.submit("/my/message", {"text": f"{NOW}, please."}).status == 303


def keys_of(instance: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """(those of staff, those of partners) by name, raw and as the files write them."""
    private = (instance / "private.key").read_text(encoding="ascii").strip()
    rings = json.loads((instance / "portal-keys.json").read_text(encoding="ascii"))
    found: dict[str, dict[str, bytes]] = {"staff": {"private": private.encode()}, "partner": {}}
    found["staff"]["private, raw"] = b64decode(private)
    for ring in ("staff", "partner"):
        values = {**rings[ring]["keys"], "index": rings[ring]["index"]}
        for name, value in values.items():
            found[ring] |= {f"{ring} {name}": value.encode(), f"{ring} {name}, raw": b64decode(value)}
    return found["staff"], found["partner"]


def test_neither_its_memory_nor_any_file_holds_an_earlier_answer(seized: Seized) -> None:
    for browser in (seized.sent, seized.drafting):
        look_everywhere(browser)
    for section in SEALED:
        save(seized.drafting, section, go="open", to=section)
    wanted = {**disguises(EARLIER), "four bytes": EARLIER.encode("utf-32-le")}
    assert found_in(seized.process.pid, wanted) == set()
    assert traces(seized.practice.portal.instance, [EARLIER, NOW]) == []


def test_its_memory_holds_the_partners_keys_and_none_of_the_staff(seized: Seized) -> None:
    look_everywhere(seized.drafting)
    staff, partner = keys_of(seized.practice.portal.instance)
    held = found_in(seized.process.pid, {**staff, **partner})
    assert held & staff.keys() == set()
    # The search would have found them: it finds those the process does hold.
    assert {name for name in partner if name.endswith("raw")} <= held


def test_nobody_is_staff_there(seized: Seized) -> None:
    """Not even with a live session: the pages of staff need keys that this process lacks."""
    for page in ("/caseload", "/admin", "/admin/people"):
        answer = seized.staff.get(page)
        assert (page, answer.status, answer.location) == (page, 303, "/sign-in")
    signing_in = {"name": "ada@example.org", "password": PASSWORD}
    assert seized.practice.visitor().submit("/sign-in", signing_in).status == 400


def test_it_serves_without_the_files_of_the_staff(tmp_path: Path) -> None:
    """On a machine of its own it is given neither the private key nor the staff ring."""
    portal = live_portal.fresh(tmp_path / "instance")
    portal.command("worker")
    (portal.instance / "private.key").unlink()
    file = portal.instance / "portal-keys.json"
    rings = json.loads(file.read_text(encoding="ascii"))
    file.write_text(json.dumps({key: rings[key] for key in ("public", "partner")}), encoding="ascii")
    with portal.process("partner"):
        one = Practice(portal).begin()
        assert save(one, "safety", fear="strong").status == 303
        assert one.get("/my").status == 200
    assert not (portal.instance / "private.key").exists()
