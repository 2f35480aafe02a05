"""What a therapist does on a case. Every refusal shows the page again with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import redirect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.services import (
    appointments,
    break_glass,
    clearances,
    facts,
    interviews,
    invitations,
    releases,
    requests,
    reviews,
)
from portal.services.appointments import Proposal
from portal.services.errors import BadInput, NotFound, NotFresh, Refused
from portal.services.reviews import Choice
from portal.web import freshness, guards, kit
from portal.web.therapist import bp, case_page, forms, words
from portal.web.therapist.case_forms import Filled
from portal.web.therapist.case_page import find_case
from portal.web.therapist.forms import ActForm
from portal.web.therapist.refusals import refusal as refusal_words

Deed = Callable[[Session], object]


class Previewed(Exception):
    """Nothing was done: the letter is shown as its reader would see it."""

    def __init__(self, language: str, body: dict[str, str | int]) -> None:
        super().__init__()
        self.letter = {"language": language, "kind": "letter", "shown_from": kit.tools().now(), "body": body}


def act(case_id: str, name: str, form: ActForm, deed: Deed, *, is_sensitive: bool = False) -> Response:
    """Carry out one act: body, freshness, order, in that order; 303 back to the case."""

    def again(status: int, errors: Mapping[str, str], refusal: str = "", **shown: Any) -> Response:
        asks = is_sensitive and freshness.is_due()
        filled = Filled(form.typed(), errors, is_open=True, wants_password=asks, **shown)
        return case_page.draw(case_id, act=name, filled=filled, refusal=refusal, status=status)

    if not form.validate():
        return again(400, form.faults)
    try:
        if is_sensitive:
            freshness.prove()
        with kit.writing(as_partner=False) as session:
            done = deed(session)
    except NotFound:
        raise
    except (Previewed, Refused) as stop:
        return again(**_why(stop))
    return redirect(f"/releases/{done}" if name == "release" else f"/cases/{case_id}", 303)


def _why(stop: Previewed | Refused) -> dict[str, Any]:
    """How an act that was not carried out is answered."""
    if isinstance(stop, Previewed):
        return {"status": 200, "errors": {}, "letter": stop.letter}
    if isinstance(stop, NotFresh):
        return {"status": 400, "errors": {"password": freshness.message(stop)}}
    if isinstance(stop, BadInput):
        return {"status": 400, "errors": words.faults(stop), "marked": words.marked(stop)}
    return {"status": 409, "errors": {}, "refusal": refusal_words(stop)}


@bp.post("/cases/<case_id>/interviews")
@guards.therapist_only(find=find_case)
def interview(case_id: str) -> Response:
    """Note an individual interview."""
    form = forms.InterviewForm.posted()

    def deed(session: Session) -> None:
        ticks = (form.has("identity_confirmed"), form.has("private_setting"), form.has("safety_reasked"))
        interviews.record(
            session, kit.tools(), case_id=case_id, slot=form["slot"].data, ticks=ticks,
            note=form["note"].data or "", by=kit.viewer(),
        )  # fmt: skip

    return act(case_id, "interview", form, deed)


@bp.post("/cases/<case_id>/clearances")
@guards.therapist_only(find=find_case)
def clearance(case_id: str) -> Response:
    """Clear a tier, after the interviews."""
    form = forms.ClearanceForm.posted()

    def deed(session: Session) -> None:
        tier, note = form["tier"].data, form["note"].data
        clearances.give(session, kit.tools(), case_id=case_id, tier=tier, note=note, by=kit.viewer())

    return act(case_id, "clearance", form, deed, is_sensitive=True)


@bp.post("/cases/<case_id>/review")
@guards.therapist_only(find=find_case)
def review(case_id: str) -> Response:
    """Accept, override or defer the newest recommendation."""
    form = forms.ReviewForm.posted()

    def deed(session: Session) -> None:
        is_override = form["decision"].data == "override"
        choice = Choice(
            decision=form["decision"].data,
            route=form.given("route") if is_override else None,
            model=form.given("model"),
            format=form.given("format"),
            reason_code=form.given("reason_code") if is_override else None,
            note=form["note"].data or "",
        )
        shown = form.given("recommendation")
        reviews.make(session, kit.tools(), case_id=case_id, choice=choice, shown=shown, by=kit.viewer())

    return act(case_id, "review", form, deed)


@bp.post("/cases/<case_id>/releases")
@guards.therapist_only(find=find_case)
def release(case_id: str) -> Response:
    """Check a letter and release it, or let it wait for approval; or only show it."""
    form = forms.ReleaseForm.posted()

    def draft() -> releases.Draft:
        return releases.Draft(
            slot=form["slot"].data,
            letter=cast(Any, form["letter"].data),
            body=form["body"].data,
            names_service=form.has("names_service"),
            notify=form.has("notify"),
        )

    def show(session: Session) -> None:
        raise Previewed(*releases.preview(session, kit.tools(), case_id=case_id, draft=draft()))

    def deed(session: Session) -> str:
        return releases.write(session, kit.tools(), case_id=case_id, draft=draft(), by=kit.viewer())

    if form.has("preview"):
        return act(case_id, "release", form, show)
    return act(case_id, "release", form, deed, is_sensitive=True)


@bp.post("/cases/<case_id>/invitations")
@guards.therapist_only(find=find_case)
def invitation(case_id: str) -> Response:
    """Send the practice's own invitation, or release a partner's."""
    form = forms.InvitationForm.posted()

    def deed(session: Session) -> None:
        language = form.given("language") or "en"
        if held := form.given("held"):
            invitations.release_held(
                session, kit.tools(), case_id=case_id, invitation_id=held, language=language, by=kit.viewer()
            )
            return
        by_mail = bool(form.given("email"))
        invitations.send(
            session, kit.tools(), case_id=case_id, slot=form["slot"].data,
            channel="email" if by_mail else "phone", address=form["email" if by_mail else "phone"].data,
            language=language, by=kit.viewer(),
        )  # fmt: skip

    return act(case_id, "invitation", form, deed)


@bp.post("/cases/<case_id>/appointments")
@guards.therapist_only(find=find_case)
def appointment(case_id: str) -> Response:
    """Propose a time to one person or to both."""
    form = forms.AppointmentForm.posted()

    def deed(session: Session) -> None:
        starts_at = forms.AppointmentForm.moment(form["starts_at"].data)
        proposal = Proposal(
            slot=cast(Any, form["slot"].data), starts_at=cast(Any, starts_at),
            minutes=int(form["minutes"].data), place=form["place"].data, notify=form.has("notify"),
        )  # fmt: skip
        appointments.propose(session, kit.tools(), case_id=case_id, proposal=proposal, by=kit.viewer())

    return act(case_id, "appointment", form, deed)


@bp.post("/cases/<case_id>/requests")
@guards.therapist_only(find=find_case)
def request_again(case_id: str) -> Response:
    """Ask a partner to fill in the form again."""
    form = forms.RequestForm.posted()

    def deed(session: Session) -> None:
        slot, kind = form["slot"].data, form["kind"].data
        requests.send(session, kit.tools(), case_id=case_id, slot=slot, kind=kind, by=kit.viewer())

    return act(case_id, "request", form, deed)


@bp.post("/cases/<case_id>/facts")
@guards.therapist_only(find=find_case)
def fact(case_id: str) -> Response:
    """State what staff know about a partner."""
    form = forms.FactForm.posted()

    def deed(session: Session) -> None:
        facts.state(
            session, kit.tools(), case_id=case_id, slot=form["slot"].data,
            said=form.said(), note=form["note"].data or "", by=kit.viewer(),
        )  # fmt: skip

    return act(case_id, "fact", form, deed)


def open_by_break_glass(case_id: str, reason: str) -> Response:
    """Open a colleague's case; raises NotFound where there is none."""
    with kit.writing(as_partner=False) as session:
        break_glass.open_case(session, kit.tools(), case_id=case_id, reason=reason, by=kit.viewer())
    return redirect(f"/cases/{case_id}", 303)
