"""Letters: lint, order, approval, and that only this partner ever sees one."""

from __future__ import annotations

import pytest
from practice_world import Case, World
from sqlalchemy import select, update

from portal import worker
from portal.domain.access import Viewer
from portal.domain.lint import Breach
from portal.models import Intake, StaffAccount, table_of
from portal.services import intakes, partner_pages, release_lint, releases, requests, staff_letters
from portal.services.errors import BadInput, Conflict, NotFound, OutOfOrder
from portal.services.release_lint import LintRefused
from portal.services.releases import Draft
from portal.services.staff_letters import LetterView

HELLO = "Hello, we will call you on Thursday."
EMAIL = {"channel": "email", "address": "ana@example.org", "hours": "evenings"}


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


@pytest.fixture
def omar(world: World) -> Viewer:
    return world.staff("Omar")


@pytest.fixture
def case(world: World, thea: Viewer) -> Case:
    """Both sent, signed."""
    case = world.case(therapist=thea)
    case.send("a", own_words="He has never once listened to me at home")
    case.send("b", own_words="I am so tired of all these arguments")
    case.sign(thea)
    return case


def write(
    case: Case, by: Viewer, body: str = HELLO, *, slot: str = "a", letter: str = "free", **more: bool
) -> str:
    with case.world.store.staff.write() as session:
        draft = Draft(slot=slot, letter=letter, body=body, **more)  # type: ignore[arg-type]
        return releases.write(session, case.world.tools, case_id=case.id, draft=draft, by=by)


def decide(world: World, letter_id: str, by: Viewer, *, approve: bool = True) -> None:
    with world.store.staff.write() as session:
        releases.decide(session, world.tools, letter_id=letter_id, approve=approve, by=by)


def find(world: World, letter_id: str, by: Viewer) -> LetterView:
    with world.store.staff.write() as session:
        return staff_letters.view(session, world.tools, letter_id=letter_id, by=by)


def seen(case: Case, slot: str) -> list[dict[str, object]]:
    with case.world.store.partner.read() as session:
        return [one.body for one in partner_pages.notices(session, case.world.tools, by=case.people[slot])]


def test_a_letter_reaches_its_own_partner_only(world: World, case: Case, thea: Viewer) -> None:
    letter_id = write(case, thea)
    assert seen(case, "a") == [{"title": "A message for you", "text": HELLO}]
    assert seen(case, "b") == []
    kept = find(world, letter_id, thea)
    assert kept == LetterView(
        id=letter_id, case_id=case.id, slot="a", kind="free", title="A message for you", text=HELLO,
        names_service=False, notify=False, state="released", written_by=thea.id, written_at=world.tools.now(),
        decided_by=thea.id, decided_at=world.tools.now(), language="en", may_decide=False, may_open_case=True,
    )  # fmt: skip
    with world.store.staff.read() as session:
        (listed,) = staff_letters.of_case(session, world.tools, case.id)
    assert listed == kept


