"""A partner's page with all it needs: at most 60 KB in three requests, none of them to another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from partner_rooms import Browser
from portal.content import questionnaire as bank

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 60 * 1024
ROOMS = ("", "account", "leaving", "consent", "contact", "partner", "message", "withdraw", "form/check")


class _Needs(HTMLParser):
    """What a browser fetches by itself, and what the content policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("src") or (given.get("href") if tag == "link" else None)
        if address and not address.startswith("data:"):
            self.fetched.append(address)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name, _value in attrs if name == "style" or name.startswith("on")]


def weigh(visitor: Browser, path: str) -> tuple[int, list[str], list[str]]:
    """Bytes of the page with all it fetches; what it fetches, without fingerprints; what is inline."""
    page = visitor.get(path)
    needs = _Needs()
    needs.feed(page.text)
    fetched = [re.sub(r"\?.*", "", one) for one in needs.fetched]
    size = len(page.data) + sum((ROOT / one.lstrip("/")).stat().st_size for one in fetched)
    return size, fetched, needs.inline


def is_light(found: tuple[int, list[str], list[str]]) -> bool:
    size, fetched, inline = found
    return size <= LIMIT and (fetched, inline) == (["/static/css/portal.css", "/static/js/portal.js"], [])


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_section_is_light(visitor: Browser, language: str) -> None:
    visitor.post("/language", language=language)
    heavy = {}
    for version, section in enumerate(bank.load().section_keys):
        found = weigh(visitor, "/my/form")
        if not is_light(found):
            heavy[section] = found
        visitor.save(section, version, go="next")
    assert heavy == {}


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_room_of_a_partner_is_light(visitor: Browser, language: str) -> None:
    visitor.post("/language", language=language)
    heavy = {
        room: found for room in ROOMS if not is_light(found := weigh(visitor, f"/my/{room}".rstrip("/")))
    }
    assert heavy == {}
