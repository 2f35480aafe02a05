"""A posted body is read as Python's own reader reads it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.web import bodies

PIECES = ["a", "q_1", "&", "=", "%", "+", "%41", "%C3%B1", "%ff", "%00", "%2", "ñ", "\udcff", ";", " ", "\0"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
def test_it_is_told_as_python_tells_it(text: str) -> None:
    pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
    told: dict[str, list[str]] = {}
    for name, value in pairs:
        told.setdefault(name, []).append(value)
    assert list(bodies._told(text).items()) == list(told.items())
