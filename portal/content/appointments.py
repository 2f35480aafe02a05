"""How a proposed appointment is put to a partner: the same words for one person and for two."""

from __future__ import annotations

from typing import Final

from portal.domain.questionnaire import Wording

TITLE: Final = Wording("A time to talk", "Una hora para hablar")
#: All that a calendar entry says.
IN_CALENDAR: Final = Wording("Appointment", "Cita")
#: Holds {day}, {time}, {minutes}, {place} and {phone}.
TEXT: Final = Wording(
    "We suggest {day} at {time}, for {minutes} minutes. Where: {place}. "
    "If this does not suit you, call us at {phone} and we find another time.",
    "Le proponemos el {day}, a las {time}, durante {minutes} minutos. Lugar: {place}. "
    "Si no le viene bien, llámenos al {phone} y buscamos otra hora.",
)
