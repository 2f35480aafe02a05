"""A refused letter comes back with the words that must go marked in it, and with all that was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from practice_world import Desk, World

from portal.domain.access import Viewer

LETTER = "We know you are so tired of all these arguments.\nBecause of the Violence: <b>couples therapy</b>."


def marks(page: str) -> list[str]:
    """The marked stretches, in their order."""
    return [unescape(found) for found in re.findall(r"<mark>([^<]*)</mark>", page)]


def test_the_offending_words_are_marked(house: World, desk: Callable[[Viewer], Desk]) -> None:
    thea = house.staff()
    case = house.case(therapist=thea)
    case.send("a")
    case.send("b", own_words="I am so tired of all these arguments")
    case.sign(thea)
    there, sit = f"/cases/{case.id}/releases", desk(thea)
    page = sit.post(there, {"slot": "a", "letter": "free", "body": LETTER}, 400)
    assert marks(page.text) == ["so tired of all these arguments", "Violence", "couples therapy"]
    kept = re.search(r'<textarea[^>]*id="release-body"[^>]*>\n([^<]*)</textarea>', page.text)
    assert kept is not None
    assert unescape(kept[1]) == LETTER
    assert "<b>couples" not in page.text
    clean = sit.post(there, {"slot": "a", "letter": "free", "body": ""}, 400)
    assert marks(clean.text) == []


def test_so_are_those_of_a_place_to_meet(house: World, desk: Callable[[Viewer], Desk]) -> None:
    thea = house.staff()
    case = house.case(therapist=thea)
    case.send("a")
    case.sign(thea)
    fields = {"slot": "a", "starts_at": "2030-01-07T10:00", "minutes": "50", "place": "The crisis room"}
    page = desk(thea).post(f"/cases/{case.id}/appointments", fields, 400)
    assert marks(page.text) == ["crisis"]
