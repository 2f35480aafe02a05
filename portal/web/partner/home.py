"""GET /my: the own next step, or what was sent and what comes, in the same words for everybody."""

from __future__ import annotations

from typing import Any

from flask import render_template

from portal.content import letters
from portal.services import late_texts, partner_pages
from portal.web import context, kit
from portal.web.partner import bp
from portal.web.partner.desk import language, own
from portal.web.steps import PATHS


@bp.get("/my")
@own
def home() -> Any:
    """Own acts and own released notices only."""
    return draw()


def draw() -> str:
    """The page."""
    practice, tools, by = context.practice(), kit.tools(), kit.viewer()
    with kit.store().partner.read() as session:
        page = partner_pages.home(session, tools, practice=practice, by=by)
        late = late_texts.offered(session, tools, by=by)
    texts = letters.load()
    return render_template(
        "partner/home.html",
        home=page,
        late=late,
        next_path=PATHS[page.step],
        sentence=texts.sentence.in_locale(language()),
        sent_on=texts.sent_on.in_locale(language()),
        call_by=texts.call_by.in_locale(language()),
    )
