"""A save or a sent form that nobody can open: it stops what adds, and nothing that protects.

Danger told in whatever can be opened is found, told and called about, of both; what is lost takes nothing
away. Once the key is back everything is looked at by itself, and nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, update

from cast import OFFICE, ON_CALL, Cast, Pair, Someone
from portal import worker
from portal.domain.access import Viewer
from portal.domain.urgency import SAME_DAY
from portal.models import AnswerSet, CallPlan, CaseFile, Job, Partner, SealedEntry, SectionState, table_of
from portal.services import (
    assignments,
    break_glass,
    call_attempts,
    call_list,
    case_views,
    caseload,
    closings,
    erasures,
    jobs,
    joint_work,
    partner_files,
)
from portal.services.call_attempts import Told
from portal.services.errors import Conflict, Refused
from portal.vault import Place, new_vault

LOOK = "Please look at the caseload"
ALERTS = [(ON_CALL, LOOK), ("thea@example.org", LOOK)]
DANGER = {"harm_received__strangled": "past_year"}
MILD = {"harm_received__insult": "past_year"}
SAFE = {"harm_received__strangled": "none"}
TABLES: dict[str, Any] = {"sealed_entry": SealedEntry, "answer_set": AnswerSet}


class Lost:
    """Blobs that nobody can open, until ``back``."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.kept: list[tuple[str, str, bytes]] = []

    def lose(self, name: str, row_id: str, how: str = "lost key") -> None:
        """Altered bytes, or sealed to a key that nobody holds."""
        table = table_of(TABLES[name])
        other = new_vault().seal(Place(name, "body_sealed", row_id), "{}")
        with self.pair.cast.store.staff.write() as session:
            mine = table.c.id == row_id
            self.kept.append((name, row_id, session.scalars(select(table.c.body_sealed).where(mine)).one()))
            body = {"spoiled": b"x", "lost key": other}[how]
            session.execute(update(table).where(mine).values(body_sealed=body))

    def saves(self, who: Someone, *, section: str = "", how: str = "lost key", unseen: bool = False) -> None:
        """Every save of a form, or of one section, or those that nobody has looked at."""
        e = table_of(SealedEntry).c
        wanted = select(e.id).where(e.intake_id == who.intake_id).order_by(e.version)
        if section:
            wanted = wanted.where(e.section == section)
        if unseen:
            wanted = wanted.where(e.screened_at.is_(None))
        with self.pair.cast.store.staff.read() as session:
            found = session.scalars(wanted).all()
        for row_id in found:
            self.lose("sealed_entry", row_id, how)

    def form(self, who: Someone, how: str = "lost key") -> None:
        """A sent form, put together or not, with every save it was made of."""
        a = table_of(AnswerSet).c
        with self.pair.cast.store.staff.read() as session:
            found = session.scalars(select(a.id).where(a.intake_id == who.intake_id)).all()
        for row_id in found:
            self.lose("answer_set", row_id, how)
        self.saves(who, how=how)

    def back(self) -> None:
        """The key is back; the worker comes by at its own pace."""
        with self.pair.cast.store.staff.write() as session:
            for name, row_id, body in self.kept:
                table = table_of(TABLES[name])
                session.execute(update(table).where(table.c.id == row_id).values(body_sealed=body))
        self.kept.clear()
        self.pair.cast.clock.move(minutes=31)
        self.pair.cast.works()


@pytest.fixture
def lost(pair: Pair) -> Lost:
    return Lost(pair)


@pytest.fixture
def seen(pair: Pair, thea: Viewer) -> Pair:
    """Both sent, were seen alone, and couples work is signed; both have the form open once more."""
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    for slot in "ab":
        pair.interview(slot, thea)
        pair.request(slot, "refresh", thea)
    pair.cast.clock.move(minutes=1)
    pair.cast.works()
    pair.sign(thea)
    pair.cast.outbox.clear()
    return pair


def lose_draft(pair: Pair, lost: Lost, how: str = "lost key") -> None:
    pair.b.saves("safety", "next", **MILD)
    lost.saves(pair.b, how=how, unseen=True)


def lose_sending(pair: Pair, lost: Lost, how: str = "lost key") -> None:
    """Before it was put together."""
    pair.b.sends(**MILD)
    lost.form(pair.b, how)


