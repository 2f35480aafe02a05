"""Who could take a case: what a therapist offers, what a case asks for, and a ranking that says why.

Pure, and a suggestion only: nothing is ever assigned by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

#: Trainings, by family, the least first.
FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "gottman": ("gottman_1", "gottman_2", "gottman_3", "gottman_certified"),
    "eft": ("eft_externship", "eft_core", "eft_certified"),
    "developmental": ("developmental",),
    "discernment": ("discernment",),
}
TRAININGS: Final = tuple(key for family in FAMILIES.values() for key in family)
#: Languages in which a session may be held.
LANGUAGES: Final = ("en", "es", "zh", "tl", "vi", "ar", "fr", "ko", "ru", "pt", "de", "hi", "ht", "pl", "ase")
FORMATS: Final = ("in_person", "online")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS: Final = ("morning", "afternoon", "evening")
HOURS: Final = tuple(f"{day}_{part}" for day in DAYS for part in PARTS)
#: Places one therapist may offer, lowest and highest.
PLACES: Final = (0, 60)
#: Routes that are joint work, and the training each asks for; couples asks for its model's.
JOINT: Final = frozenset({"couples", "discernment"})

#: What is looked at, the weightiest first.
CHECKS: Final = ("conflict", "alone", "training", "language", "present", "places", "format", "times")
#: Without one of these a case cannot be theirs at all.
BARS: Final = frozenset({"conflict", "alone"})


@dataclass(frozen=True)
class Profile:
    """What a therapist offers. ``places``: open places in all, None where nobody has said."""

    trainings: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    hours: frozenset[str] = frozenset()
    places: int | None = None

    @property
    def times(self) -> frozenset[str]:
        """The same hours in the words in which partners say when they can come."""
        return frozenset(_time_of(hour) for hour in self.hours)


def _time_of(hour: str) -> str:
    day, part = hour.split("_")
    return "weekends" if day in ("sat", "sun") else f"weekday_{part}s"


@dataclass(frozen=True)
class Need:
    """What a case asks for; an empty set asks for nothing. ``is_joint``: work with both together."""

    family: str | None = None
    languages: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    is_joint: bool = False


@dataclass(frozen=True)
class Candidate:
    """A therapist as of now. ``load``: open cases that are theirs."""

    id: str
    profile: Profile
    load: int
    is_away: bool = False
    has_conflict: bool = False
    saw_one_alone: bool = False


@dataclass(frozen=True)
class Suggestion:
    """One therapist with the checks that are met and those that are not, in the order of ``CHECKS``."""

    id: str
    met: tuple[str, ...]
    missing: tuple[str, ...]
    load: int
    left: int | None = None

    @property
    def is_possible(self) -> bool:
        """Whether nothing forbids it; what is missing may still speak against it."""
        return BARS.isdisjoint(self.missing)


def need_of(route: str | None, model: str | None) -> tuple[str | None, bool]:
    """The family of training that a route (and a couple's model) asks for, and whether it is joint work."""
    family = route if route == "discernment" else model if route == "couples" else None
    return family if family in FAMILIES else None, route in JOINT


def both(*wishes: Iterable[str]) -> frozenset[str]:
    """What suits everybody who said something; nothing where that leaves nothing."""
    said = [frozenset(wish) for wish in wishes if frozenset(wish)]
    return frozenset.intersection(*said) if said else frozenset()


def rank(need: Need, candidates: Iterable[Candidate]) -> tuple[Suggestion, ...]:
    """Everybody, the best fit first: bars last, then what is missing by weight, then free places."""
    suggested = [_suggestion(need, candidate) for candidate in candidates]
    return tuple(sorted(suggested, key=_order))


def _order(one: Suggestion) -> tuple[int, ...]:
    missing = tuple(int(check in one.missing) for check in CHECKS)
    return (*missing[:2], sum(missing), *missing[2:], -(one.left or 0), one.load)


def _suggestion(need: Need, candidate: Candidate) -> Suggestion:
    profile = candidate.profile
    left = None if profile.places is None else profile.places - candidate.load
    is_met = {
        "conflict": not candidate.has_conflict,
        "alone": not (need.is_joint and candidate.saw_one_alone),
        "training": need.family is None or not profile.trainings.isdisjoint(FAMILIES[need.family]),
        "language": need.languages <= profile.languages,
        "present": not candidate.is_away,
        "places": left is None or left > 0,
        "format": not need.formats or not need.formats.isdisjoint(profile.formats),
        "times": not need.times or not need.times.isdisjoint(profile.times),
    }
    return Suggestion(
        id=candidate.id,
        met=tuple(check for check in CHECKS if is_met[check]),
        missing=tuple(check for check in CHECKS if not is_met[check]),
        load=candidate.load,
        left=left,
    )
