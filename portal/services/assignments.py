"""Who could take a case: the facts for ``domain/staffing.rank``, and nothing but its outcome.

The newest signed review, else the newest recommendation, says which training is asked for; the people's own
wishes say language, format and time. An admin hears of each therapist only whether they fit: the training
that is asked for is named to a therapist who may open the case (docs/decisions/0049).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from portal.domain import staffing
from portal.domain.access import Viewer
from portal.domain.staffing import Candidate, Need, Profile, Suggestion
from portal.services import (
    absences,
    audit,
    case_access,
    people,
    persons,
    reviews,
    routing,
    staff_profiles,
)
from portal.services.case_reading import CaseReading
from portal.services.persons import Person
from portal.services.reviews import ReviewView
from portal.services.tools import Tools


@dataclass(frozen=True)
class Suggestions:
    """Everybody who is a therapist, the best fit first. ``training``: named to those who may know it."""

    ranked: tuple[Suggestion, ...]
    training: str | None


def suggest(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> Suggestions:
    """Rank the therapists for a case, and write the event that this was asked."""
    told = reviews.of_case(session, tools, case_id)
    need = _need(session, tools, case_id, told)
    barred = case_access.barred(session, case_id)
    alone = frozenset(view.made_by for view in told if view.is_signed and view.route == "solo")
    ranked = staffing.rank(
        need,
        [
            replace(one, has_conflict=one.id in barred, saw_one_alone=one.id in alone)
            for one in _staff(session, tools)
        ],
    )
    audit.record(session, tools, by=by, verb="case.suggestions_viewed", subject=("case", case_id))
    may_know = (
        by.is_therapist
        and by.id not in barred
        and by.id in case_access.in_charge(session, case_id, tools.now())
    )
    return Suggestions(ranked, need.family if may_know else None)


def _staff(session: Session, tools: Tools) -> Iterable[Candidate]:
    profiles, loads = staff_profiles.all_profiles(session, tools), staff_profiles.loads(session)
    away = {view.staff_id for view in absences.coming(session, tools) if view.is_now}
    return [
        Candidate(member.id, profiles.get(member.id, Profile()), loads.get(member.id, 0), member.id in away)
        for member in people.everyone(session, tools)
        if "therapist" in member.roles and not member.is_disabled
    ]


def _need(session: Session, tools: Tools, case_id: str, told: tuple[ReviewView, ...]) -> Need:
    signed = next((view for view in told if view.is_signed), None)
    newest = routing.latest(session, tools, case_id)
    route, model, held = None, None, None
    if signed is not None:
        route, model, held = signed.route, signed.model, signed.format
    elif newest is not None:
        route, model = newest.body["route"], newest.body["model"]
    family, is_joint = staffing.need_of(route, model)
    known = CaseReading(session, tools, case_id, may_miss=True)
    wishes = [_wishes(known, person) for person in persons.read(known)]
    formats = (
        frozenset({held}) if held in staffing.FORMATS else staffing.both(*(w["formats"] for w in wishes))
    )
    return Need(
        family=family,
        languages=frozenset(key for wish in wishes for key in wish["languages"]),
        formats=formats,
        times=staffing.both(*(wish["times"] for wish in wishes)),
        is_joint=is_joint,
    )


def _wishes(known: CaseReading, person: Person) -> dict[str, frozenset[str]]:
    """What one person asked for in the form they sent; before that, the language of their pages."""
    said: Mapping[str, Any] = {}
    if person.intake is not None:
        said = known.answers(person.intake.id)
    language, form = said.get("preference_language"), said.get("preference_format")
    languages = {language} if language in ("en", "es") else set() if language else {person.language}
    times = said.get("preference_times")
    return {
        "languages": frozenset(languages if person.has_account or said else ()),
        "formats": frozenset({form} if form in staffing.FORMATS else ()),
        "times": frozenset(times if isinstance(times, list) else ()) - {"none"},
    }
