"""The form in a browser without script: one address, moving about, refusals that keep what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from partner_rooms import Browser, opened_entries, rows_of
from portal.content import questionnaire as bank
from portal.domain.questionnaire import Kind
from portal.models import Account, AuditEvent, Intake, SectionState, table_of
from portal.services import desks
from portal.web import pieces
from portal.web.partner import cut_page, section_page

FORM = bank.load()
KEYS = FORM.section_keys


def heading(text: str) -> str:
    """The section that stands open, by its hidden field."""
    found = re.search(r'name="section" value="(\w+)"', text)
    assert found is not None
    return found.group(1)


def checked(text: str, name: str) -> list[str]:
    """Values of the checked inputs of a question."""
    inputs = re.findall(rf'<input type="(?:radio|checkbox)"[^>]*name="{re.escape(name)}"[^>]*>', text)
    return [re.findall(r'value="([^"]*)"', one)[0] for one in inputs if " checked" in one]


def test_every_section_in_order_at_one_address(visitor: Browser) -> None:
    seen = []
    for version in range(len(KEYS)):
        page = visitor.get("/my/form")
        assert page.status_code == 200
        seen.append((heading(page.text), re.findall(r"<title>(.*?)</title>", page.text)))
        answer = visitor.save(seen[-1][0], version, go="next")
        assert answer.status_code == 303
    assert seen == [(key, ["Form"]) for key in KEYS]
    assert answer.location == "/my/form/check"
    assert visitor.version() == len(KEYS)


def test_back_open_and_save_move_as_asked(visitor: Browser) -> None:
    moves = [("start", "next", "", "basics"), ("basics", "back", "", "start"), ("start", "back", "", "start")]
    moves += [
        ("start", "open", "goals", "goals"),
        ("goals", "save", "", "goals"),
        ("goals", "", "words", "words"),
    ]
    for version, (section, go, to, expected) in enumerate(moves):
        answer = visitor.post("/my/form", section=section, version=str(version), go=go, to=to)
        assert (answer.status_code, answer.location, answer.data) == (303, "/my/form", b"")
        assert heading(visitor.get("/my/form").text) == expected


def test_a_get_writes_nothing(visitor: Browser) -> None:
    before = (
        rows_of(visitor.store, AuditEvent, "id"),
        rows_of(visitor.store, SectionState, "section", "version", "opened_at"),
    )
    for path in ("/my", "/my/form", "/my/form/check", "/my/contact", "/my/consent"):
        assert visitor.get(path).status_code == 200
    after = (
        rows_of(visitor.store, AuditEvent, "id"),
        rows_of(visitor.store, SectionState, "section", "version", "opened_at"),
    )
    assert after == before


def test_readable_answers_are_shown_again(visitor: Browser) -> None:
    visitor.save(
        "start", 0, ("preference_times", ""), ("preference_times", "weekends"), adult="yes",
        preference_note="<b>at noon</b>",
    )  # fmt: skip
    text = visitor.get("/my/form").text
    assert checked(text, "adult") == ["yes"]
    assert checked(text, "preference_times") == ["weekends"]
    assert "&lt;b&gt;at noon&lt;/b&gt;</textarea>" in text
    assert "<b>at noon" not in text


def test_sealed_answers_are_never_shown_again(visitor: Browser) -> None:
    visitor.save("start", 0, to="safety", go="open")
    visitor.save("safety", 1, ("harm_received.insult", "past_year"), fear="strong")
    text = visitor.get("/my/form").text
    assert checked(text, "fear") == []
    assert checked(text, "harm_received.insult") == []
    assert text.count("answered, hidden: change") == 2
    assert opened_entries(visitor.store, visitor.tools) == [
        ("safety", {"values": {"harm_received.insult": "past_year", "fear": "strong"}, "clear": False})
    ]


def test_a_sealed_text_is_never_shown_again(visitor: Browser) -> None:
    visitor.save("start", 0, to="words", go="open")
    visitor.save("words", 1, own_words="the blue kettle")
    text = visitor.get("/my/form").text
    assert "kettle" not in text
    assert "answered, hidden: change" in text


def test_a_page_can_be_emptied(visitor: Browser) -> None:
    visitor.save("start", 0, to="safety", go="open")
    visitor.save("safety", 1, fear="strong")
    assert visitor.save("safety", 2, go="clear").status_code == 303
    text = visitor.get("/my/form").text
    assert "answered, hidden: change" not in text
    assert 'value="clear"' not in text


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("adult", "perhaps")], "Please choose one of the answers shown here."),
        ([("adult", "yes"), ("adult", "no")], "Please choose only one answer here."),
        ([("preference_times", "never")], "Please choose one of the answers shown here."),
        ([("preference_note", "x" * 1001)], "This text is longer than we can keep. Please shorten it."),
        ([("preference_note", "a\0b")], "This text holds a character that we cannot keep."),
    ],
)
def test_bad_input_comes_back_with_all_that_was_typed(
    visitor: Browser, pairs: list[tuple[str, str]], message: str
) -> None:
    answer = visitor.save("start", 0, *pairs, private="unsure", go="next")
    assert answer.status_code == 400
    assert message in answer.text
    assert f'href="#{pairs[0][0]}"' in answer.text
    assert checked(answer.text, "private") == ["unsure"]
    assert (heading(answer.text), visitor.version()) == ("start", 0)
    if pairs[0][1].startswith("x"):
        assert "x" * 1001 in answer.text
    if "\0" in pairs[0][1]:
        assert "a\ufffdb</textarea>" in answer.text


RAW = {
    "escaped": b"%ED%A0%80",
    "broken": b"%FF%FE",
    "raw": b"\xff\xfe",
    "surrogate": b"\xed\xa0\x80",
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
@pytest.mark.parametrize("path", ["/my/form", "/my/form/draft"])
def test_what_is_no_utf_8_is_refused_and_the_rest_kept(visitor: Browser, raw: bytes, path: str) -> None:
    token = visitor.csrf().encode()
    body = b"csrf_token=" + token + b"&section=start&version=0&go=next&adult=no&preference_note=" + raw
    kind = "application/x-www-form-urlencoded"
    answer = visitor.client.post(path, data=body, content_type=kind)
    assert answer.status_code == 400
    if path == "/my/form/draft":
        assert answer.data == b""
    else:
        assert checked(answer.text, "adult") == ["no"]
        assert "This text holds a character that we cannot keep." in answer.text
    assert visitor.version() == 0


def test_typed_text_of_a_sealed_section_survives_a_fault(visitor: Browser) -> None:
    visitor.save("start", 0, to="words", go="open")
    visitor.save("words", 1, good_things="we laugh")
    answer = visitor.save("words", 2, own_words="y" * 30_000, anything_else="and this", good_things="")
    assert answer.status_code == 400
    assert "and this</textarea>" in answer.text
    assert "y" * 30_000 in answer.text
    assert answer.text.count("answered, hidden: change") == 1
    assert "we laugh" not in answer.text
    assert len(opened_entries(visitor.store, visitor.tools)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"section": "nowhere", "go": "next"},
        {"section": "", "go": "next"},
        {"section": "start", "go": "sideways"},
        {"section": "start", "go": "open", "to": "nowhere"},
        {"section": "start", "go": "open"},
    ],
)
def test_a_body_that_cannot_be_read_keeps_the_text(visitor: Browser, fields: dict[str, str]) -> None:
    answer = visitor.post("/my/form", version="0", adult="yes", preference_note="kept text", **fields)
    assert answer.status_code == 400
    assert "This page could not be read." in answer.text
    assert heading(answer.text) == "start"
    assert checked(answer.text, "adult") == ["yes"]
    assert "kept text</textarea>" in answer.text
    assert visitor.version() == 0


def test_an_unreadable_body_without_any_answer_shows_the_open_section(visitor: Browser) -> None:
    visitor.save("start", 0, go="next")
    answer = visitor.post("/my/form", section="nowhere", version="1")
    assert (answer.status_code, heading(answer.text)) == (400, "basics")


def test_made_up_options_survive_an_unreadable_body_unseen(visitor: Browser) -> None:
    answer = visitor.post("/my/form", ("goals", "made_up"), section="nowhere", version="0")
    assert (answer.status_code, heading(answer.text)) == (400, "goals")
    assert "made_up" not in answer.text


def test_another_tab_was_quicker(visitor: Browser) -> None:
    visitor.save("start", 0, preference_note="first tab")
    answer = visitor.save("start", 0, preference_note="second tab")
    assert answer.status_code == 409
    assert "second tab</textarea>" in answer.text
    assert "Something newer was saved in another tab or window" in answer.text
    assert 'name="version" value="1"' in answer.text
    assert visitor.save("start", 1, preference_note="second tab").status_code == 303


@pytest.mark.parametrize("version", ["", "-1", "1", "7", "x", "0.0", "٠"])
def test_any_other_counter_is_409(visitor: Browser, version: str) -> None:
    answer = visitor.post("/my/form", section="start", version=version, go="next", adult="yes")
    assert answer.status_code == 409
    assert visitor.draft("start", 0, adult="yes").status_code == 204


def test_a_double_click_saves_once(visitor: Browser) -> None:
    answers = [visitor.save("start", 0, adult="yes", go="next") for _ in range(2)]
    assert [(one.status_code, one.location) for one in answers] == [(303, "/my/form")] * 2
    assert visitor.version() == 1


def test_unexpected_fields_are_ignored_and_counted(visitor: Browser) -> None:
    visitor.save("start", 0, adult="yes", submitted_at="2026-01-01", partner_id="x")
    assert ("request.unexpected_fields", '{"count": 2}') in rows_of(
        visitor.store, AuditEvent, "verb", "detail"
    )
    assert visitor.intake().submitted_at is None


def test_while_it_is_not_private_the_screens_stay_and_a_notice_is_added(visitor: Browser) -> None:
    visitor.save("start", 0, to="safety", go="open")
    quiet = visitor.get("/my/form").text
    visitor.save("safety", 1, to="start", go="open")
    visitor.save("start", 2, private="no", to="safety", go="open")
    told = visitor.get("/my/form").text
    assert 'id="not-private"' not in quiet
    assert 'id="not-private"' in told
    assert "+1 555 0199" in told
    assert re.findall(r' name="([\w.]+)"', told) == re.findall(r' name="([\w.]+)"', quiet)
    # Whoever looks over the shoulder reads the notice too.
    assert re.search(r"(?i)you (said|told)|somebody (may|can) see|on your own", told) is None
    answer = visitor.save("safety", 3, fear="strong", go="next")
    assert (answer.status_code, visitor.version()) == (303, 4)
    assert opened_entries(visitor.store, visitor.tools) == []


def test_every_page_shows_help_lines_and_is_no_emergency_service(visitor: Browser) -> None:
    for path in ("/my", "/my/form", "/my/form/check", "/my/message", "/my/partner"):
        text = visitor.get(path).text
        assert "988" in text
        assert "is not an emergency service" in text


def test_sections_are_alike_for_everybody(visit: Callable[..., Browser]) -> None:
    """Constant shape: the same fields, whatever was answered before (security.md P2)."""
    plain, other = visit(), visit()
    other.save("start", 0, adult="no", in_service_area="no")
    other.save("start", 1, to="safety", go="open")
    other.save("safety", 2, to="health", go="open", fear="strong")
    plain.save("start", 0, to="health", go="open")
    names = [re.findall(r' name="([\w.]+)"', one.get("/my/form").text) for one in (plain, other)]
    assert names[0] == names[1]
    assert len(plain.get("/my/form").data) == len(other.get("/my/form").data)


def test_a_megabyte_comes_back(visitor: Browser) -> None:
    visitor.save("start", 0, to="words", go="open")
    answer = visitor.save("words", 1, own_words="z" * 1_000_000, anything_else="kept")
    assert answer.status_code == 400
    assert "z" * 1_000_000 in answer.text
    assert "kept</textarea>" in answer.text


@pytest.mark.parametrize(
    ("version", "words", "status"), [("7", "What I typed.", 409), ("0", "What I typed." * 2000, 400)]
)
def test_an_old_page_of_what_a_short_form_does_not_ask_keeps_what_was_typed(
    visitor: Browser, version: str, words: str, status: int
) -> None:
    with visitor.store.staff.write() as session:
        session.execute(update(table_of(Intake)).values(variant="b+short"))
    answer = visitor.post("/my/form", section="words", version=version, go="next", own_words=words)
    assert (answer.status_code, f"{words}</textarea>" in answer.text) == (status, True)


def test_more_than_four_megabytes_are_413(visitor: Browser) -> None:
    answer = visitor.save("words", 0, own_words="z" * (4 * 1024 * 1024))
    assert (answer.status_code, visitor.version()) == (413, 0)


def test_more_fields_than_any_form_has_are_400(visitor: Browser) -> None:
    pairs = [(f"field_{number}", "x") for number in range(2001)]
    assert visitor.save("start", 0, *pairs).status_code == 400


@pytest.mark.parametrize("key", KEYS)
def test_cut_pieces_are_what_the_macros_draw(app: Flask, visitor: Browser, key: str) -> None:
    """Piece by piece, and all at once: the same page, for values, hidden answers and messages alike."""
    with visitor.store.partner.read() as session:
        seat = desks.find_seat(session, visitor.tools, visitor.person.token)
    assert seat is not None
    assert seat.desk is not None
    section = FORM.section(key)
    values: dict[str, Any] = {}
    for item in section.items[::2]:
        last = item.options[-1].value if item.options else "a <b> & c"
        values[item.key] = [last] if item.kind is Kind.MULTI else last
    hidden = frozenset(item.key for item in section.items[1::4])
    errors = {item.key: "Look again." for item in section.items[::5]}
    with app.test_request_context("/my/form"):
        cut = pieces.of_section(seat.desk, section, "en", pieces.Filling(values, hidden, errors))
        views = [pieces.view_of(item, "en") for item in section.items]
        states = dict.fromkeys(values, "answered") | dict.fromkeys(hidden, "hidden")
        groups = {group.key: group.text.en for group in section.groups}
        macro = app.jinja_env.get_template("components/grid.html").module.questions
        drawn = str(macro(views, values, errors, states, groups))
    found = [re.sub(r"\s+", " ", str(piece)) for piece in cut.values()]
    squeezed = re.sub(r"\s+", " ", drawn)
    assert [piece for piece in found if piece not in squeezed] == []
    assert len(found) == len(section.items)


def test_a_cut_page_holds_this_persons_token_and_nobody_elses(visit: Callable[..., Browser]) -> None:
    pages = {}
    for visitor in (visit(), visit()):
        text = visitor.get("/my/form").text
        assert set(re.findall(r'name="csrf_token" value="([^"]*)"', text)) == {visitor.csrf()}
        assert not re.search("[\ue000\ue001]", text)
        pages[visitor.csrf()] = text.replace(visitor.csrf(), "token")
    assert len(set(pages.values())) == 1


def test_progress_is_what_the_macros_draw(app: Flask) -> None:
    edition, keys = bank.versions()[-1], FORM.section_keys
    states = tuple(("done", "begun", "untouched")[at % 3] for at in range(len(keys)))
    with app.test_request_context("/my/form"):
        links = section_page._links(edition, "b", states, "en")
        parts = section_page._parts(edition, "b", states, keys[2], "en")
        assert parts == pieces.drawn_by("progress", "section_list", links, keys[2])
        for left in (0, 1, 2, 41):
            bar = section_page._bar(3, len(keys), left, "en")
            assert bar == pieces.drawn_by("progress", "progress", 3, len(keys), left)


def test_no_page_is_drawn_quicker_because_somebody_gave_the_same_answers(
    visit: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is drawn for whoever comes second: the same number of pieces, whatever the first one answered."""
    drawn: list[str] = []
    draw, draw_page = pieces.drawn_by, cut_page._drawn
    monkeypatch.setattr(pieces, "drawn_by", lambda *given: drawn.append(given[1]) or draw(*given))
    monkeypatch.setattr(cut_page, "_drawn", lambda frame: drawn.append("page") or draw_page(frame))
    seen = []
    answers = {"private": "no", "adult": "no", "call_first": "yes", "preference_note": "at noon"}
    for first in ({}, answers):
        for kept in (pieces._kept, cut_page._cuts, section_page._bars, section_page._lists):
            kept.cache_clear()
        for given in (first, answers):
            visitor, times = visit(), ("preference_times", "weekday_evenings")
            assert visitor.save("start", 0, *given.items(), times).status_code == 303
            drawn.clear()
            assert visitor.get("/my/form").status_code == 200
        seen.append(list(drawn))
    assert seen == [["question"]] * 2  # the one that several options were chosen for


