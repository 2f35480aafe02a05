"""Words of the admin's pages: why something was refused, and what keys mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.domain.staffing import PLACES
from portal.services import admin_cases, practice_settings
from portal.services.errors import NotFresh
from portal.web import freshness

#: Reason key of a refusal -> what stands beside the field.
REASONS: Mapping[str, Any] = {
    "missing": _l("Please fill this in."),
    "too_long": _l("This text is longer than we can keep. Please shorten it."),
    "bad_characters": _l("This text holds a character that we cannot keep. Please type it again."),
    "not_an_option": _l("Please choose one of the answers shown here."),
    "bad_email": _l("Please give an e-mail address, such as name@example.org."),
    "email_taken": _l("There is an account with this address."),
    "no_such_therapist": _l("There is no therapist with this e-mail who can sign in."),
    "last_admin": _l("This is the only admin who can sign in. Make somebody else an admin first."),
    "bad_date": _l("Please give a day, such as 2026-11-23."),
    "before_since": _l("The last day must not be before the first."),
    "identified_only": _l("Answers can only stand in an identified report."),
    "not_in_this_format": _l("This report does not come in this format. Please choose another."),
    "names_somebody": _l("This report names somebody. Please tick this, and say what it is for."),
    "counts_only": _l("This report holds counts alone, and no names. Please take the tick away."),
    "export_over": _l("This report is finished already, or was stopped before."),
    "no_such_case": _l("There is no such case."),
    "same_case": _l("This is the same case."),
    "not_one_person": _l("The other case does not hold exactly one person who has joined."),
    "case_closed": _l("One of the two cases is closed."),
    "not_heard": _l("Please call the person back first, on the number they gave as safe, and tick this."),
    "not_joined": _l("Nobody has joined in this slot, so there is no account to help with."),
    "nothing_waits": _l("There is no such link any more."),
    "merged": _l("This record was merged into another case."),
    "conflict": _l("A conflict of interest keeps this person away from this case."),
    "own_conflict": _l("Somebody else has to lift what keeps you away yourself."),
    "bad_help_lines": _l(
        "Please give each line its name, its number and some words, with | between them; eight lines at most."
    ),
    "bad_dates": _l("Please give days such as 2026-12-25, with spaces between them."),
    "is_past": _l("This day is over."),
    "too_far": _l("At most a year at a time. For a longer leave, hand the cases over."),
    "already_closed": _l("This case is closed already."),
    "not_closed": _l("This case is open."),
    "letter_waits": _l("A letter of this case waits for approval. Have it decided first."),
    "legal_hold": _l("This case is under legal hold: nothing of it may be deleted. Lift the hold first."),
    "nobody_there": _l("There is nobody in this place of the case yet."),
    "own_account": _l("Not for your own account: have another admin do it, or use the command line."),
    "nobody_to_renew": _l("Only for an account that was set up and is not disabled."),
    "not_confirmed": _l("Please tick this: there is no way back."),
}
#: The same keys where a field says it better.
_BY_FIELD: Mapping[tuple[str, str], Any] = {
    ("email", "invalid"): _l("Please give an e-mail address, such as name@example.org."),
    ("full_name", "invalid"): _l("Please write the name, in one line."),
    ("roles", "invalid"): _l("Please choose at least one role."),
    ("case", "missing"): _l("Please tick at least one case."),
    ("purpose", "missing"): _l("An identified report needs a purpose: who asked for it, and for what."),
}

#: What a field is called, for a summary of several.
LABELS: Mapping[str, Any] = {
    "email": _l("E-mail"),
    "full_name": _l("Full name"),
    "roles": _l("Roles"),
    "disabled": _l("Disabled"),
    "identified": _l("With names and dates"),
    "password": _l("Your own password"),
    "hold_password": _l("Your own password"),
    "erase_password": _l("Your own password"),
    "email_a": _l("E-mail of the first person"),
    "email_b": _l("E-mail of the second person"),
    "therapist": _l("Therapist"),
    "language": _l("Language of the invitation"),
    "other": _l("The other case"),
    "slot": _l("Whose place here"),
    "call_slot": _l("Whose sign-in"),
    "heard": _l("Known by voice"),
    "reason": _l("Why it is closed"),
    "note": _l("Note"),
    "reopen": _l("Open the case again"),
    "hold": _l("Legal hold"),
    "erase_slot": _l("What is erased"),
    "erase_reason": _l("Why it is erased"),
    "confirm": _l("No way back"),
    "authenticator": _l("New authenticator"),
    "practice_name": _l("Name, as partners read it"),
    "phone": _l("Telephone number"),
    "on_call_email": _l("E-mail of whoever is on call"),
    "time_zone": _l("Time zone"),
    "confidentiality": _l("Confidentiality between partners"),
    "self_referral": _l("People may begin on their own"),
    "stale_days": _l("Days until answers are out of date"),
    "alcohol_level": _l("Alcohol score that calls for a talk first"),
    "index_margin": _l("Lead of a pattern before its model is named"),
    "clarity_for_two": _l("Name discernment counseling where both are unsure"),
    "languages": _l("Languages"),
    "working_days": _l("Office days"),
    "holidays": _l("Days off"),
    "office_email": _l("E-mail of the office"),
    "postal_address": _l("Address"),
    "draft_days": _l("Days until a form that was never sent is emptied"),
    "export_days": _l("Days until the file of a report is removed"),
    "mail_days": _l("Days until a mail that could not be sent is emptied"),
    "case_years": _l("Years until a closed case is deleted"),
    "trainings": _l("Trainings"),
    "formats": _l("Ways of meeting"),
    "hours": _l("Free hours"),
    "places": _l("Places in all"),
    "away_from": _l("Away from"),
    "away_until": _l("Away until"),
    "cover": _l("Who covers"),
    "case": _l("Cases"),
    "to": _l("Who takes them"),
    "person": _l("Who keeps away"),
    "conflict_reason": _l("Reason"),
    "format": _l("Format"),
    "since": _l("Sent from"),
    "until": _l("Sent until"),
    "include": _l("And these answers"),
    "purpose": _l("Purpose"),
    "report": _l("Which report"),
    "status": _l("Cases"),
    "route": _l("Recommended route"),
}

#: What the public page may say: topic -> label.
TOPICS: Mapping[str, Any] = {
    "cost": _l("What it costs"),
    "length": _l("How long it takes"),
    "evenings": _l("Evening hours"),
    "online": _l("Sessions online"),
    "childcare": _l("Childcare"),
}
_IN_TWO: Mapping[str, Any] = {**TOPICS, "help_lines": _l("Help lines")}

ROLES: Mapping[str, Any] = {"therapist": _l("Therapist"), "admin": _l("Admin")}
ORIGINS: Mapping[str, Any] = {
    "practice": _l("Invited by the practice"),
    "self_referral": _l("Came on their own"),
    "second_claim": _l("Second person with the same invitation"),
    "set_apart": _l("Set apart when two records were merged"),
}
ENDINGS: Mapping[str, Any] = {
    "finished": _l("the work here is finished"),
    "not_taken_up": _l("they did not take it up"),
    "referred_on": _l("referred on"),
    "withdrawn": _l("withdrawn"),
    "duplicate": _l("a duplicate of another case"),
}
ERASURES: Mapping[str, Any] = {
    "person_asked": _l("the person asked for it"),
    "law": _l("the law or a court asks for it"),
    "mistake": _l("opened by mistake, or to try the portal"),
}
POLICIES: Mapping[str, Any] = {
    "a": _l("a – no secrets in couple work: the form asks only whether there is something to discuss"),
    "b": _l("b – private; the therapist helps whoever holds something to tell it"),
    "c": _l("c – private"),
}
KINDS: Mapping[str, Any] = {
    "safety": _l("Safety: acts, fear, control"),
    "suicide": _l("Suicide"),
    "affair": _l("Affairs, secrets, habits"),
    "substance": _l("Alcohol and drugs"),
    "text": _l("Own words"),
}
STATES: Mapping[str, Any] = {
    "waiting": _l("Being made"),
    "ready": _l("Ready"),
    "failed": _l("Failed; please ask again"),
    "handed_over": _l("Written by a command"),
    "cancelled": _l("Stopped"),
    "expired": _l("No longer there; please ask again"),
}
MAILS: Mapping[str, Any] = {
    "invitation": _l("Invitation"),
    "sign_in_help": _l("Sign-in help"),
    "notify": _l("Neutral message"),
    "on_call_alert": _l("Alert to staff"),
    "staff_set_up": _l("Set-up link for staff"),
    "staff_reset": _l("Sign-in help for staff"),
}
ACTORS: Mapping[str, Any] = {
    "anonymous": _l("Somebody not signed in"),
    "partner": _l("A partner"),
    "system": _l("The portal"),
    "staff": _l("Staff"),
}
SUBJECTS: Mapping[str, Any] = {
    "account": _l("A partner's account"),
    "case": _l("Case"),
    "export": _l("Report"),
    "intake": _l("Form"),
    "invitation": _l("Invitation"),
    "practice": _l("Practice"),
    "staff": _l("Staff account"),
}


def fault(field: str, reason: str) -> str:
    """What stands beside a field."""
    if reason == "out_of_range":
        low, high = PLACES if field == "places" else practice_settings.RANGES[field]
        return str(_l("Please give a whole number from %(low)s to %(high)s.", low=low, high=high))
    return str(_BY_FIELD.get((field, reason)) or REASONS[reason])


def faults(refused: Mapping[str, str]) -> dict[str, str]:
    """Field -> message, for a summary."""
    return {field: fault(field, reason) for field, reason in refused.items()}


def summary(messages: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same with the field's name in front, where it has one, for the summary on top."""
    return [
        (field, f"{name}: {message}" if (name := _label(field)) else message)
        for field, message in messages.items()
    ]


def _label(field: str) -> str:
    """A field's name, "" where it has none; a text of the public page is named by topic and language."""
    topic, _dash, language = field.rpartition("_")
    if topic in _IN_TWO:
        return f"{_IN_TWO[topic]} ({'English' if language == 'en' else 'Español'})"
    return str(LABELS.get(field, ""))


def password_fault(refusal: NotFresh) -> dict[str, str]:
    """The same for a sensitive act without a fresh sign-in."""
    return {"password": freshness.message(refusal)}


def count(number: int) -> str:
    """A count of what waits, which goes no further than ``admin_cases.COUNTED``."""
    most = admin_cases.COUNTED
    return str(number) if number <= most else str(_("more than %(most)s", most=most))
