"""Serving by one process until it is asked to stop: what was let in is answered first."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask, WSGITask

from portal import dress
from portal.config import MAX_BODY

THREADS: Final = 8
#: Browsers keep their connections: at the usual limit of 100 the next visitor would find no door.
CONNECTIONS: Final = 2000
#: Seconds after which a connection on which nothing is asked is closed.
IDLE: Final = 30
#: Bytes of a body that wait in memory: waitress puts a larger one into a file, in clear. Ours refuses that
#: one, as it is none of its own; one of ``MOST_BODY`` is not even taken.
IN_MEMORY: Final = MAX_BODY + 1024 * 1024
MOST_BODY: Final = 4 * MAX_BODY
#: Bytes of an answer after which its reader is waited for, and so many that none of it ever becomes a file.
PENDING: Final = 16 * 1024 * 1024
NO_FILE: Final = 1 << 40
#: Seconds between two looks whether it is over.
_LOOK: Final = 0.5
#: A browser that keeps its connection may be sending already: so long it is heard after the end has come.
LINGER: Final = 1.0
#: What takes longer than this is cut off.
PATIENCE: Final = 25.0


class Pages:
    """The pages of an application at one address."""

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        host: str,
        port: int,
        keeps_proxy_headers: bool,
        headers: Mapping[str, str],
        **more: Any,
    ) -> None:
        """``headers``: what every answer bears, for those that waitress gives by itself."""
        self._headers = dress.of_refusal(headers)
        self._parts: dict[int, Any] = {}
        self._is_over = False
        self._server = waitress.create_server(
            app, map=self._parts, host=host, port=port, threads=THREADS, ident=None,
            clear_untrusted_proxy_headers=not keeps_proxy_headers,
            inbuf_overflow=IN_MEMORY, max_request_body_size=MOST_BODY,
            outbuf_high_watermark=PENDING, outbuf_overflow=NO_FILE,
            **{"connection_limit": CONNECTIONS, "channel_timeout": IDLE} | more,
        )  # fmt: skip
        for listener in self._of(BaseWSGIServer):
            listener.channel_class = self._channel()

    def ask_to_stop(self, *_signal: object) -> None:
        """Begin no more; fit for a signal."""
        self._is_over = True

    def serve(self) -> None:
        """Answer until asked to stop, and then whoever waits already."""
        while not self._is_over:
            self._turn(_LOOK)
        self._finish()

    def _finish(self) -> None:
        for _ in range(3):  # whoever knocked is let in before the door closes
            self._turn(0)
        for listener in self._of(BaseWSGIServer):
            wasyncore.dispatcher.close(listener)
        give_up = time.monotonic() + PATIENCE
        while any(map(_is_wanted, self._of(HTTPChannel))) and time.monotonic() < give_up:
            self._turn(0.05)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._parts)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._parts, count=1)

    def _of(self, kind: type) -> Iterator[Any]:
        return (part for part in list(self._parts.values()) if isinstance(part, kind))

    def _channel(self) -> type[HTTPChannel]:
        pages = self

        class Channel(HTTPChannel):
            """A connection that is told when it is the last answer on it."""

            task_class = _Answer
            error_task_class = _refusal(self._headers)
            parser_class = _Question

            def service(self) -> None:
                if pages._is_over:
                    self.requests[0].headers["CONNECTION"] = "close"
                super().service()

        return Channel


class _Question(HTTPRequestParser):
    """A request that says in one way alone where it ends.

    waitress takes one that says it in two ways, or twice, and goes on with whatever comes behind it: what a
    proxy took for a body would be another request (security.md T32).
    """

    _CODED: Final = re.compile(rb"^transfer-encoding:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)

    def parse_header(self, header_plus: bytes) -> None:
        """As waitress. Raises ParsingError: 400, and the connection ends."""
        super().parse_header(header_plus)
        coded = [value.lower() for value in self._CODED.findall(header_plus)]
        is_plain = self.version == "1.1" and coded == [b"chunked"] and "CONTENT_LENGTH" not in self.headers
        if coded and not is_plain:
            raise ParsingError("Where the request ends is not clear")


def _refusal(headers: Mapping[str, str]) -> type[ErrorTask]:
    class Refusal(ErrorTask):
        """What waitress answers by itself: dressed as every page, and with nothing of what was sent."""

        def execute(self) -> None:
            """As waitress, which names itself and the fault."""
            fault = self.request.error
            self.status = f"{fault.code} {fault.reason}"
            self.response_headers.extend(headers.items())
            self.set_close_on_finish()
            self.content_length = len(dress.REFUSAL)
            self.write(dress.REFUSAL)

    return Refusal


class _Answer(WSGITask):
    """An answer whose head and body go out together, where the body is one piece."""

    def write(self, data: bytes) -> None:
        """As waitress, which sends the head by itself first and so wakes the browser twice."""
        is_whole = self.complete and self.has_body and self.content_length == len(data)
        if self.wrote_header or not is_whole:  # type: ignore[has-type]
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header, self.content_bytes_written = True, len(data)
        self.channel.write_soon(head + data)

    def set_close_on_finish(self) -> None:
        """As waitress, which also hangs up where an answer never has a body, as it has no length then: each
        autosave would have to connect anew."""
        is_asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        is_complete = self.version == "1.1" and self.status.startswith(("204", "304"))
        if is_asked or self.wrote_header or not is_complete:
            super().set_close_on_finish()


def _is_wanted(channel: HTTPChannel) -> bool:
    is_busy = channel.requests or channel.total_outbufs_len or channel.request is not None
    return bool(is_busy) or time.time() - channel.last_activity < LINGER