def test_a_typed_mark_stays_what_was_typed(visitor: Browser) -> None:
    typed = "\ue000csrf\ue001 \ue000"
    visitor.save("start", 0, preference_note=typed)
    assert f"{typed}</textarea>" in visitor.get("/my/form").text


def test_a_cut_page_is_the_page_that_the_template_draws(visitor: Browser) -> None:
    visitor.save("start", 0, adult="yes", preference_note="at noon")
    whole = visitor.post("/my/form", section="start", version="9", preference_note="at noon").text
    note = re.search(r'<div class="notice warning" role="alert".*?</div>', whole, re.DOTALL)
    assert note is not None
    cut = visitor.get("/my/form").text
    assert squeeze(whole.replace(note.group(0), "")) == squeeze(cut)


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text.rpartition("<!--")[0])


def test_spanish_pages(visitor: Browser) -> None:
    with visitor.store.staff.write() as session:
        session.execute(update(table_of(Account)).values(language="es"))
    text = visitor.get("/my/form").text
    assert 'lang="es"' in text
    assert "Antes de empezar" in text


@pytest.mark.parametrize("step", ["account", "leaving", "consent", "contact"])
def test_out_of_order_leads_to_the_right_page(visit: Callable[..., Browser], step: str) -> None:
    early = visit(step)
    order = ["account", "leaving", "consent", "contact"]
    later = [f"/my/{name}" for name in (*order[order.index(step) + 1 :], "form", "form/check", "partner")]
    mine = [path for path in later if path not in ("/my/account", "/my/leaving")]
    found: list[Any] = [(early.get(path).status_code, early.get(path).location) for path in mine]
    assert found == [(303, f"/my/{step}")] * len(mine)
    posts = ["/my/form", "/my/form/submit", "/my/partner"]
    answers = [early.post(path, section="start", version="0", go="next", choice="invite") for path in posts]
    assert [(one.status_code, one.location) for one in answers] == [(303, f"/my/{step}")] * len(posts)
    assert early.draft("start", 0, adult="yes").status_code == 409
