"""Who has to keep away from a case."""

from __future__ import annotations

from portal.services import conflicts
from portal.services.errors import BadInput
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp
from portal.web.admin.cases import Answer, acted, exists

#: What the page calls a field that another form of it has too.
_NAMES = {"reason": "conflict_reason"}


@bp.post("/admin/cases/<case>/conflicts")
@guards.admin_only(find=exists)
def conflict_posted(case: str) -> Answer:
    """Closes the case to a person for a coded reason; ``lift`` opens it to them again."""
    return acted(case, lambda: _change(case), field="person")


def _change(case: str) -> None:
    lifted = bodies.printable(bodies.first("lift"))
    person, reason = bodies.printable(bodies.first("person")), bodies.first("conflict_reason")
    if lifted:  # keeping somebody away harms nobody, letting them near may
        freshness.prove()
    with kit.writing(as_partner=False) as session:
        if lifted:
            conflicts.lift(session, kit.tools(), case_id=case, block_id=lifted, by=kit.viewer())
            return
        try:
            conflicts.bar(session, kit.tools(), case_id=case, staff_id=person, reason=reason, by=kit.viewer())
        except BadInput as refused:
            raise BadInput({_NAMES.get(name, name): why for name, why in refused.faults.items()}) from None
