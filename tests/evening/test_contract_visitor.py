"""What a visitor without a session sees, follows, mistakes and tries (contract.md, addresses and answers)."""

from __future__ import annotations

import pytest

from evening.plain_client import Browser
from evening.practices import PASSWORD, Practice, Staff, raw

PRIVATE = (
    *(
        "/my",
        "/my/account",
        "/my/leaving",
        "/my/consent",
        "/my/contact",
        "/my/partner",
        "/my/message",
        "/my/add",
    ),
    *("/my/withdraw", "/my/form", "/my/form/check", "/caseload", "/cases/x", "/cases/x/partners/a", "/admin"),
    *("/releases/x", "/admin/people", "/admin/cases", "/admin/exports", "/admin/settings", "/admin/audit"),
    *("/admin/exports/x", "/admin/exports/x/file", "/admin/cases/x", "/sign-in/again"),
)
PRIVATE_POSTS = (
    *("/my/account", "/my/leaving", "/my/consent", "/my/contact", "/my/partner", "/my/message", "/my/add"),
    *(
        "/my/withdraw",
        "/my/form",
        "/my/form/draft",
        "/my/form/submit",
        "/caseload/search",
        "/cases/x/interviews",
    ),
    *(
        "/cases/x/clearances",
        "/cases/x/review",
        "/cases/x/releases",
        "/cases/x/invitations",
        "/cases/x/requests",
    ),
    *(
        "/cases/x/appointments",
        "/cases/x/facts",
        "/cases/x/break-glass",
        "/releases/x/approval",
        "/admin/people",
    ),
    *(
        "/admin/cases",
        "/admin/exports",
        "/admin/settings",
        "/admin/cases/x/therapist",
        "/admin/cases/x/merge",
    ),
    *("/admin/people/x", "/admin/people/x/reset", "/sign-in/again"),
)
BAD_BYTES = {
    "NUL": b"%00",
    "raw NUL": b"\x00",
    "surrogate": b"%ED%A0%80",
    "not UTF-8": b"%FF%FE",
    "raw": b"\xff",
}


def test_open_pages_are_calm_neutral_and_leave_no_trace(visitor: Browser) -> None:
    pages = ("/", "/begin", "/sign-in", "/password/forgot", "/help", "/if-your-partner-does-not")
    for path in (*pages, "/if-you-are-not-sure", "/join/never-issued", "/leave-nothing"):
        page = visitor.get(path)
        assert page.status == (404 if path == "/leave-nothing" else 200), path
        assert page.header("Cache-Control") == "no-store", path
        assert (page.header("ETag"), page.header("Last-Modified"), page.header("Content-Encoding")) == (
            None,
        ) * 3
        assert not any(
            word in page.title().lower() for word in ("therap", "couple", "intake", "relationship")
        )
        assert len(page.body) % 4096 == 0, path
        assert "data-leave" in page.text
    assert {"name", "password"} <= visitor.get("/sign-in").fields()
    assert {"email", "password", "talk_first"} <= visitor.get("/begin").fields()
    assert {"choice", "reason", "password"} <= visitor.get("/join/never-issued").fields()
    assert (visitor.get("/healthz").status, visitor.get("/readyz").status) == (200, 200)


def test_private_pages_send_to_sign_in_and_posts_are_refused(visitor: Browser) -> None:
    assert {
        path: (visitor.get(path).status, visitor.get(path).location) for path in PRIVATE
    } == dict.fromkeys(PRIVATE, (303, "/sign-in"))
    assert {path: visitor.post(path, {"text": "x"}).status for path in PRIVATE_POSTS} == dict.fromkeys(
        PRIVATE_POSTS, 401
    )
    assert visitor.post("/my/form/draft", {"section": "start"}).body == b""


def test_a_wrong_method_is_the_first_thing_said(visitor: Browser) -> None:
    wrong = (("DELETE", "/my"), ("PUT", "/sign-in"), ("GET", "/my/form/draft"), ("POST", "/caseload"))
    wrong += (
        ("GET", "/cases/x/review"),
        ("POST", "/help"),
        ("GET", "/sign-out"),
        ("GET", "/admin/people/x/reset"),
    )
    wrong += (("PATCH", "/my/form"), ("POST", "/"), ("GET", "/language"), ("POST", "/admin/exports/x/file"))
    for method, path in wrong:
        answer = visitor.request(method, path, b"" if method != "GET" else None)
        assert (answer.status, bool(answer.header("Allow"))) == (405, True), (method, path)
        assert "Traceback" not in answer.text


def test_the_quick_exit_answers_both_methods_and_ends_the_session(practice: Practice) -> None:
    sites = set()
    for method in ("GET", "POST"):
        person = practice.begin()
        old = person.cookies["portal"]
        gone = person.request(method, "/leave")
        assert gone.status == 303
        assert person.cookies.get("portal") != old
        sites.add(gone.header("Location"))
        assert person.get("/my").location == "/sign-in"
        person.cookies["portal"] = old
        assert person.get("/my").location == "/sign-in"
    assert len(sites) == 1
    assert str(sites.pop()).startswith("https://")


def test_a_wrong_sign_in_keeps_the_name_and_tells_nothing(practice: Practice, admin: Staff) -> None:
    visitor = practice.visitor()
    names = ("calm-river-stone", admin.email, "nobody@example.org", "<script>x</script>", "")
    bodies = set()
    for name in names:
        answer = visitor.submit("/sign-in", {"name": name, "password": "not the password at all"})
        assert answer.status == 400
        assert answer.field("name") == name
        assert "<script>x" not in answer.text
        assert "not the password at all" not in answer.text
        if name.endswith("org"):
            bodies.add(answer.text.replace(name, "").replace(" ", ""))
    assert len(bodies) == 1
    missing = visitor.submit("/sign-in", {})
    assert missing.status == 400
    assert missing.by_id("error-summary") is not None or 'role="alert"' in missing.text


