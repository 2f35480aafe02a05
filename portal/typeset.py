"""Documents as tagged PDF (PDF/UA-1), set by typst from a template of ours and data that never is markup.

Fonts are typst's own, so that a document looks the same on every machine; the same data at the same moment
gives the same bytes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import typst

#: What the fonts can show, of letters, marks, numbers, punctuation, symbols and blanks.
_SHOWN: Final = (
    (0x20, 0x4FF), (0x591, 0x60C), (0x621, 0x63A), (0x640, 0x652), (0x660, 0x669), (0x1E00, 0x2040),
    (0x2044, 0x2052), (0x2054, 0x211E), (0x2126, 0x2151), (0x2190, 0x23FF), (0x2450, 0x2605),
)  # fmt: skip
#: Stands for a character that the fonts do not have; the portal shows the text as it was written.
MISSING: Final = "□"
_PAGES: Final = re.compile(rb"/Count (\d+)")


def pdf(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """The document of a template, which reads ``data`` as JSON in ``sys.inputs.data``."""
    return typst.compile(
        template.encode(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(printable(data), ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=made_at.replace(microsecond=0),
    )


def page_count(document: bytes) -> int:
    """How many pages a document of this module has."""
    return max(int(found) for found in _PAGES.findall(document))


def printable(value: Any) -> Any:
    """Data with every text as the fonts can show it: what cannot be seen is left out, the rest is marked."""
    if isinstance(value, str):
        return "".join(_shown(sign) for sign in unicodedata.normalize("NFC", value))
    if isinstance(value, Mapping):
        return {key: printable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [printable(one) for one in value]
    return value


def _shown(sign: str) -> str:
    if sign == "\n":
        return sign
    kind = unicodedata.category(sign)
    if kind in ("Cc", "Cf", "Zl", "Zp"):
        return " " if kind in ("Zl", "Zp") or sign in "\t\r" else ""
    known = kind[0] in "LMNPSZ" and any(low <= ord(sign) <= high for low, high in _SHOWN)
    return sign if known else MISSING
