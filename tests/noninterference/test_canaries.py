"""A thief of the instance folder: nothing a partner wrote lies there in clear, in any file or disguise."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import live_portal
from evening.answer_sheets import sheet
from evening.plain_client import Browser
from evening.practices import PASSWORD, SETTINGS, Practice, save, send, within
from portal.content import questionnaire as bank
from portal.domain.questionnaire import Kind

WORD = "Wexkolibri"
CONTACT = {
    "channel": "email",
    "address": f"{WORD}Contact@example.org",
    "hours": f"{WORD}Hours",
    "time_zone": "America/New_York",
}


def disguises(secret: str) -> dict[str, bytes]:
    """How a text may lie in a file: plain, wide, or in base64 at each of its three offsets."""
    raw = secret.encode()
    found = {"plain": raw, "wide": secret.encode("utf-16-le"), "hex": raw.hex().encode()}
    for shift in range(3):
        # The ends depend on the neighbours; the middle is the same whatever stands around it.
        found[f"base64+{shift}"] = base64.b64encode(b"\0" * shift + raw)[4:-4]
    return found


def traces(folder: Path, secrets: list[str]) -> list[tuple[str, str, str]]:
    """(file, secret, disguise) of everything found anywhere below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [
        (path.name, secret, name)
        for path in files
        for secret in secrets
        for name, disguise in disguises(secret).items()
        if disguise in path.read_bytes()
    ]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    instance = tmp_path_factory.mktemp("seized") / "instance"
    with live_portal.fresh(instance).serving() as served:
        practice = Practice(served)
        admin = practice.staff("admin", "therapist", email="admin@example.org", name="Ada Admin")
        assert admin.browser.submit("/admin/settings", SETTINGS).status == 303
        yield practice


def write_everywhere(browser: Browser) -> None:
    """An evening with a secret word in every field that takes one."""
    for page, fields in (
        ("/my/account", {"kept": "yes"}),
        ("/my/leaving", {"seen": "yes"}),
        ("/my/consent", {"full_name": f"{WORD}Name", "agree": "yes"}),
        ("/my/contact", CONTACT),
    ):
        assert browser.submit(page, fields).status == 303
    safe = sheet(harm_received__strangled="past_year")
    for section in bank.load().sections:
        texts = {item.key: f"{WORD}{item.key}" for item in section.items if item.kind is Kind.TEXT}
        assert save(browser, section.key, **{**safe.get(section.key, {}), **texts}).status == 303
    send(browser)
    for page, fields in (
        ("/my/message", {"text": f"{WORD}Message"}),
        ("/my/add", {"text": f"{WORD}Addition"}),
        ("/my/partner", {"choice": "invite", "email": f"{WORD}Partner@example.org"}),
        ("/my/withdraw", {"confirm": "yes", "reason": f"{WORD}Reason"}),
    ):
        assert browser.submit(page, fields).status == 303
    # Refused ones must not be logged either.
    assert browser.submit("/my/message", {"text": f"{WORD}\0Refused"}).status == 400
    stranger = Browser(browser.host, browser.port)
    assert stranger.submit("/sign-in", {"name": f"{WORD} two three", "password": WORD * 3}).status == 400
    assert stranger.submit("/password/forgot", {"name": f"{WORD} two three"}).status == 303


def test_no_word_lies_in_the_instance_folder(practice: Practice) -> None:
    browser = practice.visitor()
    asked = {"password": PASSWORD + WORD, "email": f"{WORD}Own@example.org"}
    assert browser.submit("/begin", asked).location == "/my/account"
    card = browser.get("/my/account")
    held = [card.text_of("sign-in-name"), card.text_of("recovery-code")]
    cookies = list(browser.cookies.values())
    write_everywhere(browser)
    folder = practice.portal.instance

    def is_quiet() -> bool:
        """The worker has done everything that is due."""
        with closing(sqlite3.connect(folder / "portal.sqlite3", timeout=10)) as database:
            done = database.execute("SELECT count(*) FROM answer_set").fetchone()[0]
            due = "SELECT count(*) FROM job WHERE done_at IS NULL AND due_at < datetime('now', '+1 day')"
            return bool(done) and not database.execute(due).fetchone()[0]

    within(15, is_quiet)
    assert traces(folder, [WORD, *held, *cookies]) == []
    assert {"portal.sqlite3", "portal.sqlite3-wal", "jobs.queue", "serve.log"} <= {
        path.name for path in folder.iterdir()
    }


@pytest.mark.parametrize("disguise", list(disguises(WORD)))
def test_the_search_would_find_it(tmp_path: Path, disguise: str) -> None:
    shift = int(disguise[-1]) if disguise.startswith("base64") else 0
    found = {
        "plain": WORD.encode(),
        "wide": WORD.encode("utf-16-le"),
        "hex": WORD.encode().hex().encode(),
    }.get(disguise, base64.b64encode(b"abc"[:shift] + WORD.encode() + b"more"))
    (tmp_path / "some.file").write_bytes(b"before" + found + b"after")
    assert ("some.file", WORD, disguise) in traces(tmp_path, [WORD])
