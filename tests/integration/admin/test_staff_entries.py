"""A form that staff enter over the phone or from paper: sealed at once, its source told, the voices apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from admin_browser import Desk, errors, value
from practice_world import PASSWORD, Case, World
from sqlalchemy import select

from evening.answer_sheets import sheet
from portal.domain.access import Viewer
from portal.models import AuditEvent, Consent, SectionState, table_of
from portal.services import consents, couples, desks, joining, openings, practices, staff_entries, standing

BEGIN = {
    "act": "begin", "source": "phone", "consent_how": "spoken", "full_name": "Alma Ruiz", "language": "es",
    "channel": "phone", "address": "555 0101", "hours": "mornings", "note": "Spoke quietly.",
}  # fmt: skip


@pytest.fixture
def thea(sit: Callable[..., Desk]) -> Desk:
    return sit("Thea", "therapist")


def _where(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("Location")


def _path(case: Case, slot: str = "a") -> str:
    return f"/cases/{case.id}/partners/{slot}/entry"


def _section(desk: Desk, case: Case, key: str, go: str = "next", **answers: Any) -> Any:
    version = value(desk.get(_path(case)), "version")
    return desk.post(_path(case), act="section", section=key, version=version, go=go, **answers)


def _all(desk: Desk, case: Case, **changed: Any) -> None:
    for key, items in sheet(**changed).items():
        assert _where(_section(desk, case, key, **items)) == (303, _path(case)), key


def _verbs(house: World, by: Viewer) -> set[str]:
    c = table_of(AuditEvent).c
    with house.store.staff.read() as session:
        return set(session.scalars(select(c.verb).where(c.actor_id == by.id)))


@pytest.mark.parametrize("role", ["therapist", "admin"])
def test_a_form_is_entered_sent_and_read_like_any_other(
    house: World, sit: Callable[..., Desk], role: str
) -> None:
    desk, case = sit("Whoever", role), house.case()
    assert _where(desk.post(_path(case), **BEGIN)) == (303, _path(case))
    _all(desk, case, fear="strong")
    house.work()
    with house.store.staff.read() as session:
        assert {view.rule for view in standing.of_case(session, house.tools, case.id)} >= {"R1"}
        drafts = session.scalars(select(table_of(SectionState).c.draft_box)).all()
        couple = couples.couple(session, house.tools, case.id)
    assert set(drafts) == {None}  # every section is sealed at once
    assert [(person.participation, person.has_account) for person in couple.people] == [
        ("in_progress", False), ("not_invited", False),
    ]  # fmt: skip
    unticked = desk.post(_path(case), act="send")
    assert (unticked.status_code, set(errors(unticked))) == (400, {"confirm"})
    assert _where(desk.post(_path(case), act="send", confirm="yes")) == (303, _path(case))
    assert case.route() == "safety"
    with house.store.staff.read() as session:
        person = couples.couple(session, house.tools, case.id).people[0]
        assert person.intake is not None
        answers = openings.answers(session, house.tools, person.intake.id)
        entered = staff_entries.of_case(session, house.tools, case.id)
    assert (answers["fear"], answers["lean"], person.consented, person.contact) == (
        "strong", "1", True,
        {"channel": "phone", "address": "555 0101", "hours": "mornings", "time_zone": "",
         "voicemail_ok": False, "name_ok": False},
    )  # fmt: skip
    assert [(one.slot, one.source, one.consent_how, one.entered_by, one.note) for one in entered] == [
        ("a", "phone", "spoken", desk.viewer.id, "Spoke quietly.")
    ]
    assert _verbs(house, desk.viewer) >= {
        "entry.begun",
        "consent.given",
        "contact.stated",
        "section.left",
        "intake.sent",
    }
    assert "was sent" in desk.get(_path(case)).text


def test_what_was_entered_is_never_shown_again(house: World, thea: Desk) -> None:
    case = house.case(therapist=thea.viewer)
    thea.post(_path(case), **BEGIN)
    _section(thea, case, "start", private="yes", preference_note="Wexkolibri")
    page = thea.post(_path(case), act="section", section="basics", version="1", go="back")
    assert _where(page) == (303, _path(case))
    shown = thea.get(_path(case)).text
    assert "Wexkolibri" not in shown
    assert "checked" not in shown
    assert "Spoke quietly." not in shown
    page = thea.get(f"/cases/{case.id}").text
    assert "over the phone" in page
    assert "Spoke quietly." in page
    assert "Wexkolibri" not in page


def test_while_somebody_listens_nothing_of_the_silent_parts_is_kept(house: World, thea: Desk) -> None:
    case = house.case(therapist=thea.viewer)
    thea.post(_path(case), **BEGIN)
    _section(thea, case, "start", "open", to="safety", private="no")
    assert "is not alone now" in thea.get(_path(case)).text
    _section(thea, case, "safety", "save", fear="strong")
    house.work()
    with house.store.staff.read() as session:
        desk = staff_entries.desk(session, case_id=case.id, slot="a")
        assert standing.of_case(session, house.tools, case.id) == ()
    assert desk is not None
    assert (desk.touched["safety"], desk.private, desk.position) == ((), "no", "safety")


def test_a_section_is_emptied_and_answered_anew(house: World, thea: Desk) -> None:
    case = house.case(therapist=thea.viewer)
    thea.post(_path(case), **BEGIN)
    _section(thea, case, "start", "save", private="yes", adult="yes")
    _section(thea, case, "start", "save", private="", adult="")  # a blank erases nothing
    with house.store.staff.read() as session:
        held = staff_entries.desk(session, case_id=case.id, slot="a")
    assert held is not None
    assert (held.touched["start"], held.private) == (("private", "adult"), "yes")
    _section(thea, case, "start", "clear")
    with house.store.staff.read() as session:
        held = staff_entries.desk(session, case_id=case.id, slot="a")
        assert held is not None
        assert (held.touched["start"], held.private) == ((), None)
        assert openings.answers(session, house.tools, held.intake_id) == {}


def test_refusals_keep_what_was_typed(house: World, thea: Desk) -> None:
    case = house.case(therapist=thea.viewer)
    refused = thea.post(_path(case), **{**BEGIN, "source": "", "full_name": "", "hours": "x" * 201})
    assert (refused.status_code, set(errors(refused))) == (400, {"source", "full_name", "hours"})
    assert "Spoke quietly." in refused.text
    thea.post(_path(case), **BEGIN)
    bad = _section(thea, case, "start", adult="perhaps", preference_note="kept words")
    assert (bad.status_code, set(errors(bad))) == (400, {"adult"})
    assert "kept words" in bad.text
    stale = thea.post(_path(case), act="section", section="start", version="7", go="next", adult="yes")
    assert stale.status_code == 409
    assert _where(thea.post(_path(case), act="section", section="nowhere", go="next"))[0] == 400
    assert thea.post(_path(case), act="fly").status_code == 400
    assert thea.post(_path(case), **BEGIN).status_code == 409  # begun already
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]
    unsure = thea.post(_path(case), act="send", confirm="yes")
    assert (unsure.status_code, set(errors(unsure))) == (400, {"password"})
    sent = thea.post(_path(case), act="send", confirm="yes", password=PASSWORD)
    assert _where(sent) == (303, _path(case))
    assert thea.post(_path(case), act="send", confirm="yes", password=PASSWORD).status_code == 409
    assert thea.post(_path(case, "b"), act="section", section="start", go="next").status_code == 409


def test_the_service_itself_asks_for_source_consent_and_name(house: World, thea: Desk) -> None:
    case = house.case()
    opening = staff_entries.Opening("mail", "", "", "en", "", {"channel": "none"})
    with house.store.staff.write() as session, pytest.raises(staff_entries.BadInput) as refused:
        staff_entries.begin(session, house.tools, case_id=case.id, slot="a", opening=opening, by=thea.viewer)
    assert set(refused.value.faults) == {"source", "consent_how", "full_name"}


def test_the_form_is_theirs_once_they_have_an_account(house: World, thea: Desk) -> None:
    case = house.case(therapist=thea.viewer)
    thea.post(_path(case), **{**BEGIN, "note": ""})
    _section(thea, case, "start", private="yes", adult="yes")
    newcomer = joining.prepare(house.tools, password=PASSWORD, language="en")
    with house.store.partner.write() as session:
        joined = joining._make_account(session, house.tools, partner_id=case.ids["a"], newcomer=newcomer)
    theirs = Viewer(kind="partner", id=joined.account_id, partner_id=case.ids["a"])
    with house.store.partner.write() as session:
        desk = desks.find(session, by=theirs)
        consents.give(
            session, house.tools, full_name="Alma", practice=practices.view(session), language="en", by=theirs
        )
    assert desk is not None
    assert (desk.position, desk.version, desk.touched["start"]) == ("basics", 1, ("private", "adult"))
    with house.store.staff.read() as session:
        assert len(session.scalars(select(table_of(Consent).c.id)).all()) == 1  # given by voice, once
        assert [one.note for one in staff_entries.of_case(session, house.tools, case.id)] == [""]
    refused = thea.post(_path(case), act="send", confirm="yes")
    assert (refused.status_code, "the form is theirs" in refused.text) == (409, True)
    house.case()
    other = house.case(therapist=thea.viewer)
    other.join("b")
    assert thea.post(_path(other, "b"), **BEGIN).status_code == 409


def test_a_person_who_was_not_in_the_case_yet_gets_a_place(house: World, thea: Desk) -> None:
    case = house.case(therapist=thea.viewer, slots="a")
    assert _path(case, "b") in thea.get(f"/cases/{case.id}").text
    assert _where(thea.post(_path(case, "b"), **BEGIN)) == (303, _path(case, "b"))
    assert re.search(r"Enter a form for partner B", thea.get(_path(case, "b")).text)


def test_it_is_for_whoever_may_open_the_case_and_for_admins(
    house: World, ada: Desk, thea: Desk, sit: Callable[..., Desk]
) -> None:
    case = house.case(therapist=thea.viewer)
    theo = sit("Theo", "therapist")
    assert [desk.get(_path(case)).status_code for desk in (thea, ada, theo)] == [200, 200, 404]
    assert thea.get(_path(case, "c")).status_code == 404
    ada.post(f"/admin/cases/{case.id}/conflicts", person=ada.viewer.id, conflict_reason="family")
    assert ada.get(_path(case)).status_code == 404
