"""/demo: a visitor steps into a role, and nowhere else is there such a page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from portal.web.demo import faces

HOMES = {"imani": "/caseload", "mateo": "/caseload", "wen": "/caseload", "theo": "/admin"}


def _csrf(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]


def test_the_page_offers_partners_therapists_and_the_admin(demo: Flask) -> None:
    page = demo.test_client().get("/demo")
    offered = re.findall(r'name="account" value="([^"]+)"', page.text)
    assert page.status_code == 200
    assert offered == [*faces._PARTNERS, *faces._STAFF]
    assert "invented" in page.text


@pytest.mark.parametrize("account", [*faces._PARTNERS, *faces._STAFF])
def test_one_press_signs_in(demo: Flask, account: str) -> None:
    client = demo.test_client()
    token = _csrf(client.get("/demo").text)
    answer = client.post("/demo", data={"csrf_token": token, "account": account})
    home = HOMES.get(account, "/my")
    assert (answer.status_code, answer.headers["Location"]) == (303, home)
    assert client.get(home, follow_redirects=True).status_code == 200


def test_a_printed_name_is_enough(demo: Flask, instance: Path) -> None:
    lines = [line.split("\t") for line in (instance / "printed.tsv").read_text().splitlines()]
    for name, home in ((lines[0][1], "/admin"), (lines[4][1], "/my")):
        client = demo.test_client()
        answer = client.post("/demo", data={"csrf_token": _csrf(client.get("/demo").text), "account": name})
        assert (answer.status_code, answer.headers["Location"]) == (303, home)


def test_a_change_of_role_leaves_nothing_of_the_one_before(demo: Flask) -> None:
    client = demo.test_client()
    for account, allowed, gone in (("theo", "/admin", "/my"), ("maple/b", "/my", "/admin")):
        token = _csrf(client.get("/demo").text)
        client.post("/demo", data={"csrf_token": token, "account": account})
        assert (client.get(allowed).status_code, client.get(gone).status_code) == (200, 404)


def test_nobody_shares_a_device_because_of_the_page(demo: Flask) -> None:
    client = demo.test_client()
    client.post("/demo", data={"csrf_token": _csrf(client.get("/demo").text), "account": "maple/b"})
    assert client.get_cookie("portal-device") is None


def test_an_unknown_account_and_a_missing_token_are_refused(demo: Flask) -> None:
    client = demo.test_client()
    token = _csrf(client.get("/demo").text)
    answer = client.post("/demo", data={"csrf_token": token, "account": "nobody"})
    assert answer.status_code == 400
    assert "There is nobody of that name in this demonstration." in answer.text
    assert client.post("/demo", data={"account": "imani"}).status_code == 400


def test_the_first_page_leads_there(demo: Flask, empty: Flask) -> None:
    assert 'href="/demo"' in demo.test_client().get("/").text
    assert 'href="/demo"' not in empty.test_client().get("/").text


def test_there_is_no_such_page_on_another_database(empty: Flask) -> None:
    client = empty.test_client()
    assert (client.get("/demo").status_code, client.post("/demo", data={"account": "imani"}).status_code) == (
        404,
        404,
    )


def test_there_is_no_such_page_in_production(demo: Flask) -> None:
    demo.extensions["portal.settings"] = replace(demo.extensions["portal.settings"], env="production")
    client = demo.test_client()
    assert (client.get("/demo").status_code, client.post("/demo", data={"account": "imani"}).status_code) == (
        404,
        404,
    )
