"""The part of ``docs/routing.md`` about what rides beside a route: gates, flags, topics, clearances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from portal.domain.gates import MOOD_LEVEL
from portal.domain.texts import RulesetTexts
from portal.domain.topics import ALCOHOL_LEVEL

GATES_WHEN: Final[Mapping[str, str]] = {
    "not_signed": "always",
    "interview_each": "couples and discernment, always",
    "call_next_working_day": (
        "suicide level 1, suicidal behaviour in the past year, or thoughts of harming someone"
    ),
    "call_within_24h": "suicide level 2",
    "confirm_decision": "decided to end (5) with a firmness under 8",
    "doubts_unspoken": "torn or leaning out (3 to 5) and the doubts were not told",
    "high_doubt": "couples, and anyone torn or leaning out (3 to 5)",
    "reluctant": (
        "couples, and anyone's first step is no, unsure or one or two, or some months of work unsure or no"
    ),
    "pressured": "pushed to come (2), where R6 does not hold",
    "confirm_private_on_call": "unsure about privacy, or a shared device",
    "mood_referral": f"mood score {MOOD_LEVEL} or more of 12",
    "mandated_report_review": "a child's danger: concern or now",
    "await_call": "a partner who sent their form has no safe channel, or left that blank",
}
"""When each gate stands; in anybody's file, drafts too."""

FLAGS_WHEN: Final[Mapping[str, str]] = {
    "outside_relationship_known": "a present outside relationship that both know of",
    "past_secret_affair": "a past outside relationship kept secret",
    "do_not_reveal": "one says filed or final, the other none; stands on the one who filed",
    "perception_gap": "the guess and the other's answer are two or more apart; stands on the one who guessed",
    "staying_from_fear": "staying from fear was ticked",
    "leaving_risk": (
        "leaning out (4 or 5), recently separated, or began living apart, filed or final; and the other has"
        " a suicide level of 1 or more, or thoughts or intent of harming someone, or threatened suicide"
        " if left (so the one leaving reports), or any act or any control stands between them. A reported"
        " firearm is named as a topic"
    ),
}
"""When each flag stands, and on whom."""

_TOPICS: Final = (
    "insults, ever; a threat, a physical act or sexual pressure, earlier; one mild kind of "
    f"control; hard to leave; an alcohol score of {ALCOHOL_LEVEL} or more; a mood score of "
    f"{MOOD_LEVEL} or more; suicide items not asked; staying from fear; pressure on the neck that "
    "was wanted; and every item declined or, once sent, left blank that R8 does not wait for"
)


def riders(texts: RulesetTexts) -> Iterator[str]:
    """Gates, flags, topics, clearances and clocks, each with when it stands."""
    gates = [(f"`{key}`", GATES_WHEN[key], text.in_locale("en")) for key, text in texts.gates.items()]
    flags = [(f"`{key}`", FLAGS_WHEN[key], text.in_locale("en")) for key, text in texts.flags.items()]
    yield from ("### Gates, on any route, name what must come first", "")
    yield from _three("key", "when", "says", gates)
    yield from ("", "### Flags, for the therapist alone", "")
    yield from _three("key", "when", "says", flags)
    yield from (
        "",
        "### Topics for the interviews (tier C, no route)",
        "",
        f"Named for each partner: {_TOPICS}.",
        "",
    )
    yield from _CLEARANCES
    yield from _CLOCKS


def _three(one: str, two: str, three: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    yield from (f"| {one} | {two} | {three} |", "|---|---|---|")
    yield from (f"| {' | '.join(row)} |" for row in rows)


_CLEARANCES: Final = (
    "### Findings stay until they are cleared",
    "",
    "Findings of tiers A, B, H and crisis latch: a later form, or age, adds to them and never takes them",
    "away. Only a named clinician clears them, one tier at a time, after an individual interview with",
    "each partner who takes part (where one comes: with that one, and for individual work only). A",
    "clearance takes away its own row alone - A R1, B R4, H R5b, crisis R2 - for answers up to its date;",
    "newer answers raise anew, and a draft is never cleared. R3 and R1b are never cleared, only changed",
    "by new answers that a clinician confirms. Where one of these four rows sets the route, `if_cleared`",
    "says what the table says without them, so that a therapist sees where the couple is heading.",
    "",
)
_CLOCKS: Final = (
    "### How soon",
    "",
    "R1, R1b, R2, R3 and `leaving_risk` are read the same day, R4 within two working days, R5b and R5d",
    "within five. Everybody is called, by themselves, by the date set from the day they sent. Safe hours",
    "win over the same day.",
    "",
)
