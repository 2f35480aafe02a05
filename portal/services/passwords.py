"""What a password must be: long, and not one that guessers try first. Nothing else is asked of it.

15 to 1,024 characters of any kind (NIST SP 800-63B-4: at least 15 for a single factor, no composition
rules), counted in code points of its NFC form, so that the same keys on two devices give the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final, cast

from portal.domain.normal_forms import normalized

SHORTEST: Final = 15
LONGEST: Final = 1024
#: A character is composed of so many at most.
_MOST_PARTS: Final = 4
#: A password that only repeats fewer characters than this is no longer than they are.
_SHORTEST_UNIT: Final = 5
#: What must be left once the practice's and the portal's own words are taken out.
_OWN_PART: Final = 4
_ALWAYS_CONTEXT: Final = ("intake", "portal", "password", "passphrase", "couple", "therapy", "counseling")
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiopasdfghjklñzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)


def _read_list() -> str:
    """The 30,000 most common passwords (zxcvbn's list, which works offline), a line each.

    Its file is run alone: the package beside it makes 13 MB of tables for a guessing that is not done here.
    """
    package = cast(ModuleSpec, find_spec("zxcvbn"))
    path = Path(str(package.origin)).with_name("frequency_lists.py")
    lists = ModuleType("frequency_lists")
    SourceFileLoader(lists.__name__, str(path)).exec_module(lists)
    return "\n".join(["", *lists.FREQUENCY_LISTS["passwords"], ""])


#: Read at the start: whoever chose the first password would wait for it.
_LISTED: Final = _read_list()


def canonical(text: str) -> str:
    """The form in which a password is hashed and compared (NFC); safe for any text."""
    return normalized("NFC", text)


def given(text: str) -> str:
    """A password somebody types to get in, as it is compared; cut where none could fit any more."""
    return canonical(text[: _MOST_PARTS * (LONGEST + 1)])[: LONGEST + 1]


def fault(text: str, *, context: Iterable[str] = ()) -> str | None:
    """Why this cannot be a password: unreadable, too_short, too_long, common, or None.

    ``context``: words that stand near the account, such as the practice's name.
    """
    if not is_readable(text):
        return "unreadable"
    length = len(canonical(text))
    if length < SHORTEST:
        return "too_short"
    if length > LONGEST:
        return "too_long"
    return "common" if _is_common(canonical(text), context) else None


def is_readable(text: str) -> bool:
    """Whether every character can be kept: no NUL, no lone surrogate."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def _is_common(text: str, context: Iterable[str]) -> bool:
    folded = _fold(text)
    unit = _unit(folded)
    tried = {folded, unit, folded.strip("0123456789"), _unit(folded.strip("0123456789"))}
    return (
        len(unit) < _SHORTEST_UNIT
        or any(f"\n{one}\n" in _LISTED for one in tried)
        or _is_run(unit)
        or len(_without(folded, context)) < _OWN_PART
    )


def _fold(text: str) -> str:
    """Lower case without blanks and signs; a text of signs alone stays as it is."""
    lowered = normalized("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", lowered) or lowered


def _unit(text: str) -> str:
    """The shortest piece that ``text`` repeats, or all of it."""
    return text[: (text + text).find(text, 1)] if text else text


def _is_run(text: str) -> bool:
    """Whether it walks along the alphabet, the digits or a row of keys, forward or back."""
    rows = [row * (len(text) // len(row) + 2) for row in _ROWS]
    return any(text in row or text in row[::-1] for row in rows)


def _without(folded: str, context: Iterable[str]) -> str:
    """What is left without words that everybody near here would try; at least one such word must occur."""
    words = [_fold(word) for phrase in (*context, *_ALWAYS_CONTEXT) for word in (phrase, *phrase.split())]
    left = folded
    for word in sorted({word for word in words if len(word) >= 4}, key=len, reverse=True):
        left = left.replace(word, "")
    return left.strip("0123456789") if left != folded else folded
