"""What people do: a partner types and turns pages, a therapist looks at their cases, an admin makes reports.

A partner remembers every save that was acknowledged; nothing else counts as kept.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.load.client import Answer, Client
from benchmarks.load.practice import PASSWORD, Seat
from portal.domain.answers import Answer as Value
from portal.domain.answers import clean
from portal.domain.questionnaire import Item, Kind, Questionnaire

TYPES_EVERY = 8.0  # seconds between two autosaves of one partner
SAVES_A_PAGE = 5  # autosaves before a partner goes on
LOOKS_EVERY = 12.0  # seconds between two pages of one therapist
#: What keeps a form open and going on, whatever else is answered.
FIXED = {"private": "yes", "adult": "yes", "in_service_area": "yes", "call_first": "no"}

Kept = dict[tuple[str, int], Mapping[str, Value]]


@dataclass
class Typist:
    """A partner at their form."""

    seat: Seat
    client: Client
    questionnaire: Questionnaire
    chance: random.Random
    #: (section, counter after the save) -> what was acknowledged.
    acknowledged: Kept = field(default_factory=dict)
    #: The same for what was sent and not answered: it may be there.
    unanswered: Kept = field(default_factory=dict)
    version: int = 0
    is_sent: bool = False
    _count: int = 0

    async def evening(self, until: float, *, sends: bool) -> None:
        """Fill in section after section until it is late, from wherever they had come to; perhaps send."""
        await asyncio.sleep(self.chance.uniform(0, TYPES_EVERY))
        keys = self.questionnaire.section_keys
        first = self.chance.randrange(len(keys))
        while time.monotonic() < until:
            for section in (*keys[first:], *keys[:first]):
                if not await self._section(section, until):
                    break
            if sends and not self.is_sent and time.monotonic() < until:
                await self._send()
            if self.is_sent:
                return

    async def _section(self, section: str, until: float) -> bool:
        """One page; False when it is over."""
        if await self._open() is None:
            await asyncio.sleep(TYPES_EVERY)
            return time.monotonic() < until
        for _ in range(SAVES_A_PAGE):
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * TYPES_EVERY)
            if time.monotonic() > until:
                return False
            await self._save(section, "draft")
        await self._save(section, "next")
        return True

    async def _open(self) -> Answer | None:
        page = await self.client.get("form page", "/my/form")
        found = re.search(rb'name="version" value="(\d+)"', page.body) if page else None
        if page is None or page.status != 200 or found is None:
            self._surprise("form page", page)
            return None
        self.version = int(found[1])
        return page

    async def _save(self, section: str, go: str) -> None:
        fields = self._typed(section)
        cleaned = clean(self.questionnaire.section(section), {k: _listed(v) for k, v in fields.items()})
        kind, path = ("autosave", "/my/form/draft") if go == "draft" else ("save and go on", "/my/form")
        envelope = {"section": section, "version": str(self.version), "go": go, "csrf_token": self.seat.csrf}
        answer = await self.client.post(kind, path, {**envelope, **fields})
        if answer is not None and answer.status == (204 if go == "draft" else 303):
            self.version += 1
            self.acknowledged[section, self.version] = dict(cleaned.values)
            return
        self.unanswered[section, self.version + 1] = dict(cleaned.values)
        if answer is not None:
            self._surprise(kind, answer)
        await self._open()

    async def _send(self) -> None:
        page = await self.client.get("check page", "/my/form/check")
        found = re.search(rb'name="submit_key" value="([^"]+)"', page.body) if page else None
        if found is None:
            self._surprise("check page", page)
            return
        fields = {"submit_key": found[1].decode(), "csrf_token": self.seat.csrf}
        answer = await self.client.post("submit", "/my/form/submit", fields)
        if answer is not None and answer.status == 303:
            self.is_sent = True
        else:
            self._surprise("submit", answer)

    def _typed(self, section: str) -> dict[str, str | list[str]]:
        self._count += 1
        items = self.questionnaire.section(section).items
        return {item.key: FIXED.get(item.key) or self._value(item) for item in items}

    def _value(self, item: Item) -> str | list[str]:
        if item.kind is Kind.TEXT:
            return f"{self.seat.partner_id} wrote sentence {self._count} of the evening."
        value = self.chance.choice([option.value for option in item.options])
        return [value] if item.kind is Kind.MULTI else value

    def _surprise(self, kind: str, answer: Answer | None) -> None:
        if answer is not None and answer.status != 429:
            self.client.tally.unexpected.append(f"{kind}: {answer.status} {answer.location}")


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


async def therapist(seat: Seat, client: Client, chance: random.Random, until: float) -> None:
    """Caseload, a case, a call noted, the call list; over and over."""
    while time.monotonic() < until:
        case = chance.choice(seat.cases)
        called = {"slot": chance.choice("ab"), "outcome": "no_answer", "csrf_token": seat.csrf}
        for kind, path, fields in (
            ("caseload", "/caseload", None),
            ("case page", f"/cases/{case}", None),
            ("call noted", f"/cases/{case}/calls", called),
            ("call list", "/calls", None),
        ):
            await asyncio.sleep(chance.uniform(0.5, 1.5) * LOOKS_EVERY)
            if fields is None:
                answer = await client.get(kind, path)
            else:
                answer = await client.post(kind, path, fields)
            if answer is not None and answer.status not in (200, 303, 429):
                client.tally.unexpected.append(f"{kind}: {answer.status} {answer.location}")


async def admin(seat: Seat, client: Client, until: float) -> None:
    """One report after the other: asked for, watched, fetched."""
    formats = ("csv", "xlsx")
    number = 0
    while time.monotonic() < until:
        order = {"format": formats[number % 2], "csrf_token": seat.csrf, "password": PASSWORD}
        made = await client.post("report asked", "/admin/exports", order)
        number += 1
        if made is None or made.status != 303:
            client.tally.unexpected.append(f"report asked: {made.status if made else 'no answer'}")
            await asyncio.sleep(5)
            continue
        await _fetched(client, made.location, until)
        await asyncio.sleep(2)


async def _fetched(client: Client, path: str, until: float) -> None:
    while time.monotonic() < until:
        file = await client.get("report file", f"{path}/file")
        if file is not None and file.status == 200:
            return
        if file is not None and file.status != 404:  # 404 until it is made
            client.tally.unexpected.append(f"report file: {file.status}")
            return
        await asyncio.sleep(1)
