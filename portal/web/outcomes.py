"""Routes and reasons of a review in words: for the therapist's pages and the admin's figures alike."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l

ROUTES: Final = {
    "safety": _l("Safety first"),
    "hold": _l("Hold"),
    "consult": _l("Consultation"),
    "wait": _l("Waiting"),
    "refresh": _l("Refresh"),
    "solo": _l("Individual work"),
    "discernment": _l("Discernment"),
    "couples": _l("Couples therapy"),
}
REASON_CODES: Final = {
    "new_information": _l("New information"),
    "clinical_judgement": _l("Clinical judgement"),
    "partner_wish": _l("A partner's wish"),
    "safety": _l("Safety"),
    "resources": _l("Resources of the practice"),
    "other": _l("Other"),
}
