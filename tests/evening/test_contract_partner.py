"""A partner's own pages: account, consent, contact, partner, messages, ways in and out (contract.md)."""

from __future__ import annotations

import re

import pytest

from evening.plain_client import Browser
from evening.practices import CONTACT, PASSWORD, Practice, Staff, plain_text, save, send, walk_in, within

OWN = ("account", "leaving", "consent", "contact", "partner", "message", "add", "withdraw", "form")
OTHER_PASSWORD = "another quiet evening near the lake"


@pytest.fixture(scope="module")
def sent(practice: Practice, admin: Staff) -> Browser:
    """Somebody who sent an empty form."""
    browser = practice.begin()
    send(browser)
    return browser


@pytest.fixture
def newcomer(practice: Practice, admin: Staff) -> Browser:
    """Somebody who just began: the card is still shown."""
    browser = practice.visitor()
    assert browser.submit("/begin", {"password": PASSWORD, "talk_first": "yes"}).location == "/my/account"
    return browser


def test_the_card_is_shown_until_it_is_kept_and_never_again(practice: Practice, newcomer: Browser) -> None:
    card = newcomer.get("/my/account")
    name, code = card.text_of("sign-in-name"), card.text_of("recovery-code")
    assert len(re.split(r"[\s-]+", name)) == 3
    again = newcomer.get("/my/account")
    assert (again.text_of("sign-in-name"), again.text_of("recovery-code")) == (name, code)
    assert newcomer.submit("/my/account", {"kept": "no"}).status == 400
    assert newcomer.get("/my/account").text_of("recovery-code") == code
    assert newcomer.submit("/my/account", {"kept": "yes"}).location == "/my/leaving"
    assert newcomer.get("/my/account").by_id("recovery-code") is None
    visitor = practice.visitor()
    for typed in (name, name.upper(), f"  {name} ", name.replace("-", " ")):
        answer = visitor.submit("/sign-in", {"name": typed, "password": PASSWORD})
        assert (answer.status, answer.location) == (303, "/my"), typed
        assert visitor.submit("/my/leaving", {"seen": "yes"}).status == 303
        assert visitor.post("/sign-out", {}, token=visitor.get("/my").field("csrf_token")).location == "/"
        assert visitor.get("/my").location == "/sign-in"


def test_ending_the_session_takes_the_card_away(practice: Practice, newcomer: Browser) -> None:
    name = newcomer.get("/my/account").text_of("sign-in-name")
    newcomer.get("/leave")
    assert newcomer.submit("/sign-in", {"name": name, "password": PASSWORD}).location == "/my"
    assert newcomer.get("/my/account").by_id("recovery-code") is None


def test_the_way_in_has_an_order(newcomer: Browser) -> None:
    steps = (
        ("/my/account", {"kept": "yes"}),
        ("/my/leaving", {"seen": "yes"}),
        ("/my/consent", {"full_name": "Alex Morgan", "agree": "yes"}),
        ("/my/contact", CONTACT),
    )
    for step, fields in steps:
        for later in ("/my/form", "/my/form/check", "/my/partner"):
            assert (newcomer.get(later).status, newcomer.get(later).location) == (303, step), (step, later)
        token = newcomer.get(step).field("csrf_token")
        assert newcomer.post("/my/form/submit", {"submit_key": "x"}, token=token).location == step
        refused = newcomer.post(step, dict.fromkeys(fields, "no"), token=token)
        assert refused.status == 400, step
        assert newcomer.post(step, fields, token=token).status == 303
    assert newcomer.get("/my/form").status == 200
    pages = [newcomer.get(path) for path in ("/my", *(f"/my/{page}" for page in OWN))]
    assert len({page.title() for page in pages if page.status == 200}) == 1
    assert [page.location for page in pages if page.status != 200] in ([], ["/my/form"])


