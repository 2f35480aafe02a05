"""Staff at the door: one-time links, codes that count once, sessions of two kinds (contract.md)."""

from __future__ import annotations

from evening.plain_client import Browser
from evening.practices import PASSWORD, Practice, Staff


def test_a_set_up_link_keeps_its_secret_until_it_succeeds(practice: Practice) -> None:
    path = practice.set_up_link("therapist", "admin", email="solo@example.org")
    visitor = practice.visitor()
    secret = visitor.get(path).text_of("totp-secret").replace(" ", "")
    code = practice.fresh_code(secret)
    for bad in (
        {"password": PASSWORD, "code": "000000"},
        {"password": PASSWORD},
        {"password": PASSWORD, "code": "abc"},
        {"password": PASSWORD, "code": "9" * 5000},
        {"password": "short", "code": code},
        {"code": code},
    ):
        refused = visitor.submit(path, bad)
        assert refused.status == 400, bad
        assert PASSWORD not in refused.text
        assert refused.text_of("totp-secret").replace(" ", "") == secret
    done = visitor.submit(path, {"password": PASSWORD, "code": code})
    assert (done.status, done.location) == (303, "/caseload")  # any therapist
    assert visitor.get("/admin").status == 200
    assert [practice.visitor().get(link).status for link in (path, path[:-1], "/set-up/x")] == [404] * 3

    again = practice.visitor()
    first = again.submit("/sign-in", {"name": " SOLO@example.org ", "password": PASSWORD})
    assert (first.status, first.location) == (303, "/sign-in/second-step")
    assert again.get("/caseload").location == "/sign-in"
    for bad_code in (code, "000000", "", "x" * 5000):  # the set-up's own code counts as used
        assert again.submit("/sign-in/second-step", {"code": bad_code}).status == 400
    fresh = practice.fresh_code(secret)
    signed_in = again.submit("/sign-in/second-step", {"code": f"{fresh[:3]} {fresh[3:]}"})
    assert (signed_in.status, signed_in.location) == (303, "/caseload")
    replay = practice.visitor()
    replay.submit("/sign-in", {"name": "solo@example.org", "password": PASSWORD})
    assert replay.submit("/sign-in/second-step", {"code": fresh}).status == 400


def test_the_second_step_needs_the_first(practice: Practice) -> None:
    visitor = practice.visitor()
    assert visitor.get("/sign-in/second-step").location == "/sign-in"
    assert visitor.post("/sign-in/second-step", {"code": "123456"}).status == 401
    assert visitor.get("/sign-in/again").location == "/sign-in"


def test_staff_meet_nothing_of_partners(practice: Practice, admin: Staff, therapist: Staff) -> None:
    for person in (admin.browser, therapist.browser):
        token = person.get("/help").field("csrf_token")
        for path in ("/my", "/my/form", "/my/account", "/my/form/check"):
            assert person.get(path).status == 404, path
        for path in ("/my/form", "/my/message", "/my/form/submit"):
            assert person.post(path, {"text": "x"}, token=token).status == 404, path
        draft = person.post("/my/form/draft", {"section": "start", "version": "0"}, token=token)
        assert (draft.status, draft.body) == (404, b"")
    assert therapist.browser.get("/admin").status == 404
    assert admin.browser.get("/caseload").status == 404


def test_cookies_are_plain_closed_and_new_at_sign_in(practice: Practice, admin: Staff) -> None:
    visitor = practice.visitor()
    page = visitor.get("/begin")
    before, old_token = dict(visitor.cookies), page.field("csrf_token")
    began = visitor.post("/begin", {"password": PASSWORD}, token=old_token)
    assert began.status == 303
    assert visitor.cookies["portal"] != before["portal"]
    for header in (value for name, value in began.headers if name.lower() == "set-cookie"):
        attributes = header.lower()
        assert "httponly" in attributes
        assert "samesite=" in attributes
        assert "domain=" not in attributes
    assert visitor.post("/my/account", {"kept": "yes"}, token=old_token).status == 400
    assert set(admin.browser.cookies) >= {"portal-staff"}


def test_a_copied_cookie_dies_with_the_session(practice: Practice, admin: Staff) -> None:
    visitor = practice.begin()
    thief = Browser(visitor.host, visitor.port, dict(visitor.cookies))
    assert thief.get("/my/form").status == 200
    visitor.get("/leave")
    assert thief.get("/my/form").location == "/sign-in"
    for value in ("", "x", thief.cookies["portal"][:-2], "a" * 5000):
        thief.cookies["portal"] = value
        assert thief.get("/my/form").location == "/sign-in"
