"""The admin's pages: who may enter, what is said back, what is never shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from admin_browser import Desk, errors, value
from flask import Flask
from practice_world import PASSWORD, World

from portal.services import admin_cases, export_making, invitations, mails, practice_settings

PAGES = (
    "/admin", "/admin/people", "/admin/cases", "/admin/settings", "/admin/exports", "/admin/audit",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_admins_alone(sit: Callable[..., Desk], client: Any, path: str) -> None:
    assert sit("Ada", "admin").get(path).status_code == 200
    assert sit("Both", "admin", "therapist").get(path).status_code == 200
    assert sit("Thea", "therapist").get(path).status_code == 404
    assert client.get(path).headers["Location"] == "/sign-in"


@pytest.mark.parametrize(
    "path",
    ["/admin/cases/x", "/admin/exports/x", "/admin/exports/x/file", "/admin/audit/answer/x",
     "/admin/exports/x/manifest", "/admin/instruments"],
)  # fmt: skip
def test_what_is_not_there_is_404(ada: Desk, path: str) -> None:
    assert ada.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/admin/cases/x/therapist", "/admin/cases/x/merge", "/admin/people/x", "/admin/people/x/reset"]
)
def test_posts_about_what_is_not_there_are_404(ada: Desk, path: str) -> None:
    assert ada.post(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/admin/cases?before=x",
        "/admin/audit?before=x",
        "/admin/audit?before=²",
        "/admin/audit?kind=x",
        "/admin/audit?verb=review.signed",
        "/admin/audit?actor=x",
        "/admin/audit?person=a",
        "/admin/audit?subject=x",
        "/admin/audit?since=x",
        "/admin/audit?until=0001-01-01",
    ],
)
def test_an_unknown_filter_is_400(ada: Desk, path: str) -> None:
    assert ada.get(path).status_code == 400


def test_a_new_account_shows_its_link_once(ada: Desk) -> None:
    made = ada.post("/admin/people", email="t@example.org", full_name="Tess", roles=["therapist", "admin"])
    assert (made.status_code, made.headers["Location"]) == (303, "/admin/people")
    page = ada.get("/admin/people")
    found = re.search(r'id="set-up-link"[^>]*>(http[^<]+/set-up/[^<]+)<', page.text)
    assert found is not None
    assert "set-up-link" not in ada.get("/admin/people").text
    assert ada.client.get(found[1].partition(":8000")[2]).status_code == 200


def test_a_link_carried_for_one_session_shows_in_no_other(ada: Desk, sit: Callable[..., Desk]) -> None:
    ada.post("/admin/people", email="t@example.org", full_name="Tess", roles="therapist")
    carried = ada.client.get_cookie("portal-once", domain="localhost")
    assert carried is not None
    ben = sit("Ben", "admin")
    ben.client.set_cookie("portal-once", carried.value, domain="localhost")
    assert "set-up-link" not in ben.get("/admin/people").text


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"email": "x", "full_name": "Tess", "roles": "admin"}, {"email"}),
        ({"email": "t@example.org", "full_name": "\ud800", "roles": "admin"}, {"full_name"}),
        ({"email": "t@example.org", "full_name": "Tess"}, {"roles"}),
        ({"email": "Ada@example.org", "full_name": "Tess", "roles": "owner"}, {"roles"}),
    ],
)
def test_a_bad_account_is_said_beside_its_field(ada: Desk, fields: dict[str, str], faults: set[str]) -> None:
    body = {key: text.encode("utf-8", "surrogatepass") for key, text in fields.items()}
    page = ada.client.post("/admin/people", data={"csrf_token": ada.csrf, **body})
    assert page.status_code == 400
    assert set(errors(page)) == faults
    assert value(page, "email") == fields["email"]


def test_a_taken_address_is_said(ada: Desk) -> None:
    person = {"email": "t@example.org", "full_name": "Tess", "roles": "admin"}
    ada.post("/admin/people", **person)
    assert errors(ada.post("/admin/people", **person)) == {
        "email": "E-mail: There is an account with this address."
    }


SENSITIVE: dict[str, dict[str, str]] = {
    "/admin/people": {"email": "t@example.org", "full_name": "Tess", "roles": "therapist"},
    "/admin/settings": {"practice_name": "Riverside", "phone": "555"},
    "/admin/exports": {"format": "csv", "purpose": "board"},
}


@pytest.mark.parametrize("path", SENSITIVE)
def test_sensitive_acts_ask_for_the_password_after_five_minutes(ada: Desk, clock: Any, path: str) -> None:
    clock.move(minutes=5, seconds=1)
    page = ada.post(path, **SENSITIVE[path])
    assert page.status_code == 400
    assert set(errors(page)) == {"password"}
    for text in SENSITIVE[path].values():
        assert text in page.text
    assert ada.post(path, **SENSITIVE[path], password="not it at all").status_code == 400
    assert ada.post(path, **SENSITIVE[path], password=PASSWORD).status_code == 303


def test_so_do_changes_and_resets_of_one_person(ada: Desk, house: World, clock: Any) -> None:
    thea = house.staff()
    clock.move(minutes=5, seconds=1)
    change = ada.post(f"/admin/people/{thea.id}", roles="admin", disabled="yes")
    reset = ada.post(f"/admin/people/{thea.id}/reset")
    assert (change.status_code, reset.status_code) == (400, 400)
    assert f'action="/admin/people/{thea.id}"' in change.text
    assert f'action="/admin/people/{thea.id}/reset"' in reset.text
    assert re.search(r'value="yes"\s+checked', change.text)
    sent = ada.post(f"/admin/people/{thea.id}/reset", password=PASSWORD)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/admin/people")
    assert ada.post(f"/admin/people/{thea.id}", roles="admin").status_code == 303
    house.work()
    assert house.mails == [("Thea@example.org", "Your sign-in")]


def test_a_new_authenticator_is_begun_with_the_admin_s_password(ada: Desk, house: World) -> None:
    thea = house.staff()
    path = f"/admin/people/{thea.id}/reset"
    asked = ada.post(path, authenticator="yes")
    assert (asked.status_code, 'name="authenticator" value="yes"' in asked.text) == (400, True)
    assert "both" in asked.text
    assert ada.post(path, authenticator="yes", password=PASSWORD).status_code == 303
    shown = ada.get("/admin/people")
    found = re.search(r'id="spoken-code"[^>]*>([^<]+)<', shown.text)
    assert found is not None
    assert "Waits for a new authenticator" in shown.text
    assert found[1] not in ada.get("/admin/people").text
    house.work()
    assert house.mails == [("Thea@example.org", "Set up your sign-in")]
    for staff_id, why in ((ada.viewer.id, "own account"), (thea.id, "")):
        answer = ada.post(f"/admin/people/{staff_id}/reset", authenticator="yes", password=PASSWORD)
        assert (answer.status_code, why in errors(answer).get("authenticator", "")) == (
            (400, True) if why else (303, True)
        )
    ada.post(f"/admin/people/{thea.id}", disabled="yes")
    gone = ada.post(path, authenticator="yes", password=PASSWORD)
    assert (gone.status_code, list(errors(gone))) == (400, ["authenticator"])


def test_a_disabled_person_is_out_at_once(ada: Desk, sit: Callable[..., Desk]) -> None:
    ben = sit("Ben", "admin")
    assert ben.get("/admin").status_code == 200
    assert ada.post(f"/admin/people/{ben.viewer.id}", disabled="yes").status_code == 303
    assert ben.get("/admin").status_code == 303
    last = ada.post(f"/admin/people/{ada.viewer.id}", roles="therapist")
    assert (last.status_code, set(errors(last))) == (400, {"roles"})


def test_a_reset_before_set_up_shows_the_new_link(ada: Desk, house: World) -> None:
    ada.post("/admin/people", email="t@example.org", full_name="Tess", roles="therapist")
    ada.get("/admin/people")
    found = re.search(
        r'action="(/admin/people/[^"]+/reset)"[^>]*>[^>]*>[^<]*<button[^>]*>New set-up',
        ada.get("/admin/people").text,
    )
    assert found is not None
    assert ada.post(found[1]).status_code == 303
    assert "set-up-link" in ada.get("/admin/people").text


@pytest.mark.parametrize("name", practice_settings.RANGES)
def test_every_number_that_is_out_of_range_is_named(ada: Desk, name: str) -> None:
    low, high = practice_settings.RANGES[name]
    refused = ada.post("/admin/settings", **{name: "9999", "phone": "555 0142"})
    assert refused.status_code == 400
    assert f"whole number from {low} to {high}" in refused.text
    assert "555 0142" in refused.text


def test_settings_are_shown_and_kept(ada: Desk) -> None:
    fields = {
        "practice_name": "Riverside",
        "time_zone": "Europe/Madrid",
        "self_referral": "no",
        "stale_days": "30",
    }
    assert ada.post("/admin/settings", **fields).headers["Location"] == "/admin/settings"
    page = ada.get("/admin/settings")
    assert (value(page, "practice_name"), value(page, "stale_days")) == ("Riverside", "30")
    assert '<option value="Europe/Madrid" selected>' in page.text
    refused = ada.post("/admin/settings", stale_days="5", phone="555", alcohol_level="9")
    assert refused.status_code == 400
    assert errors(refused) == {
        "stale_days": "Days until answers are out of date: Please give a whole number from 14 to 90.",
        "alcohol_level": "Alcohol score that calls for a talk first: Please give a whole number from 4 to 8.",
    }
    assert (value(refused, "stale_days"), value(refused, "phone")) == ("5", "555")


def test_a_case_is_opened_assigned_and_looked_at(ada: Desk, house: World) -> None:
    ada.post("/admin/people", email="thea@example.org", full_name="Thea", roles="therapist")
    made = ada.post(
        "/admin/cases", email_a="a@example.org", email_b="b@example.org", therapist="thea@example.org"
    )
    path = made.headers["Location"]
    assert (made.status_code, path.startswith("/admin/cases/")) == (303, True)
    page = ada.get(path)
    assert "a@example.org" in page.text
    assert re.search(r'<option value="thea@example.org" selected>', page.text)
    assert ada.post(f"{path}/therapist", therapist="").headers["Location"] == path
    assert "Cases without a therapist" in ada.get("/admin").text
    wrong = ada.post(f"{path}/therapist", therapist="nobody@example.org")
    assert (wrong.status_code, set(errors(wrong))) == (400, {"therapist"})
    assert "b@example.org" in ada.get("/admin/cases").text


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"email_a": ""}, {"email_a"}),
        ({"email_a": "a@example.org", "email_b": "no", "therapist": "x"}, {"email_b", "therapist"}),
        ({"email_a": "a@example.org", "language": "xx"}, {"language"}),
    ],
)
def test_a_bad_case_is_said_beside_its_field(ada: Desk, fields: dict[str, str], faults: set[str]) -> None:
    page = ada.post("/admin/cases", **fields)
    assert (page.status_code, set(errors(page))) == (400, faults)
    assert value(page, "email_a") == fields["email_a"]


def test_older_cases_are_a_page_away(ada: Desk, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.services.admin_cases.PAGE", 1)
    for name in ("old", "new"):
        ada.post("/admin/cases", email_a=f"{name}@example.org")
        clock.move(minutes=1)
    first = ada.get("/admin/cases")
    assert ("new@example.org" in first.text, "old@example.org" in first.text) == (True, False)
    older = re.search(r'href="(/admin/cases\?before=[^"]+)"', first.text)
    assert older is not None
    assert "old@example.org" in ada.get(older[1]).text


def test_merging_by_hand(ada: Desk, house: World) -> None:
    one, two = house.case(slots="a"), house.case(slots="a")
    two.join("a", "Bo")
    path = f"/admin/cases/{one.id}"
    assert ada.post(f"{path}/merge", other=two.id, slot="").status_code == 400
    assert ada.post(f"{path}/merge", other=house.case(slots="a").id, slot="b").status_code == 409
    assert ada.post(f"{path}/merge", other=f" {two.id} ", slot="b").headers["Location"] == path
    assert "Bo" in ada.get(path).text
    away = ada.get(f"/admin/cases/{two.id}")
    assert "merged into" in away.text
    refused = ada.post(f"/admin/cases/{two.id}/therapist", therapist="")
    assert refused.status_code == 409


def test_counts_say_where_counting_ended(ada: Desk, house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    house.case()
    house.case()
    assert "more than" not in ada.get("/admin").text
    monkeypatch.setattr(admin_cases, "COUNTED", 1)
    page = ada.get("/admin").text
    assert page.count("more than 1") == 2
    assert "People are counted in the 1 cases that were opened last." in page


def test_a_deidentified_report_downloads_at_once(ada: Desk, house: World) -> None:
    case = house.case()
    case.send("a", "Alex Morgan")
    made = ada.post("/admin/exports", format="csv")
    path = made.headers["Location"]
    assert made.status_code == 303
    later = "its checksum, stand here after that"
    assert all(words in ada.get(path).text for words in ("Download", later))
    file = ada.get(f"{path}/file")
    assert file.status_code == 200
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="report-[0-9a-f]{8}\.csv"', file.headers["Content-Disposition"]
    )
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"].startswith("sandbox")
    assert file.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(file.get_data().decode("utf-8-sig"))))
    assert [row["slot"] for row in rows] == ["a"]
    assert ">1<" in ada.get("/admin/exports").text
    assert later not in ada.get(path).text


def test_an_identified_report_needs_purpose_and_password(ada: Desk, house: World, app: Flask) -> None:
    house.case().send("a", "Alex Morgan")
    wish: dict[str, str | list[str]] = {"format": "json", "identified": "yes", "include": ["", "substance"]}
    assert set(errors(ada.post("/admin/exports", **wish))) == {"purpose"}
    page = ada.post("/admin/exports", **wish, purpose="court order")
    assert (page.status_code, set(errors(page))) == (400, {"password"})
    assert "court order" in page.text
    assert ada.post("/admin/exports", **wish, purpose="court order", password="wrong").status_code == 400
    made = ada.post("/admin/exports", **wish, purpose="court order", password=PASSWORD)
    path = made.headers["Location"]
    assert "42 CFR" in ada.get(path).text
    assert ada.get(f"{path}/file").status_code == 404
    folder = app.extensions["portal.settings"].exports
    export_making.run(house.store, house.tools, folder, path.rsplit("/", 1)[1])
    file = ada.get(f"{path}/file")
    assert file.headers["Content-Type"] == "application/jsonl; charset=utf-8"
    assert '"name": "Alex Morgan"' in file.text


def test_a_bad_report_is_said_beside_its_field(ada: Desk) -> None:
    page = ada.post("/admin/exports", format="fhir", since="x", include="text", purpose="board")
    assert (page.status_code, set(errors(page))) == (400, {"format", "since", "include"})
    assert "board" in page.text


def test_the_trail_tells_who_did_what(ada: Desk, house: World) -> None:
    case = house.case()
    case.send("a", "Alex", **{"harm_received.strangled": "earlier"})
    ada.get(f"/admin/cases/{case.id}")
    house.work()
    page = ada.get("/admin/audit")
    rows = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "Looked at the scheduling of a case" in rows
    assert "Clinical: something only therapists may know" in rows
    for word in ("finding", "recommendation", "R1"):
        assert word not in rows
    about = ada.get(f"/admin/audit/case/{case.id}")
    assert "Looked at the scheduling of a case" in about.text
    rows = about.text.rpartition("<tbody>")[2]
    assert "Joined" not in rows
    assert "Who has seen this case" in about.text
    assert ada.get("/admin/audit?kind=case").status_code == 200
    assert ada.get("/admin/audit?before=2").status_code == 200


def test_no_page_tells_a_route_or_an_answer(ada: Desk, house: World) -> None:
    """Two practices that differ in danger alone look alike to an admin."""
    case = house.case()
    case.send("a", "Alex", **{"harm_received.strangled": "past_year", "fear": "strong"})
    assert case.route() == "safety"
    for path in ("/admin", "/admin/cases", f"/admin/cases/{case.id}", "/admin/audit"):
        text = ada.get(path).text.casefold()
        for word in ("ipv_acute", "strangled", "route-", "past_year", "data-route"):
            assert word not in text, (path, word)


def test_mail_that_came_back_is_listed_for_admins_alone(house: World, ada: Desk) -> None:
    case = house.case(slots="a")
    case.join("a")
    with house.store.staff.write() as session:
        invitations.send(
            session, house.tools, case_id=case.id, slot="b", channel="email", address="gone@example.org",
            by=ada.viewer,
        )  # fmt: skip
        (mail,) = (one for one in mails.lease(session, house.tools) if one.to == "gone@example.org")
        mails.settle(session, house.tools, mail, is_sent=False)
    page = ada.get("/admin").text
    assert ("gone@example.org" in page, "Invitation</td>" in page) == (True, True)


def test_the_trail_is_fetched_as_a_file(ada: Desk, house: World) -> None:
    case = house.case()
    ada.get(f"/admin/cases/{case.id}")
    house.work()
    asked = {"subject": f"http://127.0.0.1/cases/{case.id}", "verb": "case.scheduling_viewed"}
    file = ada.post("/admin/audit/file", **asked)
    assert (file.status_code, file.headers["Content-Disposition"]) == (
        200, 'attachment; filename="audit-trail.csv"',
    )  # fmt: skip
    lines = file.text.splitlines()
    assert lines[0] == "\ufeffnumber,at,who,what,about,id,details"
    assert [line.split(",")[2:6] for line in lines[1:]] == [
        ["Ada", "Looked at the scheduling of a case", "Case", case.id]
    ]
    assert "Took the audit trail out as a file" in ada.get("/admin/audit").text
    assert ada.post("/language", language="es", page="").status_code == 303
    told = ada.post("/admin/audit/file", **asked).text.splitlines()[1]
    assert told.split(",")[3] == "Consultó los datos administrativos de un caso"
    assert ada.post("/language", language="en", page="").status_code == 303
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]
    stale = ada.post("/admin/audit/file", **asked)
    assert stale.status_code == 400
    assert "give your password once more" in stale.text
    assert case.id in stale.text


def test_what_was_handed_on_about_one_person(ada: Desk, house: World, app: Flask) -> None:
    case = house.case()
    case.send("a", "Alex")
    house.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    wish = {"format": "csv", "identified": "yes", "purpose": "=Court order 12", "password": PASSWORD}
    made = ada.post("/admin/exports", **wish).headers["Location"]
    by_route = ada.post("/admin/exports", **wish, route="solo").headers["Location"]
    unsigned = ada.post("/admin/exports", **wish, status="unsigned").headers["Location"]
    ada.post("/admin/exports", **wish)
    ada.post("/admin/exports", format="csv")
    path = f"/admin/cases/{case.id}/disclosures"
    assert "Nothing was handed on." in ada.get(f"{path}/a").text
    for view in (made, by_route, unsigned):
        folder = app.extensions["portal.settings"].exports
        export_making.run(house.store, house.tools, folder, view.rpartition("/")[2])
        assert ada.get(f"{view}/file").status_code == 200
    page = ada.get(f"{path}/a")
    assert page.text.count("Fetched a report by name") == 2
    assert page.text.count("Fetched a report by name (may be so for this person: it cannot be known)") == 1
    assert "Not listed: backups and alerts" in page.text
    assert "=Court order 12" in page.text
    assert page.text.partition("<tbody>")[2].count("<tr>") == 2
    assert "Nothing was handed on." in ada.get(f"{path}/b").text
    assert ada.get(f"{path}/c").status_code == 404
    assert "Disclosures of A" in ada.get(f"/admin/cases/{case.id}").text
    file = ada.post(f"{path}/a")
    assert "'=Court order 12" in file.text
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]
    assert ada.post(f"{path}/a").status_code == 400
    alone = house.case(slots="a")
    assert ada.get(f"/admin/cases/{alone.id}/disclosures/b").status_code == 404
