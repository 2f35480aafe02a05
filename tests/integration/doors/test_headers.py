"""Headers of every answer, in production: CSP, cookies, HSTS, no-store, hosts, no CORS (T15-T22, T26-T33)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from partner_rooms import Person, join
from portal import create_app
from portal.services import sessions
from portal.services.tools import Tools
from portal.web import guards

HOST = "portal.example.org"
HTML = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cache-Control": "no-store",
}


@pytest.fixture
def production(tmp_path: Path, migrated: Path, tools: Tools) -> Iterator[Flask]:
    """The portal as it runs for a practice, behind HTTPS."""
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    shutil.copy(migrated, instance / "portal.sqlite3").chmod(0o600)
    config = {
        "PORTAL_ENV": "production", "SECRET_KEY": "k" * 32, "PORTAL_INSTANCE": str(instance),
        "PORTAL_KEYS": str(tmp_path / "keys.json"), "PORTAL_PRIVATE_KEY": str(tmp_path / "private.key"),
        "PORTAL_BASE_URL": f"https://{HOST}", "PORTAL_TRUSTED_HOSTS": HOST,
    }  # fmt: skip
    app = create_app(config, overrides={"tools": tools})
    yield app
    app.extensions["portal.house"].close()


@pytest.fixture
def person(production: Flask, tools: Tools) -> Person:
    return join(production.extensions["portal.house"].store, tools)


def ask(client: FlaskClient, path: str, method: str = "GET", **options: Any) -> Any:
    return client.open(path, method=method, base_url=f"https://{HOST}", buffered=True, **options)


def seated(app: Flask, person: Person) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("__Host-portal", person.token, domain=HOST)
    return client


ANSWERS = (
    ("/", "GET", 200), ("/my", "GET", 200), ("/my/form", "GET", 200), ("/my/form/draft", "POST", 400),
    ("/my/message", "POST", 400), ("/caseload", "GET", 404), ("/nowhere", "GET", 404), ("/my", "PUT", 405),
    ("/my/consent", "GET", 200), ("/sign-in", "POST", 400), ("/leave", "GET", 303), ("/healthz", "GET", 200),
)  # fmt: skip


@pytest.mark.parametrize(("path", "method", "status"), ANSWERS)
def test_t17_t18_t19_t26_every_answer_is_dressed(
    production: Flask, person: Person, path: str, method: str, status: int
) -> None:
    answer = ask(seated(production, person), path, method)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HTML} == HTML
    assert "charset=utf-8" in answer.headers["Content-Type"] or not answer.data  # T29
    assert "Server" not in answer.headers


def test_t17_even_faults_and_files_are(production: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = production.test_client()
    strange = client.get("/", base_url="https://evil.example")
    static = ask(client, "/static/css/portal.css")
    monkeypatch.setitem(production.view_functions, "public.landing", _fail)
    broken = ask(client, "/")
    told = [(one.status_code, one.headers["Strict-Transport-Security"]) for one in (strange, static, broken)]
    assert told == [(status, HTML["Strict-Transport-Security"]) for status in (400, 200, 500)]
    assert static.headers["X-Content-Type-Options"] == "nosniff"


def _fail() -> str:
    raise RuntimeError("planted")


guards.public(_fail)


def test_t16_every_cookie_is_a_host_cookie(production: Flask, person: Person, tools: Tools) -> None:
    client = production.test_client()
    page = ask(client, "/begin")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    fields = {"csrf_token": token[1], "password": "harvest moon over water"}
    began = ask(client, "/begin", "POST", data=fields)
    assert began.status_code == 303
    left = ask(client, "/leave")
    set_here = [line for one in (page, began, left) for line in one.headers.getlist("Set-Cookie")]
    assert len(set_here) >= 4
    for line in set_here:
        name, attributes = line.partition("=")[0], {part.strip() for part in line.split(";")[1:]}
        strictness = "Strict" if name.endswith("staff") else "Lax"
        assert name.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", f"SameSite={strictness}"} <= attributes
        assert not any(part.startswith("Domain") for part in attributes)
        assert len(line) <= 4096


def test_t20_no_cors_header_whatever_is_asked(production: Flask, person: Person) -> None:
    client = seated(production, person)
    said = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [ask(client, "/my", method, headers=said) for method in ("GET", "OPTIONS", "POST")]
    assert [one.status_code for one in answers] == [200, 405, 405]
    assert [name for one in answers for name, _ in one.headers if name.startswith("Access-Control")] == []


@pytest.mark.parametrize("place", ["image", "script", "iframe", "embed", "style", "object", "video"])
def test_t22_no_page_is_an_image_a_script_or_a_frame(production: Flask, person: Person, place: str) -> None:
    client = seated(production, person)
    refused = ask(client, "/my", headers={"Sec-Fetch-Dest": place})
    assert (refused.status_code, "My page" in refused.text) == (404, False)
    assert ask(client, "/my", headers={"Sec-Fetch-Dest": "document"}).status_code == 200
    assert ask(client, "/static/css/portal.css", headers={"Sec-Fetch-Dest": place}).status_code == 200


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 303),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "https://[evil"}, 400),
        ({"Origin": f"https://{HOST}.evil.example"}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
    ],
)
def test_t21_a_right_token_from_another_site_is_no_use(
    production: Flask, person: Person, tools: Tools, said: dict[str, str], status: int
) -> None:
    fields = {"csrf_token": tools.vault.mac("csrf", person.token.encode()), "text": "Hello there"}
    answer = ask(seated(production, person), "/my/message", "POST", data=fields, headers=said)
    assert answer.status_code == status
    assert status == 303 or "Hello there" in answer.text


def test_t21_the_quick_exit_works_from_anywhere(production: Flask, person: Person, tools: Tools) -> None:
    answer = ask(seated(production, person), "/leave", "POST", headers={"Sec-Fetch-Site": "cross-site"})
    with production.extensions["portal.house"].store.partner.read() as session:
        assert (answer.status_code, sessions.find_partner(session, tools, person.token)) == (303, None)


@pytest.mark.parametrize("host", ["evil.example", f"{HOST}.evil.example", "localhost", f"x.{HOST}"])
def test_t33_a_strange_host_is_refused_and_never_repeated(production: Flask, host: str) -> None:
    answer = production.test_client().get("/sign-in", base_url=f"https://{host}")
    assert (answer.status_code, host in answer.text, answer.headers.getlist("Set-Cookie")) == (400, False, [])


def test_t30_a_forwarded_host_is_ignored(production: Flask) -> None:
    said = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
    plain, forwarded = (ask(production.test_client(), "/help", headers=one) for one in ({}, said))
    hide = re.compile(r'name="csrf_token" value="[^"]+"')
    assert hide.sub("", plain.text) == hide.sub("", forwarded.text)


REDIRECTS = (
    "//e",
    "/\\e",
    "https:e",
    "\t//e",
    "/%09/e",
    "http:///e",
    "@e",
    "javascript:alert(1)",
    "/my?x=//e",
)


@pytest.mark.parametrize("where", REDIRECTS)
def test_t24_no_answer_leads_where_a_request_says(
    production: Flask, person: Person, tools: Tools, where: str
) -> None:
    client = seated(production, person)
    fields = {"csrf_token": tools.vault.mac("csrf", person.token.encode()), "language": "en", "page": where}
    names = dict.fromkeys(("next", "url", "to", "return", "redirect", "continue"), where)
    answers = [
        ask(client, "/language", "POST", data=fields),
        ask(client, "/my/message", "POST", data={**fields, **names, "text": "x"}, query_string=names),
        ask(client, "/sign-in", query_string=names),
        ask(client, "/leave", query_string=names),
    ]
    led = [one.headers.get("Location") for one in answers]
    assert led == ["/my", "/my/message", None, "https://www.weather.gov/"]


@pytest.mark.parametrize(
    "path", ["/my/x.css", "/my;.js", "/my/form/x.css", "/my/form%2fx.css", "/my.css", "/my/"]
)
def test_no_page_can_be_passed_off_as_a_file(production: Flask, person: Person, path: str) -> None:
    answer = ask(seated(production, person), path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "path",
    ["/static/../portal/config.py", "/static/%2e%2e/pyproject.toml", "/static//etc/passwd", "/.git/config"],
)
def test_no_other_file_is_served(production: Flask, path: str) -> None:
    assert ask(production.test_client(), path, follow_redirects=True).status_code == 404