def lose_sent(pair: Pair, lost: Lost, how: str = "lost key") -> None:
    """Long after it was read."""
    pair.b.sends(**MILD)
    pair.cast.works()
    lost.form(pair.b, how)


LOSSES = [lose_draft, lose_sending, lose_sent]


def plans(pair: Pair) -> dict[str, int]:
    """Slot -> level of who is still to be called."""
    v, p = table_of(CallPlan).c, table_of(Partner).c
    with pair.cast.store.staff.read() as session:
        rows = session.execute(
            select(p.slot, v.level)
            .join_from(table_of(CallPlan), table_of(Partner), v.partner_id == p.id)
            .where(p.case_id == pair.id, v.settled_at.is_(None))
        ).all()
    return {row.slot: row.level for row in rows}


def marks(pair: Pair) -> tuple[str, ...]:
    advice = pair.advice()
    return () if advice is None else tuple(advice.body.get("lost", ()))


@pytest.mark.parametrize("how", ["spoiled", "lost key"])
@pytest.mark.parametrize("loses", LOSSES)
def test_a_danger_that_the_other_tells_is_found_told_and_called_about(
    seen: Pair, lost: Lost, loses: Callable[..., None], how: str
) -> None:
    loses(seen, lost, how)
    seen.cast.works()
    seen.cast.outbox.clear()
    seen.a.saves("safety", "next", **DANGER)
    seen.cast.works()
    assert [(view.slot, view.rule, view.state) for view in seen.views()] == [("a", "R1", "latched")]
    assert seen.route() == ("safety", "ipv_acute")
    assert seen.cast.subjects() == (ALERTS if loses is not lose_sent else sorted([*ALERTS, *ALERTS]))
    assert plans(seen) == {"a": SAME_DAY, "b": SAME_DAY}
    assert marks(seen) == ("b",)


@pytest.mark.parametrize("how", ["spoiled", "lost key"])
@pytest.mark.parametrize("is_sent", [False, True])
def test_a_danger_told_beside_a_lost_section_of_the_same_form_is_found(
    pair: Pair, lost: Lost, is_sent: bool, how: str
) -> None:
    pair.a.joins()
    pair.a.saves("health", "next", suicide_level="0")
    lost.saves(pair.a, section="health", how=how)
    if is_sent:
        pair.a.sends(**DANGER)
        lost.saves(pair.a, section="affair", how=how)
    else:
        pair.a.saves("safety", "next", **DANGER)
    pair.cast.works()
    assert [(view.slot, view.rule, view.state) for view in pair.views()] == [("a", "R1", "latched")]
    assert pair.route() == ("safety", "ipv_acute")
    assert set(ALERTS) <= set(pair.cast.subjects())
    assert plans(pair) == {"a": SAME_DAY}


@pytest.mark.parametrize("loses", LOSSES)
def test_what_adds_is_refused_and_a_person_decides(
    seen: Pair, thea: Viewer, lost: Lost, loses: Callable[..., None]
) -> None:
    """No route rests on what is missing; who is on call hears of it once, and whoever is lost is called."""
    loses(seen, lost)
    if loses is lose_sent:
        # Nothing waits for the worker: who draws the page comes upon it.
        seen.cast.outbox.clear()
        with seen.cast.store.staff.write() as session:
            assert case_views.opened(session, seen.cast.tools, case_id=seen.id, by=thea).lost == ("b",)
    seen.cast.works()
    told = seen.cast.subjects()
    assert told.count((ON_CALL, LOOK)) == 1
    assert (seen.route(), marks(seen)) == (("consult", "unclassified"), ("b",))
    assert plans(seen)["b"] == SAME_DAY
    for decision in ("accept", "override"):
        with pytest.raises(Refused, match="told_unreadable"):
            seen.sign(thea, decision=decision)
    with pytest.raises(Conflict, match="told_unreadable"):
        seen.state("b", thea, confirm="child_danger")
    with seen.cast.store.staff.write() as session, pytest.raises(joint_work.GatesOpen) as refused:
        joint_work.require(session, seen.cast.tools, seen.id)
    assert "told_unreadable" in refused.value.gates
    seen.cast.clock.move(hours=2)
    seen.cast.works()
    assert seen.cast.subjects() == []
    lost.back()
    assert (seen.route()[0], marks(seen)) == ("couples", ())
    assert seen.cast.subjects() == []
    seen.sign(thea, decision="defer")


