"""The therapist's pages over HTTP: what stands on them, what they answer, that nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from practice_world import PASSWORD, Case, Desk, World
from sqlalchemy import insert, select, update

from portal.content.rules import ruleset
from portal.domain.access import Viewer
from portal.models import AnswerSet, Intake, Interview, Invitation, SealedEntry, Statement, table_of
from portal.services import intakes, releases, requests

Sit = Callable[[Viewer], Desk]
TICKS = {"identity_confirmed": "yes", "private_setting": "yes", "safety_reasked": "yes"}
OUT = {"lean": "4", "commit_months": "unsure", "first_step": "one_or_two", "doubts_told": "partly"}
GONE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def couple(house: World, thea: Viewer) -> Case:
    """Both sent; the route is discernment."""
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    case.send("b", "Ben Ortiz", **OUT)
    return case


def element(page: str, wanted: str) -> dict[str, str] | None:
    """The attributes of the element with an id."""
    found = re.search(rf'<[a-z0-9]+ [^>]*id="{wanted}"[^>]*>', page)
    return None if found is None else dict(re.findall(r'([a-z-]+)="([^"]*)"', found[0]))


def words(page: str) -> str:
    """What a reader reads."""
    plain = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(plain))


def test_an_empty_practice_says_what_comes(sit: Desk) -> None:
    assert "Nobody is waiting" in words(sit.get("/caseload"))


def test_a_row_says_who_when_which_route_and_what_next(sit: Desk, couple: Case) -> None:
    page = sit.get("/caseload")
    assert f'href="/cases/{couple.id}"' in page
    said = words(page)
    for part in ("Ana López and Ben Ortiz", "Ready to sign", "Discernment", "Read and sign", "yours"):
        assert part in said


def test_a_name_is_text_whatever_it_holds(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.join("a", "<script>alert(1)</script>\u202eevil")
    for path in ("/caseload", f"/cases/{case.id}", f"/cases/{case.id}/partners/a"):
        page = sit.get(path)
        assert "<script>alert" not in page
        assert "<bdi>" in page


def test_the_recommendation_stands_as_data(house: World, sit: Desk, thea: Viewer, couple: Case) -> None:
    found = element(sit.get(f"/cases/{couple.id}"), "recommendation")
    assert found is not None
    assert {key: value for key, value in found.items() if key.startswith("data-")} == {
        "data-route": "discernment", "data-reason": "mixed_agenda", "data-rule": "R17b", "data-model": "",
    }  # fmt: skip
    nobody = house.case(therapist=thea)
    page = sit.get(f"/cases/{nobody.id}")
    assert element(page, "recommendation") is None
    assert "No recommendation yet" in words(page)


def test_the_page_of_a_couple_in_danger(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ruth", harm_received__strangled="past_year", fear="strong", free_to_leave="hard")
    case.send("b", "Sam", mood_1="3", mood_2="3")
    case.say("a", "message", {"text": "Only at work, please."})
    said = words(sit.get(f"/cases/{case.id}"))
    for part in (
        "Safety first", "Signs of acute danger between the partners were reported.", "Same day",
        "Also matched: R4",
        "Topics for the interviews, each alone", "being free to leave", "If cleared: Couples therapy",
        "Safety findings", "something round the neck, received", "stands", "Only at work, please.",
        "Private to this person", "Safe contact", "555 0101", "No voicemail.", "not verified",
        "Talk with each person alone, by their safe channel only.", "Still to be seen alone",
        "No invitation goes out now",
    ):  # fmt: skip
        assert part in said, part


def next_step(page: str) -> str:
    found = re.search(r'<section class="next".*?</section>', page, flags=re.DOTALL)
    assert found is not None
    return words(found[0]).strip()


def test_a_danger_in_a_form_not_sent_is_no_reason_to_clear(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.join("a", "Ruth")
    case.save("a", fear="strong")
    house.tools.clock.move(minutes=11)  # type: ignore[attr-defined]
    case.world.work()
    page = sit.get(f"/cases/{case.id}")
    alone = "Next Talk with each person alone, by their safe channel only. Note an interview"
    assert (element(page, "recommendation") or {}).get("data-route") == "safety"
    assert next_step(page) == alone
    # A partner who only has an invitation takes no part yet.
    case.see("a", thea)
    assert next_step(sit.get(f"/cases/{case.id}")).startswith("Next Everybody was seen alone.")


def test_no_name_no_this_person(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    said = words(sit.get("/caseload"))
    assert "A form is not there yet." in said
    assert "This person" not in said


def test_a_couple_ready_to_work_has_a_heuristic_model(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", **{f"eft_{n}": "4" for n in range(1, 7)})
    case.send("b", **{f"eft_{n}": "4" for n in range(1, 7)})
    page = sit.get(f"/cases/{case.id}")
    found = element(page, "recommendation")
    assert found is not None
    assert found["data-model"] == "eft"
    said = words(page)
    assert "heuristic" in said
    assert "Runner-up:" in said


def test_who_must_not_be_reached_has_no_address_on_the_page(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.join("a", contact={"channel": "none", "address": "555 0999"})
    case.join("b", contact={"channel": "phone", "address": "555 0888"})
    case.say("a", "partner_choice", {"choice": "do_not_contact"})
    page = sit.get(f"/cases/{case.id}")
    assert "555 0999" not in page
    assert "555 0888" not in page
    said = words(page)
    assert "Do not contact: this person calls us" in said
    assert "Contact is blocked." in said


def test_answers_in_the_questionnaires_words(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ana", own_words="We used to laugh.\nA lot.", fear="declined")
    case.say("a", "addition", {"text": "One more thing."})
    page = sit.get(f"/cases/{case.id}/partners/a")
    said = words(page)
    for part in (
        "Private to this person", "We used to laugh.", "would rather talk about this in person",
        "not answered", "One more thing.",
    ):  # fmt: skip
        assert part in said
    order = [page.index(f'id="{key}"') for key in ("start", "basics", "safety", "words")]
    assert order == sorted(order)
    case.join("b")
    assert "its answers stay closed" in words(sit.get(f"/cases/{case.id}/partners/b"))


def test_rounds_are_links(house: World, sit: Desk, couple: Case) -> None:
    sit.post(f"/cases/{couple.id}/requests", {"slot": "a", "kind": "repeat"})
    path = f"/cases/{couple.id}/partners/a"
    assert f"{path}?round=2" in sit.get(path)
    assert "its answers stay closed" in words(sit.get(f"{path}?round=2"))
    for bad in ("3", "x", "00000"):
        sit.get(f"{path}?round={bad}", 404)
    sit.get(f"/cases/{couple.id}/partners/c", 404)


ACTS: list[tuple[str, dict[str, str]]] = [
    ("interviews", {"slot": "a", **TICKS, "note": "Calm."}),
    ("clearances", {"tier": "A", "note": "Seen."}),
    ("review", {"decision": "accept"}),
    ("releases", {"slot": "a", "letter": "free", "body": "Hello."}),
    ("invitations", {"slot": "b", "email": "b@example.org"}),
    ("appointments", {"slot": "a", "starts_at": "2027-01-04T10:00", "minutes": "50", "place": "Room 2"}),
    ("requests", {"slot": "a", "kind": "refresh"}),
    ("facts", {"slot": "a", "important_event": "yes", "note": "A move."}),
]


def test_every_act_comes_back_to_the_case(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a")
    for act, fields in ACTS:
        answer = sit.post(f"/cases/{case.id}/{act}", fields)
        start = "/releases/" if act == "releases" else f"/cases/{case.id}"
        assert answer.location.startswith(start), act
    house.work()
    said = words(sit.get(f"/cases/{case.id}"))
    told = (
        "Interview with A", "Cleared: A, acute danger", "Accepted: Waiting", "Letter to A", "Room 2",
        "Invitation sent to Partner B", "Something important happened since: yes", "A move.",
    )  # fmt: skip
    for part in told:
        assert part in said, part


def test_an_act_on_somebody_elses_case_is_not_found(house: World, sit: Desk, desk: Sit, couple: Case) -> None:
    omar, ada = desk(house.staff("Omar")), desk(house.staff("Ada", roles=("admin",)))
    for act, fields in ACTS:
        omar.post(f"/cases/{couple.id}/{act}", fields, 404)
        omar.post(f"/cases/{GONE}/{act}", fields, 404)
        assert ada.client.post(f"/cases/{couple.id}/{act}", data=fields).status_code == 404
        assert sit.client.get(f"/cases/{couple.id}/{act}").status_code == 405
        assert sit.client.post(f"/cases/{couple.id}/{act}", data=fields).status_code == 400


def test_in_a_process_for_partners_nobody_is_staff(app: Flask, sit: Desk, couple: Case) -> None:
    """It holds no key for these pages; a cookie from the other process must not fail there."""
    app.extensions["portal.settings"] = replace(app.extensions["portal.settings"], role="partner")
    for path in ("/caseload", f"/cases/{couple.id}", "/admin"):
        answer = sit.client.get(path)
        assert (answer.status_code, answer.location) == (303, "/sign-in"), path
    assert sit.client.post(f"/cases/{couple.id}/interviews", data={"slot": "a"}).status_code == 401


TIME = {"slot": "a", "starts_at": "2027-01-01T10:00", "minutes": "50", "place": "Room 2"}
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("interviews", {"slot": "c", "note": "kept words"}, "interview-slot"),
    ("interviews", {"slot": "a", "private_setting": "on", "note": "kept words"}, "interview-private_setting"),
    ("interviews", {"slot": ["a", "b"], "note": "kept words"}, "interview-slot"),
    ("interviews", {"slot": "a", "note": "kept words\0"}, "interview-note"),
    ("interviews", {"slot": "a", "note": "kept words" + "x" * 20_000}, "interview-note"),
    ("clearances", {"tier": "R3", "note": "kept words"}, "clearance-tier"),
    ("clearances", {"tier": "A", "note": " "}, "clearance-note"),
    ("review", {"decision": "maybe", "note": "kept words"}, "review-decision"),
    ("review", {"decision": "override", "note": "kept words"}, "review-route"),
    ("review", {"decision": "override", "route": "solo", "note": "kept words"}, "review-reason_code"),
    ("review", {"decision": "override", "route": "solo", "reason_code": "other"}, "review-note"),
    ("review", {"decision": "accept", "format": "letter", "note": "kept words"}, "review-format"),
    ("releases", {"slot": "a", "letter": "free", "body": ""}, "release-body"),
    ("releases", {"slot": "a", "letter": "poem", "body": "kept words"}, "release-letter"),
    ("releases", {"slot": "a", "letter": "service", "body": "kept words"}, "release-names_service"),
    ("releases", {"slot": "a", "letter": "free", "body": "kept words, violence"}, "release-body"),
    ("invitations", {"slot": "b"}, "invitation-email"),
    ("invitations", {"slot": "b", "email": "b@example.org", "phone": "kept words"}, "invitation-email"),
    ("invitations", {"slot": "b", "email": "kept words"}, "invitation-email"),
    ("invitations", {"slot": "b", "phone": "kept words"}, "invitation-phone"),
    ("invitations", {"email": "b@example.org"}, "invitation-slot"),
    ("appointments", {**TIME, "starts_at": "kept words"}, "appointment-starts_at"),
    ("appointments", {**TIME, "starts_at": "2001-01-01T10:00"}, "appointment-starts_at"),
    ("appointments", {**TIME, "starts_at": "9999-12-31T23:59-08:00"}, "appointment-starts_at"),
    ("appointments", {**TIME, "minutes": "0", "place": "kept words"}, "appointment-minutes"),
    ("appointments", {**TIME, "place": "kept words\nx"}, "appointment-place"),
    ("requests", {"slot": "a", "kind": "again"}, "request-kind"),
    ("facts", {"slot": "a", "note": "kept words"}, "fact-note"),
    ("facts", {"slot": "a", "shared_account": "maybe", "note": "kept words"}, "fact-shared_account"),
]  # fmt: skip


def test_bad_input_names_the_field_and_keeps_the_rest(sit: Desk, couple: Case) -> None:
    for act, fields, where in BAD:
        page = sit.post(f"/cases/{couple.id}/{act}", fields, 400).text
        assert f'href="#{where}"' in page, (act, fields)
        assert element(page, where) is not None, (act, fields)
        is_kept = any("kept words" in str(value) for value in fields.values())
        assert ("kept words" in page) is is_kept, (act, fields)
        assert element(page, "error-title") is not None, (act, fields)


def test_invalid_bytes_are_a_fault_of_their_field(sit: Desk, couple: Case) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', sit.get("/caseload"))
    assert token is not None
    body = f"csrf_token={token[1]}&slot=a&note=kept+%ED%A0%80+words"
    answer = sit.client.post(
        f"/cases/{couple.id}/interviews", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400
    assert "#interview-note" in answer.text


CONFLICTS: list[tuple[str, dict[str, str], str]] = [
    ("clearances", {"tier": "A", "note": "kept words"}, "First see everyone who takes part alone"),
    ("review", {"decision": "accept", "format": "online", "note": "kept words"}, "First interview everyone"),
    ("review", {"decision": "accept", "recommendation": GONE, "note": "kept words"}, "A newer"),
    ("releases", {"slot": "a", "letter": "free", "body": "kept words"}, "First sign a review."),
    ("invitations", {"slot": "b", "email": "kept@example.org"}, "has joined already"),
    ("appointments", {**TIME, "slot": "both", "place": "kept words"}, "A joint appointment needs"),
]  # fmt: skip


def test_out_of_order_says_what_comes_first_and_keeps_the_text(sit: Desk, couple: Case) -> None:
    for act, fields, why in CONFLICTS:
        page = sit.post(f"/cases/{couple.id}/{act}", fields, 409).text
        assert why in words(page), act
        assert element(page, "refusal") is not None, act
        assert "kept" in page, act


def test_what_was_told_just_now_is_read_before_signing_and_keeps_the_text(sit: Desk, couple: Case) -> None:
    sit.post(f"/cases/{couple.id}/facts", {"slot": "a", "validity_concern": "yes"})
    page = sit.post(f"/cases/{couple.id}/review", {"decision": "accept", "note": "kept words"}, 409).text
    assert "Something new was told just now. Read the case anew, then decide." in words(page)
    assert "kept words" in page


@pytest.mark.parametrize(
    ("language", "why", "step"),
    [
        (
            "en",
            "found after the last interview with partner B. See them alone again",
            "see them alone again, as",
        ),
        ("es", "Después de la última entrevista con la persona B", "entrevístela de nuevo a solas"),
    ],
)
def test_what_was_found_since_the_interview_is_asked_about_before_it_is_cleared(
    house: World, sit: Desk, couple: Case, thea: Viewer, language: str, why: str, step: str
) -> None:
    """In the refusal, with what was typed kept; in the list of what must happen first; as what is next."""
    for slot in "ab":
        couple.see(slot, thea)
    with house.store.staff.write() as session:
        requests.send(session, house.tools, case_id=couple.id, slot="a", kind="refresh", by=thea)
        newest = session.scalar(select(table_of(Intake).c.id).where(table_of(Intake).c.round == 2))
    house.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    couple.save("a", intake_id=str(newest), harm_received__weapon="past_year")
    couple.see("a", thea)
    assert couple.route() == "safety"
    sit.post("/language", {"language": language})
    page = sit.post(f"/cases/{couple.id}/clearances", {"tier": "A", "note": "kept words"}, 409).text
    assert element(page, "refusal") is not None
    assert "kept words" in page
    assert why in words(page)
    assert step in words(sit.get(f"/cases/{couple.id}"))
    couple.see("b", thea)
    sit.post(f"/cases/{couple.id}/clearances", {"tier": "A", "note": "kept words"})
    assert step not in words(sit.get(f"/cases/{couple.id}"))


@pytest.mark.parametrize("is_again", [True, False])
def test_what_nobody_can_open_is_said_and_what_was_typed_stays(
    house: World, sit: Desk, couple: Case, thea: Viewer, is_again: bool
) -> None:
    """A save of another round leaves the page as it was; what the page itself reads is said in its place."""
    with house.store.staff.write() as session:
        if is_again:
            requests.send(session, house.tools, case_id=couple.id, slot="b", kind="refresh", by=thea)
            intake_id = session.scalar(select(table_of(Intake).c.id).where(table_of(Intake).c.round == 2))
            row = intakes.sealed_row(
                house.tools, intake_id=str(intake_id), section="safety", version=1, values={}
            )
            session.execute(insert(table_of(SealedEntry)), [{**row, "body_sealed": b"x"}])
        else:
            spoiled = {"body_sealed": b"x", "screened_at": None}
            session.execute(update(table_of(SealedEntry)).values(spoiled))
            session.execute(update(table_of(AnswerSet)).values(body_sealed=b"x"))
    answer = sit.post(f"/cases/{couple.id}/review", {"decision": "accept", "note": "my kept words"}, 409).text
    for wanted in (
        "Something was told that nobody can open",
        "bring back the key or the backup",
        "my kept words",
    ):
        assert wanted in words(answer), wanted
    page = words(sit.get(f"/cases/{couple.id}"))
    assert ("Something was told that nobody can open" in page) != is_again
    sit.post(f"/cases/{couple.id}/review", {"decision": "defer", "note": "We wait for the key."})


def test_a_page_that_nobody_can_draw_says_so_with_what_was_typed(
    house: World, sit: Desk, couple: Case, thea: Viewer
) -> None:
    """What staff wrote is boxed as well; a page that left it out would be taken for whole."""
    couple.see("a", thea)
    with house.store.staff.write() as session:
        session.execute(update(table_of(Interview)).values(note_box=b"x"))
    assert "Something was told that nobody can open" in words(sit.get(f"/cases/{couple.id}", 500))
    fields = {"decision": "override", "note": "my kept words"}
    assert "my kept words" in words(sit.post(f"/cases/{couple.id}/review", fields, 400).text)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "en",
            (
                "Answers in the form that cannot be opened: B: Ben Ortiz.",
                "Something was told that nobody can open",
                "Ask each person apart, by their safe channel, what matters now.",
                "Some of these answers cannot be opened",
                "Answers of B cannot be opened",
                "Bring the key or the backup back; ask each person apart",
            ),
        ),
        (
            "es",
            (
                "Respuestas del formulario que no se pueden abrir: B: Ben Ortiz.",
                "Se relató algo que nadie puede abrir",
                "Pregunte a cada persona por separado, por su vía segura, qué importa ahora.",
                "Algunas de estas respuestas no se pueden abrir",
                "Las respuestas de B no se pueden abrir",
                "Recuperar la clave o la copia de seguridad; preguntar a cada persona por separado",
            ),
        ),
    ],
)
def test_a_case_with_a_form_that_nobody_can_open_is_worked_on_and_says_whose(
    house: World, sit: Desk, desk: Sit, couple: Case, language: str, wanted: tuple[str, ...]
) -> None:
    with house.store.staff.write() as session:
        i, a = table_of(Intake).c, table_of(AnswerSet)
        theirs = select(i.id).where(i.partner_id == couple.ids["b"])
        session.execute(update(a).where(a.c.intake_id.in_(theirs)).values(body_sealed=b"x"))
        e = table_of(SealedEntry)
        lost = (e.c.intake_id.in_(theirs)) & (e.c.section == "health")
        session.execute(update(e).where(lost).values(body_sealed=b"x"))
    sit.post("/language", {"language": language})
    first = words(sit.get(f"/cases/{couple.id}"))
    house.work()
    pages = [sit.get(path) for path in (f"/cases/{couple.id}", f"/cases/{couple.id}/partners/b", "/caseload")]
    shown = [words(page) for page in pages]
    where = (first, first, shown[0], shown[1], shown[2], shown[2])
    for text, page in zip(wanted, where, strict=True):
        assert text in page, text
    assert element(pages[0], "recommendation") is not None
    assert 'data-route="consult"' in pages[0]
    for path in ("/calls", f"/cases/{couple.id}/calls"):
        assert "Ben Ortiz" in sit.get(path)
    ada = desk(house.staff("Ada", roles=("admin",)))
    admins = ada.get(f"/admin/cases/{couple.id}")
    assert wanted[1] not in words(admins)
    sit.post(f"/cases/{couple.id}/interviews", {"slot": "b", **TICKS, "note": "Calm."})
    sit.post(f"/cases/{couple.id}/closing", {"reason": "finished", "note": "Lost."})


@pytest.mark.parametrize(
    ("language", "told", "lost"),
    [
        ("en", "Something was told that nobody can open", "Nobody can open this"),
        ("es", "Se relató algo que nadie puede abrir", "Nadie puede abrir esto"),
    ],
)
def test_a_case_with_words_that_nobody_can_open_is_worked_on_and_says_so(
    house: World, sit: Desk, desk: Sit, couple: Case, language: str, told: str, lost: str
) -> None:
    """Its page is drawn, with the forms of what must go on; so are the calls, and an admin's page of it."""
    couple.say("b", "addition", {"text": "She moved out."})
    couple.say("b", "contact", {"channel": "phone", "address": "555 0199"})
    with house.store.staff.write() as session:
        session.execute(update(table_of(Statement)).values(body_sealed=b"x"))
    sit.post("/language", {"language": language})
    page = sit.get(f"/cases/{couple.id}")
    assert told in words(page)
    assert lost in words(page)
    assert "555 01" not in page
    assert lost in words(sit.get(f"/cases/{couple.id}/partners/b"))
    for path in ("/calls", f"/cases/{couple.id}/calls", "/caseload"):
        sit.get(path)
    assert told in words(sit.get(f"/cases/{couple.id}/brief.pdf", 500))
    fields = {"tier": "A", "note": "kept words"}
    answer = sit.post(f"/cases/{couple.id}/clearances", fields, 409).text
    assert told in words(answer)
    assert "kept words" in answer
    sit.post(f"/cases/{couple.id}/interviews", {"slot": "b", **TICKS, "note": "Calm."})
    ada = desk(house.staff("Ada", roles=("admin",)))
    assert ada.client.get(f"/admin/cases/{couple.id}").status_code == 200
    sit.post(f"/cases/{couple.id}/closing", {"reason": "finished", "note": "Lost."})


