"""Who may open what: caseload, case, one partner's file, break-glass, facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from practice_world import Case, World
from sqlalchemy import delete, event, func, insert, select, update

from portal.domain.access import Viewer
from portal.models import AuditEvent, CaseFile, Consent, Recommendation, table_of
from portal.services import (
    break_glass,
    case_names,
    case_views,
    caseload,
    cases,
    facts,
    intakes,
    invitations,
    partner_files,
    releases,
)
from portal.services.case_views import CaseView
from portal.services.caseload import CaseloadPage, CaseloadRow
from portal.services.caseload_filters import Cursor
from portal.services.errors import BadInput, NotFound
from portal.services.partner_files import PartnerFile
from portal.services.staff_letters import WaitingLetter
from portal.vault import Place


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


@pytest.fixture
def omar(world: World) -> Viewer:
    return world.staff("Omar")


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Statements run on the staff engine, without BEGIN and PRAGMA."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if not text.startswith(("BEGIN", "PRAGMA", "SELECT pg_advisory")):
            found.append(text)

    event.listen(world.store.staff.engine, "before_cursor_execute", note)
    yield found
    event.remove(world.store.staff.engine, "before_cursor_execute", note)


def page(world: World, by: Viewer, after: Cursor | None = None) -> CaseloadPage:
    with world.store.staff.write() as session:
        return caseload.page(session, world.tools, by=by, after=after)


def search(world: World, by: Viewer, name: str) -> list[str]:
    with world.store.staff.write() as session:
        return [row.id for row in caseload.search(session, world.tools, name=name, by=by).rows]


def view(case: Case, by: Viewer) -> CaseView:
    with case.world.store.staff.write() as session:
        return case_views.opened(session, case.world.tools, case_id=case.id, by=by)


def file(case: Case, by: Viewer, slot: str = "a", number: int | None = None) -> PartnerFile:
    with case.world.store.staff.write() as session:
        return partner_files.opened(
            session, case.world.tools, case_id=case.id, slot=slot, number=number, by=by
        )


def break_in(case: Case, by: Viewer) -> None:
    with case.world.store.staff.write() as session:
        break_glass.open_case(session, case.world.tools, case_id=case.id, reason="On call tonight.", by=by)


def events(world: World, verb: str) -> list[tuple[str, str]]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        rows = session.execute(select(c.actor_id, c.subject_id).where(c.verb == verb)).all()
    return [(row.actor_id, row.subject_id) for row in rows]


def test_safety_comes_first_then_who_waits_longest(world: World, thea: Viewer) -> None:
    couple, waiting, danger, older = (world.case(therapist=thea) for _ in range(4))
    older.send("a", "Kim")
    older.send("b", "Jo")
    couple.send("a", "Ana López")
    couple.send("b", "Ben Ortiz")
    waiting.send("a")
    danger.send("a", "Ruth", harm_received__weapon="past_year")
    found = page(world, thea)
    assert [row.id for row in found.rows] == [danger.id, older.id, couple.id, waiting.id]
    row = found.rows[2]
    assert row == CaseloadRow(
        id=couple.id, names=("Ana López", "Ben Ortiz"), urgency=3, at=row.waiting_since,
        waiting_since=row.waiting_since, opened_at=row.opened_at, therapist_id=thea.id, route="couples",
        reason="matched", rule="R18b", rules=("R18b",), gates=("not_signed", "interview_each"), is_new=True,
    )  # fmt: skip
    assert (found.letters, found.after) == ((), None)
    assert found.rows[0].names == ("Ruth", None)
    assert events(world, "caseload.viewed") == [(thea.id, thea.id)]


def test_own_cases_nobodys_and_those_behind_broken_glass(world: World, thea: Viewer, omar: Viewer) -> None:
    own, nobodys, colleagues = world.case(therapist=thea), world.case(), world.case(therapist=omar)
    assert {row.id for row in page(world, thea).rows} == {own.id, nobodys.id}
    break_in(colleagues, thea)
    break_in(own, thea)
    assert {row.id for row in page(world, thea).rows} == {own.id, nobodys.id, colleagues.id}
    world.tools.clock.move(hours=9)  # type: ignore[attr-defined]
    assert {row.id for row in page(world, thea).rows} == {own.id, nobodys.id}


def test_pages_follow_each_other_without_gap_or_double(world: World, thea: Viewer) -> None:
    made = [world.case(therapist=thea if n % 2 else None).id for n in range(103)]
    seen: list[str] = []
    after = None
    for size in (50, 50, 3):
        found = page(world, thea, after)
        assert len(found.rows) == size
        seen += [row.id for row in found.rows]
        after = Cursor.parse(str(found.after)) if found.after else None
        assert after == found.after
    assert after is None
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "x.1.a", "1.2.A", "1.2.a\n", "1." + "9" * 18 + ".a", "12.3.a"]
)
def test_a_made_up_cursor_is_no_cursor(text: str) -> None:
    assert Cursor.parse(text) is None


def test_a_page_takes_two_statements_however_much_it_holds(world: World, thea: Viewer) -> None:
    """And a third when it shows what this process never opened, whatever that is."""
    with counted(world) as empty:
        page(world, thea)
    for _ in range(3):
        case = world.case(therapist=thea)
        case.send("a")
        case.send("b")
    found = []
    for _ in range(2):
        with counted(world) as full:
            page(world, thea)
        found.append(len(full))
    assert (len(empty), found) == (2, [3, 2])


def test_what_another_process_added_or_erased_is_seen_at_the_next_look(world: World, thea: Viewer) -> None:
    """Names and advice are remembered by the ids of their rows; which are there is asked each time."""
    case = world.case(therapist=thea)
    case.send("a", "Ana")
    case.send("b", "Ben")
    n, r = table_of(Consent), table_of(Recommendation)
    newest = select(func.max(r.c.made_at)).scalar_subquery()

    def shown() -> tuple[object, ...]:
        rows = [page(world, thea).rows for _ in range(2)]
        assert rows[0] == rows[1]
        return (*rows[0][0].names, rows[0][0].route)

    before = shown()
    assert (before[:2], before[2] is None) == (("Ana", "Ben"), False)
    consent_id, given_at = world.tools.new_id(), world.tools.now()
    sealed = world.tools.vault.seal(Place("consent", "name_sealed", consent_id), "Anna")
    kept = {"id": consent_id, "partner_id": case.ids["a"], "version": "2026.1", "policy": "b"}
    kept |= {"language": "en", "text_hash": "-", "name_sealed": sealed, "given_at": given_at}
    with world.store.staff.write() as session:
        session.execute(insert(n), [kept])
        session.execute(delete(n).where(n.c.partner_id == case.ids["b"]))
        session.execute(delete(r).where(r.c.made_at == newest))
    after = shown()
    assert (after[:2], after[2]) == (("Anna", None), "wait")
    with world.store.staff.write() as session:
        session.execute(delete(n))
        session.execute(delete(r))
    assert shown() == (None, None, None)


def test_letters_for_ones_own_approval_stand_on_the_page(world: World, thea: Viewer, omar: Viewer) -> None:
    case = world.case(therapist=omar)
    case.send("a", harm_received__weapon="past_year")
    case.sign(omar)
    with world.store.staff.write() as session:
        draft = releases.Draft("a", "free", "We call you on Thursday.")
        letter = releases.write(session, world.tools, case_id=case.id, draft=draft, by=omar)
    assert page(world, omar).letters == ()
    found = page(world, thea)
    assert found.letters == (WaitingLetter(letter, omar.id, world.tools.now()),)
    assert found.rows == ()


@pytest.mark.parametrize("name", ["lopez", "ANA", "ana lop", "López, Ana", "garcía"])
def test_a_name_is_found_without_case_and_accents(world: World, thea: Viewer, name: str) -> None:
    case, other = world.case(therapist=thea), world.case(therapist=thea)
    case.join("a", "Ana López-García")
    other.join("a", "Kim Park")
    assert search(world, thea, name.replace(",", "")) == [case.id]


@pytest.mark.parametrize("name", ["", "opez", "nobody", "Ana Park"])
def test_a_name_is_not_found(world: World, thea: Viewer, name: str) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ana López")
    assert search(world, thea, name) == []


def test_closed_cases_are_found_by_name_and_colleagues_cases_are_not(
    world: World, thea: Viewer, omar: Viewer
) -> None:
    case, colleagues = world.case(therapist=thea), world.case(therapist=omar)
    case.join("a", "Ana López")
    colleagues.join("a", "Ana Soto")
    with world.store.staff.write() as session:
        session.execute(update(table_of(CaseFile)).values(closed_at=world.tools.now()))
    assert search(world, thea, "ana") == [case.id]
    assert page(world, thea).rows == ()
    assert events(world, "caseload.searched") == [(thea.id, thea.id)]


def test_a_colleagues_case_and_no_case_at_all_look_alike(world: World, thea: Viewer, omar: Viewer) -> None:
    case = world.case(therapist=omar)
    with world.store.staff.read() as session:
        for wanted in (case.id, "no such case"):
            with pytest.raises(NotFound):
                cases.require_visible(session, world.tools, wanted, thea)
    with pytest.raises(NotFound):
        view(case, thea)
    break_in(case, thea)
    assert view(case, thea).head.by_break_glass
    assert not view(case, omar).head.by_break_glass


def test_breaking_glass_says_who_and_why(world: World, thea: Viewer, omar: Viewer) -> None:
    case = world.case(therapist=omar)
    break_in(case, thea)
    with world.store.staff.read() as session:
        (kept,) = break_glass.of_case(session, world.tools, case.id)
    assert (kept.staff_id, kept.reason, kept.expires_at - kept.opened_at) == (
        thea.id, "On call tonight.", timedelta(hours=8),
    )  # fmt: skip
    assert events(world, "break_glass.opened") == [(thea.id, case.id)]
    world.work()
    assert world.mails == [("Omar@example.org", "Please look at the caseload")]
    with world.store.staff.write() as session, pytest.raises(NotFound):
        break_glass.open_case(session, world.tools, case_id="none", reason="x", by=thea)


def test_a_case_is_opened_with_everything_in_it(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", "Ana", hope="9")
    case.join("b", "Ben")
    case.say("a", "message", {"text": "Please ring in the evening."})
    case.see("a", thea)
    found = view(case, thea)
    a, b = found.side("a"), found.side("b")
    assert a is not None
    assert b is not None
    assert found.side("c") is None
    assert (a.name, b.name, a.scores["hope"], a.scores["reflection"], b.scores) == ("Ana", "Ben", 9, 0, {})
    assert [one.body["text"] for one in a.said] == ["Please ring in the evening."]
    assert found.recommendation is not None
    assert (found.recommendation.body["route"], found.is_signed, found.signed) == ("wait", False, None)
    assert [one.slot for one in found.interviews] == ["a"]
    assert found.staff == {thea.id: "Thea"}
    assert not found.is_invitation_blocked
    case.sign(thea)
    assert view(case, thea).is_signed
    assert events(world, "case.viewed") == [(thea.id, case.id)] * 2


def test_a_case_nobody_answered_in(world: World, thea: Viewer) -> None:
    found = view(world.case(therapist=thea, slots="a"), thea)
    assert (found.recommendation, found.is_signed, found.side("b")) == (None, False, None)


def test_a_case_takes_as_many_statements_empty_as_full(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a")
    case.send("b")
    with counted(world) as early:
        view(case, thea)
    for slot in ("a", "b"):
        case.say(slot, "message", {"text": "Hello."})
        for _ in range(3):
            case.see(slot, thea)
    case.sign(thea)
    with counted(world) as late:
        view(case, thea)
    assert len(early) == len(late)


def test_a_sent_file_shows_every_answer(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", "Ana", own_words="We used to laugh.", fear="some")
    found = file(case, thea)
    assert found.answers is not None
    assert (found.answers["own_words"], found.answers["fear"], found.progress, found.name) == (
        "We used to laugh.", "some", None, "Ana",
    )  # fmt: skip
    assert [(one.rule, one.field) for one in found.findings] == [("R5b", "fear")]
    assert events(world, "answers.viewed") == [(thea.id, case.id)]


def test_an_unsent_file_shows_findings_and_progress_only(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a")
    case.save("a", fear="strong")
    found = file(case, thea)
    assert found.answers is None
    assert found.progress is not None
    assert found.progress.sections[0].key == "start"
    assert {one.rule for one in found.findings} == {"R1", "R5b"}


def test_an_earlier_round_can_be_read_again(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", hope="2")
    with world.store.staff.write() as session:
        intakes.open_round(session, world.tools, partner_id=case.ids["a"], kind="repeat", by=thea)
    newest_sent = file(case, thea)
    assert newest_sent.shown is not None
    assert (newest_sent.shown.number, [one.kind for one in newest_sent.rounds]) == (1, ["repeat", "first"])
    unsent = file(case, thea, number=2)
    assert (unsent.answers, unsent.progress is not None) == (None, True)
    with pytest.raises(NotFound):
        file(case, thea, number=3)


def test_a_file_of_nobody(world: World, thea: Viewer, omar: Viewer) -> None:
    case = world.case(therapist=thea, slots="a")
    for slot in ("b", "c"):
        with pytest.raises(NotFound):
            file(case, thea, slot)
    with pytest.raises(NotFound):
        file(case, omar)
    found = file(case, thea)
    assert (found.shown, found.answers, found.progress, found.rounds) == (None, None, None, ())


def test_what_staff_state_changes_the_route(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a")
    case.send("b")
    with world.store.staff.write() as session:
        facts.state(
            session, world.tools, case_id=case.id, slot="a", said={"validity_concern": "yes"},
            note="Somebody whispered.", by=thea,
        )  # fmt: skip
    assert case.route() == "consult"
    with world.store.staff.read() as session:
        (kept,) = facts.of_case(session, world.tools, case.id)
    assert (kept.slot, kept.kind, kept.value, kept.note, kept.stated_by) == (
        "a", "validity_concern", "yes", "Somebody whispered.", thea.id,
    )  # fmt: skip
    with world.store.staff.write() as session, pytest.raises(BadInput):
        facts.state(session, world.tools, case_id=case.id, slot="c", said={"confirm": "x"}, note="", by=thea)


def test_an_order_falls_only_with_newer_answers_that_are_accepted(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", order_of_protection="current")
    assert case.route() == "safety"
    with world.store.staff.write() as session:
        again = intakes.open_round(session, world.tools, partner_id=case.ids["a"], kind="repeat", by=thea)
    world.tools.clock.move(hours=1)  # type: ignore[attr-defined]
    case.send("a", intake_id=again)
    assert case.route() == "safety"
    with world.store.staff.write() as session:
        said = {"confirm": "order_of_protection"}
        facts.state(session, world.tools, case_id=case.id, slot="a", said=said, note="Seen.", by=thea)
    assert case.route() == "wait"


def test_the_newest_consent_names_a_person(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ana")
    with world.store.staff.read() as session:
        assert case_names.of_case(session, world.tools, case.id) == {"a": "Ana"}
        assert cases.slots(session, case.id) == {case.ids["a"]: "a", case.ids["b"]: "b"}
        assert invitations.of_case(session, world.tools, case.id) == ()
