"""What the forms of any case offer, in words: options, standard letters, words to start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from portal.content import letters
from portal.web import context
from portal.web.therapist import endings, words


def offered(spoken: Sequence[str]) -> dict[str, Any]:
    """What ``templates/therapist/forms`` print beside the case itself; ``spoken``: its people's languages."""
    return {"choices": choices(), "defaults": letter_defaults(spoken), "step_words": step_words(spoken)}


def choices() -> dict[str, list[tuple[str, str]]]:
    """Options of the forms' lists; the first of an optional list is empty."""
    named = {
        "tier": {key: words.TIERS[key] for key in ("A", "B", "H", "crisis")},
        "decision": {"accept": _("Accept as recommended"), "override": _("Override"), "defer": _("Defer")},
        "route": {"": _("–"), **words.ROUTES},
        "model": {"": _("As recommended"), **words.MODELS},
        "format": {"": _("Not yet"), **words.FORMATS},
        "reason_code": {"": _("–"), **words.REASON_CODES},
        "letter": words.LETTERS,
        "closing": {"": _("–"), **endings.ENDINGS["close"]},
        "kind": {key: words.REQUESTS[key] for key in ("refresh", "repeat", "missing")},
        "fact": {"": _("No change"), "yes": _("Yes"), "no": _("No")},
        "confirm": {
            "": _("No change"), "order_of_protection": _("About an order of protection"),
            "child_danger": _("About a child in danger"),
        },
        "language": {"en": "English", "es": "Español"},
    }  # fmt: skip
    return {name: [(key, str(text)) for key, text in options.items()] for name, options in named.items()}


def letter_defaults(spoken: Sequence[str]) -> dict[str, str]:
    """The standard letters by kind, in the language of whoever is written to first.

    Where the other person speaks another language they follow once more under "kind:language".
    """
    values = _filled_in()
    return {
        kind if language == spoken[0] else f"{kind}:{language}": message.render(language, **values)[1]
        for language in spoken
        for kind, message in letters.load().letters.items()
    }


def step_words(spoken: Sequence[str]) -> list[tuple[str, str, str]]:
    """Words to start from for one further step each: (language, title, text)."""
    values, steps = _filled_in(), letters.load().steps.values()
    return [(language, *message.render(language, **values)) for language in spoken for message in steps]


def _filled_in() -> dict[str, str]:
    practice = context.practice()
    return {"practice": practice.name or "—", "phone": practice.phone or "—", "link": "", "date": ""}