def test_an_invitation_that_was_withheld_says_why_to_therapists_alone(
    house: World, desk: Callable[..., Desk]
) -> None:
    """An admin must not learn of a danger: to them it is as it was asked for."""
    thea, ada = house.staff(), house.staff("Ada", roles=("admin",))
    case = house.case(therapist=thea)
    desk(thea).post(f"/cases/{case.id}/invitations", {"slot": "b", "email": "ben@example.org"})
    held = {"state": "withheld", "expires_at": None, "token_hash": None}
    pages = ("/admin", "/admin/cases", f"/admin/cases/{case.id}", f"/admin/cases/{case.id}/disclosures/b")
    before = [words(desk(ada).get(page)) for page in pages]
    with house.store.staff.write() as session:
        session.execute(table_of(Invitation).update().values(**held))
    page = words(desk(thea).get(f"/cases/{case.id}"))
    assert (
        "taken back: danger was told or contact was ruled out; if a mail went out, its link is dead" in page
    )
    assert "taken back while its mail waited" in page
    assert [words(desk(ada).get(page)) for page in pages] == before
    assert "Invited" in before[1]


SENSITIVE = [
    ("clearances", {"tier": "A", "note": "kept words"}),
    ("releases", {"slot": "a", "letter": "free", "body": "kept words"}),
]


