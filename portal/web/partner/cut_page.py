"""The page of a section, cut once: everything but what changes from one person to the next.

The whole template is drawn with marks where token, counter, progress and answers belong; a request puts
those in. A cut is kept by questionnaire version, variant, language and section, and by the few facts that
change its frame; no answer and nothing that was typed is ever in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from flask import render_template
from markupsafe import Markup

from portal.services import questionnaires
from portal.web import cuts

#: Bytes of a page and, where nothing stands, the names of its marks.
Cut = tuple[tuple[bytes, ...], tuple[str, ...]]

CSRF, VERSION, PROGRESS, PARTS = "csrf", "version", "progress", "parts"


class Frame(NamedTuple):
    """What decides the frame of a section's page."""

    edition: str
    variant: str
    language: str
    section: str
    practice: tuple[str, str, str]
    is_private: bool
    is_touched: bool


def fill(frame: Frame, slots: Mapping[str, str], items: Mapping[str, str]) -> bytes:
    """The page as it is sent, in one pass: what somebody typed is never looked at for marks."""
    between, names = _cuts(frame._replace(is_private=True, is_touched=True))[
        frame.is_private, frame.is_touched
    ]
    values = {**items, **slots}
    whole = list(between)
    whole[1::2] = [values[name].encode() for name in names]
    return b"".join(whole)


@lru_cache(maxsize=64)
def _cuts(frame: Frame) -> dict[tuple[bool, bool], Cut]:
    """The cuts of a section by what its asker said: all at once, so that how long a page takes tells nobody
    that somebody else had said the same before (decision 0107)."""
    said = ((is_private, is_touched) for is_private in (True, False) for is_touched in (True, False))
    return {
        (is_private, is_touched): _cut(frame._replace(is_private=is_private, is_touched=is_touched))
        for is_private, is_touched in said
    }


def _cut(frame: Frame) -> Cut:
    """The bytes of the page, with nothing where a mark is, and the names of the marks."""
    return cuts.in_bytes(cuts.cut(_drawn(frame)))


def _drawn(frame: Frame) -> str:
    section = questionnaires.of(frame.edition, frame.variant).section(frame.section)
    token: Callable[[], Markup] = lambda: cuts.mark(CSRF)  # noqa: E731  (the template calls it)
    return render_template(
        "partner/form.html",
        **static(frame),
        csrf_token=token,
        version=cuts.mark(VERSION),
        progress_block=cuts.mark(PROGRESS),
        parts_block=cuts.mark(PARTS),
        pieces={item.key: cuts.mark(item.key) for item in section.items},
        errors=[],
        note="",
    )


def static(frame: Frame) -> dict[str, object]:
    """What the template reads of the frame, cut or not."""
    questionnaire = questionnaires.of(frame.edition, frame.variant)
    section, language = questionnaire.section(frame.section), frame.language
    return {
        "head": {
            "key": section.key,
            "title": section.title.in_locale(language),
            "lead": section.lead.in_locale(language),
            "why": section.why.in_locale(language),
            "notices": [notice.in_locale(language) for notice in section.notices],
        },
        "groups": [
            {
                "title": group.text.in_locale(language) if group else "",
                "help": group.help.in_locale(language) if group and group.help else "",
                "keys": [item.key for item in items],
            }
            for group, items in section.rows()
        ],
        "is_first": questionnaire.previous_section(section.key) is None,
        "is_last": questionnaire.next_section(section.key) is None,
        "is_private": frame.is_private,
        "is_silent": section.silent,
        "is_sealed": section.is_sealed,
        "is_touched": frame.is_touched,
    }
