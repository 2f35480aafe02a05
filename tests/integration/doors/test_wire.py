"""The shipped server at its socket: one request is one request (T31, T32)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import live_portal
from live_portal import LivePortal
from portal import dress


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortal]:
    folder: Path = tmp_path_factory.mktemp("wire") / "instance"
    with live_portal.fresh(folder).serving() as served:
        yield served


def expect_a_neutral_refusal(heard: bytes, status: int) -> None:
    """What a server answers by itself: dressed as every page, and with nothing of what was asked."""
    first, *others = heard.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    heads = dict(line.split(": ", 1) for line in others)
    assert first.split(" ")[:2] == ["HTTP/1.1", str(status)] or first.startswith(f"HTTP/1.0 {status}")
    assert heads.pop("Date").endswith(" GMT")
    assert heads == {
        **dress.lines(is_production=False), "Cache-Control": "no-store", "Connection": "close",
        "Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(dress.REFUSAL)),
    }  # fmt: skip
    assert heard.partition(b"\r\n\r\n")[2] == dress.REFUSAL


def said(portal: LivePortal, request: bytes) -> bytes:
    """Everything the server answers until it closes or falls silent."""
    heard = b""
    with socket.create_connection(("127.0.0.1", portal.port), timeout=60) as wire:
        wire.sendall(request)
        try:
            while part := wire.recv(65536):
                heard += part
        except TimeoutError:
            pass
    return heard


def head(portal: LivePortal, *lines: str) -> bytes:
    return "\r\n".join((*lines, f"Host: 127.0.0.1:{portal.port}", "", "")).encode()


HIDDEN = b"GET /help HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "lines"),
    [
        ("1.1", ("Content-Length: {more}", "Transfer-Encoding: chunked")),
        ("1.1", ("Transfer-Encoding: chunked", "Content-Length: 5")),
        ("1.1", ("Content-Length: 0", "Content-Length: {more}")),
        ("1.1", ("Transfer-Encoding: chunked, identity",)),
        ("1.1", ("Transfer-Encoding: chunked, chunked",)),
        ("1.1", ("Transfer-Encoding: chunked", "transfer-encoding: chunked")),
        ("1.1", ("Transfer-Encoding:", " chunked")),
        ("1.0", ("Transfer-Encoding: chunked", "Connection: keep-alive")),
    ],
)
def test_t32_two_lengths_are_refused_and_smuggle_nothing(
    portal: LivePortal, version: str, lines: tuple[str, ...]
) -> None:
    """On a connection that is kept: what stands behind the request must not be taken for the next one."""
    told = (line.format(more=len(HIDDEN) + 5) for line in lines)
    heard = said(portal, head(portal, f"POST /leave HTTP/{version}", *told) + b"0\r\n\r\n" + HIDDEN)
    assert heard.split(b" ", 2)[1] in (b"400", b"501")
    assert (heard.count(b"HTTP/1."), b"Help lines" in heard) == (1, False)


def test_a_body_in_pieces_is_one_request_and_the_next_is_the_next(portal: LivePortal) -> None:
    pieces = head(portal, "POST /leave HTTP/1.1", "Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n\r\n"
    heard = said(portal, pieces + head(portal, "GET /healthz HTTP/1.1", "Connection: close"))
    assert (heard.count(b"HTTP/1.1 303"), heard.count(b"HTTP/1.1 200")) == (1, 1)


def test_t31_the_server_answers_no_strange_method_and_names_no_software(portal: LivePortal) -> None:
    for method in ("TRACE", "CONNECT", "PROPFIND", "get"):
        heard = said(portal, head(portal, f"{method} /help HTTP/1.1", "Connection: close", "X-Canary: bird"))
        status = heard.split(b" ", 2)[1] if heard else b"closed"
        assert status in (b"405", b"400", b"501", b"404", b"closed")
        assert (b"bird" in heard, b"waitress" in heard.lower(), b"werkzeug" in heard.lower()) == (
            False, False, False,
        )  # fmt: skip


def test_header_lines_that_are_none_are_refused(portal: LivePortal) -> None:
    for line in ("X-Odd : 1", "X-Odd: a\x00b", " folded: 1", "X-Odd\n: 1"):
        heard = said(portal, head(portal, "GET /healthz HTTP/1.1", line, "Connection: close"))
        assert b"Traceback" not in heard
        assert heard.split(b" ", 2)[1] in (b"400", b"200")


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (400, ("GET /bird HTTP/1.1", "X-Odd : bird")),
        (400, ("POST /bird HTTP/1.1", "Content-Length: bird")),
        (400, ("POST /bird HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked")),
        (413, ("POST /bird HTTP/1.1", "Content-Length: 99999999")),
        (501, ("POST /bird HTTP/1.1", "Transfer-Encoding: gzip")),
    ],
)
def test_t17_t26_what_the_server_refuses_by_itself_is_dressed_too(
    portal: LivePortal, status: int, lines: tuple[str, ...]
) -> None:
    expect_a_neutral_refusal(said(portal, head(portal, *lines)), status)


def test_so_is_a_head_that_is_too_long(portal: LivePortal) -> None:
    # So long that the last byte is one too many: the server has read them all, and hangs up on none.
    expect_a_neutral_refusal(said(portal, b"GET /bird HTTP/1.1\r\nX-Long: ".ljust(262_144, b"a")), 431)