@pytest.mark.parametrize("loses", LOSSES)
def test_what_protects_goes_on(seen: Pair, thea: Viewer, lost: Lost, loses: Any) -> None:
    tools, store = seen.cast.tools, seen.cast.store
    loses(seen, lost)
    seen.cast.works()
    seen.sign(thea, decision="defer")
    seen.interview("b", thea)
    seen.state("b", thea, validity_concern="yes")
    seen.cast.works()
    with store.staff.write() as session:
        page = case_views.opened(session, tools, case_id=seen.id, by=thea)
        assert (page.is_partial, page.lost) == (True, ("b",))
        called = Told("reached", occasion="theirs", note="They call.")
        call_attempts.log(session, tools, case_id=seen.id, slot="b", told=called, by=thea)
        assert len(call_list.of_case(session, tools, case_id=seen.id, by=thea)) == 2
        break_glass.open_case(session, tools, case_id=seen.id, reason="They call.", by=thea)
        shown = partner_files.opened(session, tools, case_id=seen.id, slot="b", by=thea)
        assert shown.is_lost is (loses is not lose_draft)
        assert assignments.suggest(session, tools, case_id=seen.id, by=OFFICE).ranked
        rows = caseload.page(session, tools, by=thea).rows
        assert [(row.urgency, row.lost) for row in rows] == [(SAME_DAY, ("b",))]
    with store.staff.write() as session:
        closings.close(
            session, tools, case_id=seen.id, reason="finished", note="Lost.", by=thea, is_blind=False
        )
    seen.cast.works()
    seen.cast.clock.move(hours=1)
    seen.cast.works()
    assert waiting(seen) == []  # closed, nobody waits for the key any more
    with store.staff.write() as session:
        erasures.erase_case(session, tools, case_id=seen.id, by=OFFICE)
    seen.cast.works()


def waiting(pair: Pair) -> list[int]:
    """How often each look at something lost was tried."""
    c = table_of(Job).c
    with pair.cast.store.staff.read() as session:
        return list(session.scalars(select(c.attempts).where(c.kind == "lost", c.done_at.is_(None))))


@pytest.mark.parametrize("tells", [SAFE, DANGER])
def test_what_is_lost_takes_nothing_back(pair: Pair, lost: Lost, tells: dict[str, str]) -> None:
    """Neither the loss of what told a danger, nor a later save that nobody can open."""
    pair.a.joins().saves("safety", **DANGER)
    pair.cast.works()
    first = pair.cast.subjects()
    if tells is DANGER:
        lost.saves(pair.a)
    pair.cast.clock.move(minutes=1)
    pair.a.saves("safety", "next", **SAFE)
    if tells is SAFE:
        lost.saves(pair.a, unseen=True)
    pair.cast.works()
    assert [view.state for view in pair.views()] == ["latched"]
    assert (pair.route()[0], marks(pair), set(first)) == ("safety", ("a",), set(ALERTS))
    lost.back()
    assert [view.state for view in pair.views()] == ["latched"]
    assert (pair.route()[0], marks(pair)) == ("safety", ())


def test_what_only_the_lost_save_tells_is_found_when_the_key_is_back(pair: Pair, lost: Lost) -> None:
    """Though a later save says otherwise, and was looked at meanwhile: it was told and left."""
    pair.a.joins().saves("safety", "next", **DANGER)
    pair.cast.clock.move(minutes=5)
    lost.saves(pair.a)
    pair.a.saves("safety", "next", fear="some", **SAFE)
    pair.cast.works()
    assert [(view.rule, view.state) for view in pair.views()] == [("R5b", "latched")]
    pair.cast.outbox.clear()
    lost.back()
    assert sorted((view.rule, view.state) for view in pair.views()) == [("R1", "latched"), ("R5b", "latched")]
    assert pair.route() == ("safety", "ipv_acute")
    assert pair.cast.subjects() == ALERTS
    pair.a.saves("safety", "next", **MILD)
    pair.cast.works()
    assert len(pair.views()) == 2


def test_two_that_tell_a_danger_together_are_found_when_the_key_is_back(pair: Pair, lost: Lost) -> None:
    """What was saved beside the lost save was looked at without it: it is gone through once more."""
    pair.a.joins().saves("safety", "next", fear_of_consequences="yes")
    lost.saves(pair.a)
    pair.a.saves("safety", "next", control_received=["money"])
    pair.cast.works()
    alone = {view.rule for view in pair.views()}
    lost.back()
    assert "R1" in {view.rule for view in pair.views()} - alone


