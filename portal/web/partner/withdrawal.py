"""GET/POST /my/withdraw: stop taking part."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template

from portal.services import statements
from portal.web import kit
from portal.web.partner import bp
from portal.web.partner.desk import note_unexpected, own, see
from portal.web.partner.forms import SmallForm, WithdrawalForm


@bp.get("/my/withdraw")
@own
def withdraw() -> Any:
    """What withdrawing means, and the form for it."""
    return _page(WithdrawalForm(), {})


@bp.post("/my/withdraw")
@own
def say_withdraw() -> Any:
    """Keep the withdrawal, its reason sealed."""
    note_unexpected(WithdrawalForm.names())
    form = WithdrawalForm.posted()
    if not form.validate():
        return make_response(_page(form, form.faults), 400)
    with kit.writing(as_partner=True) as session:
        statements.state(
            session, kit.tools(), kind="withdrawal", body=form.data_of("reason"), by=kit.viewer()
        )
    return see("/my/withdraw")


def _page(form: SmallForm, faults: dict[str, str]) -> str:
    with kit.store().partner.read() as session:
        said_at = statements.last_said(session, by=kit.viewer()).get("withdrawal")
    return render_template("partner/withdraw.html", form=form, faults=faults, said_at=said_at)
