"""What staff do in the stories: interviews, clearances, reviews, letters, appointments, requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final, Literal, cast

from portal.content import letters
from portal.demo.plays import Play, Verb, Words
from portal.demo.streams import Stream
from portal.domain import working_days
from portal.services import (
    appointments,
    break_glass,
    clearances,
    facts,
    interviews,
    invitations,
    practices,
    releases,
    requests,
    reviews,
    staff_letters,
)
from portal.services.appointments import Proposal
from portal.services.releases import Draft, LetterKind
from portal.services.reviews import Choice, Decision

#: Ten or eleven o'clock at the practice, by the season.
_MORNING: Final = time(15)
_INTERVIEW_NOTES: Final = (
    "About 25 minutes by telephone, alone in the car. Calm, thoughtful, gave examples without being asked.",
    "Alone at home. Safety asked again in other words; the answers are the same as in the form.",
    "Talked for half an hour. Wants to know how long this takes and what it costs. No change since the form.",
    "By video, door closed, headphones on. Said more than in the form; noted on paper for the next time.",
)
_OFFERS: Final[Mapping[str, Mapping[str, str]]] = {
    "couples": {
        "en": "Couples therapy, beginning with one long first appointment for the two of you.",
        "es": "Terapia de pareja, que empieza con una primera cita larga para las dos personas.",
    },
    "discernment": {
        "en": "Discernment counseling: one to five conversations, decided one at a time.",
        "es": "Consejería de discernimiento: de una a cinco conversaciones, que se deciden una por una.",
    },
    "solo": {
        "en": "Individual conversations with one of our therapists, about you and this relationship.",
        "es": "Conversaciones individuales con una persona de nuestro equipo, sobre usted y esta relación.",
    },
}


def _interviews(play: Play, words: Words) -> None:
    note = Stream(f"{play.couple.key}/{words[0]}/interview").pick(_INTERVIEW_NOTES)
    with play.stage.store.staff.write() as session:
        interviews.record(
            session, play.stage.tools, case_id=play.case_id, slot=words[0], ticks=(True, True, True),
            note=note, by=play.therapist,
        )  # fmt: skip


def _clears(play: Play, words: Words) -> None:
    note = "Looked at with each person alone. Understood, dated and over; a plan for hard days is agreed."
    with play.stage.store.staff.write() as session:
        clearances.give(
            session, play.stage.tools, case_id=play.case_id, tier=words[0], note=note, by=play.therapist
        )


def _reviews(decision: Decision) -> Verb:
    def review(play: Play, words: Words) -> None:
        with play.stage.store.staff.write() as session:
            reviews.make(
                session, play.stage.tools, case_id=play.case_id, choice=_choice(decision, words),
                by=play.therapist,
            )  # fmt: skip

    return review


def _choice(decision: Decision, words: Words) -> Choice:
    """``accepts [format]``, ``overrides route reason [format]``, ``defers``."""
    if decision == "accept":
        return Choice(
            "accept", format=words[0] if words else None, note="Fits what was said in the interviews."
        )
    if decision == "defer":
        return Choice("defer", note="First the calls, then a decision.")
    return Choice(
        "override",
        route=words[0],
        reason_code=words[1],
        format=words[2] if len(words) > 2 else None,
        note="Talked through with each of them; this is what both can say yes to now.",
    )


def _letter(play: Play, words: Words) -> None:
    slot, kind = words[0], cast(LetterKind, words[1])
    person = play.couple.person(slot)
    with play.stage.store.staff.write() as session:
        practice = practices.view(session)
        _title, body = (
            letters.load().letters[kind].render(person.language, practice=practice.name, phone=practice.phone)
        )
        signed = reviews.signed(session, play.stage.tools, play.case_id)
        if kind == "service" and signed is not None:
            body = body.replace(letters.OPEN, _OFFERS[str(signed.route)][person.language])
        draft = Draft(slot, kind, body, names_service=kind == "service", notify=person.reach == "email")
        releases.write(session, play.stage.tools, case_id=play.case_id, draft=draft, by=play.therapist)


def _approves(play: Play, words: Words) -> None:
    """``approves slot whom``: a colleague reads the letter alone and lets it go."""
    slot, whom = words
    with play.stage.store.staff.write() as session:
        letter = next(
            letter
            for letter in staff_letters.of_case(session, play.stage.tools, play.case_id)
            if letter.slot == slot and letter.state == "waiting"
        )
        releases.decide(
            session, play.stage.tools, letter_id=letter.id, approve=True, by=play.stage.staff[whom]
        )


def _appointment(play: Play, words: Words) -> None:
    """``appointment slot days``: a morning so many working days later, at the practice."""
    slot, days = words
    day = working_days.after(play.stage.clock.at.date(), int(days))
    proposal = Proposal(
        slot=cast(Literal["a", "b", "both"], slot),
        starts_at=datetime.combine(day, _MORNING, tzinfo=UTC),
        minutes=120 if slot == "both" else 50,
        place="Larkspur House, second floor",
    )
    with play.stage.store.staff.write() as session:
        appointments.propose(
            session, play.stage.tools, case_id=play.case_id, proposal=proposal, by=play.therapist
        )


def _asks(play: Play, words: Words) -> None:
    slot, kind = words
    with play.stage.store.staff.write() as session:
        requests.send(
            session, play.stage.tools, case_id=play.case_id, slot=slot, kind=kind, by=play.therapist
        )


def _states(play: Play, words: Words) -> None:
    slot, fact = words
    note = "Both forms came from the same sign-in; said so on the telephone."
    with play.stage.store.staff.write() as session:
        facts.state(
            session, play.stage.tools, case_id=play.case_id, slot=slot, said={fact: "yes"}, note=note,
            by=play.therapist,
        )  # fmt: skip


def _releases_invitation(play: Play, _words: Words) -> None:
    with play.stage.store.staff.write() as session:
        held = next(
            one for one in invitations.of_case(session, play.stage.tools, play.case_id) if one.state == "held"
        )
        invitations.release_held(
            session, play.stage.tools, case_id=play.case_id, invitation_id=held.id, by=play.therapist
        )


def _breaks_glass(play: Play, words: Words) -> None:
    reason = "On duty while the colleague is away; the second partner called the practice."
    with play.stage.store.staff.write() as session:
        break_glass.open_case(
            session, play.stage.tools, case_id=play.case_id, reason=reason, by=play.stage.staff[words[0]]
        )


VERBS: Final[Mapping[str, Verb]] = {
    "interviews": _interviews,
    "clears": _clears,
    "accepts": _reviews("accept"),
    "overrides": _reviews("override"),
    "defers": _reviews("defer"),
    "letter": _letter,
    "approves": _approves,
    "appointment": _appointment,
    "asks": _asks,
    "states": _states,
    "releases_invitation": _releases_invitation,
    "breaks_glass": _breaks_glass,
}
