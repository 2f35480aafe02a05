"""Every cell of the access table, requested (security.md T49, T51, T52, T21, T31)."""

from __future__ import annotations

import pytest

from access import cells, table
from access.practice import ROLES, House

ROWS = table.rows()
#: A part of the table each, so that they run side by side.
PARTS = ("public", "accounts", "partner", "therapist", "admin", "rest")


def _part(endpoint: str) -> str:
    name = endpoint.partition(".")[0]
    return name if name in PARTS else "rest"


def _key(entrance: cells.Entrance) -> table.Key:
    return entrance.endpoint, entrance.method


def test_every_endpoint_has_its_row(house: House) -> None:
    assert sorted(_key(entrance) for entrance in cells.entrances(house)) == sorted(ROWS)


@pytest.mark.parametrize("part", PARTS)
def test_every_cell_answers_as_the_table_says(house: House, part: str) -> None:
    wrong = []
    for entrance in cells.entrances(house):
        if _part(entrance.endpoint) != part:
            continue
        for role in ROLES:
            wrong += _wrong_cells(house, entrance, role)
    assert wrong == []


def _wrong_cells(house: House, entrance: cells.Entrance, role: str) -> list[str]:
    wrong, at_random = [], None
    for which in reversed(entrance.objects):
        answer = cells.ask(house, role, entrance, which)
        wanted = ROWS[_key(entrance)].get((role, which))
        if answer.status_code != wanted:
            wrong.append(f"{entrance.endpoint} {entrance.method} {role} {which}: {answer.status_code}")
        if which == "random":
            at_random = answer.data
        elif answer.status_code == 404 and at_random is not None and answer.data != at_random:
            wrong.append(f"{entrance.endpoint} {entrance.method} {role} {which}: not a random id's 404")
        if entrance.method == "POST" and answer.status_code < 400:
            house.restore()
    return wrong


def test_no_post_is_taken_without_its_token(house: House) -> None:
    """T21: whoever may post is refused 400, whoever may not learns no more than with a token."""
    wrong = []
    for entrance in cells.entrances(house):
        if entrance.method != "POST" or entrance.endpoint == "public.leave":
            continue
        for role in ("anonymous", "a", "thea", "theo", "ada"):
            wanted = ROWS[_key(entrance)][role, "own"]
            answer = cells.ask(house, role, entrance, "own", with_token=False)
            if answer.status_code != (wanted if wanted in (401, 404) else 400):
                wrong.append(f"{entrance.endpoint} {role}: {answer.status_code}")
    assert wrong == []


def test_a_wrong_method_is_405_whoever_asks_about_whatever(house: House) -> None:
    """T31: method first; OPTIONS tells nothing; HEAD is GET without its body."""
    wrong = []
    for entrance in {one.rule.rule: one for one in cells.entrances(house)}.values():
        known = cells.methods_of(house, entrance)
        for method in sorted({"GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"} - known):
            for role, which in (("anonymous", "random"), ("thea", "own")):
                answer = cells.ask(house, role, entrance, which, method=method)
                told = (answer.status_code, answer.headers.get("Allow"))
                if told != (405, ", ".join(sorted(known))):
                    wrong.append(f"{entrance.rule.rule} {method} {role}: {told}")
    assert wrong == []


def test_head_is_get_without_its_body(house: House) -> None:
    wrong = []
    for entrance in cells.entrances(house):
        if entrance.method == "GET" and entrance.endpoint != "public.leave":
            for role in ("anonymous", "a", "thea", "ada"):
                answer = cells.ask(house, role, entrance, "own", method="HEAD")
                if (answer.status_code, answer.data) != (ROWS[_key(entrance)][role, "own"], b""):
                    wrong.append(f"{entrance.endpoint} {role}: {answer.status_code}")
    assert wrong == []
