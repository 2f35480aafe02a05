"""POST /my/form/draft: the autosave. Answers are empty; 204 means stored (contract.md, "Answers")."""

from __future__ import annotations

from flask import Response

from portal.domain.drafts import Go
from portal.services.errors import Conflict
from portal.services.intake_saves import Ended, Result
from portal.web import bodies, lean
from portal.web.partner import bp
from portal.web.partner.desk import open_desk
from portal.web.partner.sections import keep, own_late, read


@bp.post("/my/form/draft")
@own_late
def draft() -> Response:
    """Keep what was typed so far. Three statements, four where the answers are sealed (measures.md)."""
    return lean.Bare(status=_status())


def _status() -> int:
    desk = open_desk()
    if desk is None:
        return 409
    posted = read(desk, bodies.fields(), go=Go.DRAFT)
    if posted is None or not posted.cleaned.is_clean:
        return 400
    try:
        result = keep(desk, posted)
    except Conflict:
        return 409
    except Ended:
        return 401
    return 202 if result is Result.NOT_KEPT else 204
