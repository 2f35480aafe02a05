"""What must stand before two people are seen together: one list, for appointments and for discernment."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from portal.domain.couple import SLOTS
from portal.domain.prerequisites import JOINT, without_interview
from portal.services import interviews, persons, reviews, standing, standing_now
from portal.services.errors import OutOfOrder
from portal.services.persons import Person
from portal.services.tools import Tools


class GatesOpen(OutOfOrder):
    """Two people cannot be seen together yet; ``gates``: every reason, the first one also as ``reason``."""

    def __init__(self, gates: tuple[str, ...]) -> None:
        super().__init__(gates[0])
        self.gates = gates


def require(session: Session, tools: Tools, case_id: str, *, routes: Collection[str] = JOINT) -> None:
    """Both sent, were interviewed and may be reached; the newest recommendation is signed for ``routes``.

    Raises GatesOpen with everything that is still open, and with what nobody has looked at yet.
    """
    people = persons.people(session, tools, case_id)
    found = (*_of_people(session, case_id, people), *_of_review(session, tools, case_id, routes))
    if found:
        raise GatesOpen(found)


def _of_people(session: Session, case_id: str, people: tuple[Person, ...]) -> tuple[str, ...]:
    standings = interviews.standings(people)
    found = []
    both_sent = len(standings) == len(SLOTS) and all(one.submitted_at is not None for one in standings)
    if not both_sent or without_interview(standings, interviews.held(session, case_id)):
        found.append("joint_after_interviews")
    if any((person.contact or {}).get("channel") in (None, "none") for person in people):
        found.append("no_safe_channel")
    return tuple(found)


def _of_review(session: Session, tools: Tools, case_id: str, routes: Collection[str]) -> tuple[str, ...]:
    now, signed = standing_now.look(session, tools, case_id=case_id), reviews.signed(session, tools, case_id)
    newest, found = now.kept, []
    if (
        newest is None
        or signed is None
        or signed.recommendation_id != newest.id
        or signed.route not in routes
    ):
        found.append("joint_after_review" if routes is JOINT else "discernment_after_review")
    told = standing.of_case(session, tools, case_id)
    if now.is_unreadable:
        found.append("told_unreadable")
    elif newest is not None and (now.is_danger_since or standing.is_danger_since(told, newest.made_at)):
        found.append("danger_told_since")
    elif now.is_more:
        found.append("told_since")
    return tuple(found)
