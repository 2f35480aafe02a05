"""Every way in as a plain HTTP client walks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from arrivals import PASSWORD, code, invited, jobs, rows, staff
from browsers import Visitor, led
from flask import Flask
from sqlalchemy import update

from portal.domain.access import Viewer
from portal.models import Account, table_of
from portal.services import sessions, sign_ins
from portal.services.sign_ins import Claim
from portal.services.tools import Tools
from portal.store import Store
from portal.web.accounts import account, knocking

if TYPE_CHECKING:
    from moving_clock import Clock

TOKEN = "t" * 43


@pytest.fixture
def portal_store(app: Flask) -> Store:
    store: Store = app.extensions["portal.house"].store
    return store


@pytest.fixture
def visitor(app: Flask) -> Callable[[], Visitor]:
    return lambda: Visitor(app.test_client())


def begin(visitor: Visitor, **fields: str) -> tuple[str, str]:
    """Begin on one's own; returns sign-in name and recovery code."""
    assert led(visitor.post("/begin", password=PASSWORD, **fields)) == (303, "/my/account")
    visitor.get("/my/account")
    name, recovery_code = visitor.text_of("sign-in-name"), visitor.text_of("recovery-code")
    assert name is not None
    assert recovery_code is not None
    return name, recovery_code


def test_beginning_leads_by_the_card_to_leaving_to_consent(visitor: Callable[[], Visitor]) -> None:
    me = visitor()
    name, _ = begin(me, email="p@example.org", talk_first="yes")
    assert led(me.get("/my/leaving")) == (303, "/my/account")
    assert led(me.post("/my/leaving", _at="/my/account", seen="yes")) == (303, "/my/account")
    me.get("/my/account")
    assert me.text_of("sign-in-name") == name
    assert led(me.post("/my/account", kept="yes")) == (303, "/my/leaving")
    me.get("/my/account")
    assert me.text_of("sign-in-name") is None
    assert me.text_of("recovery-code") is None
    assert led(me.post("/my/leaving")) == (400, None)
    assert led(me.post("/my/leaving", seen="yes")) == (303, "/my/consent")


def test_the_card_is_gone_once_the_session_ended(visitor: Callable[[], Visitor]) -> None:
    me = visitor()
    name, _ = begin(me)
    assert led(me.post("/sign-out", _at="/my/account")) == (303, "/")
    assert me.cookie("portal") is None
    assert led(me.post("/sign-in", name=name.upper().replace("-", " "), password=PASSWORD)) == (303, "/my")
    me.get("/my/account")
    assert me.text_of("recovery-code") is None
    assert led(me.get("/my/leaving"))[0] == 200


def test_who_cannot_sign_in_all_get_the_same_page(visitor: Callable[[], Visitor]) -> None:
    name, _ = begin(visitor())
    pages = []
    for typed, word in ((name, "not the password"), ("no-such-name", PASSWORD), ("no@body.org", PASSWORD)):
        me = visitor()
        answer = me.post("/sign-in", name=typed, password=word)
        assert answer.status_code == 400
        assert f'value="{typed}"' in answer.text
        pages.append(answer.text.replace(typed, "").replace(me.token, "").rstrip(" ->").rstrip("<!"))
    assert pages[0] == pages[1] == pages[2]


def test_signing_in_begins_afresh_and_ends_what_was_there(
    visitor: Callable[[], Visitor], portal_store: Store
) -> None:
    me = visitor()
    name, _ = begin(me)
    before = me.cookie("portal")
    assert led(me.post("/sign-in", name=name, password=PASSWORD)) == (303, "/my")
    assert me.cookie("portal") not in (before, None)
    ended = [row["revoked_at"] is not None for row in rows(portal_store, "partner_session")]
    assert sorted(ended) == [False, True]
    assert me.get("/my/account").status_code == 200
    replay = visitor()
    replay.client.set_cookie("portal", str(before))
    assert led(replay.get("/my/account")) == (303, "/sign-in")


