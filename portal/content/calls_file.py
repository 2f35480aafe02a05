"""Reads what a caller says."""

from __future__ import annotations

from pathlib import Path

from portal.content.calls import Script
from portal.content.reading import Strict, Texts, read

_FILE = Path(__file__).with_name("calls.yaml")


class _FileIn(Strict):
    open_named: Texts
    open_unnamed: Texts
    private: Texts
    not_private: Texts
    begin: Texts
    close: Texts
    other_person: Texts
    voicemail_named: Texts
    voicemail_unnamed: Texts
    voicemail_none: Texts


def shipped() -> Script:
    """The lines that ship."""
    given = read(_FILE).as_model(_FileIn)
    return Script(**{key: texts.wording() for key, texts in given})
