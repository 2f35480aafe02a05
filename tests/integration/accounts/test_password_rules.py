"""What may be a password: long, readable, not one of the first that somebody tries."""

from __future__ import annotations

import pytest

from portal.services import passwords

PRACTICE = ("Harbor Couples Therapy",)


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery staple",
        "x9!x8?x7.x6,x5-",
        "a password for alex 15",
        "my-very-long-password",
        "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰",
        "contraseña de mi abuela",
        "Harbor lights in November",
        "z" * 1010 + "abcdefgh9137xy",
    ],
)
def test_long_and_uncommon_is_enough(text: str) -> None:
    assert passwords.fault(text, context=PRACTICE) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "too_short"),
        ("fourteen chars", "too_short"),
        ("e\u0301" * 14, "too_short"),
        ("q7" * 513, "too_long"),
        ("nul \0 in the middle", "unreadable"),
        ("surrogate \ud800 in it", "unreadable"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("abcd abcd abcd abcd", "common"),
        ("passwordpassword", "common"),
        ("Password 1234567890", "common"),
        ("123456789012345", "common"),
        ("zyxwvutsrqponmlk", "common"),
        ("qwertyuiopasdfgh", "common"),
        ("!!!!!!!!!!!!!!!!!!", "common"),
        ("Harbor Couples Therapy 1", "common"),
        ("intake-portal-2026", "common"),
    ],
)
def test_what_is_refused_and_why(text: str, fault: str) -> None:
    assert passwords.fault(text, context=PRACTICE) == fault


def test_nothing_is_cut_off_and_the_same_keys_give_the_same_text() -> None:
    longest = "x" * passwords.LONGEST
    assert passwords.given(longest + "ab") == longest + "a"
    assert passwords.given("e\u0301t\u00e9") == passwords.canonical("\u00e9te\u0301") == "\u00e9t\u00e9"
