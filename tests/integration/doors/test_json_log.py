"""The log for machines: one object a line, and nothing in it of what anybody sent or is called."""

from __future__ import annotations

import inspect
import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from gunicorn import arbiter
from gunicorn.workers import base

from portal import logs
from portal.services import joining

CANARY = "Zaunkoenig"
REQUEST_KEYS = ["time", "level", "event", "endpoint", "method", "status", "ms", "request"]


@contextmanager
def heard(style: str, *names: str) -> Iterator[io.StringIO]:
    """What is written while the block runs, by the portal's loggers and those named."""
    wanted, stream = logs.wanted(style), io.StringIO()
    handler = logging.StreamHandler(stream)
    form = wanted["formatters"]["line"]["()"].rpartition(".")[2]
    handler.setFormatter(getattr(logs, form)())
    handler.addFilter(logs.Calm())
    held = [logging.getLogger(name) for name in ("portal", *names)]
    requests, level = logging.getLogger(logs.REQUESTS), wanted["loggers"][logs.REQUESTS]["level"]
    for logger in held:
        logger.addHandler(handler)
    requests.setLevel(level)
    try:
        yield stream
    finally:
        for logger in held:
            logger.removeHandler(handler)
        requests.setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def sends_the_canary_everywhere(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("portal", CANARY)
    headers = dict.fromkeys(("User-Agent", "Referer", "X-Request-Id", "X-Forwarded-For", "Origin"), CANARY)
    for path in (
        f"/join/{CANARY}?q={CANARY}",
        f"/{CANARY}",
        "/sign-in",
        f"/cases/{CANARY}",
        "/healthz",
        "/my",
    ):
        client.get(path, headers=headers)
        client.post(path, data={"name": CANARY, "password": CANARY, "own_words": CANARY}, headers=headers)
    client.open("/help", method=CANARY.upper())
    client.get("/help", headers={"Host": CANARY})
    client.get("/static/no-such-file?" + CANARY)


def test_a_request_is_told_by_its_page_its_end_and_its_time(app: Flask) -> None:
    with heard("json") as stream:
        client = app.test_client()
        client.get("/help?q=1")
        client.get("/join/some-token")
        client.post("/join/some-token", data={})
        client.get("/nowhere")
    told = lines(stream)
    assert [list(line) for line in told] == [REQUEST_KEYS] * 4
    assert [(line["endpoint"], line["method"], line["status"]) for line in told] == [
        ("public.help_page", "GET", 200), ("accounts.join", "GET", 200),
        ("accounts.join_posted", "POST", 400), ("-", "GET", 404),
    ]  # fmt: skip
    assert {(line["level"], line["event"]) for line in told} == {("info", "request")}
    assert len({line["request"] for line in told}) == 4
    assert all(isinstance(line["ms"], float) and line["ms"] >= 0 for line in told)


def test_nothing_that_was_sent_is_in_it(app: Flask) -> None:
    with heard("json") as stream:
        sends_the_canary_everywhere(app)
    told = lines(stream)
    assert len(told) == 15
    assert CANARY.lower() not in stream.getvalue().lower()
    assert {line["method"] for line in told} == {"GET", "POST", "other"}


def test_an_error_is_told_with_its_request_and_without_its_text(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_given: object, **_named: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(joining, "decline", burst)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    page = client.get(f"/join/{CANARY}").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    with heard("json") as stream:
        client.post(f"/join/{CANARY}", data={"csrf_token": token, "choice": "not_now", "reason": CANARY})
    error, request = lines(stream)
    assert (error["event"], error["level"], request["status"]) == ("note", "error", 500)
    assert str(error["text"]).startswith("accounts.join_posted failed: ValueError at ")
    assert (error["request"] == request["request"], CANARY in stream.getvalue()) == (True, False)


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_library_s_line_keeps_its_place_and_the_class_of_its_error(style: str) -> None:
    library = logging.getLogger("library.of.others")
    with heard(style, "library") as stream:
        try:
            raise KeyError(CANARY)
        except KeyError:
            library.exception(f"Error handling /join/{CANARY} from 203.0.113.9")
        library.error("Invalid request from ip=%s\n%s", "203.0.113.9", CANARY)
    assert [part in stream.getvalue() for part in (CANARY, "203.0.113.9", "join")] == [False] * 3
    assert stream.getvalue().count("\n") == 2
    assert "KeyError at test_json_log.py:" in stream.getvalue()
    if style == "json":
        assert [list(line) for line in lines(stream)] == [
            ["time", "level", "event", "place", "error"], ["time", "level", "event", "place"]
        ]  # fmt: skip


def test_what_gunicorn_says_of_its_processes_is_kept() -> None:
    library = logging.getLogger("gunicorn.error")
    with heard("json", "gunicorn.error") as stream:
        library.setLevel(logging.INFO)
        library.info("Booting worker with pid: %s", 7)
        library.info("Invalid request from ip=203.0.113.9: x")
    assert [line.get("text") for line in lines(stream)] == ["Booting worker with pid: 7", None]


def test_the_texts_that_are_kept_are_those_of_this_gunicorn() -> None:
    """A newer one that words them otherwise would leave "a process was killed" without a word."""
    source = "".join(inspect.getsource(module) for module in (arbiter, base))
    pieces = {piece for text in logs._HARMLESS for piece in re.split(r"(?<=!)(?= )", text)}
    assert [piece for piece in sorted(pieces) if f'"{piece}' not in source] == []


def test_a_library_repeats_itself_once_a_minute_and_we_are_always_heard() -> None:
    library, ours = logging.getLogger("library.of.others"), logging.getLogger("portal.worker")
    with heard("json", "library") as stream:
        for _ in range(3):
            library.error("gone")
            ours.error("gone")
    assert [line["event"] for line in lines(stream)] == ["library.of.others", "note", "note", "note"]


def test_text_is_one_line_and_has_no_requests(app: Flask) -> None:
    with heard("text") as stream:
        app.test_client().get("/help")
        logging.getLogger("portal.worker").error("first\nsecond\x1b[31m")
    (line,) = stream.getvalue().splitlines()
    assert line.split(" ", 1)[1] == "ERROR note first second\x1b[31m"


def test_what_a_thread_dies_of_is_told_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def die() -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(threading, "excepthook", logs._tell_of_thread)
    with heard("json") as stream:
        thread = threading.Thread(target=die)
        thread.start()
        thread.join()
    assert CANARY not in stream.getvalue()
    assert str(lines(stream)[0]["text"]).startswith("a thread ended: ValueError at test_json_log.py:")


def test_a_process_begins_to_write_so(capsys: pytest.CaptureFixture[str]) -> None:
    import subprocess
    import sys

    said = (
        "from portal import logs; import logging; logs.begin('json'); logging.getLogger('portal').error('x');"
        "logging.getLogger('a.b').info('quiet'); import threading;"
        "print(threading.excepthook is logs._tell_of_thread)"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert (done.stdout, json.loads(done.stderr)["text"]) == ("True\n", "x")