@pytest.mark.parametrize(("act", "fields"), SENSITIVE)
def test_an_older_sign_in_needs_the_password_again(
    house: World, sit: Desk, thea: Viewer, couple: Case, act: str, fields: dict[str, str]
) -> None:
    couple.see("a", thea)
    couple.see("b", thea)
    couple.sign(thea)
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]
    path = f"/cases/{couple.id}/{act}"
    name = act.removesuffix("s")
    for given, message in (
        ({}, "give your password once more"),
        ({"password": "wrong"}, "not your password"),
    ):
        page = sit.post(path, {**fields, **given}, 400).text
        assert message in words(page)
        assert "kept words" in page
        assert element(page, f"{name}-password") is not None
        assert 'value="wrong"' not in page
    sit.post(path, {**fields, "password": PASSWORD})
    sit.post(path, fields)


def test_an_approver_sees_the_letter_alone(house: World, desk: Sit, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", "Ruth Adler", harm_received__weapon="past_year")
    case.sign(thea)
    author, ada = desk(thea), desk(house.staff("Ada", roles=("admin",)))
    omar = desk(house.staff("Omar"))
    fields = {"slot": "a", "letter": "free", "body": "We will call you on Thursday."}
    path = author.post(f"/cases/{case.id}/releases", fields).location
    assert f'href="{path}"' in author.get(f"/cases/{case.id}")
    assert path in omar.get("/caseload")
    for approver in (ada, omar):
        page = approver.get(path)
        assert "We will call you on Thursday." in page
        assert case.id not in page
        assert "Ruth" not in page
    assert "decides about this letter" in words(author.get(path))
    token = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', author.get(path))[1]}  # type: ignore[index]
    assert author.client.post(f"{path}/approval", data={**token, "decision": "approve"}).status_code == 409
    omar.post(f"{path}/approval", {"decision": "maybe"}, 400)
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]
    stale = omar.post(f"{path}/approval", {"decision": "approve"}, 400)
    assert "give your password once more" in words(stale.text)
    done = omar.post(f"{path}/approval", {"decision": "approve", "password": PASSWORD})
    assert done.location == path
    assert "released" in words(omar.get(path))
    omar.post(f"{path}/approval", {"decision": "refuse"}, 409)
    assert ada.client.get(path).status_code == 404
    assert omar.client.get(f"/releases/{GONE}").status_code == 404


