"""Keys as words: how a case ends and begins again, and what was said of the other partner."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l

CHOICES: Final = {
    "invite": _l("wants the other invited"),
    "will_not_join": _l("says the other will not join"),
    "do_not_contact": _l("asks us not to contact the other"),
}
STEPS: Final = {"close": _l("Case closed"), "reopen": _l("Case opened again")}
#: Step -> reason -> words.
ENDINGS: Final = {
    "close": {
        "finished": _l("the work here is finished"),
        "not_taken_up": _l("they did not take it up"),
        "referred_on": _l("referred on"),
        "withdrawn": _l("withdrawn"),
        "duplicate": _l("a duplicate of another case"),
    },
    "reopen": {
        "by_hand": _l("by hand"),
        "sent": _l("a form was sent"),
        "said": _l("somebody told us something"),
        "finding": _l("a form raised a finding"),
    },
}
REFUSALS: Final = {
    "safety_stands": _l(
        "Safety findings stand here that nobody has cleared. Write a note that says what was done about "
        "them; then the case can be closed."
    ),
    "letter_waits": _l("A letter of this case waits for approval. Have it decided first."),
    "already_closed": _l("This case is closed already."),
    "not_closed": _l("This case is open."),
    "merged": _l("This record was merged into another case."),
}
