"""The pictures of where the time goes."""

from __future__ import annotations

from xml.etree import ElementTree

import sqlalchemy

import icicle
import profiles
from portal.domain import scoring
from portal.services import desks

PAGE = ("web", "case_page:draw", "portal.web.therapist.case_page:draw")
WORK = ("services", "a<b", "portal.services.a<b")
NAME = "{http://www.w3.org/2000/svg}"


def _drawn(stacks: list[list[icicle.Call]]) -> list[tuple[str | None, ...]]:
    """Left edge, top, width, title and words of every box."""
    root = icicle.Box()
    for stack in stacks:
        root.add(stack)
    picture = ElementTree.fromstring(icicle.svg("A page", root))
    return [
        (
            box.get("x"),
            box.get("y"),
            box.get("width"),
            box.findtext(f"{NAME}title"),
            box.findtext(f"{NAME}text"),
        )
        for box in picture.findall(f"{NAME}svg")
    ]


def test_a_call_stands_below_its_caller_as_wide_as_its_share() -> None:
    assert _drawn([[PAGE, WORK], [PAGE], [PAGE], [WORK]]) == [
        ("0.0", "22", "750.0", "portal.web.therapist.case_page:draw 75.0%", "case_page:draw"),
        ("0.0", "38", "250.0", "portal.services.a<b 25.0%", "a<b"),
        ("750.0", "22", "250.0", "portal.services.a<b 25.0%", "a<b"),
    ]


def test_slivers_and_what_lies_too_deep_are_left_out() -> None:
    deep = [("web", str(at), str(at)) for at in range(20)]
    assert len(_drawn([deep])) == icicle.DEPTH
    assert [title for *_, title, _ in _drawn([[PAGE]] * 999 + [[WORK]])] == [f"{PAGE[2]} 99.9%"]


def test_words_never_leave_their_box() -> None:
    words = {width: icicle._cut("case_page:draw", width) for width in (100, 60, 25)}
    assert words == {100: "case_page:draw", 60: "case_pa…", 25: ""}


def test_nothing_seen_is_an_empty_picture() -> None:
    assert _drawn([]) == []


def test_no_name_shows_where_the_machine_keeps_the_code() -> None:
    functions = (scoring.index, desks.find_seat, sqlalchemy.text, ElementTree.indent)
    assert [profiles.call_of(one.__code__) for one in functions] == [
        ("domain", "scoring:index", "portal.domain.scoring:index"),
        ("services", "desks:find_seat", "portal.services.desks:find_seat"),
        ("library", "sqlalchemy", "sqlalchemy"),
        ("library", "ElementTree", "ElementTree of Python"),
    ]
