"""What the worker works with, and as whom it is written down."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.domain.access import system
from portal.services import mail_carriers
from portal.services.errors import told
from portal.services.export_crew import NOBODY, Crew
from portal.services.tools import Tools
from portal.store import Store

WORKER: Final = system("worker")


@dataclass(frozen=True)
class Workplace:
    """What the worker works with."""

    store: Store
    tools: Tools
    exports: Path
    carrier: mail_carriers.Carrier
    sender: str
    #: A second place, on another disk or machine: where anchors and the ledger of erasures are kept.
    anchor: Path | None = None
    outbox: Path | None = None
    #: The file beside the database that says how far the audit trail has come.
    head: Path | None = None
    #: Who makes the rows of a large report.
    crew: Crew = NOBODY


def note_error(what: str, error: Exception) -> None:
    """A line for the log: what went wrong and where, never with what."""
    logging.getLogger("portal.worker").error("%s failed: %s", what, told(error))
