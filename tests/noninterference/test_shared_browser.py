"""One browser, two people: what the one before leaves in it (security.md §3.4)."""

from __future__ import annotations

from noninterference.stage import PASSWORD, House, Stage


def _cookies(stage: Stage) -> dict[str, str]:
    return {str(key[-1]): cookie.value for key, cookie in stage.a.client._cookies.items()}


def test_the_cookie_of_a_session_that_ran_out_is_replaced(house: House) -> None:
    stage = Stage(house)
    stage.a.comes()
    before = _cookies(stage)["portal"]
    house.clock.move(minutes=16)
    assert stage.a.get("/my").headers["Location"] == "/sign-in"
    stage.a.get("/sign-in")
    after = _cookies(stage)["portal"]
    assert (before.startswith("v."), after.startswith("v."), after == before) == (False, True, False)
    stage.a.get("/sign-in")
    assert _cookies(stage)["portal"] == after
    stage.a.signs_in()


def test_a_page_from_before_may_still_be_sent(house: House) -> None:
    """Its token belongs to the cookie that the browser still holds: no text is lost over it."""
    stage = Stage(house)
    stage.a.comes()
    stage.a.get("/help")
    house.clock.move(minutes=16)
    assert stage.a.post("/language", {"language": "es", "page": "help"}).status_code == 303


def test_a_dead_staff_cookie_bars_nobody(house: House) -> None:
    stage = Stage(house)
    stage.a.begins()
    stage.a.leaves()
    stage.a.client.set_cookie("portal-staff", "s" * 43)
    stage.a.signs_in()
    assert stage.a.get("/my").status_code == 200


def test_a_token_of_another_cookie_is_refused(house: House) -> None:
    stage = Stage(house)
    stage.a.get("/sign-in")
    stage.b.page = stage.a.page
    stage.b.get("/healthz")
    given = {"name": "one two three", "password": PASSWORD}
    assert stage.b.post("/sign-in", given).status_code == 400
    assert "csrf_token" in stage.b.page
    assert stage.b.post("/sign-in", given).status_code == 400
    stage.a.begins()
    stage.b.page = stage.a.page
    assert stage.b.post("/my/message", {"text": "Not mine."}).status_code == 401


def test_a_partners_language_stays_with_the_account(house: House) -> None:
    stage = Stage(house)
    stage.a.begins()
    stage.a.get("/my/account")
    assert stage.a.post("/language", {"language": "es", "page": "my/account"}).status_code == 303
    assert 'lang="es"' in stage.a.get("/my/account").text
    assert "portal-language" not in _cookies(stage)
    stage.a.leaves()
    assert '<html lang="en"' in stage.a.get("/sign-in").text
    assert stage.a.post("/language", {"language": "es", "page": "sign-in"}).status_code == 303
    assert _cookies(stage)["portal-language"] == "es"
