"""A calendar entry for one proposed appointment: when, how long, and nothing that tells what it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.content import appointments as words


def entry(*, uid: str, starts_at: datetime, minutes: int, language: str, now: datetime) -> bytes:
    """An ``.ics`` file. No place, no practice, no name: a calendar may be shared, and shows on lock screens.

    ``uid``: drawn for this entry alone. Times stand in UTC; a calendar shows them by its own clock.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - late: large, and only for this file

    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", starts_at.astimezone(UTC))
    event.add("dtend", starts_at.astimezone(UTC) + timedelta(minutes=minutes))
    event.add("summary", words.IN_CALENDAR.in_locale(language))
    event.add("class", "PRIVATE")
    calendar = Calendar()
    calendar.add("prodid", "-//calendar//1//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
