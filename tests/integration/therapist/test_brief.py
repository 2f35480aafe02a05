"""``brief.pdf``: two pages, tagged, made from the page's own figures, for one therapist and nobody else."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from practice_world import Case, Desk, World
from pypdf import PdfReader
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.models import AuditEvent, table_of
from portal.services import case_views
from portal.services.tools import Tools
from portal.web.therapist import brief
from portal.web.therapist.presenters import brief_presenter, case_presenter, figures_presenter

Sit = Callable[[Viewer], Desk]
LONG = "We keep having the same talk about money and time, and neither of us hears the other. " * 40
ACTS = ("insult", "threat", "physical", "injury", "sexual_force", "sexual_pressure", "weapon", "stalking")


@pytest.fixture
def couple(house: World, thea: Viewer) -> Case:
    case = house.case(therapist=thea)
    case.send(
        "a",
        "Ana López",
        chosen_name="Ana",
        lean="4",
        commit_months="unsure",
        goals=["closer"],
        own_words="A hush.",
    )
    case.send("b", "Ben Ortiz", goals=["closer", "trust"], mood_1="3", mood_2="3")
    return case


def view_of(house: World, tools: Tools, case: Case, by: Viewer) -> case_views.CaseView:
    with house.store.staff.write() as session:
        return case_views.opened(session, tools, case_id=case.id, by=by)


def read(paper: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(paper))


def words(paper: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(paper).pages).split())


def tags(paper: bytes) -> list[tuple[str, str]]:
    """Every structure element: its kind and its alternative text."""
    found: list[tuple[str, str]] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, Mapping):
            if "/S" in node:
                found.append((str(node["/S"]), str(node.get("/Alt", ""))))
            walk(node.get("/K", []))
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(read(paper).trailer["/Root"]["/StructTreeRoot"])
    return found


def test_the_brief_is_a_tagged_document_of_two_pages(
    house: World, desk: Sit, thea: Viewer, couple: Case
) -> None:
    answer = desk(thea).client.get(f"/cases/{couple.id}/brief.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    headers = ("Cache-Control", "Content-Disposition", "Content-Security-Policy", "X-Content-Type-Options")
    assert [answer.headers[name] for name in headers] == [
        "no-store", 'attachment; filename="brief.pdf"', "sandbox; default-src 'none'", "nosniff",
    ]  # fmt: skip
    paper, root = answer.data, read(answer.data).trailer["/Root"]
    assert (len(read(paper).pages), root["/Lang"], root["/MarkInfo"]["/Marked"]) == (2, "en", True)
    assert read(paper).metadata.title == "Brief: A: Ana López · B: Ben Ortiz"  # type: ignore[union-attr]
    kinds = [kind for kind, _alt in tags(paper)]
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/L", "/Figure"} <= set(kinds)
    charts = [alt for kind, alt in tags(paper) if kind == "/Figure" and alt]
    assert [alt.split(".")[0] for alt in charts] == ["Strain", "Direction"]
    assert "Staying or leaving: A: Ana 4, B: Ben Ortiz 1" in charts[1]


def test_it_says_what_the_page_says(house: World, desk: Sit, thea: Viewer, couple: Case) -> None:
    text = words(desk(thea).client.get(f"/cases/{couple.id}/brief.pdf").data)
    for part in (
        "Staff-internal, for one therapist.", "Discernment", "One is unsure and not ready to commit",
        "See each person alone", "by Nov 30, 2026", "Private to this person", "A hush.", "called: Ana",
        "Goals. Both: To feel closer again", "Nobody reports acts, control or fear.", "not verified",
    ):  # fmt: skip
        assert part in text, part
    # Where somebody may be reached stays in the portal, beside what may be said there.
    assert "555 0101" not in text


def test_page_and_paper_are_made_from_the_same_figures(
    app: Flask, house: World, tools: Tools, thea: Viewer, couple: Case
) -> None:
    view = view_of(house, tools, couple, thea)
    with app.test_request_context():
        page, figures = case_presenter.present(view), figures_presenter.present(view)
        paper = brief_presenter.present(view)
    assert page.figures == figures
    rows = [row for panel in figures.panels for row in panel.rows]
    assert [row[:3] for row in paper["scales"]] == [[row.label, str(row.a), str(row.b)] for row in rows]
    assert paper["told"] == [[row.what, row.affects, row.verdict, row.accounts] for row in figures.told]
    assert [step["text"] for step in paper["steps"]] == [step.text for step in page.steps]


def test_making_it_is_an_event_of_its_own(house: World, desk: Sit, thea: Viewer, couple: Case) -> None:
    desk(thea).client.get(f"/cases/{couple.id}/brief.pdf")
    c = table_of(AuditEvent).c
    with house.store.staff.read() as session:
        rows = session.execute(select(c.actor_id, c.subject_id).where(c.verb == "brief.made")).all()
    assert [tuple(row) for row in rows] == [(thea.id, couple.id)]


def test_the_same_moment_gives_the_same_bytes(
    app: Flask, house: World, tools: Tools, thea: Viewer, couple: Case
) -> None:
    view = view_of(house, tools, couple, thea)
    with app.test_request_context():
        first, second = brief.document(view), brief.document(view)
        tools.clock.move(minutes=1)  # type: ignore[attr-defined]
        later = brief.document(view)
    assert first == second != later


def test_long_texts_and_every_report_still_fit_on_two_pages(house: World, desk: Sit, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    told = {f"harm_received__{act}": "past_year" for act in ACTS} | {
        f"harm_done__{act}": "earlier" for act in ACTS
    }
    own = dict.fromkeys(("own_words", "good_things", "anything_else", "reasons_own", "goals_own"), LONG)
    case.send("a", "Ana " * 12, control_received=["money", "phone"], mood_1="3", mood_2="3", **told, **own)
    case.send("b", "Ben", suicide_level="2", voluntary="2", lean="5", **told, **own)
    paper = desk(thea).client.get(f"/cases/{case.id}/brief.pdf").data
    assert len(read(paper).pages) == 2
    assert "more in the portal" in words(paper)


def test_it_speaks_the_readers_language(house: World, desk: Sit, thea: Viewer, couple: Case) -> None:
    sit = desk(thea)
    sit.post("/language", {"language": "es"})
    paper = sit.client.get(f"/cases/{couple.id}/brief.pdf").data
    assert read(paper).trailer["/Root"]["/Lang"] == "es"
    assert "Uso interno" in words(paper)


def test_a_case_before_any_form_has_a_brief_too(house: World, desk: Sit, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    text = words(desk(thea).client.get(f"/cases/{case.id}/brief.pdf").data)
    assert "No recommendation yet" in text
    case.join("a", "李 🦊")
    case.save("a", fear="strong")
    assert "fear of the partner" in words(desk(thea).client.get(f"/cases/{case.id}/brief.pdf").data)


def test_nobody_elses_therapist_gets_it(house: World, desk: Sit, couple: Case) -> None:
    other = desk(house.staff("Theo"))
    assert other.client.get(f"/cases/{couple.id}/brief.pdf").status_code == 404