def test_breaking_glass_by_the_address_of_the_case(house: World, desk: Sit, couple: Case) -> None:
    omar = desk(house.staff("Omar"))
    omar.get(f"/cases/{couple.id}", 404)
    for fields in ({"case": "x", "reason": "kept words"}, {"case": couple.id, "reason": ""},
                   {"case": GONE, "reason": "kept words"}):  # fmt: skip
        page = omar.post("/caseload/break-glass", fields, 400).text
        assert element(page, "error-title") is not None
        assert ("kept words" in page) is (fields["reason"] == "kept words")
    address = {"case": f"http://127.0.0.1:8000/cases/{couple.id}", "reason": "On call."}
    assert omar.post("/caseload/break-glass", address).location == f"/cases/{couple.id}"
    assert "You opened this case by break-glass" in words(omar.get(f"/cases/{couple.id}"))


def test_breaking_glass_at_the_case_itself(house: World, desk: Sit, couple: Case) -> None:
    omar = desk(house.staff("Omar"))
    omar.post(f"/cases/{couple.id}/break-glass", {"reason": ""}, 400)
    omar.post(f"/cases/{GONE}/break-glass", {"reason": "On call."}, 404)
    omar.post(f"/cases/{couple.id}/break-glass", {"reason": "On call."})
    omar.get(f"/cases/{couple.id}/partners/a")


