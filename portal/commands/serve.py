"""Commands ``serve`` and ``worker``, and what a command does before it exits."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from portal import dress, logs, one_process
from portal.assembly import ROOT, House, NotYet
from portal.commands.bare import DISK
from portal.config import ConfigError, Settings
from portal.migrations.migrate import NotServed
from portal.services import jobs
from portal.services.errors import told

if TYPE_CHECKING:
    from portal import alarm as alarms
    from portal.services.export_crew import Crew
    from portal.workplace import Workplace

log = logging.getLogger("portal.serve")

#: How long a command works on other jobs; what is left then is the running worker's.
_PATIENCE: Final = 20.0
#: How ``serve`` ends where a database is away, not yet ready for it, or its disk full (``EX_TEMPFAIL``).
AGAIN: Final = 75


def workplace(app: Flask) -> Workplace:
    """The worker's place of work for this application."""
    from portal.services import mail_carriers  # noqa: PLC0415
    from portal.workplace import Workplace  # noqa: PLC0415 - late: who serves pages alone needs none

    settings: Settings = app.extensions["portal.settings"]
    house: House = app.extensions["portal.house"]
    smtp, folder = settings.smtp_url, settings.outbox
    carrier = mail_carriers.to_server(smtp) if smtp else mail_carriers.to_folder(folder)
    return Workplace(
        store=house.store,
        tools=house.tools,
        exports=settings.exports,
        carrier=carrier,
        sender=settings.mail_from,
        anchor=settings.anchor,
        outbox=settings.outbox,
        head=settings.audit_head,
        crew=crew(settings),
    )


def crew(settings: Settings, house: House | None = None) -> Crew:
    """The children that make large reports, none made yet: they read settings, keys and database as this
    process did. ``house``: of a command that works alone, which forks them."""
    from portal.services import export_crew  # noqa: PLC0415 - late, as above

    command, forking = (sys.executable, "-m", "portal.commands.hands"), None
    if house is not None:
        from portal.commands import hands  # noqa: PLC0415 - late, as above

        forking = export_crew.Forking(hands.copied(house.store.staff, house.tools), house.close)
    return export_crew.Crew(command, count=settings.export_processes, folder=ROOT, forking=forking)


def run_due(app: Flask, *, seconds: float | None = _PATIENCE) -> None:
    """Run every due job; called by commands that write, before they exit."""
    from portal import worker  # noqa: PLC0415 - late, as above

    worker.sweep(workplace(app), seconds=seconds)


def furnish(app: Flask) -> None:
    """Make this process ready for pages: how it writes, whom it wakes, its keys and its doors.

    A process whose house does not open yet (a database that is away) serves all the same, and is not ready
    (``/readyz``). One that may not serve as things stand does not begin, so that a reload keeps who serves.
    """
    settings: Settings = app.extensions["portal.settings"]
    house: House = app.extensions["portal.house"]
    logs.begin(settings.log)
    try:
        house.tools  # noqa: B018  (keys and migration before the first request)
    except (ConfigError, NotServed) as refused:
        log.error("the house stays closed: %s", refused)
        raise
    except Exception as error:  # the next request tries again
        log.error("the house stays closed: %s", told(error))
    _hang_alarm(app)


def _hang_alarm(app: Flask) -> alarms.Alarm:
    """What wakes the worker after this process has committed something."""
    settings: Settings = app.extensions["portal.settings"]
    house: House = app.extensions["portal.house"]
    queue = settings.queue_url or settings.jobs_file
    with _spared() if isinstance(queue, Path) else nullcontext():
        from portal import alarm as alarms  # noqa: PLC0415 - late: for these alone

    alarm = alarms.Alarm(queue, name=f"portal{house.nickname}")
    app.extensions["portal.wake"] = alarm.ring
    return alarm


@contextmanager
def _spared() -> Iterator[None]:
    """huey loads the client of every queue it knows, where it is installed: large, and a file needs none."""
    modules: dict[str, Any] = sys.modules
    names = [name for name in ("psycopg", "redis") if name not in modules]
    modules.update(dict.fromkeys(names))  # an import of None fails as if it were not installed
    try:
        yield
    finally:
        for name in names:
            del modules[name]


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Serve the portal in the role of PORTAL_ROLE (all: pages and the worker in one process)."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    settings: Settings = app.extensions["portal.settings"]
    house: House = app.extensions["portal.house"]
    with _or_again(house):
        house.tools  # noqa: B018  (opens)
    if settings.processes > 1:
        house.close()
        _become_several(settings)
    logs.begin(settings.log)
    alarm = _hang_alarm(app)
    with _or_again(house):
        shift = _start_work(app, alarm) if settings.role in ("all", "worker") else None
    try:
        if settings.role == "worker":
            signal.signal(signal.SIGTERM, _stop)
            threading.Event().wait()
        _serve_pages(app, settings)
    finally:
        if shift is not None:
            shift.stop()


@contextmanager
def _or_again(house: House) -> Iterator[None]:
    """What cannot be opened stops the start: with 2, as every command, where somebody has to mend it; with
    ``AGAIN`` where the next try may find it mended, so that whoever starts it knows when to try."""
    try:
        yield
    except (NotYet, DBAPIError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in DISK:
            raise
        click.echo(str(error) if isinstance(error, NotYet) else house.why_closed(error), err=True)
        sys.exit(AGAIN)


def _become_several(settings: Settings) -> None:
    """The same process goes on as gunicorn: it holds no key, and its number stays the one systemd knows."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    words = ("--bind", f"{host}:{settings.port}", "--workers", str(settings.processes))
    configuration = ("--config", str(ROOT / "portal" / "gunicorn_conf.py"))
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *configuration, *words])  # noqa: S606


def _start_work(app: Flask, alarm: alarms.Alarm) -> alarms.Shift:
    house: House = app.extensions["portal.house"]
    with house.store.staff.write() as session:
        jobs.add_once(
            session, house.tools, kind="retention", subject_id="practice", within=timedelta(hours=25)
        )
    return alarm.start(workplace(app))


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _serve_pages(app: Flask, settings: Settings) -> None:
    try:
        pages = one_process.Pages(
            app,
            host=settings.host,
            port=settings.port,
            # The application reads these headers itself, where proxies are trusted (assembly.py).
            keeps_proxy_headers=settings.trusted_proxies > 0,
            headers=dress.lines(is_production=settings.is_production),
        )
    except OSError as error:
        raise ConfigError(f"PORTAL_HOST, PORTAL_PORT: nobody can listen there ({error.strerror})") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pages.ask_to_stop)
    click.echo(f"Serving on {settings.base_url} (stop with Ctrl+C)")
    pages.serve()


@click.command("worker")
@with_appcontext
def work() -> None:
    """Run everything that is due now, then stop."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    run_due(app, seconds=None)


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(serve)
    app.cli.add_command(work)
