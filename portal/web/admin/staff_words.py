"""Words of what therapists offer and why they fit a case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.domain import staffing
from portal.domain.staffing import Profile, Suggestion
from portal.services.assignments import Suggestions
from portal.services.conflicts import REASONS as _REASON_KEYS
from portal.services.people import StaffMember
from portal.web import context

TRAININGS: Mapping[str, Any] = {
    "gottman_1": _l("Gottman, level 1"),
    "gottman_2": _l("Gottman, level 2"),
    "gottman_3": _l("Gottman, level 3"),
    "gottman_certified": _l("Gottman, certified"),
    "eft_externship": _l("EFT, externship"),
    "eft_core": _l("EFT, core skills"),
    "eft_certified": _l("EFT, certified"),
    "developmental": _l("Developmental Model"),
    "discernment": _l("Discernment counseling"),
}
FAMILIES: Mapping[str, Any] = {
    "gottman": _l("Gottman"),
    "eft": _l("EFT"),
    "developmental": _l("Developmental Model"),
    "discernment": _l("Discernment counseling"),
}
FORMATS: Mapping[str, Any] = {"in_person": _l("In person"), "online": _l("Online")}
PARTS: Mapping[str, Any] = {"morning": _l("Morning"), "afternoon": _l("Afternoon"), "evening": _l("Evening")}
DAYS: Mapping[str, Any] = {
    "mon": _l("Monday"), "tue": _l("Tuesday"), "wed": _l("Wednesday"), "thu": _l("Thursday"),
    "fri": _l("Friday"), "sat": _l("Saturday"), "sun": _l("Sunday"),
}  # fmt: skip

#: Check -> (what is said where it is met, where it is not).
CHECKS: Mapping[str, tuple[Any, Any]] = {
    "conflict": (_l("no conflict of interest"), _l("conflict of interest")),
    "alone": (
        _l("has seen neither of them alone"),
        _l("works with one of them alone: only with both people's written agreement"),
    ),
    "training": (_l("trained for what this case calls for"), _l("not trained for what this case calls for")),
    "language": (_l("speaks their language"), _l("does not speak every language they asked for")),
    "present": (_l("here now"), _l("away now")),
    "places": (_l("has a place"), _l("no open place")),
    "format": (_l("meets the way they want"), _l("does not meet the way they want")),
    "times": (_l("free when they can come"), _l("not free when they can come")),
}

CONFLICTS: Mapping[str, Any] = {
    "knows_them": _l("Knows one of them privately"),
    "family": _l("Related to one of them"),
    "business": _l("Has business with one of them"),
    "earlier_work": _l("Has worked with one of them before"),
    "own_story": _l("Too near to an own story"),
    "expertise": _l("Another training or experience is needed"),
    "workload": _l("No room for this case"),
    "other": _l("Another reason"),
}
CONFLICT_OPTIONS = [(key, CONFLICTS[key]) for key in _REASON_KEYS]


@dataclass(frozen=True)
class Line:
    """One therapist among the suggestions."""

    id: str
    is_possible: bool
    met: str
    missing: str
    places: str


def language_name(key: str) -> str:
    """A language's name, in the language of the page."""
    if key == "ase":  # not every language of Babel names it
        return _("American Sign Language")
    return str(Locale.parse(context.locale()).languages.get(key, key))


@dataclass(frozen=True)
class Work:
    """What somebody works with, in one line each; all empty for who is no therapist."""

    trainings: str = ""
    languages: str = ""
    load: str = ""


def work(member: StaffMember, profile: Profile, load: int) -> Work:
    """A therapist's trainings, languages and open cases, of how many places where that was said."""
    if "therapist" not in member.roles:
        return Work()
    trained = [str(TRAININGS[key]) for key in staffing.TRAININGS if key in profile.trainings]
    spoken = [language_name(key) for key in staffing.LANGUAGES if key in profile.languages]
    of = _("%(load)s of %(places)s", load=load, places=profile.places) if profile.places else str(load)
    return Work("; ".join(trained), ", ".join(spoken), of)


def offered(profile: Profile, typed: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """A profile as its form shows it; ``typed`` wins over what is kept."""
    kept: dict[str, Any] = {
        name: typed.get(name, getattr(profile, name))
        for name in ("trainings", "languages", "formats", "hours")
    }
    places = "" if profile.places is None else str(profile.places)
    return {
        **kept,
        "places": "".join(typed["places"]) if "places" in typed else places,
        "training_options": [(key, TRAININGS[key]) for key in staffing.TRAININGS],
        "language_options": [(key, language_name(key)) for key in staffing.LANGUAGES],
        "format_options": list(FORMATS.items()),
        "days": [
            (key, DAYS[key], [(f"{key}_{part}", PARTS[part]) for part in staffing.PARTS]) for key in DAYS
        ],
    }


def lines(suggestions: Suggestions) -> list[Line]:
    """The suggestions in words."""
    return [
        Line(
            one.id,
            one.is_possible,
            "; ".join(str(CHECKS[check][0]) for check in one.met if check not in staffing.BARS),
            "; ".join(str(CHECKS[check][1]) for check in one.missing),
            _places(one),
        )
        for one in suggestions.ranked
    ]


def _places(one: Suggestion) -> str:
    if one.left is None:
        return _("%(load)s open cases, places not stated", load=one.load)
    return _("%(load)s open cases, %(left)s places left", load=one.load, left=max(one.left, 0))
