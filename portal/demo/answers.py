"""What an invented person answers: a theme's usual answers, varied a little, and what the cast says differs.

Every answer is one the questionnaire offers; a test cleans them all as if they were posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from portal.content.reading import Strict, read
from portal.demo.cast import Couple, Given, Person
from portal.demo.streams import Stream, spread
from portal.domain.answers import Answer
from portal.domain.constructs import ACTS, NONE
from portal.domain.questionnaire import Item, Questionnaire

#: Score -> the most points of each of its parts; an index is given as 0-100 over all of its items.
_SUMS: Final[Mapping[str, tuple[int, ...]]] = {
    "satisfaction": (6, 5, 5, 5), "mood": (3, 3, 3, 3), "alcohol": (4, 4, 4),
}  # fmt: skip
_INDICES: Final = ("gottman", "eft", "developmental")
_SCORES: Final = (*_INDICES, *_SUMS)
_SKIP: Final = "skip"
_SPOKEN: Final = ("reasons_own", "goals_own", "own_words", "good_things")


class Theme(Strict):
    """What people of one theme score, tick and say (by language, a few ways each)."""

    scores: dict[str, int]
    reasons: list[str]
    goals: list[str]
    reasons_own: dict[str, list[str]]
    goals_own: dict[str, list[str]]
    own_words: dict[str, list[str]]
    good_things: dict[str, list[str]]


class Voices(Strict):
    """The themes by name, and what is said of an earlier therapy, by how it was and language."""

    earlier_therapy: dict[str, dict[str, str]]
    themes: dict[str, Theme]


@cache
def voices() -> Voices:
    """What people say. Raises ContentError."""
    return read(Path(__file__).with_name("voices.yaml")).as_model(Voices)


def filled_in(
    questionnaire: Questionnaire, couple: Couple, slot: str, *, later: bool = False
) -> dict[str, Answer]:
    """One person's answers by item key, in the order of the form; ``later``: those of a second round."""
    person = couple.person(slot)
    given: Given = {**couple.both, **person.answers, **(person.later if later else {})}
    stream = Stream(f"{couple.key}/{slot}/answers")
    theme = voices().themes[person.theme]
    answers: dict[str, Answer] = {
        **_start(person, stream),
        **_basics(person, stream),
        **_points(questionnaire, {**theme.scores, **_scores(given)}, stream),
        **_reasons(theme, person, stream),
        **_direction(),
        **_nothing_happened(),
        **_health(stream),
    }
    differs = {key: value for key, value in given.items() if key not in _SCORES}
    answers.update({key: _text(value) for key, value in differs.items()})
    if (earlier := voices().earlier_therapy.get(str(answers["earlier_therapy"]))) is not None:
        answers["earlier_therapy_note"] = earlier[person.language]
    said = [item for item in questionnaire.items if answers.get(item.key, _SKIP) != _SKIP]
    return {item.key: _in_order(item, answers[item.key]) for item in said}


def _in_order(item: Item, answer: Answer) -> Answer:
    """Several ticks stand in the order of the options, as the form stores them."""
    if isinstance(answer, str):
        return answer
    return [option.value for option in item.options if option.value in answer]


def _scores(given: Given) -> dict[str, int]:
    return {key: value for key, value in given.items() if key in _SCORES and isinstance(value, int)}


def _text(value: int | str | list[str]) -> Answer:
    return value if isinstance(value, list) else str(value)


def _start(person: Person, stream: Stream) -> dict[str, Answer]:
    return {
        "private": "yes",
        "adult": "yes",
        "in_service_area": "yes",
        "call_first": "no",
        "preference_format": stream.pick(("in_person", "online", "either")),
        "preference_times": stream.pick(
            (["weekday_mornings"], ["weekday_evenings"], ["weekday_afternoons", "weekends"])
        ),
        "preference_language": person.language,
        "preference_therapist": stream.pick(("no_preference", "no_preference", "woman", "man")),
    }


def _basics(person: Person, stream: Stream) -> dict[str, Answer]:
    return {
        "chosen_name": person.first_name,
        "pronouns": person.pronouns,
        "relationship_type": "spouses",
        "relationship_length": "8_to_15",
        "living_together": "yes",
        "children": "two",
        "children_homes": ["both"],
        "earlier_relationships": stream.pick(("none", "one", "several")),
    }


def _points(questionnaire: Questionnaire, scores: Mapping[str, int], stream: Stream) -> dict[str, Answer]:
    """The parts of every score, so that they add up to it (an index: to the nearest its items allow)."""
    points: dict[str, Answer] = {}
    for name, score in scores.items():
        keys = questionnaire.numbered[name]
        highest = _SUMS.get(name) or (4,) * len(keys)
        total = score if name in _SUMS else round(score * sum(highest) / 100)
        points.update(zip(keys, map(str, spread(total, highest, stream)), strict=True))
    fitting = 4 if scores["satisfaction"] < 8 else 2 if scores["satisfaction"] < 13 else 0
    for n in range(1, 6):
        points[f"reflection_{n}"] = "1" if n <= fitting else "0"
    points["reflection_6"] = "0" if fitting == 0 else stream.pick(("1", "2"))
    return points


def _reasons(theme: Theme, person: Person, stream: Stream) -> dict[str, Answer]:
    said = {key: stream.pick(getattr(theme, key)[person.language]) for key in _SPOKEN}
    return {
        **said,
        "earlier_therapy": stream.pick(("none", "none", "helped", "mixed", "no_help")),
        "goals": list(theme.goals),
        "reasons": list(theme.reasons),
        "hesitation": stream.pick(
            (["none"], ["blamed"], ["cost", "time"], ["fix_ourselves"], ["opening_up"])
        ),
        "how_invited": "talked",
        "staying_from_fear": "no",
    }


def _direction() -> dict[str, Answer]:
    return {
        "lean": "1",
        "decision_firmness": "8",
        "first_step": "yes",
        "commit_months": "yes",
        "own_change": "8",
        "hope": "6",
        "doubts_told": "yes",
        "partner_lean_guess": "2",
        "legal_steps": NONE,
        "recent_separation": "no",
        "voluntary": "5",
        "free_to_leave": "yes",
    }


def _nothing_happened() -> dict[str, Answer]:
    acts: dict[str, Answer] = {
        f"{side}.{act}": NONE for side in ("harm_received", "harm_done") for act in ACTS
    }
    return {
        **acts,
        "fear": NONE,
        "fear_of_consequences": "no",
        "control_received": [NONE],
        "control_done": [NONE],
        "escalating": "nothing_happened",
        "order_of_protection": NONE,
        "child_danger": "no",
        "firearm_access": "no",
        "threatened_suicide_if_left": "no",
    }


def _health(stream: Stream) -> dict[str, Answer]:
    return {
        "suicide_level": "0",
        "suicidal_behavior": NONE,
        "harm_other": NONE,
        "alcohol_treated": "no",
        "alcohol_withdrawal": "no",
        "drug_loss_of_control": "no",
        "drug_treated": "no",
        "psychosis_mania": NONE,
        "pregnancy": "no",
        "health": stream.pick(([NONE], [NONE], ["sleep"], ["long_illness"])),
        "losses": stream.pick(([NONE], [NONE], ["death"], ["work"])),
        "other_therapy": stream.pick(([NONE], [NONE], ["individual"], ["medication"])),
        "agreement": "exclusive",
        "affair": NONE,
        "suspects_affair": "no",
        "lies": "no",
        "money_secrets": "no",
        "habits": stream.pick(([NONE], ["screens"], ["work"])),
    }
