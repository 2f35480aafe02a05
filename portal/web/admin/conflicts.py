"""Who has to keep away from a case."""

from __future__ import annotations

from flask import redirect

from portal.services import conflicts
from portal.services.errors import BadInput, NotFresh, OutOfOrder
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp, words
from portal.web.admin.cases import Answer, draw, exists

#: What the page calls a field that another form of it has too.
_NAMES = {"reason": "conflict_reason"}


@bp.post("/admin/cases/<case>/conflicts")
@guards.admin_only(find=exists)
def conflict_posted(case: str) -> Answer:
    """Closes the case to a person for a coded reason; ``lift`` opens it to them again."""
    try:
        _change(case)
    except NotFresh as refused:
        return draw(case, words.password_fault(refused)), 400
    except BadInput as refused:
        faults = {_NAMES.get(name, name): reason for name, reason in refused.faults.items()}
        return draw(case, words.faults(faults)), 400
    except OutOfOrder as refused:
        return draw(case, words.faults({"person": refused.reason})), 409
    return redirect(f"/admin/cases/{case}", 303)


def _change(case: str) -> None:
    lifted = bodies.printable(bodies.first("lift"))
    person, reason = bodies.printable(bodies.first("person")), bodies.first("conflict_reason")
    if lifted:  # keeping somebody away harms nobody, letting them near may
        freshness.prove()
    with kit.writing(as_partner=False) as session:
        if lifted:
            conflicts.lift(session, kit.tools(), case_id=case, block_id=lifted, by=kit.viewer())
            return
        conflicts.bar(session, kit.tools(), case_id=case, staff_id=person, reason=reason, by=kit.viewer())