def test_consent_and_contact_keep_what_was_typed(newcomer: Browser) -> None:
    newcomer.submit("/my/account", {"kept": "yes"})
    newcomer.submit("/my/leaving", {"seen": "yes"})
    for bad in ({"agree": "no"}, {"agree": ""}, {"agree": "on"}):
        answer = newcomer.submit("/my/consent", {"full_name": "Alex <i>M</i>", **bad})
        assert (answer.status, answer.field("full_name")) == (400, "Alex <i>M</i>")
    assert newcomer.submit("/my/consent", {"full_name": "   ", "agree": "yes"}).status == 400
    assert newcomer.submit("/my/consent", {"full_name": "x" * 1_000_000, "agree": "yes"}).status == 400
    assert newcomer.submit("/my/consent", {"full_name": "Alex", "agree": "yes"}).location == "/my/contact"
    for bad in (
        {"channel": "pigeon"},
        {"time_zone": "Mars/Olympus"},
        {"voicemail_ok": "maybe"},
        {"address": ""},
        {"address": "not an address"},
        {"channel": ["email", "text"]},
        {"hours": "h" * 100_000},
    ):
        answer = newcomer.submit("/my/contact", CONTACT | bad)
        assert answer.status == 400, bad
        kept = answer.text
        assert ("after six" in kept) or "hours" in bad, bad
    assert newcomer.submit("/my/contact", {"channel": "none", "time_zone": "UTC"}).location == "/my/form"


def test_changing_contact_needs_the_password_and_never_shows_the_old_one(sent: Browser) -> None:
    page = sent.get("/my/contact")
    assert "alex@example.org" not in page.text
    assert "current_password" in page.fields()
    new = {**CONTACT, "address": "new@example.org", "hours": "mornings only"}
    for wrong in ({}, {"current_password": ""}, {"current_password": "not it at all, sorry"}):
        answer = sent.submit("/my/contact", {**new, **wrong})
        assert answer.status == 400
        assert "mornings only" in answer.text
        assert "not it at all" not in answer.text
    done = sent.submit("/my/contact", {**new, "current_password": PASSWORD})
    assert (done.status, done.location) == (303, "/my/contact")
    assert "mornings only" not in sent.get("/my/contact").text


def test_messages_and_additions_are_write_only(sent: Browser) -> None:
    for path in ("/my/message", "/my/add"):
        before = sent.get(path)
        words = f"words for {path} that stay sealed"
        done = sent.submit(path, {"text": words})
        assert (done.status, done.location) == (303, path)
        assert words not in sent.get(path).text + sent.get("/my").text
        assert before.status == 200
        for bad in ("", "   "):
            assert sent.submit(path, {"text": bad}).status == 400
        long = sent.submit(path, {"text": "long " * 200_000})
        assert long.status == 400
        assert "long long long" in long.text
        lost = sent.post(path, {"text": "kept although expired"})
        assert lost.status == 400
        assert "kept although expired" in lost.text


def test_account_changes(practice: Practice) -> None:
    browser = practice.visitor()
    browser.submit("/begin", {"password": PASSWORD})
    name = browser.get("/my/account").text_of("sign-in-name")
    walk_in(browser)
    for bad in (
        {"current_password": "wrong wrong wrong wrong", "password": OTHER_PASSWORD},
        {"password": OTHER_PASSWORD},
        {"current_password": PASSWORD, "password": "short"},
        {"language": "xx"},
        {"sign_out_everywhere": "perhaps"},
    ):
        answer = browser.submit("/my/account", bad)
        assert answer.status == 400, bad
        assert OTHER_PASSWORD not in answer.text
    second = practice.visitor()
    assert second.submit("/sign-in", {"name": name, "password": PASSWORD}).location == "/my"
    fields = {"current_password": PASSWORD, "password": OTHER_PASSWORD}
    done = browser.submit("/my/account", fields)
    assert (done.status, done.location) == (303, "/my/account")
    assert second.get("/my").location == "/sign-in"  # a password change ends all other sessions
    assert second.submit("/sign-in", {"name": name, "password": PASSWORD}).status == 400
    assert second.submit("/sign-in", {"name": name, "password": OTHER_PASSWORD}).location == "/my"
    assert browser.submit("/my/account", {"language": "es"}).status == 303
    assert 'lang="es"' in browser.get("/my/form").text
    assert browser.submit("/my/account", {"sign_out_everywhere": "yes"}).status == 303
    assert second.get("/my").location == "/sign-in"


def test_after_sending_everybody_reads_the_same(practice: Practice, sent: Browser) -> None:
    talker = practice.visitor()
    talker.submit("/begin", {"password": PASSWORD, "talk_first": "yes"})
    walk_in(talker)
    assert save(talker, "start", private="no").status == 303
    send(talker)

    def seen(browser: Browser) -> str:
        return re.sub(r'value="[0-9a-f]{64}"', "", browser.get("/my").text)

    assert seen(talker) == seen(sent)
    assert "by yourself for about 20 minutes" in seen(sent)


