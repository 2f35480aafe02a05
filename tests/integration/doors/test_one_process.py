"""One process asked to stop: whoever was let in is answered, whoever keeps a connection is told."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from portal import dress, one_process
from portal.config import MAX_BODY
from portal.one_process import Pages
from steady_load import until

Environ = dict[str, object]
#: Seconds that anybody here waits at most, on whatever machine.
LONG = 60.0


def told(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
    """Says how much was posted; a megabyte where it is asked for."""
    posted = len(environ["wsgi.input"].read())  # type: ignore[attr-defined]
    body = b"x" * 1_000_000 if environ["PATH_INFO"] == "/large" else str(posted).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def served(app: Callable[..., object]) -> Iterator[tuple[Pages, int, threading.Thread]]:
    pages = Pages(app, host="127.0.0.1", port=0, keeps_proxy_headers=False, headers={"X-Worn": "yes"})
    port = pages._server.effective_port
    thread = threading.Thread(target=pages.serve)
    thread.start()
    yield pages, port, thread
    pages.ask_to_stop()
    thread.join(LONG)
    assert not thread.is_alive()


def let_in(pages: Pages) -> int:
    """How many requests have come, or begun to come, and are not answered yet."""
    return sum(len(one.requests) + (one.request is not None) for one in pages._of(HTTPChannel))


def is_shut(pages: Pages) -> bool:
    """Whether the end has begun: nobody else is let in."""
    return not [*pages._of(BaseWSGIServer)]


def ask(port: int, path: str, heard: list[tuple[int, str | None, int]]) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    line.request("GET", path)
    answer = line.getresponse()
    heard.append((answer.status, answer.getheader("Connection"), len(answer.read())))
    line.close()


def test_more_requests_than_threads_are_all_answered_and_then_nobody_is_let_in() -> None:
    heard: list[tuple[int, str | None, int]] = []
    goes_on = threading.Event()

    def held(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        goes_on.wait(LONG)
        return told(environ, start_response)

    paths = ["/", "/large"] * one_process.THREADS
    with served(held) as (pages, port, thread):
        asking = [threading.Thread(target=ask, args=(port, path, heard)) for path in paths]
        for one in asking:
            one.start()
        until(lambda: let_in(pages) == len(paths))
        pages.ask_to_stop()
        until(lambda: is_shut(pages))
        goes_on.set()
        for one in [*asking, thread]:
            one.join(LONG)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
    assert (
        sorted(length for _, _, length in heard)
        == [1] * one_process.THREADS + [1_000_000] * one_process.THREADS
    )
    assert {status for status, _, _ in heard} == {200}


def test_a_kept_connection_is_answered_once_more_and_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_process, "LINGER", LONG)
    with served(told) as (pages, port, thread):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        heard = []
        for is_last in (False, True):
            if is_last:
                pages.ask_to_stop()
                until(lambda: is_shut(pages))
            line.request("POST", "/", body=b"abc")
            answer = line.getresponse()
            heard.append((answer.status, answer.read(), answer.getheader("Connection")))
        thread.join(LONG / 2)
        assert not thread.is_alive()
    assert heard == [(200, b"3", None), (200, b"3", "close")]


@contextmanager
def half_a_text(pages: Pages, port: int) -> Iterator[socket.socket]:
    """Somebody who sent half of what they want to post, and it has come."""
    with socket.create_connection(("127.0.0.1", port), LONG) as wire:
        wire.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
        until(lambda: let_in(pages) == 1)
        pages.ask_to_stop()
        until(lambda: is_shut(pages))
        yield wire


def test_a_text_on_its_way_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_process, "LINGER", 0.1)
    with served(told) as (pages, port, _thread), half_a_text(pages, port) as wire:
        time.sleep(5 * one_process.LINGER)  # the longer, the harder for whoever did not wait
        wire.sendall(b"def")
        heard = b""
        while part := wire.recv(65536):
            heard += part
    assert (heard.split(b"\r\n")[0], heard[-1:]) == (b"HTTP/1.1 200 OK", b"6")


def test_somebody_who_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_process, "PATIENCE", 0.3)
    with served(told) as (pages, port, thread), half_a_text(pages, port) as wire:
        thread.join(LONG)
        assert (thread.is_alive(), wire.recv(10)) == (False, b"")


def test_an_idle_server_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LINGER", "PATIENCE"):
        monkeypatch.setattr(one_process, name, 10 * LONG)
    with served(told) as (pages, _port, thread):
        pages.ask_to_stop()
        thread.join(LONG)
        assert not thread.is_alive()


def test_head_and_body_of_an_answer_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    real = HTTPChannel.write_soon

    def note(channel: HTTPChannel, data: bytes) -> object:
        sent.append(data)
        return real(channel, data)

    monkeypatch.setattr(HTTPChannel, "write_soon", note)
    heard: list[tuple[int, str | None, int]] = []
    with served(told) as (_pages, port, _thread):
        ask(port, "/", heard)
    assert ([data[-5:] for data in sent], heard) == ([b"\r\n\r\n0"], [(200, None, 1)])


def bare(_environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
    """Kept, and nothing to say."""
    start_response("204 NO CONTENT", [])
    return []


def test_an_answer_without_a_body_keeps_the_connection_unless_it_was_to_be_the_last() -> None:
    with served(bare) as (_pages, port, _thread):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        heard, wires = [], []
        for wish in ({}, {}, {"Connection": "close"}):
            line.request("POST", "/", body=b"abc", headers=wish)
            wires.append(line.sock)
            answer = line.getresponse()
            heard.append((answer.status, answer.read(), answer.getheader("Connection")))
    assert heard == [(204, b"", None), (204, b"", None), (204, b"", "close")]
    assert wires[0] is wires[1] is wires[2]


def test_an_older_browser_is_hung_up_on_after_an_answer_without_a_body() -> None:
    with served(bare) as (_pages, port, _thread), socket.create_connection(("127.0.0.1", port), LONG) as wire:
        wire.sendall(b"GET / HTTP/1.0\r\n\r\n")
        heard = b""
        while part := wire.recv(65536):
            heard += part
    assert (heard[:12], b"Connection: close" in heard) == (b"HTTP/1.0 204", True)


def test_no_body_and_no_answer_becomes_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is posted, and a report that somebody fetches slowly, would lie there in clear."""
    files: list[object] = []
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *_args, **_named: files.append(1))
    large, whole = b"a" * MAX_BODY, 3 * MAX_BODY

    def app(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        assert environ["wsgi.input"].read() == large  # type: ignore[attr-defined]
        start_response("200 OK", [("Content-Length", str(whole))])
        return (large for _ in range(3))

    with served(app) as (pages, port, _thread):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        line.request("POST", "/", body=large)
        # Nobody reads yet.
        until(lambda: sum(one.total_outbufs_len for one in pages._of(HTTPChannel)) > MAX_BODY)
        answer = line.getresponse()
        heard = answer.status, len(answer.read()), files
        line.close()
    assert heard == (200, whole, [])


def test_a_body_that_no_form_has_is_not_taken() -> None:
    with served(told) as (_pages, port, _thread), socket.create_connection(("127.0.0.1", port), LONG) as wire:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {one_process.MOST_BODY}\r\n\r\n"
        wire.sendall(head.encode())
        heard = b""
        while part := wire.recv(65536):
            heard += part
    assert heard.startswith(b"HTTP/1.1 413")


def test_an_application_that_breaks_is_told_of_in_our_words(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_environ: Environ, _start_response: Callable[..., object]) -> Iterable[bytes]:
        raise RuntimeError("a bird")

    with served(broken) as (_pages, port, _thread):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        line.request("GET", "/where")
        answer = line.getresponse()
        heads = {name: value for name, value in answer.getheaders() if name != "Date"}
        assert (answer.status, answer.read()) == (500, dress.REFUSAL)
        assert heads == {
            "Cache-Control": "no-store", "Connection": "close", "Content-Length": str(len(dress.REFUSAL)),
            "Content-Type": "text/plain; charset=utf-8", "X-Worn": "yes",
        }  # fmt: skip
        line.close()
    assert "Exception while serving" in caplog.text