def test_no_letter_before_a_signed_review(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a")
    with pytest.raises(OutOfOrder, match="review_first"):
        write(case, thea)


def test_the_other_partners_words_are_refused(case: Case, thea: Viewer) -> None:
    with pytest.raises(LintRefused) as refused:
        write(case, thea, "We know you are so tired of all these arguments.", slot="a")
    assert refused.value.faults == {"body": "their_words"}
    assert refused.value.breaches == (
        Breach("their_words", "so tired of all these"),
        Breach("their_words", "tired of all these arguments"),
    )
    write(case, thea, "You wrote: I am so tired of all these arguments.", slot="b")


def test_a_message_of_the_other_partner_is_refused_too(case: Case, thea: Viewer) -> None:
    case.say("b", "message", {"text": "please ring me at the bakery before noon"})
    with pytest.raises(LintRefused):
        write(case, thea, "We ring you at the bakery before noon.")


def test_a_chosen_answer_of_the_other_partner_is_refused(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", free_to_leave="yes", hesitation="declined")
    case.send("b", free_to_leave="hard")
    case.sign(thea)
    with world.store.staff.read() as session:
        words = release_lint._words_by_partner(session, world.tools, case.id)
    a, b = words[case.ids["a"]], words[case.ids["b"]]
    (only_b,) = [text for text in dict.fromkeys(b) if text not in a and "sal" not in text][:1]
    assert only_b
    with pytest.raises(LintRefused):
        write(case, thea, f"So: {only_b}")


def test_standard_letters_pass_in_both_languages(case: Case, thea: Viewer) -> None:
    for text in release_lint.standard_texts():
        if not releases.letters.is_open(text):
            write(case, thea, text)


def test_a_letter_with_an_open_place_is_not_finished(case: Case, thea: Viewer) -> None:
    with pytest.raises(BadInput) as refused:
        write(case, thea, "We offer you […]")
    assert refused.value.faults == {"body": "open_place"}


def test_a_service_is_named_after_the_interviews(case: Case, thea: Viewer) -> None:
    text = "We can offer you couples therapy."
    with pytest.raises(BadInput) as refused:
        write(case, thea, text, letter="service")
    assert refused.value.faults == {"names_service": "service_needs_tick"}
    with pytest.raises(LintRefused):
        write(case, thea, text)
    with pytest.raises(OutOfOrder, match="service_after_interviews"):
        write(case, thea, text, letter="service", names_service=True)
    case.see("a", thea)
    case.see("b", thea)
    write(case, thea, text, letter="service", names_service=True)
    assert seen(case, "a") == [{"title": "What we can offer you", "text": text}]


def test_a_danger_that_is_not_routed_yet_waits_for_approval(
    world: World, case: Case, thea: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.store.staff.write() as session:
        requests.send(session, world.tools, case_id=case.id, slot="b", kind="refresh", by=thea)
        c = table_of(Intake).c
        again = str(session.scalar(select(c.id).where(c.kind == "refresh")))
    monkeypatch.setitem(worker.HANDLERS, "route", lambda *_: None)
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    case.save("b", intake_id=again, harm_received__weapon="past_year")
    assert find(world, write(case, thea), thea).state == "waiting"


def test_a_letter_needs_somebody_who_joined(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a")
    case.sign(thea)
    with pytest.raises(OutOfOrder, match="not_joined"):
        write(case, thea, slot="b")


def test_nobody_is_written_to_against_the_others_wish(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("b")
    case.send("a")
    case.say("a", "partner_choice", {"choice": "do_not_contact"})
    case.sign(thea)
    with pytest.raises(OutOfOrder, match="contact_blocked"):
        write(case, thea, slot="b")


@pytest.mark.parametrize(
    ("contact", "notify", "want"),
    [
        (EMAIL, True, [("ana@example.org", "Message for you")]),
        (EMAIL, False, []),
        ({"channel": "phone", "address": "555 0101"}, True, []),
        ({"channel": "none"}, True, []),
    ],
)
def test_one_neutral_mail_only_where_email_was_chosen(
    case: Case, thea: Viewer, contact: dict[str, str], notify: bool, want: list[tuple[str, str]]
) -> None:
    case.say("a", "contact", contact)
    case.world.work()
    case.world.mails.clear()
    write(case, thea, notify=notify)
    case.world.work()
    assert case.world.mails == want


@pytest.fixture
def in_danger(world: World, thea: Viewer) -> Case:
    case = world.case(therapist=thea)
    case.send("a", harm_received__weapon="past_year")
    case.say("a", "contact", EMAIL)
    case.sign(thea)
    return case


def test_a_safety_letter_waits_for_another_person(
    world: World, in_danger: Case, thea: Viewer, omar: Viewer
) -> None:
    letter_id = write(in_danger, thea, notify=True)
    assert seen(in_danger, "a") == []
    with pytest.raises(OutOfOrder, match="somebody_else_decides"):
        decide(world, letter_id, thea)
    with world.store.staff.read() as session:
        assert staff_letters.waiting(session, world.tools, by=thea) == ()
        (waits,) = staff_letters.waiting(session, world.tools, by=omar)
    assert (waits.id, waits.written_by) == (letter_id, thea.id)
    alone = find(world, letter_id, omar)
    assert (alone.text, alone.may_decide, alone.may_open_case) == (HELLO, True, False)
    world.mails.clear()
    decide(world, letter_id, omar)
    world.work()
    assert seen(in_danger, "a") == [{"title": "A message for you", "text": HELLO}]
    assert [to for to, _subject in world.mails] == ["ana@example.org"]
    after = find(world, letter_id, omar)
    assert (after.state, after.decided_by, after.may_decide) == ("released", omar.id, False)
    with pytest.raises(Conflict, match="already_decided"):
        decide(world, letter_id, omar)


def test_a_refused_letter_is_never_shown(world: World, in_danger: Case, thea: Viewer, omar: Viewer) -> None:
    letter_id = write(in_danger, thea)
    decide(world, letter_id, omar, approve=False)
    assert find(world, letter_id, thea).state == "refused"
    assert seen(in_danger, "a") == []


def test_a_letter_waits_where_the_newest_route_is_safety(
    world: World, case: Case, thea: Viewer, omar: Viewer
) -> None:
    with world.store.staff.write() as session:
        again = intakes.open_round(session, world.tools, partner_id=case.ids["a"], kind="repeat", by=thea)
    case.save("a", intake_id=again, fear="strong")
    assert case.route() == "safety"
    assert find(world, write(case, thea), omar).state == "waiting"


def test_whoever_has_no_business_with_a_letter_sees_none(
    world: World, case: Case, thea: Viewer, omar: Viewer
) -> None:
    letter_id = write(case, thea)
    for wanted in (letter_id, "no such letter"):
        with pytest.raises(NotFound):
            find(world, wanted, omar)
    with world.store.staff.read() as session:
        staff_letters.require_visible(session, world.tools, letter_id, thea)


def test_a_practice_of_one_waits_a_day(world: World, in_danger: Case, thea: Viewer, omar: Viewer) -> None:
    letter_id = write(in_danger, thea)
    with world.store.staff.write() as session:
        table = table_of(StaffAccount)
        session.execute(update(table).where(table.c.id == omar.id).values(disabled_at=world.tools.now()))
    with pytest.raises(OutOfOrder, match="somebody_else_decides"):
        decide(world, letter_id, thea)
    world.tools.clock.move(hours=24)  # type: ignore[attr-defined]
    with world.store.staff.read() as session:
        assert [one.id for one in staff_letters.waiting(session, world.tools, by=thea)] == [letter_id]
    decide(world, letter_id, thea)
    assert len(seen(in_danger, "a")) == 1
