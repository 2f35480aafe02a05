"""What a therapist asks of the caseload: which cases, in which order, from where on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Self, cast

from portal.domain.rules import PROTECTIVENESS

Whose = Literal["all", "mine", "unassigned"]
Status = Literal["open", "closed"]
Sort = Literal["urgency", "waiting", "newest"]

#: Every field of the address and what it may hold; anything else is refused.
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "whose": ("all", "mine", "unassigned"),
    "urgency": ("", "0", "1", "2", "3", "4", "5"),
    "route": ("", *PROTECTIVENESS),
    "status": ("open", "closed"),
    "language": ("", "en", "es"),
    "sort": ("urgency", "waiting", "newest"),
}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"([0-9])\.([0-9]{1,17})\.([0-9a-f-]{1,36})")


class UnknownOption(Exception):
    """A filter holds something that is not offered."""


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the next one begins after this case. ``at``: the time that it is sorted by."""

    urgency: int
    at: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.urgency}.{(self.at - _EPOCH) // timedelta(microseconds=1)}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor a page's address holds; None for anything else."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            return None
        return cls(int(found[1]), _EPOCH + timedelta(microseconds=int(found[2])), found[3])


@dataclass(frozen=True)
class Filters:
    """Which cases, in which order. Closed cases come with the one closed last first, whatever the sort."""

    whose: Whose = "all"
    urgency: int | None = None
    route: str = ""
    status: Status = "open"
    language: str = ""
    sort: Sort = "urgency"

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """The filters an address holds. Raises UnknownOption."""
        for name, options in OPTIONS.items():
            if given.get(name, options[0]) not in options:
                raise UnknownOption(name)
        return cls(
            whose=cast(Whose, given.get("whose", "all")),
            urgency=int(given["urgency"]) if given.get("urgency") else None,
            route=given.get("route", ""),
            status=cast(Status, given.get("status", "open")),
            language=given.get("language", ""),
            sort=cast(Sort, given.get("sort", "urgency")),
        )

    def as_fields(self) -> dict[str, str]:
        """What an address holds of them: only what differs from the plain caseload."""
        urgency = "" if self.urgency is None else str(self.urgency)
        fields = {
            "whose": self.whose, "urgency": urgency, "route": self.route,
            "status": self.status, "language": self.language, "sort": self.sort,
        }  # fmt: skip
        return {name: value for name, value in fields.items() if value != OPTIONS[name][0]}


PLAIN: Final = Filters()