def test_a_correction_that_was_seen_is_not_kept_a_second_time(pair: Pair, lost: Lost) -> None:
    pair.a.joins().saves("safety", **MILD)
    lost.saves(pair.a)
    for answers in (DANGER, SAFE):
        pair.cast.clock.move(minutes=1)
        pair.a.saves("safety", **answers)
        pair.cast.works()
    assert [view.state for view in pair.views()] == ["corrected"]
    pair.cast.outbox.clear()
    for _ in range(2):
        pair.a.saves("safety", **MILD)
        pair.cast.works()
        lost.back()
    assert [view.state for view in pair.views()] == ["corrected"]
    assert pair.cast.subjects() == []


def test_a_form_whose_saves_can_be_opened_is_looked_at_by_them(seen: Pair, thea: Viewer, lost: Lost) -> None:
    """The answers that were put together are lost, the saves they were made of are not."""
    seen.b.sends(harm_other="thoughts")
    seen.cast.works()
    a = table_of(AnswerSet).c
    with seen.cast.store.staff.read() as session:
        row_id = session.scalars(select(a.id).where(a.intake_id == seen.b.intake_id)).one()
    lost.lose("answer_set", row_id)
    with seen.cast.store.staff.write() as session:
        shown = partner_files.opened(session, seen.cast.tools, case_id=seen.id, slot="b", by=thea)
        page = case_views.opened(session, seen.cast.tools, case_id=seen.id, by=thea)
    assert (shown.is_lost, (shown.answers or {})["harm_other"]) == (True, "thoughts")
    side = page.side("b")
    assert side is not None
    assert (page.lost, side.given["harm_other"]) == (("b",), "thoughts")


def test_a_save_lost_after_its_answers_were_put_together_is_no_loss(seen: Pair, lost: Lost) -> None:
    seen.b.sends(**MILD)
    seen.cast.works()
    lost.saves(seen.b)
    seen.cast.outbox.clear()
    with seen.cast.store.staff.write() as session:
        jobs.add(session, seen.cast.tools, kind="left", subject_id=seen.b.intake_id)
    seen.cast.works()
    assert (marks(seen), waiting(seen), seen.cast.subjects()) == ((), [], [])


def test_whoever_was_still_writing_is_called_as_well(pair: Pair, lost: Lost) -> None:
    """They may have told a danger: whoever tells one while writing is called before they send."""
    pair.a.joins().saves("safety", "next", **MILD)
    lost.saves(pair.a)
    pair.cast.works()
    assert plans(pair) == {"a": SAME_DAY}


def draft_box(pair: Pair, box: bytes) -> bytes:
    """Put this in place of what a wrote on the first page; what stood there."""
    s = table_of(SectionState)
    mine = (s.c.intake_id == pair.a.intake_id) & (s.c.section == "start")
    with pair.cast.store.staff.write() as session:
        stood = session.scalars(select(s.c.draft_box).where(mine)).one()
        session.execute(update(s).where(mine).values(draft_box=box))
    assert stood is not None
    return stood


def test_a_lost_first_page_of_a_draft_is_a_loss_like_any_other(pair: Pair, lost: Lost) -> None:
    pair.a.joins().saves("start", "next", private="yes", call_first="yes")
    box = draft_box(pair, b"x")
    pair.a.saves("safety", "next", **DANGER)
    pair.cast.works()
    assert (pair.route()[0], marks(pair), len(waiting(pair))) == ("safety", ("a",), 1)
    draft_box(pair, box)
    lost.back()
    assert (pair.route()[0], marks(pair), waiting(pair)) == ("safety", (), [])


