"""Documents: text is never markup, every sign that is let through can be shown, the rest is marked."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from pypdf import PdfReader

from portal.typeset import _SHOWN, MISSING, page_count, pdf, printable

NOON = datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)
PLAIN = """
#let d = json(bytes(sys.inputs.data))
#set document(title: "Signs")
= Signs
#d.text
"""


def text_of(document: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


def test_text_is_never_markup() -> None:
    typed = '#panic("x") *b* $y$ #import "a.typ" \\ <label> @ref'
    assert typed in " ".join(text_of(pdf(PLAIN, {"text": typed}, made_at=NOON)).split())


def test_every_sign_that_is_let_through_can_be_shown() -> None:
    signs = printable("".join(chr(code) for low, high in _SHOWN for code in range(low, high + 1)))
    assert pdf(PLAIN, {"text": " ".join(signs)}, made_at=NOON).startswith(b"%PDF-")


def test_what_the_fonts_lack_is_marked_and_what_cannot_be_seen_left_out() -> None:
    assert printable("李 🦊\ufffe") == f"{MISSING} {MISSING}{MISSING}"
    assert printable("a\u200bb\u202e\x1b\x07c\ufeff") == "abc"
    assert printable("a\tb\u2028c\nd") == "a b c\nd"
    assert printable({"one": ["e\u0301", 5, None], "two": ("x",)}) == {"one": ["é", 5, None], "two": ["x"]}


def test_pages_are_counted() -> None:
    breaks = PLAIN + "#pagebreak()\nTwo\n#pagebreak()\nThree\n"
    assert [page_count(pdf(text, {"text": "x"}, made_at=NOON)) for text in (PLAIN, breaks)] == [1, 3]
