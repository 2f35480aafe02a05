"""One couple's story while it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from portal.demo import sittings
from portal.demo.cast import Couple
from portal.demo.sittings import Known
from portal.demo.stage import Stage
from portal.domain.access import Viewer

Words = tuple[str, ...]


@dataclass
class Play:
    """A case that is being told: who joined, who looks after it."""

    stage: Stage
    couple: Couple
    case_id: str = ""
    known: dict[str, Known] = field(default_factory=dict)

    @property
    def therapist(self) -> Viewer:
        """Who acts; for a case without a therapist, whoever is on duty."""
        return self.stage.staff[self.couple.therapist or "imani"]

    @property
    def therapist_email(self) -> str:
        """The address of the case's therapist; empty where nobody has it yet."""
        return f"{self.couple.therapist}@practice.example" if self.couple.therapist else ""

    def address(self, slot: str) -> str:
        """The e-mail address of the person in a slot."""
        return sittings.address(self.couple.person(slot), self.couple.key)


Verb = Callable[[Play, Words], None]
