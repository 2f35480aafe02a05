"""GET/POST /my/form: the whole questionnaire at one address, one section at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort
from flask_babel import gettext as _

from portal.domain import answers, drafts
from portal.domain.drafts import Go
from portal.services import desks, intake_saves
from portal.services.desks import Desk
from portal.services.errors import Conflict
from portal.services.intake_saves import Ended, Posted
from portal.web import bodies, guards, kit
from portal.web.partner import bp, faults, late, section_page
from portal.web.partner.desk import own, see, with_open_form

#: A section that is posted after the session ran out is kept for its author.
own_late = guards.partner_only(find_seat=desks.find_seat, keep_late=late.section)


@bp.get("/my/form")
@own
@with_open_form
def form(desk: Desk) -> Any:
    """The section that stands open. Writes nothing."""
    return section_page.saved(desk)


@bp.post("/my/form")
@own_late
@with_open_form
def save_section(desk: Desk) -> Any:
    """Save the posted section and move on; a refused one comes back with everything that was typed."""
    fields = bodies.fields()
    posted = read(desk, fields)
    if posted is None:
        section = section_page.section_of(desk.questionnaire, fields, desk.position)
        return section_page.typed(desk, section, fields, status=400, note=str(faults.UNREADABLE))
    if not posted.cleaned.is_clean:
        return section_page.typed(desk, posted.section, fields, status=400, faults=posted.cleaned.faults)
    try:
        keep(desk, posted)
    except Conflict:
        return section_page.typed(desk, posted.section, fields, status=409, note=_newer())
    except Ended:
        abort(401)
    leads_to_check = drafts.leads_to_check(desk.questionnaire, posted.section.key, posted.go)
    return see("/my/form/check" if leads_to_check else "/my/form")


def read(desk: Desk, fields: Mapping[str, Sequence[str]], *, go: Go | None = None) -> Posted | None:
    """The posted section, or None when it cannot be told which one it is or what was pressed."""
    questionnaire, key, to = desk.questionnaire, bodies.first_of(fields, "section"), ""
    if go is None:
        to = bodies.first_of(fields, "to")
        go = drafts.read_go(questionnaire, bodies.first_of(fields, "go"), to)
    section = desk.section(key)
    if go is None or section is None:
        return None
    if key not in questionnaire.section_keys:
        # A short form does not ask it: what was sent is kept, and the form stays where it is.
        go, to = Go.DRAFT, ""
    cleaned = answers.clean(section, fields)
    version = bodies.first_of(fields, "version")
    return Posted(section=section, cleaned=cleaned, version=version, go=go, to=to, fields=fields)


def keep(desk: Desk, posted: Posted) -> intake_saves.Result:
    """Seal first, then write in one short transaction; the worker is woken only if there is work for it."""
    tools, viewer = kit.tools(), kit.viewer()
    with tools.vault.looked_once():
        save = intake_saves.prepare(tools, desk, posted)
    with kit.store().partner.hot_write(lambda: intake_saves.row(save)) as session:
        result = intake_saves.store(session, tools, save=save, by=viewer)
    kit.note_touch()
    if save.sealed is not None or save.is_read or posted.go is not Go.DRAFT:
        kit.wake_worker()
    return result


def _newer() -> str:
    return _(
        "Something newer was saved in another tab or window, so nothing was changed just now. What you typed "
        "here is below. If you save it again, it replaces what you saved there."
    )
