"""Who plays in the demonstration: the staff, the couples and what happens to them, read from YAML.

The files of ``couples/`` are written by hand; each couple says which route it is there to show.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final, Literal

from portal.content.faults import ContentError
from portal.content.reading import Strict, Text, read_models

Given = dict[str, int | str | list[str]]
Slot = Literal["a", "b"]

_FOLDER: Final = Path(__file__).with_name("couples")


class Person(Strict):
    """One invented partner.

    ``answers``: what differs from the theme's answers, by item key or score name; ``skip`` leaves an
    item blank. ``later``: what changes in a second round. ``reach``: the safe channel.
    """

    name: Text
    pronouns: Text
    theme: Text
    language: Literal["en", "es"] = "en"
    reach: Literal["phone", "text", "email", "post", "none"] = "phone"
    answers: Given = {}
    later: Given = {}

    @property
    def first_name(self) -> str:
        """What the person is called."""
        return self.name.split()[0]


class Couple(Strict):
    """One case: two people, their story, and the recommendation it ends with.

    ``story``: steps of [days ago, verb, more words]; "5h" is hours ago. ``route`` and ``reason`` are
    empty where nobody answered anything. ``look``: what a visitor finds here, in one sentence.
    """

    key: Text
    look: Text
    a: Person
    b: Person
    story: list[list[int | str]]
    therapist: str = ""
    route: str = ""
    reason: str = ""
    model: str = ""
    both: Given = {}

    def person(self, slot: str) -> Person:
        """The person in a slot."""
        return self.a if slot == "a" else self.b

    def steps(self) -> tuple[Step, ...]:
        """The story in order."""
        return tuple(Step.read(self.key, words) for words in self.story)


class Step(Strict):
    """One thing that happens: how long ago, the verb, what else is said."""

    couple: str
    ago: timedelta
    verb: str
    words: tuple[str, ...]

    @classmethod
    def read(cls, couple: str, words: list[int | str]) -> Step:
        """A step as it is written in a story."""
        ago, verb, *more = words
        since = timedelta(hours=int(ago[:-1])) if isinstance(ago, str) else timedelta(days=ago)
        return cls(couple=couple, ago=since, verb=str(verb), words=tuple(str(word) for word in more))


class StaffMember(Strict):
    """Somebody who works at the demonstration practice."""

    key: str
    name: str
    roles: tuple[str, ...]
    #: Trainings, languages, formats, hours and places, as an admin keeps them.
    offers: dict[str, list[str]] = {}

    @property
    def first_name(self) -> str:
        """What colleagues call this person."""
        return self.name.split()[0]

    @property
    def email(self) -> str:
        """The address that is also the sign-in name."""
        return f"{self.key}@practice.example"


class _File(Strict):
    couples: list[Couple]


ADMIN: Final = StaffMember(key="theo", name="Theo Ashgrove", roles=("admin",))
THERAPISTS: Final = (
    StaffMember(
        key="imani", name="Imani Harrowgate", roles=("therapist",),
        offers={
            "trainings": ["gottman_3", "discernment"], "languages": ["en"],
            "formats": ["in_person", "online"],
            "hours": ["mon_morning", "mon_afternoon", "tue_evening", "thu_evening"], "places": ["24"],
        },
    ),
    StaffMember(
        key="mateo", name="Mateo Solerena", roles=("therapist",),
        offers={
            "trainings": ["eft_certified"], "languages": ["en", "es"], "formats": ["in_person"],
            "hours": ["tue_afternoon", "wed_evening", "sat_morning"], "places": ["14"],
        },
    ),
    StaffMember(
        key="wen", name="Wen Larkmoor", roles=("therapist",),
        offers={
            "trainings": ["developmental", "eft_externship"], "languages": ["en", "zh"],
            "formats": ["online"],
            "hours": ["mon_evening", "wed_evening", "fri_morning"], "places": ["18"],
        },
    ),
)  # fmt: skip
STAFF: Final = (ADMIN, *THERAPISTS)


@cache
def couples() -> tuple[Couple, ...]:
    """Every couple, in the order of the files. Raises ContentError with every fault."""
    made, faults = read_models(sorted(_FOLDER.glob("*.yaml")), _File)
    if faults:
        raise ContentError(faults)
    return tuple(couple for _, file in made for couple in file.couples)
