"""Who sees what, when: the promise to the partners, on one screen.

What a **partner** sees never depends on the other partner or on what staff do, but for what staff let
them see by a release, an appointment or a request (security.md §0, P3 and P4):

=====================  =========================  ==============================  ======================
what                   its own partner            the other partner               staff
=====================  =========================  ==============================  ======================
readable draft         until it is sent           never                           never
sealed draft, contact  never again                never                           findings, progress
sent answers           never again                never                           therapist who may open
score, finding, route  never                      never                           therapist who may open
interview, note        never                      never                           therapist who may open
letter, appointment    once released to them      never (each has an own one)     author, approver, case
scheduling state       own acts only              never                           admins too
=====================  =========================  ==============================  ======================

A therapist may open a case that is theirs, that nobody has, that they cover while its therapist is away, or
that they broke the glass for (``access.can_open_case``); somebody with a conflict of interest may not, by
none of these ways. An approver sees a letter alone, without the case it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from portal.domain.access import Viewer

LetterState = Literal["waiting", "released", "refused"]

#: A practice with one account waits this long between writing and approving (security.md §0).
ALONE_WAITS: Final = timedelta(hours=24)
#: Routes whose letters need a second person (security.md T11).
NEEDS_APPROVAL: Final = frozenset({"safety", "hold"})


@dataclass(frozen=True)
class LetterFacts:
    """What decides who may see and approve a letter."""

    state: LetterState
    written_by: str
    written_at: datetime
    decided_by: str | None = None


def can_see_answers(viewer: Viewer, *, may_open_case: bool, is_sent: bool) -> bool:
    """Answers of a sent intake, by a therapist who may open the case; of an unsent one only findings."""
    return viewer.is_therapist and may_open_case and is_sent


def needs_approval(*routes: str | None) -> bool:
    """Whether a letter waits for a second person: the recommended or the signed route is safety or hold."""
    return not NEEDS_APPROVAL.isdisjoint(routes)


def can_see_letter(viewer: Viewer, letter: LetterFacts, *, may_open_case: bool) -> bool:
    """The author, whoever decided, whoever may open the case; while it waits every therapist and admin."""
    if viewer.id in (letter.written_by, letter.decided_by) or may_open_case:
        return True
    return letter.state == "waiting" and (viewer.is_therapist or viewer.is_admin)


def can_decide_letter(viewer: Viewer, letter: LetterFacts, *, is_alone: bool, now: datetime) -> bool:
    """Any other therapist or admin; in a practice with one account its author, a day later.

    ``is_alone``: exactly one staff account can sign in.
    """
    if letter.state != "waiting" or not (viewer.is_therapist or viewer.is_admin):
        return False
    if viewer.id != letter.written_by:
        return True
    return is_alone and now - letter.written_at >= ALONE_WAITS