@pytest.mark.parametrize("bad", BAD_BYTES.values(), ids=BAD_BYTES.keys())
def test_bad_bytes_are_a_clear_400_that_keeps_the_rest(visitor: Browser, bad: bytes) -> None:
    token = visitor.get("/begin").field("csrf_token")
    body = b"email=" + bad + b"&password=" + b"x" * 20 + b"&talk_first=yes"
    answer = raw(visitor, "/begin", body, token)
    assert answer.status == 400
    box = [e for e in answer.elements if e.attributes.get("name") == "talk_first"]
    assert "checked" in box[0].attributes
    answer = raw(visitor, "/sign-in", b"name=keep-this-name&password=" + bad, token)
    assert (answer.status, answer.field("name")) == (400, "keep-this-name")
    answer = raw(visitor, "/join/abc", b"choice=not_now&reason=keep+my+words&password=" + bad, token)
    assert answer.status == 400
    assert "keep my words" in answer.text
    assert raw(visitor, "/begin", b"%00=1&" + bad + b"=2", token).status == 400
    assert raw(visitor, "/language", b"language=" + bad, token).status == 400


def test_bodies_over_the_limit_and_odd_bodies(visitor: Browser) -> None:
    token = visitor.get("/begin").field("csrf_token")
    assert raw(visitor, "/begin", b"email=" + b"a" * 4_194_304, token).status == 413
    assert raw(visitor, "/begin", b"email=" + b"a" * 4_194_304).status == 413  # before the token is looked at
    for size in (300, 1_000_000):
        answer = visitor.post(
            "/begin", {"email": "a" * size + "@example.org", "password": PASSWORD}, token=token
        )
        assert answer.status == 400, size
    json = visitor.request("POST", "/sign-in", b'{"name": "x"}', [("Content-Type", "application/json")])
    assert json.status == 400
    torn = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nabc'
    form = visitor.request("POST", "/sign-in", torn, [("Content-Type", "multipart/form-data; boundary=x")])
    assert form.status == 400
    many = "&".join(f"k{n}=v" for n in range(5000)).encode()
    assert raw(visitor, "/begin", many, token).status in (400, 413)


def test_a_foreign_or_missing_token_keeps_the_text(practice: Practice, visitor: Browser) -> None:
    visitor.get("/begin")
    foreign = practice.visitor().get("/begin").field("csrf_token")
    for token in (None, foreign, "", "x" * 5000, "é"):
        answer = visitor.post("/begin", {"email": "me@example.org", "password": PASSWORD}, token=token)
        assert answer.status == 400
        assert answer.field("email") == "me@example.org"
        assert PASSWORD not in answer.text
        joined = visitor.post("/join/x", {"choice": "not_now", "reason": "my own words"}, token=token)
        assert joined.status == 400
        assert "my own words" in joined.text
    fresh = visitor.get("/begin").field("csrf_token")
    assert visitor.post("/begin", {"password": PASSWORD}, token=fresh).location == "/my/account"


def test_begin_refuses_what_it_cannot_take(visitor: Browser) -> None:
    for bad in (
        {"password": "short"},
        {"password": ""},
        {"email": "not an address", "password": PASSWORD},
        {"email": "a@example.org\r\nBcc: x@example.org", "password": PASSWORD},
        {"talk_first": "maybe", "password": PASSWORD},
        {"password": "passwordpassword"},
    ):
        answer = visitor.submit("/begin", bad)
        assert answer.status == 400, bad
        assert PASSWORD not in answer.text
    unexpected = visitor.submit("/begin", {"password": PASSWORD, "slot": "a", "role": "admin", "email": ""})
    assert (unexpected.status, unexpected.location) == (303, "/my/account")
    assert visitor.get("/admin").status == 404


def test_language_goes_back_to_its_page(visitor: Browser) -> None:
    token = visitor.get("/help").field("csrf_token")
    answer = visitor.post("/language", {"language": "es", "page": "help"}, token=token)
    assert (answer.status, answer.location) == (303, "/help")
    assert 'lang="es"' in visitor.get("/help").text
    token = visitor.get("/help").field("csrf_token")
    assert visitor.post("/language", {"language": "xx"}, token=token).status == 400
    for page in ("//evil.example", "https://evil.example/", "/\\evil.example", "x\r\nSet-Cookie: a=b"):
        answer = visitor.post("/language", {"language": "en", "page": page}, token=token)
        assert answer.status in (303, 400)
        assert "evil" not in (answer.header("Location") or "")
    assert visitor.post("/language", {"language": "en"}).status == 400


def test_a_strange_host_is_refused_and_own_names_are_not(practice: Practice, visitor: Browser) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:80", "x" * 3000, "a b", ""):
        answer = visitor.request("GET", "/sign-in", None, [("Host", host)])
        assert answer.status == 400, host
        assert "evil.example" not in answer.text
    for host in ("localhost", f"127.0.0.1:{visitor.port}"):
        assert visitor.request("GET", "/sign-in", None, [("Host", host)]).status == 200
    forwarded = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-For", "1.2.3.4")]
    assert "evil.example" not in visitor.request("GET", "/sign-in", None, forwarded).text
