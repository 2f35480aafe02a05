"""What may be written into a setting: posted text -> value, or the reason why not."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection
from datetime import date
from typing import Final

from portal.content import help_lines as lines
from portal.domain.constructs import POLICIES
from portal.services import set_ups

Value = str | int | bool
Check = Callable[[str], Value]

#: More days off than this are no holidays.
MOST_HOLIDAYS: Final = 60


class Fault(Exception):
    """Its text is the reason key."""


def line(longest: int, *, is_needed: bool = False) -> Callable[[str], str]:
    """One line of at most ``longest`` characters."""

    def check(text: str) -> str:
        if not text and is_needed:
            raise Fault("missing")
        if len(text) > longest:
            raise Fault("too_long")
        if text and not text.isprintable():
            raise Fault("bad_characters")
        return text

    return check


def email(text: str) -> str:
    """An address, or nothing."""
    if text and not set_ups.is_email(text):
        raise Fault("bad_email")
    return text


def zone(text: str) -> str:
    """A zone of the time-zone database."""
    return _option(text, zoneinfo.available_timezones())


def policy(text: str) -> str:
    """One of the confidentiality policies."""
    return _option(text, POLICIES)


def yes_no(text: str) -> bool:
    """A yes or a no."""
    return _option(text, ("yes", "no")) == "yes"


def _option(text: str, options: Collection[str]) -> str:
    if text not in options:
        raise Fault("not_an_option")
    return text


def number(ends: tuple[int, int]) -> Callable[[str], int]:
    """A whole number from the first of ``ends`` to the second."""
    low, high = ends

    def check(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 4 or not low <= int(text) <= high:
            raise Fault("out_of_range")
        return int(text)

    return check


def some_of(options: Collection[str]) -> Callable[[str], str]:
    """One or more of ``options``, with commas between them; kept in their order."""

    def check(text: str) -> str:
        chosen = {part.strip() for part in text.split(",") if part.strip()}
        if not chosen:
            raise Fault("missing")
        if not chosen <= set(options):
            raise Fault("not_an_option")
        return ",".join(option for option in options if option in chosen)

    return check


def help_lines(language: str) -> Callable[[str], str]:
    """Help lines in one language, one a row; the shipped ones, or none, are kept as nothing."""

    def check(text: str) -> str:
        try:
            given = lines.of_text(text, language)
        except lines.NotHelpLines:
            raise Fault("bad_help_lines") from None
        return "" if given == lines.shipped(language) else lines.as_text(given)

    return check


def days_off(text: str) -> str:
    """Days such as 2026-12-25, parted by spaces, commas or lines; kept in their order, each once."""
    days = set()
    for part in re.split(r"[\s,;]+", text):
        if not part:
            continue
        try:
            days.add(date.fromisoformat(part).isoformat())
        except ValueError:
            raise Fault("bad_dates") from None
    if len(days) > MOST_HOLIDAYS:
        raise Fault("too_long")
    return " ".join(sorted(days))
