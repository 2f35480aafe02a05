"""Two intakes as form fields, by section, from contract.md alone."""

from __future__ import annotations

Sheet = dict[str, dict[str, str | list[str]]]

ACTS = (
    "insult",
    "threat",
    "physical",
    "injury",
    "sexual_force",
    "sexual_pressure",
    "threat_to_kill",
    "strangled",
    "weapon",
    "stalking",
)


def sheet(**changed: str | list[str]) -> Sheet:
    """A safe, willing intake; ``changed`` replaces answers by item key (dots written as ``__``)."""
    answers: Sheet = {
        "start": {"private": "yes", "adult": "yes", "in_service_area": "yes", "call_first": "no"},
        "basics": {},
        "patterns": {
            f"{index}_{n}": "2" for index in ("gottman", "eft", "developmental") for n in range(1, 7)
        },
        "satisfaction": {f"satisfaction_{n}": "3" for n in range(1, 5)},
        "goals": {},
        "reasons": {"hesitation": ["none"]},
        "reflection": {**{f"reflection_{n}": "0" for n in range(1, 7)}, "staying_from_fear": "no"},
        "direction": {
            "lean": "1",
            "decision_firmness": "2",
            "first_step": "yes",
            "commit_months": "yes",
            "own_change": "8",
            "hope": "6",
            "doubts_told": "yes",
            "partner_lean_guess": "3",
            "legal_steps": "none",
            "recent_separation": "no",
        },
        "pressure": {"voluntary": "5", "free_to_leave": "yes"},
        "safety": {
            **{f"{side}.{act}": "none" for side in ("harm_received", "harm_done") for act in ACTS},
            "fear": "none",
            "fear_of_consequences": "no",
            "control_received": ["none"],
            "control_done": ["none"],
            "escalating": "nothing_happened",
            "order_of_protection": "none",
            "child_danger": "no",
            "firearm_access": "no",
            "threatened_suicide_if_left": "no",
        },
        "health": {
            **{f"mood_{n}": "1" for n in range(1, 5)},
            **{f"alcohol_{n}": "0" for n in range(1, 4)},
            "suicide_level": "0",
            "suicidal_behavior": "none",
            "harm_other": "none",
            "alcohol_treated": "no",
            "alcohol_withdrawal": "no",
            "drug_loss_of_control": "no",
            "drug_treated": "no",
            "psychosis_mania": "none",
        },
        "affair": {"agreement": "exclusive", "affair": "none", "suspects_affair": "no"},
        "words": {},
    }
    for key, value in changed.items():
        item = key.replace("__", ".")
        section = next(name for name, items in answers.items() if item in items)
        answers[section][item] = value
    return answers
