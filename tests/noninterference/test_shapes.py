"""Constant shape (security.md P2): same titles, same screens, same sizes, whatever was answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from evening.answer_sheets import sheet
from noninterference.stage import House, Stage
from noninterference.worlds import DANGER, LEAVING, SAFE, SUICIDAL
from portal.content import questionnaire as bank
from portal.content import resources
from portal.domain.questionnaire import Kind, Section
from portal.web import headers

Choices = dict[str, str | list[str]]
QUESTIONNAIRE = bank.load()
SECTIONS = QUESTIONNAIRE.section_keys
SHEETS = {"safe": SAFE, "danger": DANGER, "suicidal": SUICIDAL, "leaving": LEAVING, "plain": sheet()}
_TITLE = re.compile(r"<title>([^<]*)</title>")
_STEPS = re.compile(r"Part (\d+) of (\d+)")


def least(section: Section) -> Choices:
    """The first answer to every choice."""
    return _each(section, lambda values: values[0], lambda values: values[:1])


def most(section: Section) -> Choices:
    """The last answer to every choice, and everything that may be ticked together."""
    return _each(section, lambda values: values[-1], lambda values: [one for one in values if one != "none"])


def _each(section: Section, one, several) -> Choices:  # type: ignore[no-untyped-def]
    values = {item.key: [option.value for option in item.options] for item in section.items}
    kinds: Mapping[str, Kind] = {item.key: item.kind for item in section.items}
    return {
        key: several(given) if kinds[key] is Kind.MULTI else one(given)
        for key, given in values.items()
        if kinds[key] is not Kind.TEXT and key != "private"
    }


def walked(house: House, answers: Mapping[str, Choices]) -> list[tuple[str, int, str, str | None, int, int]]:
    """Everything somebody else can see of one evening: address, status, title, step, sizes down and up."""
    stage = Stage(house)
    b = stage.b.comes()
    b.seen.clear()
    for section in SECTIONS:
        b.drafts(section, answers.get(section, {}))
        b.saves(section, answers.get(section, {}), go="save")
        b.get("/my/form")
        b.saves(section, {}, go="next")
    b.get("/my/form/check")
    b.sends()
    b.get("/my")
    return [_outside(one) for one in b.seen]


def _outside(seen) -> tuple[str, int, str, str | None, int]:  # type: ignore[no-untyped-def]
    text = seen.body.decode()
    title, step = _TITLE.search(text), _STEPS.search(text)
    return seen.label, seen.status, title[1] if title else "", step[0] if step else None, len(seen.body)


@cache
def _plain(house: House) -> list[tuple[str, int, str, str | None, int]]:
    return walked(house, SHEETS["plain"])


@pytest.mark.parametrize("name", ["safe", "danger", "suicidal", "leaving"])
def test_every_evening_has_the_same_outside(house: House, name: str) -> None:
    assert walked(house, SHEETS[name]) == _plain(house)


def test_least_and_most_have_the_same_outside(house: House) -> None:
    """Also where every box is ticked, against one box each."""
    one = walked(house, {key: least(QUESTIONNAIRE.section(key)) for key in SECTIONS})
    other = walked(house, {key: most(QUESTIONNAIRE.section(key)) for key in SECTIONS})
    assert one == other


def test_one_title_on_all_of_a_partners_pages(house: House) -> None:
    assert {title for label, status, title, *_ in _plain(house) if status == 200} == {"Form"}
    assert {label.split()[1].split("?")[0] for label, *_ in _plain(house)} == {
        "/my", "/my/form", "/my/form/draft", "/my/form/check", "/my/form/submit",
    }  # fmt: skip


def test_every_page_is_a_whole_number_of_buckets(house: House) -> None:
    assert {size % headers.PAGE_BUCKET for *_, size in _plain(house)} == {0}


def test_without_padding_the_sizes_would_tell(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of this test."""
    monkeypatch.setattr(headers, "_pad", lambda response: None)
    one = walked(house, {key: least(QUESTIONNAIRE.section(key)) for key in SECTIONS})
    other = walked(house, {key: most(QUESTIONNAIRE.section(key)) for key in SECTIONS})
    assert one != other


#: What a partner may open, before and after sending.
_ROOMS = (
    "/my", "/my/account", "/my/leaving", "/my/consent", "/my/contact", "/my/partner", "/my/message",
    "/my/add", "/my/withdraw", "/my/form", "/my/form/check", "/help", "/if-your-partner-does-not",
    "/if-you-are-not-sure", "/not-there",
)  # fmt: skip
_FIELD = re.compile(r"<(?:input|textarea|select)\b[^>]*>")
_REMEMBERED = {'autocomplete="current-password"', 'autocomplete="new-password"'}


def _rooms_of(stage: Stage) -> list[tuple[str, str]]:
    """Every page of B's that is there now, section after section of the form."""
    pages = [(path, stage.b.get(path)) for path in _ROOMS]
    return [(path, answer.text) for path, answer in pages if answer.status_code in (200, 404)]


def _all_rooms(house: House) -> list[tuple[str, str]]:
    stage = Stage(house)
    stage.b.comes()
    seen = _rooms_of(stage)
    for section in SECTIONS:
        seen.append((section, stage.b.get("/my/form").text))
        stage.b.saves(section, SHEETS["danger"].get(section, {}))
    stage.b.sends()
    return [*seen, *_rooms_of(stage)]


def test_every_room_has_the_way_out_the_help_lines_and_the_neutral_title(house: House) -> None:
    """Whatever was answered, before sending and after, found or not."""
    contacts = [line.phone for line in resources.load().lines]
    for path, page in _all_rooms(house):
        assert (path, _TITLE.findall(page)) == (path, ["Form"])
        assert (path, 'href="/leave"' in page, 'class="crisis"' in page) == (path, True, True)
        assert (path, [one for one in contacts if one not in page]) == (path, [])
        words = ("therap", "couple", "relationship", "safety", "danger")
        assert not any(word in _TITLE.findall(page)[0].lower() for word in words)


def test_no_browser_is_asked_to_remember_an_answer(house: House) -> None:
    """On the field or on its form; passwords alone are left to a password manager."""
    for path, page in _all_rooms(house):
        main = page[page.index("<main") : page.index("</main>")]
        for form in re.split(r"<form\b", main)[1:]:
            is_off = 'autocomplete="off"' in form.partition(">")[0]
            for field in _FIELD.findall(form):
                if 'type="hidden"' in field or any(one in field for one in _REMEMBERED):
                    continue
                assert (path, field, is_off or 'autocomplete="off"' in field) == (path, field, True)
                assert (path, field, 'type="password"' in field) == (path, field, False)
