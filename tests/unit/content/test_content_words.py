"""Sign-in names: the list of words, drawing, reading back."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from portal.content.words import WORDS, canonical_name, draw_name


def test_there_are_enough_short_plain_words() -> None:
    assert len(WORDS) >= 512
    assert len(set(WORDS)) == len(WORDS)
    assert [word for word in WORDS if not re.fullmatch(r"[a-z]{4,11}", word)] == []


def test_no_word_can_be_taken_for_another() -> None:
    """One letter left out, added or changed never makes another word of the list."""
    shapes: dict[str, str] = {}
    close = []
    for word in WORDS:
        for at in range(len(word)):
            shape = f"{word[:at]}?{word[at + 1 :]}"
            other = shapes.setdefault(shape, word)
            if other != word:
                close.append((other, word))
    shortened = {word[:at] + word[at + 1 :] for word in WORDS for at in range(len(word))}
    assert (sorted(set(close)), sorted(shortened.intersection(WORDS))) == ([], [])


def test_no_word_says_why_somebody_is_here() -> None:
    telling = re.compile(
        r"love|heart|wed|bride|couple|therap|clinic|hurt|kill|blood|gun|knife|dead|cry|sick|lie"
    )
    assert [word for word in WORDS if telling.search(word)] == ["clover", "crystal", "foxglove"]


def test_a_name_is_three_different_words() -> None:
    def first(words: Sequence[str]) -> str:
        return words[0]

    assert draw_name(first) == "-".join(WORDS[:3])
    assert draw_name(lambda words: words[-1]) == "-".join(reversed(WORDS[-3:]))


@pytest.mark.parametrize(
    "typed",
    [
        "amber-canoe-willow",
        " Amber Canoe Willow ",
        "AMBER_CANOE.WILLOW",
        "amber - canoe -  willow",
        "-amber-canoe-willow.",
    ],
)
def test_a_typed_name_is_read_kindly(typed: str) -> None:
    assert canonical_name(typed) == "amber-canoe-willow"


def test_other_signs_stay_and_do_not_match() -> None:
    assert canonical_name("amber@canoe/willow") == "amber@canoe/willow"
