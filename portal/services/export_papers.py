"""Documents about one case or one person, and counts on paper: the same data as JSON or as a tagged PDF.

One person's record holds what that person told and was told, in their own words and the form's, and nothing
from which the other could be guessed: no route, no finding, no note of staff. A case's record is for staff.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal import typeset
from portal.content import papers, rules
from portal.domain.answers import Answer
from portal.domain.constructs import DECLINED
from portal.domain.questionnaire import Item, Kind, Section
from portal.services import (
    case_names,
    export_columns,
    interviews,
    notice_board,
    openings,
    persons,
    practices,
    questionnaires,
    reviews,
    routing,
)
from portal.services.case_reading import CaseReading
from portal.services.export_board import HIDDEN, TABLES, TOTAL
from portal.services.export_columns import Cell
from portal.services.export_orders import Order
from portal.services.persons import Person
from portal.services.tools import Tools

#: What a person told outside the form that is theirs to have: words of their own.
_TOLD: Final = ("message", "addition", "appointment_answer")


@dataclass(frozen=True)
class Pen:
    """Writes in one language and time zone."""

    language: str
    zone: ZoneInfo
    practice: str
    made_at: datetime

    def say(self, key: str, **values: str) -> str:
        """A text of the papers."""
        text = papers.words()[key].in_locale(self.language)
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text

    def day(self, at: datetime) -> str:
        """A day as it is written in forms of any country."""
        return at.astimezone(self.zone).date().isoformat()

    def part(
        self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, level: int = 2
    ) -> dict[str, Any]:
        """One table of the document with its heading."""
        return {
            "title": title, "level": level, "head": [self.say(key) for key in head],
            "rows": [list(row) for row in rows], "empty": self.say("none"),
        }  # fmt: skip

    def sheet(self, kind: str, notes: Sequence[str], parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The whole document as data."""
        return {
            "lang": self.language, "practice": self.practice, "title": self.say(f"{kind}_title"),
            "mark": self.say(f"{kind}_mark"), "made": self.say("made", day=self.day(self.made_at)),
            "notes": list(notes), "parts": list(parts),
        }  # fmt: skip


def pen(session: Session, order: Order, made_at: datetime) -> Pen:
    """The pen of one order."""
    practice = practices.view(session)
    return Pen(order.filters.language, ZoneInfo(practice.time_zone), practice.name, made_at)