def test_staff_come_in_by_password_and_code(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools, clock: Clock
) -> None:
    staff_id = staff(portal_store, tools, roles="admin,therapist")
    secret = secret_of(portal_store, tools, staff_id)
    me = visitor()
    begin(me)
    asked = me.post("/sign-in", name="ADA@practice.org", password=PASSWORD)
    assert led(asked) == (303, "/sign-in/second-step")
    assert me.cookie("portal") is None
    assert led(me.get("/caseload")) == (303, "/sign-in")
    spent = me.post("/sign-in/second-step", code=code(secret, clock))
    assert spent.status_code == 400
    clock.move(seconds=30)
    half = me.cookie("portal-staff")
    assert led(me.post("/sign-in/second-step", code=code(secret, clock))) == (303, "/caseload")
    assert me.cookie("portal-staff") != half
    assert led(me.get("/sign-in/second-step")) == (303, "/caseload")
    assert led(me.get("/my/account")) == (404, None)


def secret_of(store: Store, tools: Tools, staff_id: str) -> str:
    with store.staff.read() as session:
        return sign_ins.authenticator(session, tools, staff_id=staff_id).secret


def test_the_second_step_is_for_those_who_gave_a_password(visitor: Callable[[], Visitor]) -> None:
    me = visitor()
    assert led(me.get("/sign-in/second-step")) == (303, "/sign-in")
    assert led(me.post("/sign-in/second-step", _at="/sign-in", code="123456")) == (401, None)
    begin(me)
    assert led(me.post("/sign-in/second-step", _at="/my/account", code="123456")) == (303, "/my")


def test_confirming_needs_password_and_code(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools, clock: Clock
) -> None:
    secret = secret_of(portal_store, tools, staff(portal_store, tools))
    me = visitor()
    me.post("/sign-in", name="ada@practice.org", password=PASSWORD)
    clock.move(seconds=30)
    assert led(me.post("/sign-in/second-step", code=code(secret, clock))) == (303, "/admin")
    clock.move(minutes=6)
    wrong = [
        me.post("/sign-in/again", password="not the password", code=code(secret, clock)),
        me.post("/sign-in/again", password=PASSWORD, code="000000"),
    ]
    assert [answer.status_code for answer in wrong] == [400, 400]
    assert led(me.post("/sign-in/again", password=PASSWORD, code=code(secret, clock))) == (303, "/admin")
    fresh = [row["authenticated_at"] for row in rows(portal_store, "staff_session") if not row["revoked_at"]]
    assert tools.now() in fresh
    partner = visitor()
    begin(partner)
    assert led(partner.post("/sign-in/again", password=PASSWORD)) == (303, "/my")
    assert partner.post("/sign-in/again", password="not the password").status_code == 400
    assert led(visitor().get("/sign-in/again")) == (303, "/sign-in")


def test_the_page_of_an_invitation_is_the_same_for_every_token(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools
) -> None:
    invited(portal_store, tools)
    pages = []
    for token in (TOKEN, "x" * 43, TOKEN):
        me = visitor()
        answer = me.get(f"/join/{token}")
        pages.append((answer.status_code, answer.text.replace(token, "").replace(me.token, "")))
        if not len(pages) - 1:
            assert led(me.post(f"/join/{token}", password=PASSWORD)) == (303, "/my/account")
    assert pages[0] == pages[1] == pages[2]


def test_an_unknown_link_and_a_bad_password_are_400_with_what_was_typed(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools
) -> None:
    invited(portal_store, tools)
    tried = [
        (f"/join/{'x' * 43}", {"password": PASSWORD}),
        (f"/join/{'x' * 43}", {"choice": "not_now", "reason": "because"}),
        (f"/join/{TOKEN}", {"password": "short"}),
        (f"/join/{TOKEN}", {"choice": "perhaps", "password": PASSWORD}),
        (f"/join/{TOKEN}", {"choice": "not_now", "reason": "because" + "x" * 5_000}),
        (f"/join/{TOKEN}", {"choice": "not_now", "reason": "because\0"}),
    ]
    answers = [visitor().post(path, **fields) for path, fields in tried]
    assert [answer.status_code for answer in answers] == [400] * 6
    kept = ["because" in answer.text for answer in answers]
    assert kept == [False, True, False, False, True, True]
    assert rows(portal_store, "account") == []
    assert rows(portal_store, "invitation")[0]["used_at"] is None


def test_not_now_says_thank_you(visitor: Callable[[], Visitor], portal_store: Store, tools: Tools) -> None:
    invited(portal_store, tools)
    me = visitor()
    assert led(me.post(f"/join/{TOKEN}", choice="not_now")) == (303, "/join/not-now")
    assert me.get("/join/not-now").status_code == 200
    assert [row["kind"] for row in rows(portal_store, "statement")] == ["not_now"]