def test_searching(sit: Desk, couple: Case) -> None:
    assert f"/cases/{couple.id}" in sit.post("/caseload/search", {"name": "lopez"}, 200).text
    nobody = sit.post("/caseload/search", {"name": "nobody here"}, 200).text
    assert "Nobody found" in words(nobody)
    assert words(nobody).count("Back to the") == 1
    assert 'value="nobody here"' in nobody
    sit.post("/caseload/search", {"name": "x" * 300}, 400)


def test_a_second_page(house: World, sit: Desk, thea: Viewer) -> None:
    for _ in range(51):
        house.case(therapist=thea)
    found = re.search(r'href="(/caseload\?after=[^"]+)"', sit.get("/caseload"))
    assert found is not None
    assert sit.get(found[1]).count('scope="row"') == 1
    assert "That was all" in words(sit.get("/caseload?after=9.0.0"))
    assert sit.get("/caseload?after=nonsense").count('scope="row"') == 50


def test_the_page_speaks_spanish_where_content_does(house: World, sit: Desk, couple: Case) -> None:
    sit.post("/language", {"language": "es"})
    said = words(sit.get(f"/cases/{couple.id}"))
    texts = ruleset().texts
    for wording in (
        texts.rules["R17b"].reasons["mixed_agenda"],
        texts.gates["not_signed"],
        texts.fields["lean"],
    ):
        assert wording.es in said


