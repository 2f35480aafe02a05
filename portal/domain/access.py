"""Who acts, and what they may do: permissions you can read aloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

Kind = Literal["anonymous", "partner", "staff", "system"]

#: Sensitive acts (exports, releases, clearances, people, settings…) need a sign-in this fresh.
FRESH_FOR: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Viewer:
    """The identity handed inward by ``web``, the worker or a command.

    ``id``: account id (partner), staff id (staff), name of the command or job (system), "" (anonymous).
    """

    kind: Kind
    id: str = ""
    partner_id: str = ""
    session_id: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    authenticated_at: datetime | None = None

    @property
    def is_therapist(self) -> bool:
        """Whether this is a staff member with the therapist role."""
        return self.kind == "staff" and "therapist" in self.roles

    @property
    def is_admin(self) -> bool:
        """Whether this is a staff member with the admin role."""
        return self.kind == "staff" and "admin" in self.roles


ANONYMOUS: Final = Viewer(kind="anonymous")


def system(name: str) -> Viewer:
    """The viewer of a command or a worker job."""
    return Viewer(kind="system", id=name)


def is_fresh(viewer: Viewer, now: datetime) -> bool:
    """Whether the viewer signed in (or confirmed) at most ``FRESH_FOR`` ago."""
    return viewer.authenticated_at is not None and now - viewer.authenticated_at <= FRESH_FOR


def can_open_case(
    viewer: Viewer,
    *,
    therapist_id: str | None,
    has_break_glass: bool = False,
    is_covering: bool = False,
    is_conflicted: bool = False,
) -> bool:
    """Therapists open their own cases, unassigned ones, those they cover, and others by break-glass.

    Unassigned and safety cases are visible to all therapists until assigned (security.md §0). A conflict of
    interest closes a case to somebody whatever else would open it.
    """
    if not viewer.is_therapist or is_conflicted:
        return False
    return therapist_id is None or therapist_id == viewer.id or is_covering or has_break_glass
