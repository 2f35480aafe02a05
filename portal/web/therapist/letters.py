"""One letter alone: its author looks what became of it, another person approves or refuses it."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from portal.services import releases, staff_letters
from portal.services.errors import NotFound, NotFresh, Refused
from portal.web import freshness, guards, kit
from portal.web.therapist import bp, forms, words
from portal.web.therapist.refusals import refusal as refusal_words


def _find(letter_id: str) -> None:
    with kit.store().staff.read() as session:
        staff_letters.require_visible(session, kit.tools(), letter_id, kit.viewer())


@bp.get("/releases/<letter_id>")
@guards.staff_only(find=_find)
def letter(letter_id: str) -> Response:
    """The letter, as the partner sees or would see it."""
    return _draw(letter_id)


@bp.post("/releases/<letter_id>/approval")
@guards.staff_only(find=_find)
def approval(letter_id: str) -> AnyResponse:
    """Approve, which releases, or refuse."""
    form = forms.ApprovalForm.posted()
    if not form.validate():
        return _draw(letter_id, errors=form.faults, status=400)
    try:
        freshness.prove()
        with kit.writing(as_partner=False) as session:
            approve = form["decision"].data == "approve"
            releases.decide(session, kit.tools(), letter_id=letter_id, approve=approve, by=kit.viewer())
    except NotFound:
        raise
    except NotFresh as stale:
        return _draw(letter_id, errors={"password": freshness.message(stale)}, status=400)
    except Refused as refused:
        return _draw(letter_id, refusal=refusal_words(refused), status=409)
    return redirect(f"/releases/{letter_id}", 303)


def _draw(
    letter_id: str, *, errors: dict[str, str] | None = None, refusal: str = "", status: int = 200
) -> Response:
    with kit.writing(as_partner=False) as session:
        shown = staff_letters.view(session, kit.tools(), letter_id=letter_id, by=kit.viewer())
    body = render_template(
        "therapist/letter.html",
        letter=shown,
        message={
            "kind": "letter",
            "shown_from": shown.decided_at or kit.tools().now(),
            "body": {"title": shown.title, "text": shown.text},
        },
        state=str(words.LETTER_STATES[shown.state]),
        kind=str(words.LETTERS[shown.kind]),
        written=words.moment_words(shown.written_at),
        is_author=shown.written_by == kit.viewer().id,
        wants_password=freshness.is_due(),
        errors=errors or {},
        refusal=refusal,
    )
    return make_response(body, status)
