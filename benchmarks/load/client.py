"""A small HTTP client for load: one kept-alive connection, one cookie, every answer timed.

Own, because a library that serves everybody takes more processor than the portal it is to load.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

PATIENCE = 60.0  # seconds until an answer that does not come counts as lost

Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """Status, where it leads, and the body."""

    status: int
    location: str
    body: bytes


@dataclass
class Tally:
    """What everybody saw: seconds by kind of request, answers by (kind, status), what was not answered."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)

    def note(self, kind: str, seconds: float, status: int) -> None:
        """One answer."""
        self.seconds[kind].append(seconds)
        self.answers[kind, status] += 1

    def percentile(self, kind: str, share: float) -> float:
        """Seconds that this share of a kind's answers took at most."""
        waits = sorted(self.seconds[kind])
        return waits[min(len(waits) - 1, int(share * len(waits)))] if waits else 0.0


@dataclass
class Client:
    """Somebody's browser: their cookie, their address as a proxy in front would tell it."""

    port: int
    cookie: str
    address: str
    tally: Tally
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, kind: str, path: str) -> Answer | None:
        """GET; None when no answer came."""
        return await self._ask(kind, self._head("GET", path))

    async def post(self, kind: str, path: str, fields: Fields) -> Answer | None:
        """POST of a form; None when no answer came."""
        body = urlencode(fields, doseq=True).encode()
        extra = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return await self._ask(kind, self._head("POST", path, extra) + body)

    def _head(self, verb: str, path: str, extra: str = "") -> bytes:
        return (
            f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n"
            f"X-Forwarded-For: {self.address}\r\nX-Forwarded-Proto: http\r\n{extra}\r\n"
        ).encode()

    async def _ask(self, kind: str, request: bytes) -> Answer | None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._exchange(request)
        except (OSError, EOFError, TimeoutError, ValueError, IndexError) as error:
            self.tally.lost[f"{kind}: {type(error).__name__}"] += 1
            await self.close()
            return None
        self.tally.note(kind, time.perf_counter() - began, answer.status)
        return answer

    async def _exchange(self, request: bytes) -> Answer:
        """A connection that the server closed while nothing was asked is opened anew, as a browser does."""
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(request)
        await writer.drain()
        answer, is_kept = await _read(reader)
        if not is_kept:
            await self.close()
        return answer

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


async def _read(reader: asyncio.StreamReader) -> tuple[Answer, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    is_kept = headers.get("connection", "").lower() != "close"
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    elif status in (204, 304):
        body = b""
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body, is_kept = await reader.read(), False
    return Answer(status, headers.get("location", ""), body), is_kept


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
