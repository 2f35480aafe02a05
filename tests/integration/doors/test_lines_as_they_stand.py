"""What our own server is handed as bytes stands in the head of every answer, once."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterable

from portal.one_process import Pages
from portal.web.headers import Dressing


def own_head(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Says a line of its own at one address."""
    own = [("x-frame-options", "SAMEORIGIN")] if environ["PATH_INFO"] == "/own" else []
    start_response("200 OK", [("Content-Length", "1"), *own])
    return [b"x"]


def test_lines_that_every_answer_has_go_out_once_and_one_of_its_own_stands() -> None:
    dressing = Dressing(own_head, {"X-Frame-Options": "DENY", "X-Robots-Tag": "noindex"})
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    pages = Pages(dressing, host="127.0.0.1", port=port, keeps_proxy_headers=False, headers={})
    thread = threading.Thread(target=pages.serve)
    thread.start()
    found = {}
    for path in ("/", "/own", "/"):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.request("GET", path)
        answer = line.getresponse()
        head = {name.lower(): value for name, value in answer.getheaders()}
        del head["date"]
        found[path] = (len(answer.getheaders()), head, answer.read())
        line.close()
    pages.ask_to_stop()
    thread.join(60)
    told = {"content-length": "1", "x-frame-options": "DENY", "x-robots-tag": "noindex"}
    assert found == {
        "/": (4, told, b"x"), "/own": (4, told | {"x-frame-options": "SAMEORIGIN"}, b"x"),
    }  # fmt: skip
