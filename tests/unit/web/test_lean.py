"""What is made smaller for every request answers as Flask's own does."""

from __future__ import annotations

import pytest
from flask import Flask, Request, Response
from werkzeug.test import EnvironBuilder

from portal.web import lean

COOKIES = (
    "portal=abc", "a=1; portal=x; a=2", 'portal="quoted\\054 value"', "portal", "=x", "; ;portal=",
    "portal=caf\xc3\xa9", "portal=a,b; b=\\", " portal = x ",
)  # fmt: skip


@pytest.mark.parametrize("header", [*COOKIES, None])
def test_cookies_are_read_as_werkzeug_reads_them(header: str | None) -> None:
    environ = EnvironBuilder().get_environ()
    if header is not None:
        environ["HTTP_COOKIE"] = header
    ours, theirs = lean.Asked(environ).cookies, Request(environ).cookies
    assert (list(ours.items(multi=True)), type(ours)) == (list(theirs.items(multi=True)), type(theirs))


def test_flasks_session_is_empty_and_cannot_be_written_to() -> None:
    app = Flask("x", static_folder=None)
    app.secret_key = "k" * 32
    app.session_interface = lean.NoSession()
    with app.test_request_context("/", headers={"Cookie": "session=abc"}) as asked:
        assert dict(asked.session) == {}
        with pytest.raises(RuntimeError):
            asked.session["who"] = "x"
        response = app.process_response(app.response_class("x"))
    assert ("Set-Cookie" in response.headers, "Vary" in response.headers) == (False, False)


def test_flask_login_sets_no_cookie() -> None:
    app = Flask("x", static_folder=None)
    app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    lean.Login(app)
    with app.test_request_context("/"):
        assert "Set-Cookie" not in app.process_response(app.response_class("x")).headers


@pytest.mark.parametrize(
    ("status", "head"), [(204, {}), (202, {}), (303, {"Location": "/my/form"}), (409, {})]
)
def test_an_answer_without_a_body_is_as_flasks(status: int, head: dict[str, str]) -> None:
    environ = EnvironBuilder(method="POST").get_environ()
    told = []
    for kind in (lean.Bare, Response):
        answer = kind(status=status, headers=head)
        answer.set_cookie("a", "b")
        body, line, lines = answer.get_wsgi_response(environ)
        told.append((b"".join(body), line, sorted(lines)))
    assert told[0] == told[1]