def test_merged_closed_and_twice_claimed_records_say_so(house: World, sit: Desk, couple: Case) -> None:
    from sqlalchemy import update

    from portal.models import CaseFile, table_of

    def mark(**values: object) -> str:
        with house.store.staff.write() as session:
            session.execute(update(table_of(CaseFile)).values(**values))
        return words(sit.get(f"/cases/{couple.id}"))

    assert "had been used before by somebody else" in mark(claims_invitation_id=GONE)
    said = mark(merged_into_id=GONE, closed_at=house.tools.now())
    assert "was merged into another case" in said
    assert "This case is closed." in said


def test_nothing_of_a_partner_is_there_for_partners(house: World, sit: Desk, couple: Case) -> None:
    from portal.services import sessions

    with house.store.partner.write() as session:
        token = sessions.open_partner(session, house.tools, account_id=couple.people["a"].id)
    partner = sit.client.application.test_client()
    partner.set_cookie("portal", token)
    stranger = sit.client.application.test_client()
    for path in ("/caseload", f"/cases/{couple.id}", f"/cases/{couple.id}/partners/a", f"/releases/{GONE}"):
        assert partner.get(path).status_code == 404
        assert stranger.get(path).location == "/sign-in"
        assert partner.post(path).status_code in (404, 405)