def test_withdrawing(practice: Practice) -> None:
    browser = practice.begin()
    for bad in ({"reason": "my private reason"}, {"confirm": "no", "reason": "my private reason"}):
        answer = browser.submit("/my/withdraw", bad)
        assert answer.status == 400
        assert "my private reason" in answer.text
    done = browser.submit("/my/withdraw", {"confirm": "yes", "reason": "my private reason"})
    assert done.status == 303
    assert "my private reason" not in browser.get(done.location).text
    assert browser.get("/my").status == 200
    again = browser.post("/my/withdraw", {"confirm": "yes"}, token=browser.get("/my").field("csrf_token"))
    assert again.status == 303


def test_the_three_wishes_about_the_other(practice: Practice) -> None:
    browser = practice.begin()
    for bad in (
        {"choice": "perhaps"},
        {},
        {"choice": "invite"},
        {"choice": "invite", "email": "nonsense"},
        {"choice": "invite", "phone": "x" * 3000},
    ):
        assert browser.submit("/my/partner", bad).status == 400, bad
    typed = browser.submit("/my/partner", {"choice": "perhaps", "email": "other@example.org"})
    assert typed.field("email") == "other@example.org"
    for choice in ("will_not_join", "do_not_contact", "invite"):
        extra = {"email": "other@example.org"} if choice == "invite" else {}
        assert browser.submit("/my/partner", {"choice": choice, **extra}).location == "/my/partner"
    assert "other@example.org" not in browser.get("/my/partner").text
    assert practice.mails("other@example.org") == []


def test_a_lost_password_needs_the_mail_and_the_code(practice: Practice) -> None:
    visitor = practice.visitor()
    visitor.submit("/begin", {"email": "lost@example.org", "password": PASSWORD})
    card = visitor.get("/my/account")
    name, code = card.text_of("sign-in-name"), card.text_of("recovery-code")
    visitor.get("/leave")
    for bad in ("", "   ", "n" * 1_000_000):
        refused = visitor.submit("/password/forgot", {"name": bad})
        assert (refused.status, refused.field("name")) == (400, bad)
    answers = [
        visitor.submit("/password/forgot", {"name": who}) for who in (name, "calm-river-stone", "x@y.org")
    ]
    assert len({(a.status, a.location) for a in answers}) == 1
    assert answers[0].status == 303
    link = practice.link("lost@example.org", "password/reset")
    assert "relationship" not in plain_text(practice.mails("lost@example.org")[0]).lower()
    assert visitor.get(link).status == visitor.get("/password/reset/unknown").status == 200
    for bad in ({"password": OTHER_PASSWORD}, {"password": OTHER_PASSWORD, "recovery_code": "AAAA-BBBB"}):
        assert visitor.submit(link, bad).status == 400
    fields = {"password": OTHER_PASSWORD, "recovery_code": code}
    assert visitor.submit("/password/reset/unknown", fields).status == 400
    assert visitor.submit(link[:-4], fields).status == 400
    assert visitor.submit(link, {**fields, "password": "short"}).status == 400
    assert visitor.submit(link, fields).status == 303
    assert visitor.submit(link, {**fields, "password": PASSWORD}).status == 400
    assert practice.visitor().submit("/sign-in", {"name": name, "password": PASSWORD}).status == 400
    assert practice.visitor().submit("/sign-in", {"name": name, "password": OTHER_PASSWORD}).status == 303


def test_a_partner_meets_nothing_of_staff(sent: Browser) -> None:
    paths = (
        "/caseload",
        "/cases/x",
        "/admin",
        "/admin/people",
        "/admin/exports",
        "/releases/x",
        "/cases/x/brief.pdf",
    )
    pages = {re.sub(r'value="[0-9a-f]{64}"', "", sent.get(path).text) for path in (*paths, "/no-such-page")}
    assert len(pages) == 1
    assert {sent.get(path).status for path in paths} == {404}
    token = sent.get("/my").field("csrf_token")
    for path in ("/cases/x/review", "/admin/settings", "/releases/x/approval", "/caseload/search"):
        for given in (token, None):
            assert sent.post(path, {"note": "x"}, token=given).status == 404
        large = b"x=" + b"a" * 4_194_304
        assert (
            sent.request("POST", path, large, [("Content-Type", "application/x-www-form-urlencoded")]).status
            == 404
        )
    assert within(1, lambda: sent.get("/my").status) == 200
