"""What a caller may say: alone first, and the practice's name only with leave."""

from __future__ import annotations

import re

import pytest

from portal.content.calls import script

STEPS = ["open", "private", "not_private", "begin", "close", "other_person", "voicemail"]


@pytest.mark.parametrize("name_ok", [True, False])
@pytest.mark.parametrize("voicemail_ok", [True, False])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_script(name_ok: bool, voicemail_ok: bool, language: str) -> None:
    lines = script(name_ok=name_ok, voicemail_ok=voicemail_ok)
    assert [line.step for line in lines] == STEPS
    said = {line.step: line.text.in_locale(language) for line in lines}
    assert any("{practice}" in text for text in said.values()) is name_ok
    assert ("{phone}" in said["voicemail"]) is voicemail_ok
    for text in said.values():
        assert set(re.findall(r"{(.*?)}", text)) <= {"caller", "practice", "phone"}


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_before_the_privacy_check_names_what_it_is_about(language: str) -> None:
    told = {"form", "couple", "relationship", "therap", "intake", "formulario", "pareja", "relación", "terap"}
    for name_ok in (True, False):
        for line in script(name_ok=name_ok, voicemail_ok=True):
            if line.step not in ("begin", "close"):
                words = line.text.in_locale(language).casefold()
                assert not any(word in words for word in told), line.step