def printed(form: str, sheet: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """A document as a tagged PDF, or as one JSON object."""
    if form == "json":
        return json.dumps(sheet, ensure_ascii=False, indent=1).encode() + b"\n"
    return typeset.pdf(papers.sheet(), sheet, made_at=made_at)


def board_words(lines: Sequence[tuple[str, str, Cell]], language: str) -> Iterator[tuple[str, str, Cell]]:
    """Lines of counts for people to read: titles, groups and what is hidden in words, numbers as they are."""
    said = {key: papers.words()[key].in_locale(language) for key in (HIDDEN, TOTAL, *TABLES)}
    for table, group, count in lines:
        shown = count if isinstance(count, int) else said.get(str(count), count)
        yield said[table], said.get(group) or papers.group(group, language), shown


def board(pen: Pen, order: Order, lines: Sequence[tuple[str, str, Cell]]) -> dict[str, Any]:
    """Counts on paper."""
    since = order.since.isoformat() if order.since else pen.say("from_beginning")
    until = order.until.isoformat() if order.until else pen.say("until_made")
    tables: dict[str, list[tuple[str, Cell]]] = {}
    for table, group, count in board_words(lines, pen.language):
        tables.setdefault(table, []).append((group, count))
    parts = [pen.part(title, ("group", "count"), _counts(rows)) for title, rows in tables.items()]
    return pen.sheet("board", [pen.say("span", since=since, until=until), pen.say("self_report")], parts)


def _counts(rows: Sequence[tuple[str, Cell]]) -> list[list[str]]:
    """What is shown, then all that is hidden in one line, then the total, with which a table ends."""
    *groups, total = rows
    shown = [[group, str(count)] for group, count in groups if isinstance(count, int)]
    hidden = [(group, str(count)) for group, count in groups if not isinstance(count, int)]
    one = [["; ".join(group for group, _ in hidden), hidden[0][1]]] if hidden else []
    return [*shown, *one, [total[0], str(total[1])]]


def person(session: Session, tools: Tools, pen: Pen, order: Order) -> dict[str, Any]:
    """One person's record; of an erased or empty slot there is nothing to tell."""
    filters = order.filters
    found = next(
        one for one in persons.read(CaseReading(session, tools, filters.case)) if one.slot == filters.slot
    )
    name = case_names.of_case(session, tools, filters.case).get(filters.slot, "–")
    parts = [
        pen.part(pen.say("name"), ("what", "when"), [[name, _sent(pen, found)]]),
        *_told(session, tools, pen, found, order),
        *_answered(session, tools, pen, found, order, level=2),
    ]
    return pen.sheet("person", [pen.say("self_report"), pen.say("kinds_left_out")], parts)


def case(session: Session, tools: Tools, pen: Pen, order: Order) -> dict[str, Any]:
    """One case for staff: advice, decisions, interviews, then each person's answers apart."""
    case_id = order.filters.case
    names = case_names.of_case(session, tools, case_id)
    parts = [
        _advice(session, tools, pen, case_id),
        _decisions(session, tools, pen, case_id),
        _interviews(session, tools, pen, case_id),
    ]
    for one in persons.read(CaseReading(session, tools, case_id)):
        title = f"{pen.say('partner', slot=one.slot.upper())}: {names.get(one.slot, '–')}"
        parts.append(pen.part(title, ("what", "when"), [[pen.say("sent"), _sent(pen, one)]]))
        parts += _answered(session, tools, pen, one, order, level=3)
    return pen.sheet("case", [pen.say("self_report"), pen.say("kinds_left_out")], parts)


def _sent(pen: Pen, one: Person) -> str:
    return "–" if one.submitted_at is None else pen.day(one.submitted_at)


def _advice(session: Session, tools: Tools, pen: Pen, case_id: str) -> dict[str, Any]:
    newest, rows = routing.latest(session, tools, case_id), []
    if newest is not None:
        body = newest.body
        rows.append(
            [pen.day(newest.made_at), rules.ruleset().texts.routes[body["route"]].in_locale(pen.language)]
        )
        rows += [[one["rule"], one["text"]] for one in body["reasons"]]
    return pen.part(pen.say("advice"), ("when", "what"), rows)


def _decisions(session: Session, tools: Tools, pen: Pen, case_id: str) -> dict[str, Any]:
    rows = [
        [
            pen.day(one.made_at),
            " · ".join(word for word in (one.decision, one.route, one.model, one.format) if word),
        ]
        for one in reviews.of_case(session, tools, case_id)
    ]
    return pen.part(pen.say("decisions"), ("when", "what"), rows)


def _interviews(session: Session, tools: Tools, pen: Pen, case_id: str) -> dict[str, Any]:
    rows = [[pen.day(one.held_at), _held(pen, one)] for one in interviews.of_case(session, tools, case_id)]
    return pen.part(pen.say("interviews"), ("when", "what"), rows)


def _held(pen: Pen, one: interviews.InterviewView) -> str:
    state = pen.say("complete" if one.is_complete else "incomplete")
    return f"{pen.say('partner', slot=one.slot.upper())}: {state}"


def _told(session: Session, tools: Tools, pen: Pen, one: Person, order: Order) -> list[dict[str, Any]]:
    """How to reach them; where own words were asked for, also what they wrote and were written."""
    contact = [[key, str(value)] for key, value in (one.contact or {}).items() if value]
    parts = [pen.part(pen.say("contact"), ("what", "answer"), contact)]
    if "text" in order.include:
        said = openings.statements(session, tools, [one.partner_id], kinds=_TOLD)[one.partner_id]
        rows = [[pen.day(told.said_at), str(told.body["text"])] for told in said if told.body.get("text")]
        letters = notice_board.of_partner(session, tools, partner_id=one.partner_id)
        parts.append(pen.part(pen.say("told"), ("when", "what"), rows))
        seen = [[pen.day(shown.shown_from), shown.text] for shown in letters]
        parts.append(pen.part(pen.say("letters"), ("when", "what"), seen))
    return parts


def _answered(
    session: Session, tools: Tools, pen: Pen, one: Person, order: Order, *, level: int
) -> Iterator[dict[str, Any]]:
    if one.intake is None:
        return
    questionnaire = questionnaires.of(one.intake.questionnaire, one.intake.variant)
    answers = openings.answers(session, tools, one.intake.id)
    for section in questionnaire.sections:
        rows = list(_rows(pen, section, answers, order.include))
        if rows:
            yield pen.part(section.title.in_locale(pen.language), ("question", "answer"), rows, level=level)


def _rows(
    pen: Pen, section: Section, answers: Mapping[str, Answer], include: Sequence[str]
) -> Iterator[list[str]]:
    for item in section.items:
        kind = export_columns.kind_of(section, item)
        if item.key in answers and (kind is None or kind in include):
            yield [_question(pen, section, item), _answer(pen, item, answers[item.key])]


def _question(pen: Pen, section: Section, item: Item) -> str:
    text = item.text.in_locale(pen.language)
    return (
        text if item.group is None else f"{section.group(item.group).text.in_locale(pen.language)} – {text}"
    )


def _answer(pen: Pen, item: Item, answer: Answer) -> str:
    if answer == DECLINED:
        return pen.say("declined")
    values = answer if isinstance(answer, list) else [answer]
    if item.kind is Kind.TEXT:
        return "\n".join(values)
    found = [item.option(value) for value in values]
    return "; ".join(
        option.text.in_locale(pen.language) if option else value
        for option, value in zip(found, values, strict=True)
    )
