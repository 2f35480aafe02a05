"""Commands ``serve`` and ``worker``, and what a command does before it exits."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import timedelta
from types import FrameType
from typing import Final

import click
import waitress
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal import alarm as alarms
from portal import worker
from portal.assembly import House
from portal.config import Settings
from portal.services import jobs, mails

#: How long a command works on other jobs; what is left then is the running worker's.
_PATIENCE: Final = 20.0


def workplace(app: Flask) -> worker.Workplace:
    """The worker's place of work for this application."""
    settings: Settings = app.extensions["portal.settings"]
    house: House = app.extensions["portal.house"]
    carrier = mails.to_server(settings.smtp_url) if settings.smtp_url else mails.to_folder(settings.outbox)
    return worker.Workplace(
        store=house.store,
        tools=house.tools,
        exports=settings.exports,
        carrier=carrier,
        sender=settings.mail_from,
        anchor=settings.anchor,
        outbox=settings.outbox,
        head=settings.audit_head,
    )


def run_due(app: Flask, *, seconds: float | None = _PATIENCE) -> None:
    """Run every due job; called by commands that write, before they exit."""
    worker.sweep(workplace(app), seconds=seconds)


def _stop(_number: int, _frame: FrameType | None) -> None:
    # SystemExit lets waitress finish the requests it has begun.
    sys.exit(0)


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Serve the portal in the role of PORTAL_ROLE (all: pages and the worker in one process)."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    settings: Settings = app.extensions["portal.settings"]
    house: House = app.extensions["portal.house"]
    house.tools  # noqa: B018  (keys and migration before the first request)
    alarm = alarms.Alarm(settings.queue_url or settings.jobs_file)
    app.extensions["portal.wake"] = alarm.ring
    does_work = settings.role in ("all", "worker")
    if does_work:
        with house.store.staff.write() as session:
            jobs.add_once(
                session, house.tools, kind="retention", subject_id="practice", within=timedelta(hours=25)
            )
    consumer = alarm.start(workplace(app)) if does_work else None
    signal.signal(signal.SIGTERM, _stop)
    try:
        if settings.role == "worker":
            threading.Event().wait()
        click.echo(f"Serving on {settings.base_url} (stop with Ctrl+C)")
        waitress.serve(
            app,
            host=settings.host,
            port=settings.port,
            threads=8,
            ident=None,
            # The application reads these headers itself, where proxies are trusted (assembly.py).
            clear_untrusted_proxy_headers=not settings.trusted_proxies,
        )
    finally:
        if consumer is not None:
            consumer.stop(graceful=True)


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