def test_whoever_is_signed_in_is_signed_out_by_joining(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools
) -> None:
    me = visitor()
    begin(me)
    invited(portal_store, tools)
    assert led(me.post(f"/join/{TOKEN}", password=PASSWORD)) == (303, "/my/account")
    ended = [row["revoked_at"] is not None for row in rows(portal_store, "partner_session")]
    assert sorted(ended) == [False, True]
    assert me.get("/my/account").status_code == 200


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"password": "short"}, "password"),
        ({"password": PASSWORD, "email": "nobody"}, "email"),
        ({"password": PASSWORD, "email": "a@b.org\nBcc: c@d.org"}, "email"),
        ({"password": PASSWORD, "talk_first": "on"}, "talk_first"),
    ],
)
def test_a_bad_beginning_keeps_what_was_typed(
    visitor: Callable[[], Visitor], portal_store: Store, fields: dict[str, str], fault: str
) -> None:
    answer = visitor().post("/begin", **fields)
    assert (answer.status_code, f'href="#{fault}"' in answer.text) == (400, True)
    assert fields.get("email", "").partition("\n")[0] in answer.text
    assert rows(portal_store, "account") == []


def test_bytes_that_are_no_text_are_refused(visitor: Callable[[], Visitor]) -> None:
    me = visitor()
    me.get("/begin")
    body = f"csrf_token={me.token}&password=%ED%A0%80{'x' * 20}&email=%FF%FE"
    form = "application/x-www-form-urlencoded"
    answers = [
        me.client.post(path, data=body + "&name=%ED%A0%80", content_type=form)
        for path in ("/begin", "/sign-in", "/password/forgot", f"/join/{TOKEN}", f"/password/reset/{TOKEN}")
    ]
    assert [answer.status_code for answer in answers] == [400] * 5


def test_a_practice_without_self_referral_says_how_to_reach_it(
    visitor: Callable[[], Visitor], portal_store: Store
) -> None:
    from sqlalchemy import insert

    from portal.models import Practice, table_of

    row = {"id": "practice", "name": "Harbor", "phone": "555 0100", "self_referral": False}
    with portal_store.staff.write() as session:
        session.execute(insert(table_of(Practice)), [row])
    me = visitor()
    assert "555 0100" in me.get("/begin").text
    assert led(me.post("/begin", password=PASSWORD)) == (303, "/begin")
    assert rows(portal_store, "account") == []


