"""What `demo load` leaves behind: every route and reason, every stage, nothing half done."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from portal.content.rules import ruleset
from portal.demo import cast, roles
from portal.models import (
    Account,
    CaseFile,
    Intake,
    Invitation,
    Job,
    Letter,
    Mail,
    Notice,
    Review,
    StaffAccount,
    table_of,
)
from portal.services import audit_chain, couples, routing


def _house(demo: Flask) -> Any:
    return demo.extensions["portal.house"]


def _counted(demo: Flask, model: type, column: str) -> dict[str, int]:
    c = table_of(model).c
    with _house(demo).store.staff.read() as session:
        rows = session.execute(select(c[column], func.count()).group_by(c[column])).all()
    return {row[0]: row[1] for row in rows}


def test_every_case_ends_with_the_recommendation_of_the_cast(demo: Flask) -> None:
    house, found = _house(demo), {}
    with house.store.staff.read() as session:
        for key, case_id in roles.cases(session).items():
            newest = routing.latest(session, house.tools, case_id)
            body = newest.body if newest else {"route": "", "reason": "", "model": None}
            found[key] = (body["route"], body["reason"], body["model"] or "")
    assert found == {couple.key: (couple.route, couple.reason, couple.model) for couple in cast.couples()}


def test_the_recommendations_are_every_route_and_reason_of_the_table(demo: Flask) -> None:
    house = _house(demo)
    table = {
        (rule.route, reason)
        for rule in ruleset().rules
        for reason in (rule.reason, rule.reason_if_call_first)
        if reason
    }
    with house.store.staff.read() as session:
        case_ids = session.scalars(select(table_of(CaseFile).c.id)).all()
        newest = [routing.latest(session, house.tools, case_id) for case_id in case_ids]
    assert {(view.body["route"], view.body["reason"]) for view in newest if view is not None} == table


def test_nothing_is_left_to_do_and_nothing_failed(demo: Flask) -> None:
    jobs, mails = table_of(Job).c, table_of(Mail).c
    house = _house(demo)
    is_due = jobs.done_at.is_(None) & (jobs.due_at <= house.tools.now())
    with house.store.staff.read() as session:
        undone = session.execute(select(jobs.kind, jobs.last_error).where(is_due)).all()
        failed = session.execute(select(jobs.kind).where(jobs.last_error.is_not(None))).all()
        unsent = session.execute(select(mails.template).where(mails.sent_at.is_(None))).all()
    assert (undone, failed, unsent) == ([], [], [])


def test_the_audit_trail_holds_from_the_first_event_to_the_last(demo: Flask) -> None:
    house = _house(demo)
    with house.store.staff.read() as session:
        checked, fault = audit_chain.verify(session, house.tools)
    assert fault is None
    assert checked > 1500


def test_people_stand_everywhere_one_can_stand(demo: Flask) -> None:
    house, stands = _house(demo), Counter[str]()
    with house.store.staff.read() as session:
        for case_id in session.scalars(select(table_of(CaseFile).c.id)):
            stands.update(person.participation for person in couples.people(session, house.tools, case_id))
    assert set(stands) == {
        "submitted", "in_progress", "invited", "not_invited", "declined", "do_not_contact",
    }  # fmt: skip
    assert stands["submitted"] > 80


def test_letters_reviews_and_invitations_are_in_every_state(demo: Flask) -> None:
    assert set(_counted(demo, Letter, "state")) == {"waiting", "released"}
    assert set(_counted(demo, Review, "decision")) == {"accept", "override", "defer"}
    assert set(_counted(demo, Invitation, "state")) == {"held", "sent"}
    assert set(_counted(demo, Intake, "kind")) == {"first", "refresh", "missing"}
    assert set(_counted(demo, Notice, "kind")) == {"letter", "appointment", "request"}
    assert set(_counted(demo, CaseFile, "origin")) == {"practice", "self_referral", "second_claim"}
    assert _counted(demo, StaffAccount, "roles") == {"admin": 1, "therapist": 3}


def test_forms_were_sent_over_the_last_ninety_days_and_never_in_the_future(demo: Flask) -> None:
    house, c = _house(demo), table_of(Intake).c
    with house.store.staff.read() as session:
        sent = session.scalars(select(c.submitted_at).where(c.submitted_at.is_not(None))).all()
    ages = sorted(house.tools.now() - at for at in sent)
    assert timedelta(0) < ages[0] < timedelta(days=1)
    assert timedelta(days=80) < ages[-1] < timedelta(days=91)


def test_every_account_is_printed_once_with_what_it_signs_in_with(demo: Flask, instance: Path) -> None:
    lines = [line.split("\t") for line in (instance / "printed.tsv").read_text().splitlines()]
    assert [(role, name) for role, name, *_ in lines[:4]] == [
        ("admin", "theo@practice.example"),
        ("therapist", "imani@practice.example"),
        ("therapist", "mateo@practice.example"),
        ("therapist", "wen@practice.example"),
    ]
    assert [len(totp) for *_, totp in lines[:4]] == [32, 32, 32, 32]
    assert {(role, totp) for role, _name, _password, totp in lines[4:]} == {("partner", "-")}
    assert len({name for _role, name, *_ in lines}) == len(lines)
    with _house(demo).store.staff.read() as session:
        accounts = session.scalar(select(func.count()).select_from(table_of(Account)))
    assert len(lines) - 4 == accounts