def test_a_letter_waiting_for_its_author_alone(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", harm_received__weapon="past_year")
    case.sign(thea)
    with house.store.staff.write() as session:
        draft = releases.Draft("a", "next_step", "We call you on Thursday.")
        letter = releases.write(session, house.tools, case_id=case.id, draft=draft, by=thea)
    house.tools.clock.move(hours=25)  # type: ignore[attr-defined]
    fresh = Desk(sit.client)
    with house.store.staff.write() as session:
        from portal.services import sessions

        token = sessions.open_staff(session, house.tools, staff_id=thea.id, second_factor=True)
    fresh.client.set_cookie("portal-staff", token)
    assert f"/releases/{letter}" in fresh.get("/caseload")
    fresh.post(f"/releases/{letter}/approval", {"decision": "refuse"})
    assert "refused" in words(fresh.get(f"/releases/{letter}"))


def test_the_next_thing_to_do_follows_the_case(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)

    def following() -> str:
        house.work()
        found = re.search(
            r'<section class="next".*?</section>', sit.get(f"/cases/{case.id}"), flags=re.DOTALL
        )
        assert found is not None
        return words(found[0]).strip()

    assert following() == "Next Nobody has joined yet. Invite"
    case.join("a")
    assert following().startswith("Next Nobody has sent the form yet.")
    case.send("a", call_first="yes")
    assert following().endswith("Call that person, by their safe channel. Note an interview")
    case.send("b", harm_received__weapon="past_year")
    assert following().endswith("by their safe channel only. Note an interview")
    case.see("a", thea)
    case.see("b", thea)
    assert following().endswith("or sign safety and keep them apart. Clear a safety tier")
    case.sign(thea)
    assert following() == "Next Signed and seen. Next: a letter for each person. Write a letter"


def test_one_form_is_there(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a")
    want = "The other form is not there yet: invite, or wait."
    assert f"{want} Note an interview" in words(sit.get(f"/cases/{case.id}"))
    assert "Call whoever has sent" in words(sit.get("/caseload"))
    case.see("a", thea)
    assert f"{want} Invite" in words(sit.get(f"/cases/{case.id}"))


def test_what_is_missing_is_asked_for(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", lean="")
    case.send("b")
    assert "Ask for it in neutral words, or sign as it stands. Ask again" in words(
        sit.get(f"/cases/{case.id}")
    )
    assert "Ask for what is missing" in words(sit.get("/caseload"))
