"""A partner's file in words: sections in the form's order, each answer as it was offered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from portal.domain.answers import Answer
from portal.domain.questionnaire import Item, Section
from portal.services.partner_files import PartnerFile, Round
from portal.web.therapist import words
from portal.web.therapist.presenters import findings_presenter
from portal.web.therapist.refusals import REFUSALS


@dataclass(frozen=True)
class AnswersPage:
    """Everything ``templates/therapist/answers.html`` prints."""

    case_id: str
    slot: str
    label: str
    participation: str
    sent: str
    rounds: tuple[dict[str, Any], ...]
    sections: tuple[dict[str, Any], ...]
    progress: tuple[tuple[str, str], ...]
    findings: tuple[list[str], ...]
    said: tuple[dict[str, str], ...]
    lost: str


def present(file: PartnerFile) -> AnswersPage:
    """One partner's file in words."""
    shown = file.shown
    return AnswersPage(
        case_id=file.case_id,
        slot=file.slot,
        label=f"{file.slot.upper()}: {file.name}" if file.name else file.slot.upper(),
        participation=str(words.PARTICIPATION[file.person.participation]),
        sent=words.moment_words(shown.submitted_at) if shown and shown.submitted_at else "",
        rounds=tuple(_round(one, shown) for one in file.rounds),
        sections=_sections(file),
        progress=_progress(file),
        findings=tuple(cells for _slot, cells in findings_presenter.rows(file.findings)),
        said=tuple(_said(one) for one in file.said),
        lost=str(REFUSALS["told_unreadable"]) if file.is_lost else "",
    )


def _round(one: Round, shown: Round | None) -> dict[str, Any]:
    when = words.day(one.submitted_at) if one.submitted_at else _("not sent yet")
    text = f"{words.REQUESTS[one.kind]}, {when}"
    return {"number": one.number, "text": text, "is_shown": shown is not None and one.id == shown.id}


def _sections(file: PartnerFile) -> tuple[dict[str, Any], ...]:
    if file.shown is None or file.answers is None:
        return ()
    return tuple(_section(section, file.answers) for section in file.shown.asked.sections)


def _section(section: Section, answers: Mapping[str, Answer]) -> dict[str, Any]:
    rows = []
    for group, items in section.rows():
        head = words.said(group.text) if group is not None else ""
        rows += [
            {
                "group": head if at == 0 else "",
                "in_group": group is not None,
                **_answer(item, answers.get(item.key)),
            }
            for at, item in enumerate(items)
        ]
    open_count = len([item for item in section.counted if item.key not in answers])
    return {"key": section.key, "title": words.said(section.title), "rows": rows, "open": open_count}


def _answer(item: Item, answer: Answer | None) -> dict[str, Any]:
    """One question and its answer: blank, declined, chosen or in own words."""
    if answer is None or answer in ("", []):
        kind, shown = "blank", [_("not answered")]
    elif answer == "declined":
        kind, shown = "declined", [_("would rather talk about this in person")]
    elif not item.options:
        kind, shown = "own", [answer] if isinstance(answer, str) else list(answer)
    else:
        kind, shown = (
            "chosen",
            [_option(item, value) for value in ([answer] if isinstance(answer, str) else answer)],
        )
    return {"key": item.key, "text": words.said(item.text), "kind": kind, "answers": shown}


def _option(item: Item, value: str) -> str:
    option = item.option(value)
    return value if option is None else words.said(option.text)


def _progress(file: PartnerFile) -> tuple[tuple[str, str], ...]:
    if file.shown is None or file.progress is None:
        return ()
    titles = {section.key: words.said(section.title) for section in file.shown.asked.sections}
    return tuple(
        (titles[part.key], _("%(done)s of %(total)s", done=part.done, total=part.total))
        for part in file.progress.sections
    )


def _said(one: Any) -> dict[str, str]:
    when = words.moment_words(one.said_at)
    text = str(words.LOST) if one.is_lost else one.body.get("text", "")
    return {"kind": str(words.SAID[one.kind]), "text": text, "when": when}
