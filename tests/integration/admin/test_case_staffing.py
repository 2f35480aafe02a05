"""Who may work on a case: cover, conflicts of interest, handing back, moving many, suggestions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from practice_world import Case, World
from sqlalchemy import select, update

from portal.domain.access import Viewer
from portal.models import AuditEvent, CaseFile, StaffAccount, table_of
from portal.services import (
    absences,
    admin_cases,
    alerts,
    assignments,
    break_glass,
    case_merges,
    caseload,
    cases,
    conflicts,
    handovers,
    sign_ins,
    staff_letters,
    staff_profiles,
)  # fmt: skip
from portal.services.errors import BadInput, NotFound, OutOfOrder


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff("Thea")


@pytest.fixture
def theo(world: World) -> Viewer:
    return world.staff("Theo")


def _may_open(world: World, case: Case, by: Viewer) -> bool:
    with world.store.staff.read() as session:
        try:
            cases.require_visible(session, world.tools, case.id, by)
        except NotFound:
            return False
        return True


def _listed(world: World, by: Viewer) -> list[str]:
    with world.store.staff.write() as session:
        return [row.id for row in caseload.page(session, world.tools, by=by).rows]


def _found(world: World, by: Viewer, name: str) -> list[str]:
    with world.store.staff.write() as session:
        return [row.id for row in caseload.search(session, world.tools, name=name, by=by).rows]


def _therapist_of(world: World, case: Case) -> str | None:
    c = table_of(CaseFile).c
    with world.store.staff.read() as session:
        found: str | None = session.scalar(select(c.therapist_id).where(c.id == case.id))
        return found


def _events(world: World, verb: str) -> list[tuple[str, dict[str, object]]]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        rows = session.execute(
            select(c.subject_id, c.detail).where(c.verb == verb).order_by(c.happened_at, c.id)
        ).all()
    # Several of one moment come in whatever order.
    return sorted(((row.subject_id, json.loads(row.detail)) for row in rows), key=repr)


def _away(world: World, by: Viewer, staff: Viewer, cover: str, *, first: int = 0, last: int = 0) -> None:
    today = world.tools.now().date()
    with world.store.staff.write() as session:
        absences.add(
            session, world.tools, staff_id=staff.id, first=(today + timedelta(first)).isoformat(),
            last=(today + timedelta(last)).isoformat(), cover=cover, by=by,
        )  # fmt: skip


def _bar(world: World, by: Viewer, case: Case, staff: Viewer, reason: str = "knows_them") -> None:
    with world.store.staff.write() as session:
        conflicts.bar(session, world.tools, case_id=case.id, staff_id=staff.id, reason=reason, by=by)


def _lift(world: World, by: Viewer, case: Case) -> None:
    with world.store.staff.write() as session:
        block = conflicts.of_case(session, case.id)[0]
        conflicts.lift(session, world.tools, case_id=case.id, block_id=block.id, by=by)


def _recuse(world: World, by: Viewer, case: Case, reason: str = "workload") -> None:
    with world.store.staff.write() as session:
        handovers.recuse(session, world.tools, case_id=case.id, reason=reason, by=by)


def _told(world: World, case: Case) -> list[str]:
    world.mails.clear()
    with world.store.staff.write() as session:
        alerts.tell_staff(session, world.tools, case_id=case.id, is_urgent=False)
    world.work()
    return sorted(to for to, _ in world.mails)


# Cover


def test_cover_opens_the_cases_for_exactly_the_span(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    case = world.case(therapist=thea)
    case.send("a", "Alma Ruiz")
    _away(world, ada, thea, theo.id, first=1, last=2)
    seen = []
    for _day in range(4):
        seen.append(
            (_may_open(world, case, theo), case.id in _listed(world, theo), bool(_found(world, theo, "Alma")))
        )
        world.tools.clock.move(days=1)  # type: ignore[attr-defined]
    assert seen == [(False,) * 3, (True,) * 3, (True,) * 3, (False,) * 3]
    assert _may_open(world, case, thea)
    with world.store.staff.read() as session:
        assert absences.coming(session, world.tools) == ()


def test_a_covered_case_is_not_one_opened_by_break_glass(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    case = world.case(therapist=thea)
    _away(world, ada, thea, theo.id)
    with world.store.staff.read() as session:
        seen = [cases.head(session, world.tools, case.id, by) for by in (thea, theo)]
    assert [(head.by_cover, head.by_break_glass) for head in seen] == [(False, False), (True, False)]


def test_alerts_reach_whoever_covers_and_nobody_with_a_conflict(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    case = world.case(therapist=thea)
    world.staff("Tilda")
    assert _told(world, case) == ["Thea@example.org"]
    _away(world, ada, thea, theo.id)
    assert _told(world, case) == ["Thea@example.org", "Theo@example.org"]
    _bar(world, ada, case, theo)
    _bar(world, ada, case, thea)
    assert _told(world, case) == ["Tilda@example.org"]


def test_an_absence_ends_early_or_never_begins(world: World, ada: Viewer, thea: Viewer, theo: Viewer) -> None:
    case = world.case(therapist=thea)
    _away(world, ada, thea, theo.id, last=3)
    _away(world, ada, thea, "", first=10, last=12)
    with world.store.staff.write() as session:
        now, later = absences.coming(session, world.tools)
        assert (now.is_now, now.cover_id, later.is_now, later.cover_id) == (True, theo.id, False, None)
        assert (later.last - later.first).days == 2
        for view in (now, later):
            absences.end(session, world.tools, staff_id=thea.id, absence_id=view.id, by=ada)
    world.tools.clock.move(days=11)  # type: ignore[attr-defined]
    assert not _may_open(world, case, theo)
    assert _events(world, "absence.ended") == [(thea.id, {"cover": theo.id}), (thea.id, {"cover": None})]
    with world.store.staff.write() as session, pytest.raises(NotFound):
        absences.end(session, world.tools, staff_id=thea.id, absence_id=now.id, by=ada)


@pytest.mark.parametrize(
    ("first", "last", "cover", "faults"),
    [
        ("", "x", "", {"away_from": "missing", "away_until": "bad_date"}),
        ("2090-02-02", "2090-02-01", "", {"away_until": "before_since"}),
        ("2001-02-02", "2001-02-03", "", {"away_until": "is_past"}),
        ("2090-02-02", "2092-02-03", "", {"away_until": "too_far"}),
        ("2090-02-02", "2090-02-03", "self", {"cover": "no_such_therapist"}),
        ("2090-02-02", "2090-02-03", "ada", {"cover": "no_such_therapist"}),
        ("2090-02-02", "2090-02-03", "nobody", {"cover": "no_such_therapist"}),
    ],
)
def test_an_absence_that_cannot_be(
    world: World, ada: Viewer, thea: Viewer, first: str, last: str, cover: str, faults: dict[str, str]
) -> None:
    chosen = {"self": thea.id, "ada": ada.id}.get(cover, cover)
    with world.store.staff.write() as session, pytest.raises(BadInput) as refused:
        absences.add(session, world.tools, staff_id=thea.id, first=first, last=last, cover=chosen, by=ada)
    assert refused.value.faults == faults


# Conflicts of interest


def test_a_conflict_closes_the_case_in_every_way(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    case = world.case(therapist=thea)
    case.send("a", "Alma Ruiz")
    with world.store.staff.write() as session:
        break_glass.open_case(session, world.tools, case_id=case.id, reason="fire", by=theo)
    _away(world, ada, thea, theo.id)
    assert (_may_open(world, case, theo), _listed(world, theo), _found(world, theo, "Alma")) == (
        True, [case.id], [case.id],
    )  # fmt: skip
    _bar(world, ada, case, theo)
    _bar(world, ada, case, theo, "family")  # stands already
    assert (_may_open(world, case, theo), _listed(world, theo), _found(world, theo, "Alma")) == (
        False,
        [],
        [],
    )
    with world.store.staff.write() as session, pytest.raises(NotFound):
        break_glass.open_case(session, world.tools, case_id=case.id, reason="fire", by=theo)
    with world.store.staff.write() as session:
        digest = sign_ins.email_digest(world.tools, "theo@example.org")
        staff = table_of(StaffAccount)
        session.execute(update(staff).where(staff.c.id == theo.id).values(email_digest=digest))
    with world.store.staff.write() as session, pytest.raises(BadInput) as refused:
        admin_cases.assign(session, world.tools, case_id=case.id, therapist="theo@example.org", by=ada)
    assert refused.value.faults == {"therapist": "conflict"}
    _lift(world, ada, case)
    assert _may_open(world, case, theo)
    detail = {"staff": theo.id, "reason": "knows_them"}
    assert _events(world, "case.conflict_set") == [(case.id, {**detail, "unassigned": False})]
    assert _events(world, "case.conflict_lifted") == [(case.id, detail)]


def test_a_conflict_takes_a_case_from_its_therapist(world: World, ada: Viewer, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    _bar(world, ada, case, thea)
    assert (_therapist_of(world, case), _may_open(world, case, thea)) == (None, False)


def test_nobody_lifts_what_keeps_them_away_themselves(world: World, thea: Viewer, ada: Viewer) -> None:
    both = world.staff("Both", roles=("admin", "therapist"))
    case = world.case(therapist=thea)
    _bar(world, ada, case, both)
    with pytest.raises(OutOfOrder):
        _lift(world, both, case)
    with world.store.staff.write() as session, pytest.raises(NotFound):
        conflicts.lift(session, world.tools, case_id=case.id, block_id="x", by=ada)


def test_what_no_conflict_can_be(world: World, ada: Viewer, thea: Viewer) -> None:
    case = world.case()
    for staff_id, reason, faults in (
        (thea.id, "gossip", {"reason": "not_an_option"}), ("x", "family", {"person": "not_an_option"}),
    ):  # fmt: skip
        with world.store.staff.write() as session, pytest.raises(BadInput) as refused:
            conflicts.bar(session, world.tools, case_id=case.id, staff_id=staff_id, reason=reason, by=ada)
        assert refused.value.faults == faults
    with world.store.staff.write() as session, pytest.raises(NotFound):
        conflicts.bar(session, world.tools, case_id="x", staff_id=thea.id, reason="family", by=ada)


def test_conflicts_go_along_when_records_are_merged(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    case, again = world.case(slots="a"), world.case(slots="a")
    case.send("a", "Bo")
    again.send("a", "Bo")
    _bar(world, ada, case, thea)
    _bar(world, ada, again, thea)
    _bar(world, ada, again, theo, "family")
    with world.store.staff.write() as session:
        case_merges.merge(session, world.tools, case_id=case.id, other=again.id, slot="a", by=ada)
        apart = session.scalars(
            select(table_of(CaseFile).c.id).where(table_of(CaseFile).c.origin == "set_apart")
        ).one()
        kept = {
            where: sorted((block.staff_id, block.reason) for block in conflicts.of_case(session, where))
            for where in (case.id, apart)
        }
    assert kept == {
        case.id: sorted([(thea.id, "knows_them"), (theo.id, "family")]),
        apart: [(thea.id, "knows_them")],
    }


def test_a_letter_is_not_for_an_approver_with_a_conflict(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    case = world.case(therapist=thea)
    case.send("a", fear="strong")
    case.send("b")
    for slot in "ab":
        case.see(slot, thea)
    from portal.services import releases, reviews

    with world.store.staff.write() as session:
        reviews.make(session, world.tools, case_id=case.id, choice=reviews.Choice(decision="accept"), by=thea)
        draft = releases.Draft(
            slot="a", letter="free", body="We would like to talk with you by yourself first."
        )
        letter = releases.write(session, world.tools, case_id=case.id, draft=draft, by=thea)
        assert [one.id for one in staff_letters.waiting(session, world.tools, by=theo)] == [letter]
    _bar(world, ada, case, theo)
    with world.store.staff.write() as session:
        assert staff_letters.waiting(session, world.tools, by=theo) == ()
        assert caseload.page(session, world.tools, by=theo).letters == ()
        with pytest.raises(NotFound):
            staff_letters.view(session, world.tools, letter_id=letter, by=theo)


# Handing back


def test_a_case_handed_back_is_everybodys_but_theirs(world: World, thea: Viewer, theo: Viewer) -> None:
    case = world.case(therapist=thea)
    _recuse(world, thea, case, "own_story")
    world.work()
    assert (_therapist_of(world, case), _may_open(world, case, thea), _may_open(world, case, theo)) == (
        None, False, True,
    )  # fmt: skip
    assert _events(world, "case.recused") == [(case.id, {"reason": "own_story"})]
    assert [to for to, _ in world.mails] == ["Theo@example.org"]


def test_a_case_is_not_handed_back_to_nobody(world: World, ada: Viewer, thea: Viewer, theo: Viewer) -> None:
    case = world.case(therapist=thea)
    with pytest.raises(NotFound):
        _recuse(world, theo, case)
    with pytest.raises(BadInput):
        _recuse(world, thea, case, "bored")
    _bar(world, ada, case, theo)
    with pytest.raises(OutOfOrder):
        _recuse(world, thea, case)
    assert _therapist_of(world, case) == thea.id


# Moving many


def test_many_cases_move_but_for_a_conflict(world: World, ada: Viewer, thea: Viewer, theo: Viewer) -> None:
    first, second, third, others = (world.case(therapist=thea) for _ in range(4))
    foreign = world.case(therapist=theo)
    _bar(world, ada, second, theo)
    chosen = [first.id, second.id, third.id, foreign.id, "x"]
    with world.store.staff.write() as session:
        moves = handovers.preview(session, world.tools, staff_id=thea.id, chosen=chosen, to=theo.id)
        assert {move.case.id: move.reason for move in moves} == {
            first.id: None, second.id: "conflict", third.id: None,
        }  # fmt: skip
        assert _move(world, session, thea, chosen, theo.id, ada) == 2
    assert [_therapist_of(world, case) for case in (first, second, third, others)] == [
        theo.id, thea.id, theo.id, thea.id,
    ]  # fmt: skip
    assert sorted(_events(world, "case.assigned")) == sorted(
        (case.id, {"therapist": theo.id, "from": thea.id}) for case in (first, third)
    )
    with world.store.staff.write() as session:
        assert _move(world, session, thea, [second.id], "", ada) == 1
    assert _events(world, "case.unassigned") == [(second.id, {"therapist": None, "from": thea.id})]


def _move(world: World, session: object, staff: Viewer, chosen: list[str], to: str, by: Viewer) -> int:
    return handovers.reassign(session, world.tools, staff_id=staff.id, chosen=chosen, to=to, by=by)  # type: ignore[arg-type]


def test_cases_that_cannot_move(world: World, ada: Viewer, thea: Viewer) -> None:
    world.case(therapist=thea)
    with world.store.staff.read() as session, pytest.raises(BadInput) as refused:
        handovers.preview(session, world.tools, staff_id=thea.id, chosen=(), to=ada.id)
    assert refused.value.faults == {"case": "missing", "to": "no_such_therapist"}


# What therapists offer, and who is suggested

OFFER = {
    "trainings": ["", "eft_core", "discernment"], "languages": ["en"], "formats": ["online"],
    "hours": ["mon_evening"], "places": ["3"],
}  # fmt: skip


def _offer(world: World, by: Viewer, staff: Viewer, given: dict[str, list[str]]) -> None:
    world.tools.clock.move(seconds=1)  # type: ignore[attr-defined]
    with world.store.staff.write() as session:
        staff_profiles.change(session, world.tools, staff_id=staff.id, given=given, by=by)


def test_a_profile_is_kept_changed_in_part_and_told_by_field_only(
    world: World, ada: Viewer, thea: Viewer
) -> None:
    _offer(world, ada, thea, OFFER)
    _offer(world, ada, thea, {"languages": ["", "es", "ase"]})
    _offer(world, ada, thea, {"languages": ["ase", "es"], "places": ["3"]})  # the same
    with world.store.staff.read() as session:
        kept = staff_profiles.all_profiles(session, world.tools)[thea.id]
    assert (kept.trainings, kept.languages, kept.formats, kept.times, kept.places) == (
        {"eft_core", "discernment"}, {"es", "ase"}, {"online"}, {"weekday_evenings"}, 3,
    )  # fmt: skip
    assert _events(world, "staff.profile_changed") == [
        (thea.id, {"fields": ["formats", "hours", "languages", "places", "trainings"]}),
        (thea.id, {"fields": ["languages"]}),
    ]
    _offer(world, ada, thea, {"places": [""]})
    with world.store.staff.read() as session:
        assert staff_profiles.all_profiles(session, world.tools)[thea.id].places is None


@pytest.mark.parametrize("places", ["-1", "61", "²", "x", "1000"])
def test_a_profile_that_cannot_be(world: World, ada: Viewer, thea: Viewer, places: str) -> None:
    with pytest.raises(BadInput) as refused:
        _offer(world, ada, thea, {"trainings": ["juggling"], "hours": ["mon_night"], "places": [places]})
    assert refused.value.faults == {
        "trainings": "not_an_option", "hours": "not_an_option", "places": "out_of_range",
    }  # fmt: skip


def _suggested(world: World, case: Case, by: Viewer) -> tuple[list[tuple[str, tuple[str, ...]]], str | None]:
    with world.store.staff.write() as session:
        told = assignments.suggest(session, world.tools, case_id=case.id, by=by)
    return [(one.id, one.missing) for one in told.ranked], told.training


MIXED = {"lean": "4", "commit_months": "no", "doubts_told": "yes"}


def test_suggestions_say_what_is_missing_and_name_a_training_to_therapists_of_the_case_alone(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    _offer(world, ada, thea, OFFER)
    _offer(world, ada, theo, {**OFFER, "trainings": ["eft_core"], "places": ["0"]})
    case = world.case(therapist=thea)
    case.send(
        "a", preference_format="online", preference_times=["weekday_evenings"], preference_language="en"
    )
    case.send(
        "b", preference_format="either", preference_times=["none"], preference_language="either", **MIXED
    )
    assert case.route() == "discernment"
    expected = [(thea.id, ()), (theo.id, ("training", "places"))]
    assert _suggested(world, case, ada) == (expected, None)
    assert _suggested(world, case, thea) == (expected, "discernment")
    _away(world, ada, thea, theo.id)
    assert _suggested(world, case, theo)[1] == "discernment"
    _bar(world, ada, case, thea)
    assert _suggested(world, case, thea)[0] == [
        (theo.id, ("training", "places")),
        (thea.id, ("conflict", "present")),
    ]
    assert {subject for subject, _ in _events(world, "case.suggestions_viewed")} == {case.id}


def test_before_anybody_sent_the_language_of_their_pages_counts(
    world: World, ada: Viewer, thea: Viewer
) -> None:
    case = world.case()
    assert _suggested(world, case, ada)[0] == [(thea.id, ())]
    case.join("a")
    assert _suggested(world, case, ada)[0] == [(thea.id, ("language",))]


def test_who_saw_one_of_them_alone_is_not_suggested_for_both(
    world: World, ada: Viewer, thea: Viewer, theo: Viewer
) -> None:
    from portal.services import reviews

    _offer(world, ada, thea, OFFER)
    case = world.case(therapist=thea)
    case.send("a", preference_language="other")
    case.send("b", **MIXED)
    for slot in "ab":
        case.see(slot, thea)

    def sign(**choice: str) -> None:
        world.tools.clock.move(seconds=1)  # type: ignore[attr-defined]
        with world.store.staff.write() as session:
            told = reviews.Choice(**{"decision": "override", "note": "x", "reason_code": "other", **choice})  # type: ignore[arg-type]
            reviews.make(session, world.tools, case_id=case.id, choice=told, by=thea)

    sign(route="solo")
    assert _suggested(world, case, ada)[0] == [(thea.id, ()), (theo.id, ("language",))]
    sign(route="couples", model="eft", format="in_person")
    assert _suggested(world, case, ada)[0] == [
        (theo.id, ("training", "language", "format")),
        (thea.id, ("alone", "format")),
    ]
