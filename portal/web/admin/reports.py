"""Reports: asked for, listed, fetched."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.services import case_names, export_columns, exports
from portal.services.errors import BadInput, NotFresh
from portal.services.exports import Order
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp, words

Answer = str | tuple[str, int] | Response
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/jsonl; charset=utf-8"}
_TEXTS = ("format", "since", "until", "purpose", "identified")


def _exists(export: str) -> None:
    with kit.store().staff.read() as session:
        exports.find(session, kit.tools(), export)


@bp.get("/admin/exports")
@guards.admin_only()
def all_reports() -> str:
    """Who asked for which report when and why, and the form for another."""
    return _list({}, {})


@bp.post("/admin/exports")
@guards.admin_only()
def all_reports_posted() -> Answer:
    """A de-identified report is ready at once; an identified one needs purpose and password."""
    try:
        order = _order()
        freshness.prove(always=order.identified)
        with kit.writing(as_partner=False) as session:
            view = exports.create(session, kit.tools(), order=order, by=kit.viewer())
    except BadInput as refused:
        return _refused(words.faults(refused.faults))
    except NotFresh as refused:
        return _refused(words.password_fault(refused))
    return redirect(f"/admin/exports/{view.id}", 303)


def _order() -> Order:
    return exports.checked(
        form=bodies.first("format"),
        since=bodies.first("since"),
        until=bodies.first("until"),
        identified=bodies.tick("identified"),
        include=_include(),
        purpose=bodies.first("purpose"),
    )


def _include() -> list[str]:
    return [kind for kind in bodies.values("include") or () if kind]


@bp.get("/admin/exports/<export>")
@guards.admin_only(find=_exists)
def one_report(export: str) -> str:
    """What it holds, who asked and why, and where it is."""
    tools = kit.tools()
    with kit.store().staff.read() as session:
        view = exports.find(session, tools, export)
        staff = case_names.of_staff(session, tools)
    return render_template(
        "admin/report.html",
        report=view,
        included=[str(words.KINDS[kind]) for kind in view.include],
        staff=staff,
        states=words.STATES,
    )


@bp.get("/admin/exports/<export>/file")
@guards.admin_only(find=_exists)
def report_file(export: str) -> Response:
    """The file itself; 404 until it is ready. The event is written before the first byte."""
    house, tools, by = kit.store(), kit.tools(), kit.viewer()
    with kit.writing(as_partner=False) as session:
        view = exports.hand_out(session, tools, export_id=export, by=by)
    pieces = exports.content(house, tools, view=view, folder=kit.settings().exports, by=by)
    response = FlaskResponse(pieces, content_type=_TYPES[view.format])
    response.headers["Content-Disposition"] = f'attachment; filename="{view.file_name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _refused(faults: dict[str, str]) -> Answer:
    typed: dict[str, object] = {name: bodies.printable(bodies.first(name)) for name in _TEXTS}
    return _list(faults, {**typed, "include": _include()}), 400


def _list(faults: dict[str, str], typed: dict[str, object]) -> str:
    tools = kit.tools()
    with kit.store().staff.read() as session:
        made = exports.newest(session, tools)
        staff = case_names.of_staff(session, tools)
    return render_template(
        "admin/reports.html",
        reports=made,
        staff=staff,
        faults=faults,
        summary=words.summary(faults),
        typed=typed,
        formats=export_columns.FORMATS,
        kinds=list(words.KINDS.items()),
        states=words.STATES,
        columns=[column.key for column in export_columns.DEIDENTIFIED],
    )
