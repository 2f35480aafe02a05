"""Safe hours: a person's own words about when to call, read only where they can mean one thing.

"Mon-Fri 12:00-13:00, Sat 9am-11am" is read; "never in the evening" is not, and is left to whoever calls: a
wrong guess here would be a call at the wrong moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

_DAYS: Final = {
    **dict.fromkeys(("mon", "monday", "lun", "lunes"), 0),
    **dict.fromkeys(("tue", "tues", "tuesday", "mar", "martes"), 1),
    **dict.fromkeys(("wed", "wednesday", "mie", "mié", "miercoles", "miércoles"), 2),
    **dict.fromkeys(("thu", "thur", "thurs", "thursday", "jue", "jueves"), 3),
    **dict.fromkeys(("fri", "friday", "vie", "viernes"), 4),
    **dict.fromkeys(("sat", "saturday", "sab", "sáb", "sabado", "sábado"), 5),
    **dict.fromkeys(("sun", "sunday", "dom", "domingo"), 6),
}
_EVERY: Final = frozenset(range(7))
_WEEK: Final = frozenset(range(5))
_GROUPS: Final = {
    "weekdays": _WEEK, "working days": _WEEK, "entre semana": _WEEK, "días laborables": _WEEK,
    "weekends": _EVERY - _WEEK, "weekend": _EVERY - _WEEK, "fines de semana": _EVERY - _WEEK,
    "daily": _EVERY, "every day": _EVERY, "todos los días": _EVERY, "": _EVERY,
}  # fmt: skip
_TIME: Final = r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?"
_PART: Final = re.compile(
    rf"(?P<days>[a-zé áíú-]*?) ?(?:from |de |between )?(?P<begin>{_TIME}) ?(?:-|to|a) ?(?P<end>{_TIME}) ?h?"
)


#: Words that exclude no hour.
_ANY: Final = frozenset({"", "any time", "anytime", "any", "whenever", "a cualquier hora", "cualquier hora"})


@dataclass(frozen=True)
class Window:
    """From ``begins`` to ``ends`` on these weekdays (Monday is 0), by the person's own clock."""

    days: frozenset[int]
    begins: time
    ends: time


@dataclass(frozen=True)
class Now:
    """``is_safe`` None: nobody but a reader can tell. ``next``: the next safe span, as aware times."""

    is_safe: bool | None
    next: tuple[datetime, datetime] | None = None


def read(text: str) -> tuple[Window, ...] | None:
    """The windows a text names; None where any part of it could mean something else."""
    plain = " ".join(text.casefold().replace("–", "-").replace("—", "-").split()).strip(" .")
    parts = [part.strip() for part in re.split(r"[,;]| and | y ", plain)]
    found = [_window(part) for part in parts]
    return None if None in found else tuple(window for window in found if window is not None)


def _window(part: str) -> Window | None:
    match = _PART.fullmatch(part)
    if match is None:
        return None
    days, (begins, ends) = _days(match["days"].strip()), _span(match["begin"], match["end"])
    if days is None or begins is None or ends is None or begins >= ends:
        return None
    return Window(days, begins, ends)


def _days(text: str) -> frozenset[int] | None:
    if text in _GROUPS:
        return _GROUPS[text]
    first, _, last = text.replace(" - ", "-").replace(" to ", "-").replace(" a ", "-").partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        return None
    begin, end = _DAYS[first], _DAYS[last or first]
    return frozenset((begin + n) % 7 for n in range((end - begin) % 7 + 1))


def _span(begin: str, end: str) -> tuple[time | None, time | None]:
    """Both ends, where they can mean one half of the day only: "6-8" and "9:30-11:00" could be either."""
    first, last = _clock(begin), _clock(end)
    halves = [text.endswith("m") for text in (begin, end)]
    is_told = all(halves) or begin.startswith("0") or (last is not None and last.hour > 12)
    return (first, last) if is_told and halves[0] == halves[1] else (None, None)


def _clock(text: str) -> time | None:
    [(hours, minutes, half)] = re.findall(_TIME, text)
    hour, minute = int(hours), int(minutes or 0)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24
    return time(hour, minute) if hour < 24 and minute < 60 else None


def at(text: str, moment: datetime, zone: tzinfo) -> Now:
    """Whether a moment lies in the safe hours, and when the next ones are, by the person's own clock.

    No words at all, or "any time": no hour was excluded.
    """
    if text.casefold().strip(" .") in _ANY:
        return Now(True)
    windows = read(text)
    if windows is None:
        return Now(None)
    there = moment.astimezone(zone)
    is_in = any(there.weekday() in one.days and one.begins <= there.time() < one.ends for one in windows)
    return Now(is_in, None if is_in else _next(windows, there, zone))


def _next(windows: tuple[Window, ...], there: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first window that begins after this moment: within eight days there is one."""
    coming = [
        (datetime.combine(day, one.begins, zone), datetime.combine(day, one.ends, zone))
        for ahead in range(8)
        for one in windows
        if (day := there.date() + timedelta(days=ahead)).weekday() in one.days
    ]
    return min(span for span in coming if span[0].astimezone(UTC) > there.astimezone(UTC))
