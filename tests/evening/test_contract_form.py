"""The form at one address: saves, counting, drafts, sending, silence (contract.md)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from sqlalchemy import inspect, text

from evening.answer_sheets import ACTS
from evening.plain_client import Answer, Browser, Fields
from evening.practices import Practice, Staff, open_section, raw, save, send

SECTIONS = (
    *("start", "basics", "patterns", "satisfaction", "goals", "reasons", "reflection", "direction"),
    *("pressure", "safety", "health", "affair", "words"),
)


@dataclass
class Partner:
    """Somebody at the form, with the token of the page."""

    browser: Browser
    token: str

    def draft(self, fields: Fields) -> Answer:
        return self.browser.post("/my/form/draft", fields, token=self.token)

    def post(self, fields: Fields) -> Answer:
        return self.browser.post("/my/form", fields, token=self.token)

    def version(self) -> int:
        return int(self.browser.get("/my/form").field("version"))


@pytest.fixture
def partner(practice: Practice, admin: Staff) -> Partner:
    browser = practice.begin()
    return Partner(browser, browser.get("/my/form").field("csrf_token"))


def checked(page: Answer, name: str) -> list[str]:
    """Values of the ticked boxes of a name."""
    return [
        e.attributes["value"]
        for e in page.elements
        if e.tag == "input" and e.attributes.get("name") == name and "checked" in e.attributes
    ]


def text_of(page: Answer, name: str) -> str:
    """What stands in a free-text field."""
    box = next(e for e in page.elements if e.attributes.get("name") == name)
    return (box.text if box.tag == "textarea" else box.attributes.get("value", "")).strip()


def free_texts(page: Answer) -> list[str]:
    """Names of the free-text fields of a page."""
    return [
        e.attributes["name"]
        for e in page.elements
        if "name" in e.attributes
        and (e.tag == "textarea" or (e.tag == "input" and e.attributes.get("type") == "text"))
    ]


def test_sections_come_in_order_and_go_both_ways(partner: Partner) -> None:
    seen = []
    for section in SECTIONS:
        page = partner.browser.get("/my/form")
        seen.append(page.field("section"))
        assert page.title() == "Form"
        assert save(partner.browser, section).location == (
            "/my/form/check" if section == "words" else "/my/form"
        )
    assert tuple(seen) == SECTIONS
    open_section(partner.browser, "safety")
    assert save(partner.browser, "safety", "back").location == "/my/form"
    assert partner.browser.get("/my/form").field("section") == "pressure"
    assert save(partner.browser, "pressure", "save").location == "/my/form"
    assert partner.browser.get("/my/form").field("section") == "pressure"


def test_to_alone_implies_open_and_a_strange_one_is_told(partner: Partner) -> None:
    page = partner.browser.get("/my/form")
    fields = {"section": "start", "version": page.field("version"), "to": "goals", "private": "unsure"}
    assert (partner.post(fields).status, partner.browser.get("/my/form").field("section")) == (303, "goals")
    assert checked(open_section(partner.browser, "start"), "private") == ["unsure"]
    for bad in ({"to": "nowhere", "go": "open"}, {"go": "open"}, {"go": "sideways"}, {"section": "nowhere"}):
        fields = {"section": "start", "version": str(partner.version()), "go": "next", "private": "yes"} | bad
        answer = partner.post(fields)
        assert answer.status == 400, bad
        if "section" not in bad:
            assert checked(answer, "private") == ["yes"], bad
    assert checked(partner.browser.get("/my/form"), "private") == ["unsure"]


def test_every_item_key_of_the_contract_is_asked(partner: Partner) -> None:
    wanted = {
        "start": {"private", "adult", "in_service_area", "call_first"},
        "patterns": {f"{k}_{n}" for k in ("gottman", "eft", "developmental") for n in range(1, 7)},
        "satisfaction": {f"satisfaction_{n}" for n in range(1, 5)},
        "reasons": {"hesitation"},
        "reflection": {*(f"reflection_{n}" for n in range(1, 7)), "staying_from_fear"},
        "direction": {"lean", "decision_firmness", "first_step", "commit_months", "own_change", "hope"}
        | {"doubts_told", "partner_lean_guess", "legal_steps", "legal_steps_by", "recent_separation"},
        "pressure": {"voluntary", "free_to_leave"},
        "safety": {f"{side}.{act}" for side in ("harm_received", "harm_done") for act in ACTS}
        | {"fear", "fear_of_consequences", "control_received", "control_done", "escalating"}
        | {"order_of_protection", "child_danger", "firearm_access", "threatened_suicide_if_left"},
        "health": {*(f"mood_{n}" for n in range(1, 5)), *(f"alcohol_{n}" for n in range(1, 4))}
        | {"suicide_level", "suicidal_behavior", "harm_other", "alcohol_treated", "alcohol_withdrawal"}
        | {"drug_loss_of_control", "drug_treated", "psychosis_mania"},
        "affair": {"agreement", "affair", "suspects_affair"},
    }
    for section, keys in wanted.items():
        page = open_section(partner.browser, section)
        assert keys - page.fields() == set(), section
        if section == "safety":
            for side in ("harm_received", "harm_done"):
                values = [
                    e.attributes["value"]
                    for e in page.elements
                    if e.attributes.get("name") == f"{side}.strangled" and e.attributes.get("type") == "radio"
                ]
                assert set(values) - {""} == {"none", "past_year", "earlier", "neck_wanted", "declined"}


def test_saves_count_and_the_last_one_sent_again_answers_as_before(partner: Partner) -> None:
    start = partner.version()
    body: Fields = {"section": "start", "version": str(start), "private": "yes"}
    first = partner.draft(body)
    assert (first.status, first.body, partner.version()) == (204, b"", start + 1)
    again = partner.draft(body)
    assert (again.status, again.body, partner.version()) == (204, b"", start + 1)
    for version in (start, start + 2, start + 9):
        other = partner.draft({"section": "start", "version": str(version), "private": "unsure"})
        assert (other.status, other.body) == (409, b"")
    stale = partner.post({"section": "start", "version": str(start), "go": "next", "private": "no"})
    assert stale.status == 409
    assert checked(stale, "private") == ["no"]
    next_body = {"section": "start", "version": str(start + 1), "go": "next", "private": "unsure"}
    for _ in range(2):  # a double click
        answer = partner.post(next_body)
        assert (answer.status, answer.location, partner.version()) == (303, "/my/form", start + 2)
    assert partner.browser.get("/my/form").field("section") == "basics"


def test_a_draft_in_parts_keeps_the_rest_and_a_blank_erases_what_is_readable(partner: Partner) -> None:
    version = partner.version()
    assert (
        partner.draft({"section": "start", "version": str(version), "private": "yes", "adult": "yes"}).status
        == 204
    )
    assert partner.draft({"section": "start", "version": str(version + 1), "call_first": "no"}).status == 204
    page = partner.browser.get("/my/form")
    assert [checked(page, name) for name in ("private", "adult", "call_first")] == [["yes"], ["yes"], ["no"]]
    assert partner.draft({"section": "start", "version": str(version + 2), "adult": ""}).status == 204
    page = partner.browser.get("/my/form")
    assert [value for value in checked(page, "adult") if value] == []
    assert checked(page, "private") == ["yes"]


def test_bad_drafts_are_empty_and_count_nothing(partner: Partner) -> None:
    version = partner.version()
    good = {"section": "start", "version": str(version)}
    bad: tuple[Fields, ...] = (
        {**good, "private": "perhaps"},
        {**good, "private": ["yes", "no"]},
        {**good, "section": "nowhere"},
        {"section": "start"},
        {"version": str(version)},
        {**good, "version": "one"},
        {**good, "version": ""},
        {**good, "version": "-1"},
        {**good, "version": "9" * 400},
        {**good, "version": ["1", "2"]},
    )
    for fields in bad:
        answer = partner.draft(fields)
        assert answer.status in (400, 409), fields
        assert answer.body == b"", fields
    for piece in (b"private=%00", b"private=%ED%A0%80", b"private=%FF"):
        body = urlencode(good).encode() + b"&" + piece
        answer = raw(partner.browser, "/my/form/draft", body, partner.token)
        assert (answer.status, answer.body) == (400, b""), piece
    assert partner.browser.post("/my/form/draft", good).status == 400
    assert partner.browser.post("/my/form/draft", good, token="foreign").body == b""
    large = raw(partner.browser, "/my/form/draft", b"x=" + b"a" * 4_194_304, partner.token)
    assert (large.status, large.body) == (413, b"")
    assert partner.version() == version


def test_bad_posts_keep_what_was_typed(partner: Partner) -> None:
    page = open_section(partner.browser, "basics")
    box = free_texts(page)[0]
    version = page.field("version")
    good = {"section": "basics", "version": version, "go": "next", box: "Some <b>words</b> & ünïcode"}
    radio = next(e.attributes["name"] for e in page.elements if e.attributes.get("type") == "radio")
    for bad in ({radio: "no such value"}, {"version": "x"}, {"go": "jump"}):
        answer = partner.post(good | bad)
        assert answer.status in (400, 409), bad
        assert text_of(answer, box) == good[box], bad
        assert "<b>words" not in answer.text
    for token in (None, "foreign"):
        answer = partner.browser.post("/my/form", good, token=token)
        assert answer.status == 400
        assert "Some &lt;b&gt;words&lt;/b&gt; &amp; ünïcode" in answer.text
    long = "long answer " * 90_000
    answer = partner.post(good | {box: long})
    assert answer.status == 400
    assert text_of(answer, box) == long.strip()
    for piece in (b"%00", b"%ED%A0%80", b"%FF"):
        body = urlencode({"section": "basics", "version": version, "go": "next", box: "kept words"}).encode()
        other = free_texts(page)[1] if len(free_texts(page)) > 1 else radio
        answer = raw(partner.browser, "/my/form", body + f"&{other}=".encode() + piece, partner.token)
        assert answer.status == 400, piece
        assert text_of(answer, box) == "kept words"
    assert raw(partner.browser, "/my/form", b"x=" + b"a" * 4_194_304, partner.token).status == 413
    assert str(partner.version()) == version


def test_sealed_answers_are_never_shown_again(practice: Practice, partner: Partner) -> None:
    assert save(partner.browser, "start", private="yes").status == 303
    assert save(partner.browser, "direction", lean="4", hope="5").status == 303
    open_section(partner.browser, "words")
    box = free_texts(partner.browser.get("/my/form"))[0]
    words = "a sentence nobody else wrote"
    assert save(partner.browser, "words", "save", **{box: words}).status == 303
    assert words not in partner.browser.get("/my/form").text
    page = open_section(partner.browser, "direction")
    assert [value for name in ("lean", "hope") for value in checked(page, name) if value] == []
    assert page.text.count("answered, hidden: change") >= 2
    again = partner.post({"section": "direction", "version": page.field("version"), "go": "save", "lean": ""})
    assert again.status == 303
    assert "answered, hidden: change" in partner.browser.get("/my/form").text
    assert save(partner.browser, "direction", "clear").status == 303
    assert "answered, hidden: change" not in open_section(partner.browser, "direction").text
    assert words.encode() not in b"".join(
        file.read_bytes() for file in practice.portal.instance.glob("portal.sqlite3*")
    )


def test_private_no_keeps_the_screens_and_stores_nothing(practice: Practice, partner: Partner) -> None:
    before = open_section(partner.browser, "safety").fields()
    assert save(partner.browser, "start", private="no").status == 303
    page = open_section(partner.browser, "safety")
    assert page.fields() == before
    version = page.field("version")
    rows = sealed_rows(practice)
    for section in ("pressure", "safety", "health", "affair"):
        key = {"pressure": "voluntary", "safety": "fear", "health": "suicide_level", "affair": "affair"}[
            section
        ]
        fields = {"section": section, "version": version, key: "declined"}
        answer = partner.draft(fields | ({key: "1"} if key == "voluntary" else {}))
        assert (answer.status, answer.body) == (202, b""), section
    assert partner.browser.get("/my/form").field("version") == version
    assert save(partner.browser, "safety", fear="strong").status == 303
    assert sealed_rows(practice) == rows
    assert "answered, hidden: change" not in open_section(partner.browser, "safety").text
    assert (
        partner.draft({"section": "direction", "version": str(partner.version()), "lean": "2"}).status == 204
    )


def sealed_rows(practice: Practice) -> int:
    """How many sealed rows stand in the database, over all tables that hold answers."""
    with practice.database() as database:
        names = inspect(database).get_table_names()
        wanted = [name for name in names if "answer" in name or "sealed" in name]
        assert wanted, names
        return sum(database.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in wanted)


def test_sending_with_blanks_once_and_for_all(partner: Partner) -> None:
    assert save(partner.browser, "start", private="yes").status == 303
    second_tab = Browser(partner.browser.host, partner.browser.port, dict(partner.browser.cookies))
    version = partner.version()
    check = second_tab.get("/my/form/check")
    key, token = check.field("submit_key"), check.field("csrf_token")
    for wrong in ({"submit_key": "x"}, {}, {"submit_key": "0" * 36}):
        answer = partner.browser.post("/my/form/submit", wrong, token=token)
        assert answer.status == 400, wrong
    assert partner.browser.post("/my/form/submit", {"submit_key": key}).status == 400
    send(partner.browser)
    late = second_tab.post("/my/form/submit", {"submit_key": key}, token=token)
    assert (late.status, late.location) == (303, "/my")
    draft = partner.draft({"section": "start", "version": str(version), "private": "no"})
    assert (draft.status, draft.body) == (409, b"")
    post = partner.post({"section": "start", "version": str(version), "go": "next", "private": "no"})
    assert (post.status, post.location) == (303, "/my")
    for path in ("/my/form", "/my/form/check"):
        assert (partner.browser.get(path).status, partner.browser.get(path).location) == (303, "/my")
    page = partner.browser.get("/my")
    assert "by yourself" in page.text
    assert "declined" not in page.text
