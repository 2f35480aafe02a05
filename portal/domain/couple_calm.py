"""A partner of whom nothing stands out: staying, ready, safe. What one answer adds is seen beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CALM: Final[Mapping[str, Any]] = {
    "eligible": {"adult": True, "consented": True, "in_service_area": True, "identity_conflict": False},
    "safe_channel": True, "private": "yes", "lean": 1, "decision_firmness": 2, "first_step": "yes",
    "commit_months": "yes", "own_change": 7, "hope": 6, "doubts_told": "yes", "voluntary": 5,
    "free_to_leave": "yes", "legal_steps": "none", "recent_separation": False, "firearm_access": False,
    "threatened_suicide_if_left": False, "order_of_protection": "none", "neck_wanted": False, "fear": "none",
    "fear_of_consequences": False, "control_received": [], "control_done": [], "escalating": "no",
    "child_danger": "no", "suicidal_behavior": "none", "harm_other": "none", "alcohol_treated": False,
    "alcohol_withdrawal": False, "drug_loss_of_control": False, "drug_treated": False,
    "psychosis_mania": "none", "agreement": "exclusive", "affair": "none", "suspects_affair": False,
    "satisfaction": 9, "staying_from_fear": False,
}  # fmt: skip
"""Their answers in a couple file, but for the day, the acts and the sums."""
