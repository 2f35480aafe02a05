"""What goes with a report: which rules and questions it is of, what chose its rows, counts and checksum."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from portal.content import questionnaire as bank
from portal.content import rules
from portal.domain.small_cells import LEAST
from portal.services.export_columns import Column
from portal.services.export_orders import PAPERS, Order

#: Of this layout; raised when a key changes its meaning.
SCHEMA: Final = 1


@dataclass(frozen=True)
class Counts:
    """``seen``: intakes that were looked at; ``rows`` of them in the file; ``unreadable`` of these marked."""

    seen: int
    rows: int
    unreadable: int


def written(
    order: Order, columns: Sequence[Column], counts: Counts | None, *, sha256: str | None, made_at: datetime
) -> str:
    """The manifest as JSON; counts and checksum are None before a streamed report was fetched.

    It names nobody: filters are told by kind, and days only where days are told.
    """
    filters = {
        "since": order.since.isoformat() if order.since else None,
        "until": order.until.isoformat() if order.until else None,
        "therapist": "one" if order.filters.therapist else "all",
        "status": order.filters.status or "all",
        "route": order.filters.route or "all",
    }
    is_table = order.report == "intakes"
    text = {
        "schema": SCHEMA,
        "report": order.report,
        "format": order.format,
        "identified": order.identified,
        "included": list(order.include),
        "filters": {} if order.report in PAPERS else filters,
        "columns": {column.key: column.sensitivity for column in columns} if is_table else {},
        "ruleset": rules.CURRENT,
        "questionnaires": list(bank.versions()),
        "counts": None if counts is None else _told(order, counts),
        "sha256": sha256,
        "made": made_at.date().isoformat() if order.identified else f"{made_at:%Y-%m}",
    }
    return json.dumps(text, indent=1) + "\n"


def _told(order: Order, counts: Counts) -> dict[str, int | None]:
    """The counts; beside a report of counts small ones are left out, or they would tell what it hides."""
    if order.report != "board":
        return asdict(counts)
    shown = asdict(replace(counts, seen=counts.rows))
    return {key: None if 0 < count < LEAST else count for key, count in shown.items()}