@contextmanager
def counting_looks(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    from portal import looks

    real, made = looks._looked, list[str]()

    def looked(*given: Any) -> Any:
        made.append("look")
        return real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(looks, "_looked", looked)
        yield made


def test_the_worker_comes_by_ever_more_rarely(
    pair: Pair, lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.joins().saves("safety", "next", **MILD)
    lost.saves(pair.a)
    pair.cast.works()
    with counting_looks(pair, monkeypatch) as made:
        for _ in range(120):
            pair.cast.clock.move(minutes=1)
            pair.cast.works()
    assert made == []  # what is lost is tried by itself, before anything of the case is opened
    assert waiting(pair) == [8]


def test_one_key_that_is_missed_in_many_cases_calls_once_an_hour(company: Cast, thea: Viewer) -> None:
    for minute in range(0, 120, 15):
        pair = company.couple(therapist="thea@example.org")
        pair.a.joins().saves("safety", "next", **MILD)
        Lost(pair).saves(pair.a)
        company.outbox.clear()
        company.works()
        told = company.subjects()
        assert told.count(("thea@example.org", LOOK)) == 1
        assert told.count((ON_CALL, LOOK)) == (minute in (0, 60)), minute
        company.clock.move(minutes=15)
        company.works()


def test_a_form_lost_before_it_was_read_is_called_about_by_its_own_clock(pair: Pair, lost: Lost) -> None:
    """There was no recommendation before, and nobody else has told anything."""
    pair.a.joins().sends()
    lost.form(pair.a)
    pair.cast.works()
    assert (pair.route(), marks(pair), plans(pair)) == (("consult", "unclassified"), ("a",), {"a": SAME_DAY})
    assert (
        pair.cast.subjects().count(("thea@example.org", LOOK)) == 2
    )  # of the form, and of what is lost of it
    j = table_of(Job).c
    with pair.cast.store.staff.read() as session:
        open_jobs = select(j.kind).where(j.done_at.is_(None), j.last_error.is_not(None))
        assert session.scalars(open_jobs).all() == []
    c = table_of(CaseFile).c
    with pair.cast.store.staff.read() as session:
        assert session.scalar(select(c.urgency).where(c.id == pair.id)) == SAME_DAY
    lost.back()
    assert (pair.route(), marks(pair)) == (("wait", "partner_not_submitted"), ())
    with pair.cast.store.staff.read() as session:
        a = table_of(AnswerSet).c
        assert session.scalar(select(a.id).where(a.intake_id == pair.a.intake_id)) is not None


def test_a_withdrawn_form_that_is_lost_is_put_together_when_the_key_is_back(pair: Pair, lost: Lost) -> None:
    pair.a.joins().sends()
    pair.a.says("withdrawal", reason="")
    lost.saves(pair.a, section="affair")
    pair.cast.works()
    assert len(waiting(pair)) == 1
    lost.back()
    a = table_of(AnswerSet).c
    with pair.cast.store.staff.read() as session:
        assert session.scalar(select(a.id).where(a.intake_id == pair.a.intake_id)) is not None
    assert waiting(pair) == []


def close(pair: Pair, by: Viewer) -> None:
    with pair.cast.store.staff.write() as session:
        closings.close(
            session, pair.cast.tools, case_id=pair.id, reason="finished", note="Done.", by=by, is_blind=False
        )


def is_closed(pair: Pair) -> bool:
    c = table_of(CaseFile).c
    with pair.cast.store.staff.read() as session:
        return session.scalar(select(c.closed_at).where(c.id == pair.id)) is not None


def test_a_lost_save_opens_a_closed_case_as_a_danger_that_it_may_tell(
    seen: Pair, thea: Viewer, lost: Lost
) -> None:
    close(seen, thea)
    seen.cast.outbox.clear()
    seen.a.saves("safety", "next", **DANGER)
    lost.saves(seen.a, unseen=True)
    seen.cast.works()
    assert (is_closed(seen), marks(seen), seen.cast.subjects()) == (False, ("a",), ALERTS)
    lost.back()
    assert seen.route() == ("safety", "ipv_acute")


@pytest.mark.parametrize("is_sent", [False, True])
def test_what_was_lost_when_its_case_was_closed_is_found_when_that_is_open_again(
    pair: Pair, thea: Viewer, lost: Lost, is_sent: bool
) -> None:
    pair.a.joins()
    if is_sent:
        pair.a.sends(**DANGER)
        lost.form(pair.a)
    else:
        pair.a.saves("safety", "next", **DANGER)
        lost.saves(pair.a)
    pair.cast.works()
    close(pair, thea)
    pair.cast.clock.move(minutes=31)
    pair.cast.works()
    lost.back()
    assert (pair.views(), waiting(pair)) == ((), [])
    with pair.cast.store.staff.write() as session:
        closings.reopen(session, pair.cast.tools, case_id=pair.id, note="The key is back.", by=thea)
    pair.cast.works()
    assert [one.rule for one in pair.views()] == ["R1"]
    with pair.cast.store.staff.read() as session:
        assert len(closings.uncleared(session, pair.cast.tools, pair.id)) == 1
        together = session.scalars(select(table_of(AnswerSet).c.intake_id)).all()
    assert together == [pair.a.intake_id] * is_sent
    close(pair, thea)
    with pair.cast.store.staff.write() as session:
        closings.reopen(session, pair.cast.tools, case_id=pair.id, note="Once more.", by=thea)
    assert waiting(pair) == []  # found, nothing of it is looked for again


def test_a_loss_is_marked_beside_a_danger_that_is_found_in_the_same_look(seen: Pair, lost: Lost) -> None:
    seen.b.saves("safety", "next", **MILD)
    lost.saves(seen.b, unseen=True)
    seen.b.saves("safety", "next", harm_received__physical="past_year")
    seen.cast.works()
    assert (seen.route()[1], marks(seen)) == ("harm_interview", ("b",))


def test_beside_what_is_lost_nothing_joint_is_offered(pair: Pair, lost: Lost) -> None:
    pair.b.joins().sends(lean="")
    pair.cast.works()
    lost.form(pair.b)
    pair.a.joins().sends(alcohol_1="4", alcohol_2="4", alcohol_3="4")
    pair.cast.works()
    advice = pair.advice()
    assert advice is not None
    assert (marks(pair), advice.body["matched_rules"], advice.body["alternatives"]) == (("b",), ["R5c"], [])


def test_who_wished_to_talk_first_is_called_beside_a_loss_too(pair: Pair, thea: Viewer, lost: Lost) -> None:
    pair.a.joins().saves("start", "next", private="yes", call_first="yes")
    pair.cast.works()
    pair.b.joins().sends()
    pair.cast.works()
    assert sorted(plans(pair)) == ["a", "b"]
    lost.form(pair.b)
    with pair.cast.store.staff.write() as session:
        case_views.opened(session, pair.cast.tools, case_id=pair.id, by=thea)
    pair.cast.works()
    assert (marks(pair), sorted(plans(pair))) == (("b",), ["a", "b"])


def test_what_was_taken_over_and_cleared_is_not_found_once_more(pair: Pair, thea: Viewer, lost: Lost) -> None:
    cast = pair.cast
    pair.a.joins().fills(**DANGER)
    cast.works()
    cast.clock.move(minutes=40)
    pair.a.submits()
    pair.b.joins().sends()
    cast.works()
    cast.clock.move(minutes=30)
    for slot in "ab":
        pair.interview(slot, thea)
    cast.clock.move(minutes=1)
    pair.clear("A", thea)
    pair.request("a", "missing", thea)
    cast.works()
    cast.clock.move(days=1)
    pair.a.saves("health", "next", suicide_level="0")
    lost.saves(pair.a)
    cast.works()
    cast.outbox.clear()
    lost.back()
    assert ([one.rule for one in pair.views()], pair.route()[0]) == (["R1"], "couples")
    assert cast.subjects() == []


def test_another_worker_that_looks_in_between_leaves_no_mark(
    pair: Pair, lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.joins().sends()
    lost.form(pair.a)
    pair.cast.works()
    noted = worker._note_done

    def late(place: Any, done: Any) -> None:
        monkeypatch.setattr(worker, "_note_done", noted)
        worker._do_round(place, set())
        noted(place, done)

    monkeypatch.setattr(worker, "_note_done", late)
    lost.back()
    assert (marks(pair), waiting(pair)) == ((), [])


def test_an_older_save_that_is_lost_later_is_gone_through_as_well(pair: Pair, lost: Lost) -> None:
    """What was lost first has no version of its own, or a newer one."""
    pair.a.joins().saves("start", "next", private="yes", call_first="yes")
    box = draft_box(pair, b"x")
    pair.a.saves("health", suicide_level="0")
    pair.cast.works()
    pair.cast.clock.move(minutes=1)
    pair.a.saves("safety", "next", **DANGER)
    lost.saves(pair.a, unseen=True)
    pair.cast.works()
    pair.cast.clock.move(minutes=20)
    pair.a.saves("safety", "next", **SAFE)
    pair.cast.works()
    draft_box(pair, box)
    lost.back()
    assert [one.rule for one in pair.views()] == ["R1"]
