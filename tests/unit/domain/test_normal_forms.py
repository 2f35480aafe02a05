"""Any text is brought into a normal form in a time that grows with its length."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.answers import canonical_text
from portal.domain.normal_forms import Form, normalized
from portal.services import passwords

#: Letters, accents above and below, parts of Korean syllables, Japanese and half-width marks, ligatures.
SIGNS = "aéoñ \u0301\u0316\u0323\u1100\u1161\u11a8\uac00\u304b\u3099\uff76\uff9e\ufdfa\ufb01\u00b4\u1ec7😀"


@given(
    text=st.text(alphabet=st.sampled_from(SIGNS), max_size=700), form=st.sampled_from(["NFC", "NFKC", "NFKD"])
)
def test_it_is_what_unicode_says(text: str, form: Form) -> None:
    assert normalized(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("sign", ["\u1100\u1161\u11a8", "\u304b\u3099", "e\u0323\u0302", "漢"])
def test_nothing_is_torn_where_a_piece_ends(sign: str) -> None:
    for shift in range(4):
        text = "x" * shift + sign * 400
        assert normalized("NFC", text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("text", ["a" + "\u0301" * 50_000 + "\u0316" * 50_000, "a" + "\u0301\u0316" * 50_000])
def test_a_hundred_thousand_accents_stop_nobody(text: str) -> None:
    began = time.process_time()
    assert len(canonical_text(text)) == len(passwords.canonical(text)) == len(text) - 1
    passwords.given(text)
    assert time.process_time() - began < 1
