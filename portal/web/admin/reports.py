"""Reports: asked for, listed, watched while they are made, fetched."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from flask import Response as FlaskResponse
from flask import redirect, render_template, request
from flask_babel import get_locale
from werkzeug.wrappers import Response

from portal.services import (
    case_names,
    export_columns,
    export_orders,
    export_streams,
    exports,
    people,
    practices,
)
from portal.services.errors import BadInput, Conflict, NotFresh
from portal.services.export_orders import Filters, Order
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp, report_words, words

Answer = str | tuple[str, int] | Response
_TYPES = {
    "csv": "text/csv; charset=utf-8", "json": "application/jsonl; charset=utf-8", "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
_PREFILLED = ("report", "format", "since", "until", "case", "slot")
_TEXTS = tuple("report format since until purpose identified therapist status route case slot".split())


def _exists(export: str) -> None:
    with kit.store().staff.read() as session:
        exports.find(session, kit.tools(), export)


@bp.get("/admin/exports")
@guards.admin_only()
def all_reports() -> str:
    """Who asked for which report when and why, and the form for another, filled in by the address' query."""
    return _list({}, {name: request.args[name] for name in _PREFILLED if name in request.args})


@bp.post("/admin/exports")
@guards.admin_only()
def all_reports_posted() -> Answer:
    """A de-identified CSV is ready at once, all else is a job; names need purpose and password."""
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
    return export_orders.checked(
        form=bodies.first("format"),
        since=bodies.first("since"),
        until=bodies.first("until"),
        identified=bodies.tick("identified"),
        include=_include(),
        purpose=bodies.first("purpose"),
        report=bodies.first("report"),
        filters=Filters(
            therapist=bodies.first("therapist"),
            status=bodies.first("status"),
            route=bodies.first("route"),
            case=bodies.first("case").strip().rpartition("/")[2],
            slot=bodies.first("slot"),
            language="es" if str(get_locale()).startswith("es") else "en",
        ),
    )


def _include() -> list[str]:
    return [kind for kind in bodies.values("include") or () if kind]


@bp.get("/admin/exports/<export>")
@guards.admin_only(find=_exists)
def one_report(export: str) -> str:
    """What it holds, who asked and why, how far it is, and where it lies."""
    return _one(export)


def _one(export: str, refusal: str = "") -> str:
    tools = kit.tools()
    with kit.store().staff.read() as session:
        view = exports.find(session, tools, export)
        staff = case_names.of_staff(session, tools)
    return render_template(
        "admin/report.html",
        report=view,
        included=[str(words.KINDS[kind]) for kind in view.include],
        chosen=report_words.chosen(view.filters, staff),
        title=report_words.REPORTS[view.report],
        staff=staff,
        states=words.STATES,
        refusal=refusal,
    )


@bp.get("/admin/exports/<export>/file")
@guards.admin_only(find=_exists)
def report_file(export: str) -> Response:
    """The file itself; 404 until it is ready. The event is written before the first byte."""
    house, tools, by = kit.store(), kit.tools(), kit.viewer()
    with kit.writing(as_partner=False) as session:
        view = exports.hand_out(session, tools, export_id=export, by=by)
    pieces = export_streams.content(house, tools, view=view, folder=kit.settings().exports, by=by)
    return _download(FlaskResponse(pieces, content_type=_type_of(view)), view.file_name)


def _type_of(view: exports.ExportView) -> str:
    """One object is no JSON Lines: the paper of one person or case."""
    return "application/json" if view.file_name.endswith(".json") else _TYPES[view.format]


@bp.get("/admin/exports/<export>/manifest")
@guards.admin_only(find=_exists)
def report_manifest(export: str) -> Response:
    """What goes with the file: versions, filters by kind, counts, checksum. 404 until it is finished."""
    with kit.store().staff.read() as session:
        view = exports.find(session, kit.tools(), export)
    text = exports.manifest(view)
    name = f"{view.file_name.partition('.')[0]}-manifest.json"
    return _download(FlaskResponse(text, content_type="application/json"), name)


def _download(response: FlaskResponse, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@bp.post("/admin/exports/<export>/cancel")
@guards.admin_only(find=_exists)
def report_cancelled(export: str) -> Answer:
    """Stop one that is being made."""
    try:
        with kit.writing(as_partner=False) as session:
            exports.cancel(session, kit.tools(), export_id=export, by=kit.viewer())
    except Conflict:
        return _one(export, str(words.REASONS["export_over"])), 409
    return redirect(f"/admin/exports/{export}", 303)


def _today() -> date:
    """The practice's own day."""
    with kit.store().staff.read() as session:
        zone = practices.view(session).time_zone
    return kit.tools().now().astimezone(ZoneInfo(zone)).date()


def _refused(faults: dict[str, str]) -> Answer:
    typed: dict[str, object] = {name: bodies.printable(bodies.first(name)) for name in _TEXTS}
    return _list(faults, {**typed, "include": _include()}), 400


def _list(faults: dict[str, str], typed: dict[str, object]) -> str:
    tools = kit.tools()
    with kit.store().staff.read() as session:
        made = exports.newest(session, tools)
        staff = case_names.of_staff(session, tools)
        everyone = people.everyone(session, tools)
    return render_template(
        "admin/reports.html",
        reports=made,
        staff=staff,
        faults=faults,
        summary=words.summary(faults),
        typed=typed,
        kinds=list(words.KINDS.items()),
        report_kinds=list(report_words.REPORTS.items()),
        formats=list(report_words.FORMATS.items()),
        therapists=[(one.id, one.full_name) for one in everyone if "therapist" in one.roles],
        statuses=list(report_words.STATUSES.items()),
        routes=list(report_words.ROUTES.items()),
        spans=report_words.spans(_today()),
        states=words.STATES,
        titles=report_words.REPORTS,
        columns=[column.key for column in export_columns.DEIDENTIFIED],
    )
