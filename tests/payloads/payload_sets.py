"""What attackers type (security.md §5.4). Every payload holds MARK where it would do something."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

MARK: Final = "xss7"

#: One for each place a text can stand in: element, attributes, addresses, frames, drawings, templates.
SCRIPTS: Final = (
    f"<script>{MARK}()</script>",
    f'"><img src=x onerror={MARK}()>',
    f"' onfocus={MARK}() autofocus='",
    f" onmouseover={MARK}() ",
    f"javascript:{MARK}()",
    f'<iframe srcdoc="<script>{MARK}()</script>"></iframe>',
    f"<svg/onload={MARK}()>",
    f"</textarea><script>{MARK}()</script>",
    f"</title><script>{MARK}()</script>",
    "{{7*7}}" + MARK,
    "${7*7}{% raw %}" + MARK,
    f"&lt;script&gt;{MARK}()&lt;/script&gt;",
    f"+ADw-script+AD4-{MARK}()+ADw-/script+AD4-",
    f'<noscript><p title="</noscript><img src=x onerror={MARK}()>">',
    f"<!--><b {MARK}>-->",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={MARK}()>",
)

QUERIES: Final = (
    "'", "' OR '1'='1", "'; DROP TABLE account; --", '" OR 1=1 --', "1); DELETE FROM practice; --",
    "' AND 1=(SELECT count(*) FROM sqlite_master, sqlite_master b, sqlite_master c) --",
    "x' UNION SELECT password_hash FROM account --", "name; SELECT randomblob(1000000000)",
    "%' OR name LIKE '%",
)  # fmt: skip

SIGNS: Final = (
    "\u202egnp.exe", "a\u200bb\u200dc\ufeff", "👩‍❤️‍👨",
    "e" + "\u0301" * 200, "ｆｕｌｌ", "ß", "İi", "\u2028line\u2029",
    "\x1b[31mred", "\x07bell", "=1+1", "@SUM(A1)", "-2+3", "＝cmd|' /C calc'!A0", "\ufffe", "𝕏",
)  # fmt: skip

EVERYTHING: Final = (*SCRIPTS, *QUERIES, *SIGNS)
#: All of them in one text.
WALL: Final = "\n".join(EVERYTHING)

_ADDRESSES: Final = frozenset({"href", "src", "action", "formaction", "srcdoc", "style", "data", "poster"})


class Look(HTMLParser):
    """Reads a page as a browser does: which tags would act for the attacker, and what is text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.acting: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if MARK in name or name.startswith("on") or (name in _ADDRESSES and MARK in (value or "")):
                self.acting.append(f"<{tag} {name}={value}>")
            elif name == "value" or name.startswith("data-"):
                self.text.append(value or "")
        if tag in ("script", "img", "iframe", "object", "embed", "math", "noscript", "style", "base"):
            kept = tag == "script" and (dict(attrs).get("src") or "").startswith("/static/")
            if not kept:
                self.acting.append(f"<{tag}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.acting.append("<!-- -->")


def look(page: str) -> tuple[list[str], str]:
    """What would act in a page, and its text."""
    reader = Look()
    reader.feed(page)
    reader.close()
    return reader.acting, "".join(reader.text)
