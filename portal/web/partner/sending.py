"""GET /my/form/check and POST /my/form/submit: what is untouched, and sending it once."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from flask import make_response, render_template
from flask_babel import gettext as _

from portal.domain.questionnaire import Item, Section
from portal.services import intakes
from portal.services.desks import Desk
from portal.web import bodies, kit
from portal.web.partner import bp, section_page
from portal.web.partner.desk import (
    from_step,
    language,
    next_page,
    note_unexpected,
    own,
    seat,
    see,
    with_open_form,
)


@bp.get("/my/form/check")
@own
@with_open_form
def check(desk: Desk) -> Any:
    """What is still untouched, part by part, and how to send."""
    return _check_page(desk)


@bp.post("/my/form/submit")
@own
@from_step("form")
def submit() -> Any:
    """Send, once: a double click, a second tab and a later try all end on the start page."""
    desk = seat().desk
    if desk is None or not desk.is_open:
        return see(next_page())
    note_unexpected(frozenset({"submit_key"}))
    if not compare_digest(bodies.first("submit_key").encode("utf-8", "replace"), desk.submit_key.encode()):
        return make_response(
            _check_page(desk, error=_("Please press the button below to send your form.")), 400
        )
    with kit.writing(as_partner=True) as session:
        intakes.submit(session, kit.tools(), by=kit.viewer())
    return see("/my")


def _check_page(desk: Desk, *, error: str = "") -> str:
    questionnaire, speaks = desk.questionnaire, language()
    progress = questionnaire.progress(desk.touched)
    open_items = questionnaire.untouched(desk.touched)
    return render_template(
        "partner/check.html",
        gaps=[
            {
                "key": link.key,
                "title": link.title,
                "items": [
                    _wording(questionnaire.section(link.key), item, speaks) for item in open_items[link.key]
                ],
                "total": len(questionnaire.section(link.key).counted),
            }
            for link in section_page.links(desk, progress, speaks)
            if link.key in open_items
        ],
        error=error,
        position=desk.position,
        version=desk.version,
        submit_key=desk.submit_key,
        progress_now=progress,
        is_private=desk.private != "no",
    )


def _wording(section: Section, item: Item, speaks: str) -> str:
    """The question; a row of a table stands under the table's own question."""
    text = item.text.in_locale(speaks)
    return f"{section.group(item.group).text.in_locale(speaks)} {text}" if item.group else text
