"""A ruleset run over the stored cases: what it would say otherwise, and by which row. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.couple_file import parse_couple
from portal.domain.routing import recommend
from portal.domain.rules import Ruleset
from portal.models import Recommendation, table_of
from portal.services import couples, practices, routing
from portal.services.routing import RecommendationView
from portal.services.tools import Tools
from portal.vault import VaultError


@dataclass(frozen=True)
class Outcome:
    """One case: ``old`` and ``new`` are "route : reason", with the rows that set them.

    ``responsible``: the row that makes the difference; it holds now and stood in the way, or holds no more.
    """

    case_id: str
    old: str
    old_rule: str
    new: str
    new_rule: str
    responsible: str

    @property
    def is_changed(self) -> bool:
        """Whether the case would be led elsewhere, or there for another reason."""
        return (self.old, self.old_rule) != (self.new, self.new_rule)


def run(session: Session, tools: Tools, *, named: str, unread: list[str]) -> Iterator[Outcome]:
    """Every case with a recommendation, run again under a ruleset and the practice's own thresholds.

    A case is read as of the day of its newest recommendation, so that the passing of days is no change.
    ``unread`` is given the ids of those that nobody can open: they are left out.
    """
    rules = routing.rules_of(session, named)
    zone = ZoneInfo(practices.view(session).time_zone)
    c = table_of(Recommendation).c
    ids = session.scalars(select(c.case_id).distinct().order_by(c.case_id)).all()
    newest = ((case_id, routing.latest(session, tools, case_id)) for case_id in ids)
    for case_id, kept in ((case_id, view) for case_id, view in newest if view is not None):
        try:
            file = couples.couple_file(session, tools, case_id)
        except VaultError:
            unread.append(case_id)
            continue
        yield _outcome(case_id, kept, _as_of(file, kept, zone), rules)


def _as_of(file: dict[str, Any], kept: RecommendationView, zone: ZoneInfo) -> dict[str, Any]:
    """The file as of that day, or of today where something newer stands in it."""
    day = kept.made_at.astimezone(zone).date().isoformat()
    newest = max(_days(file), default=day)
    return {**file, "as_of": day} if newest <= day else file


def _days(file: Mapping[str, Any]) -> Iterator[str]:
    sent = (partner.get("submitted_on") for partner in file["partners"].values())
    yield from filter(None, sent)
    yield from (finding["found_on"] for finding in file["standing_findings"])
    yield from (clearance["on"] for clearance in file["clearances"])


def _outcome(case_id: str, kept: RecommendationView, file: Mapping[str, Any], rules: Ruleset) -> Outcome:
    made = recommend(parse_couple(file), rules, would_change=False)
    was = kept.body
    order = [rule.id for rule in rules.rules]
    still_first = was["rule"] in order and order.index(was["rule"]) < order.index(made.rule)
    return Outcome(
        case_id=case_id,
        old=f"{was['route']} : {was['reason']}",
        old_rule=was["rule"],
        new=f"{made.route} : {made.reason}",
        new_rule=made.rule,
        responsible=was["rule"] if still_first or was["rule"] not in order else made.rule,
    )