def test_a_password_that_changes_while_it_is_tried_is_a_wrong_one(
    visitor: Callable[[], Visitor], portal_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying it takes a while: whoever is let in after the change would stay in."""
    me, late = visitor(), visitor()
    name, _ = begin(me)
    me.post("/my/account", kept="yes")
    late.get("/sign-in")
    real = knocking.is_fitting

    def slow(claim: Claim, password: str) -> bool:
        fits = real(claim, password)
        with portal_store.staff.write() as session:
            session.execute(update(table_of(Account)).values(password_hash="another"))
        return fits

    monkeypatch.setattr(knocking, "is_fitting", slow)
    answer = late.client.post("/sign-in", data={"csrf_token": late.token, "name": name, "password": PASSWORD})
    assert (answer.status_code, "portal=;" in str(answer.headers)) == (400, False)
    assert led(late.get("/my/account"))[0] == 303


def test_whoever_was_put_out_while_the_password_was_tried_is_asked_to_sign_in(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = visitor()
    begin(me)
    real = account.is_own_password

    def slow(by: Viewer, password: str) -> bool:
        fits = real(by, password)
        with portal_store.partner.write() as session:
            sessions.end_all(session, tools, by, keep_current=False)
        return fits

    monkeypatch.setattr(account, "is_own_password", slow)
    answer = me.post("/my/account", current_password=PASSWORD, password="another harvest moon")
    assert answer.status_code == 401


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(visitor: Callable[[], Visitor]) -> None:
    me, elsewhere = visitor(), visitor()
    name, _ = begin(me)
    elsewhere.post("/sign-in", name=name, password=PASSWORD)
    new = "another harvest moon"
    refused = [
        me.post("/my/account", current_password="not the password", password=new),
        me.post("/my/account", current_password=PASSWORD, password="short"),
        me.post("/my/account", password=new),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 400]
    assert led(me.post("/my/account", current_password=PASSWORD, password=new)) == (303, "/my/account")
    assert [led(one.get("/my/account"))[0] for one in (me, elsewhere)] == [200, 303]
    assert led(elsewhere.post("/sign-in", name=name, password=new)) == (303, "/my")


def test_language_and_signing_out_everywhere(visitor: Callable[[], Visitor]) -> None:
    me, elsewhere = visitor(), visitor()
    name, _ = begin(me)
    elsewhere.post("/sign-in", name=name, password=PASSWORD)
    assert me.post("/my/account", language="de").status_code == 400
    assert led(me.post("/my/account", language="es")) == (303, "/my/account")
    assert 'lang="es"' in me.get("/my/account").text
    assert me.post("/my/account", sign_out_everywhere="maybe").status_code == 400
    assert led(me.post("/my/account", sign_out_everywhere="yes")) == (303, "/")
    assert [led(one.get("/my/account")) for one in (me, elsewhere)] == [(303, "/sign-in")] * 2


def test_a_forgotten_password_comes_back_by_link_and_recovery_code(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools
) -> None:
    from portal.domain.access import system
    from portal.services import resets

    me, stranger = visitor(), visitor()
    name, recovery_code = begin(me, email="p@example.org")
    assert [led(stranger.post("/password/forgot", name=typed)) for typed in (name, "no-such-name")] == [
        (303, "/password/asked")
    ] * 2
    assert stranger.get("/password/asked").status_code == 200
    assert stranger.post("/password/forgot", name=" ").status_code == 400
    account_id = rows(portal_store, "account")[0]["id"]
    asked = [job for job in jobs(portal_store) if job[0] == "reset_link"]
    assert asked == [("reset_link", ""), ("reset_link", account_id)]
    with portal_store.staff.write() as session:
        resets.send_link(session, tools, account_id=account_id, by=system("worker"))
    path = f"/password/reset/{token_in_mail(portal_store, tools)}"
    new = "another harvest moon"
    refused = [
        stranger.post(path, password=new, recovery_code="0000-0000-0000-0000-0000"),
        stranger.post(path, password="short", recovery_code=recovery_code),
        stranger.post("/password/reset/unknown", password=new, recovery_code=recovery_code),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 400]
    assert led(stranger.post(path, password=new, recovery_code=recovery_code)) == (303, "/my/account")
    stranger.get("/my/account")
    assert stranger.text_of("sign-in-name") is None
    assert stranger.text_of("recovery-code") not in (None, recovery_code)
    assert led(me.get("/my/account")) == (303, "/sign-in")
    assert stranger.post(path, password=new, recovery_code=recovery_code).status_code == 400
    assert led(me.post("/sign-in", name=name, password=new)) == (303, "/my")


def token_in_mail(store: Store, tools: Tools) -> str:
    import json

    from portal.vault import Place

    row = rows(store, "mail")[-1]
    body = tools.vault.unbox("staff", Place("mail", "body_box", row["id"]), row["body_box"])
    return str(json.loads(body)["params"]["link"]).rpartition("/")[2]


def test_staff_reset_with_a_code_and_sign_in_again(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools, clock: Clock
) -> None:
    from portal.domain.access import system
    from portal.services import resets

    staff_id = staff(portal_store, tools)
    secret, me = secret_of(portal_store, tools, staff_id), visitor()
    assert led(me.post("/password/forgot", name="ada@practice.org")) == (303, "/password/asked")
    with portal_store.staff.write() as session:
        resets.send_staff_link(session, tools, staff_id=staff_id, by=system("worker"))
    path = f"/password/reset/{token_in_mail(portal_store, tools)}"
    new = "another harvest moon"
    assert 'name="code"' in me.get(path).text
    refused = [me.post(path, password=new, code="000000"), me.post("/password/reset/staff-x", password=new)]
    assert [answer.status_code for answer in refused] == [400, 400]
    clock.move(seconds=30)
    assert led(me.post(path, password=new, code=code(secret, clock))) == (303, "/sign-in")
    assert led(me.post("/sign-in", name="ada@practice.org", password=new)) == (303, "/sign-in/second-step")
    assert me.post(path, password=new, code=code(secret, clock)).status_code == 400


def test_codes_that_come_with_links_are_counted_with_those_of_the_second_step(
    app: Flask, visitor: Callable[[], Visitor], portal_store: Store, tools: Tools, clock: Clock
) -> None:
    """Whoever reads a therapist's inbox asks for one link after the other and has ten tries at each."""
    from portal.domain.access import system
    from portal.services import resets, throttles

    app.extensions["portal.throttle"] = throttles.build(is_on=True, redis_url=None)
    staff_id, me = staff(portal_store, tools), visitor()
    secret, new = secret_of(portal_store, tools, staff_id), "another harvest moon"
    for at in range(4):
        with portal_store.staff.write() as session:
            resets.send_staff_link(session, tools, staff_id=staff_id, by=system("worker"))
        path = f"/password/reset/{token_in_mail(portal_store, tools)}"
        for _ in range(8 if at < 3 else 6):
            assert me.post(path, password=new, code="000000").status_code == 400
        clock.move(seconds=31)
    assert me.post(path, password=new, code=code(secret, clock)).status_code == 400


def test_a_set_up_link_shows_its_secret_until_it_succeeds(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools, clock: Clock
) -> None:
    from arrivals import COMMAND

    from portal.services import set_ups

    with portal_store.staff.write() as session:
        link = set_ups.first_link(session, tools, by=COMMAND)
    path, me = str(link).partition(":8000")[2], visitor()
    me.get(path)
    secret = str(me.text_of("totp-secret"))
    fields = {"full_name": "Ada <b>", "email": "ada@practice.org", "password": PASSWORD}
    refused = [
        me.post(path, **{**fields, "code": "000000"}),
        me.post(path, **{**fields, "code": code(secret, clock), "password": "short"}),
        me.post(path, **{**fields, "code": code(secret, clock), "full_name": " "}),
        me.post(path, **{**fields, "code": code(secret, clock), "email": "nobody"}),
    ]
    assert [answer.status_code for answer in refused] == [400] * 4
    assert me.text_of("totp-secret") == secret
    assert "Ada &lt;b&gt;" in refused[0].text
    assert led(me.post(path, **fields, code=code(secret, clock))) == (303, "/admin")
    assert me.get(path).status_code == 404
    assert led(me.post("/sign-in", name="ada@practice.org", password=PASSWORD))[0] == 303
    assert me.post("/sign-in/second-step", code=code(secret, clock)).status_code == 400


def test_leaving_ends_the_session_by_link_and_by_beacon(
    visitor: Callable[[], Visitor], portal_store: Store, tools: Tools
) -> None:
    me = visitor()
    begin(me)
    assert led(me.get("/leave")) == (303, "https://www.weather.gov/")
    assert me.cookie("portal") is None
    assert led(me.get("/my/account")) == (303, "/sign-in")
    assert led(visitor().client.post("/leave")) == (303, "https://www.weather.gov/")
    staff(portal_store, tools)
    half = visitor()
    half.post("/sign-in", name="ada@practice.org", password=PASSWORD)
    half.get("/leave")
    assert [row["revoked_at"] for row in rows(portal_store, "staff_session")][-1] == tools.now()


def test_the_language_switch_comes_back_to_the_page(visitor: Callable[[], Visitor]) -> None:
    me = visitor()
    answers = [
        me.post("/language", _at=f"/join/{TOKEN}", language="es", page=f"join/{TOKEN}"),
        me.post("/language", _at="/help", language="es", page="help"),
        me.post("/language", _at="/help", language="es", page="/evil.example"),
        me.post("/language", _at="/help", language="es", page="join/../../evil"),
        me.post("/language", _at="/help", language="es"),
    ]
    assert [led(answer) for answer in answers] == [
        (303, f"/join/{TOKEN}"),
        (303, "/help"),
        (303, "/"),
        (303, "/"),
        (303, "/"),
    ]
    assert 'lang="es"' in me.get("/help").text
    assert me.post("/language", _at="/help", language="de").status_code == 400
    begin(me)
    assert led(me.post("/language", _at="/my/account", language="en")) == (303, "/my")
    assert 'lang="en"' in me.get("/my/account").text


def test_public_pages_and_probes(visitor: Callable[[], Visitor]) -> None:
    paths = ("/", "/help", "/if-your-partner-does-not", "/if-you-are-not-sure", "/healthz", "/readyz")
    assert [visitor().get(path).status_code for path in paths] == [200] * 6
    assert "988" in visitor().get("/help").text
    assert [visitor().client.get(path).status_code for path in ("/sign-out", "/language")] == [405, 405]
