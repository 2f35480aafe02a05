"""Whom the page offers to be: a name from the cast and what there is to see."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from portal.demo import cast


@dataclass(frozen=True)
class Face:
    """One card. ``key`` is what the form posts; ``sees`` says what this person finds."""

    key: str
    name: str
    sees: str

    @property
    def first_name(self) -> str:
        """What stands on the button."""
        return self.name.split()[0]


_PARTNERS = {
    "cedar/a": _("Has just joined by an invitation. Next comes the page about leaving, then the consent."),
    "cielo/b": _("Is in the middle of the form, in Spanish. What was answered so far is kept."),
    "harlow/a": _("Has sent the form and waits for a call."),
    "copper/a": _("Was asked for what is missing: the form stands open again."),
    "maple/b": _("Wants to stay, but is shy of coming. Has sent the form all the same."),
    "rowan/a": _("Goes on alone: a letter and an appointment."),
    "hollow/a": _("Has a letter, an appointment with the partner, and has written a message since."),
    "nogal/b": _("The same from the other side, in Spanish: a letter about what comes next."),
}
_STAFF = {
    "imani": _("Therapist. Her own cases, from a danger today to a first joint appointment."),
    "mateo": _("Therapist, in English and Spanish. Cases to review, to defer and to call."),
    "wen": _("Therapist. Among others two letters by Wen wait for a second person."),
    "theo": _("Admin. Sees who was invited, joined and sent, and no answer of anybody."),
}


def partners(present: Collection[str]) -> tuple[Face, ...]:
    """The partners to choose from, as far as they are in this database."""
    return tuple(_partners(present))


def _partners(present: Collection[str]) -> Iterator[Face]:
    couples = {couple.key: couple for couple in cast.couples()}
    for key, sees in _PARTNERS.items():
        couple, _slash, slot = key.partition("/")
        if key in present:
            yield Face(key, couples[couple].person(slot).name, str(sees))


def staff() -> tuple[Face, ...]:
    """The therapists, then the admin."""
    names = {member.key: member.name for member in cast.STAFF}
    return tuple(Face(key, names[key], str(sees)) for key, sees in _STAFF.items())
