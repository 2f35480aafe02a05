"""Why an act was not carried out, in words: what must happen first."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.services.errors import Refused
from portal.services.joint_work import GatesOpen
from portal.web.therapist import endings

REFUSALS: Final = {
    "interviews_first": _l(
        "First see everyone who takes part alone, since they sent their form, with all three ticks: "
        "identity, private setting, safety asked again. Then a tier can be cleared."
    ),
    "found_since_a": _l(
        "Something that bears on safety was found after the last interview with partner A. See them alone "
        "again, with all three ticks. Then a tier can be cleared. Meanwhile you can defer, or sign safety."
    ),
    "found_since_b": _l(
        "Something that bears on safety was found after the last interview with partner B. See them alone "
        "again, with all three ticks. Then a tier can be cleared. Meanwhile you can defer, or sign safety."
    ),
    "found_since_both": _l(
        "Something that bears on safety was found after the last interviews. See each person alone again, "
        "with all three ticks. Then a tier can be cleared. Meanwhile you can defer, or sign safety."
    ),
    "no_recommendation": _l("There is no recommendation yet: it is made once a form was sent."),
    "newer_recommendation": _l("A newer recommendation stands now. Read it, then sign."),
    "clearance_first": _l(
        "This couple's route is safety. A less protective route needs a clearance first, after the "
        "interviews. An order of protection in force and a child in danger are never cleared: only newer "
        "answers that you accept change them."
    ),
    "format_after_interviews": _l(
        "First interview everyone whose form was sent, each alone, with all three ticks. Then a format "
        "for couples work or discernment can be chosen. You can sign now without a format."
    ),
    "review_first": _l("First sign a review. Letters follow what you signed."),
    "service_after_interviews": _l(
        "First interview everyone whose form was sent, each alone, with all three ticks. "
        "Until then a letter names no service."
    ),
    "contact_blocked": _l("This person does not take part. The practice makes no new contact with them."),
    "not_joined": _l("This person has no account yet and could not read it."),
    "already_decided": _l("Somebody has decided about this letter meanwhile."),
    "somebody_else_decides": _l(
        "Another therapist or an admin decides about this letter. In a practice with a single account its "
        "author decides, a day after writing it."
    ),
    "already_joined": _l("This person has joined already."),
    "invitation_blocked": _l(
        "No invitation goes out while signs of danger stand (R1 to R4) or after any order of protection. "
        "First assess each person's safety, apart."
    ),
    "inviter_sends_first": _l("This waits until the person who asked has sent their own form."),
    "joint_after_interviews": _l(
        "A joint appointment needs both forms sent and an interview with each person alone, with all "
        "three ticks."
    ),
    "joint_after_review": _l("A joint appointment needs the newest recommendation signed for a joint route."),
    "discernment_after_review": _l(
        "Discernment needs the newest recommendation signed for discernment. Where something new came, "
        "review it anew first."
    ),
    "no_safe_channel": _l("Somebody gave no safe way to be reached. Agree on one first, when they call."),
    "told_since": _l("Something new was told just now. Read the case anew, then decide."),
    "told_unreadable": _l(
        "Something was told that nobody can open: its key is missing, or it is damaged. It may tell of "
        "danger, so this waits. Have whoever runs the server bring back the key or the backup; where there "
        "is neither, close the case with a note and open a new one. Deferring works meanwhile. Ask each "
        "person apart."
    ),
    "nothing_newer": _l(
        "There is no newer answer of this person to accept: the last one still tells of danger, or the "
        "question was left open. Ask for the form again, or enter it with the person."
    ),
    "danger_told_since": _l("Danger was told since the newest recommendation. Read it anew first."),
    "discernment_ended": _l("This discernment has ended; its path stands."),
    "five_at_most": _l("There are five sessions at most. Note how it ended."),
    "somebody_stopped": _l("After the last session somebody did not want to go on. Note how it ended."),
    "session_order": _l("Sessions are noted in their order, one at a time."),
    "session_to_come": _l("This day is still to come."),
    "session_before_last": _l("This day is before the last session."),
    "session_first": _l("There is no session yet, so nothing can end."),
    "end_first": _l("First note how it ended. The outcome follows six months later."),
    "outcome_too_early": _l("The outcome is asked for six months after the end, at most two weeks earlier."),
    "outcome_of_other_path": _l("This outcome does not belong to the path that was noted."),
    **endings.REFUSALS,
    "not_sent": _l("This person has not sent the form that is open now; there is nothing to ask for again."),
}


def refusal(refused: Refused) -> str:
    """Why an act was not carried out, and everything that must happen first."""
    reasons = refused.gates if isinstance(refused, GatesOpen) else (refused.reason,)
    return " ".join(str(REFUSALS.get(reason, _("This cannot be done now."))) for reason in reasons)
