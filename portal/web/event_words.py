"""Every kind of event in words, for the admin's trail and a therapist's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal.services.audit_kinds import HIDDEN
from portal.services.audit_views import EventView

WORDS: Final[Mapping[str, LazyString]] = {
    HIDDEN: _l("Clinical: something only therapists may know"),
    "absence.ended": _l("Ended an absence"),
    "absence.set": _l("Noted an absence"),
    "case.conflict_lifted": _l("Lifted a conflict of interest"),
    "case.conflict_set": _l("Noted a conflict of interest"),
    "case.recused": _l("Handed the case back"),
    "case.suggestions_viewed": _l("Looked at who might take the case"),
    "entry.begun": _l("Began to enter a form for a person"),
    "staff.profile_changed": _l("Changed what a therapist offers"),
    "account.joined": _l("Joined"),
    "account.kept": _l("Kept the sign-in name and code"),
    "account.language_set": _l("Chose a language"),
    "account.leaving_seen": _l("Read how to leave quickly"),
    "addition.written": _l("Added something"),
    "admin.viewed": _l("Opened the admin's overview"),
    "answers.found": _l("Something that could not be opened can be opened again"),
    "answers.lost": _l("Something that was told cannot be opened"),
    "answers.viewed": _l("Read a person's answers"),
    "appointment.proposed": _l("Proposed an appointment"),
    "audit.exported": _l("Took the audit trail out as a file"),
    "audit.viewed": _l("Looked at the audit trail"),
    "backup.created": _l("Made a backup"),
    "backup.restored": _l("Put a backup back"),
    "break_glass.opened": _l("Opened a colleague's case in an emergency"),
    "brief.made": _l("Made the brief"),
    "call.logged": _l("Noted a call"),
    "calls.viewed": _l("Looked at the call list"),
    "case.assigned": _l("Assigned the case"),
    "case.calls_viewed": _l("Looked at the calls of a case"),
    "case.closed": _l("Closed the case"),
    "case.erased": _l("Erased the case"),
    "case.held": _l("Put a legal hold on the case"),
    "case.hold_lifted": _l("Lifted the legal hold"),
    "case.merged": _l("Merged another record into the case"),
    "case.merged_away": _l("Merged this record into another case"),
    "case.opened": _l("Opened the case"),
    "case.reopened": _l("Reopened the case"),
    "case.scheduling_viewed": _l("Looked at the scheduling of a case"),
    "case.trail_viewed": _l("Looked at the trail of a case"),
    "case.unassigned": _l("Took the case from its therapist"),
    "case.viewed": _l("Read the case"),
    "caseload.searched": _l("Searched the caseload by name"),
    "caseload.viewed": _l("Looked at the caseload"),
    "cases.listed": _l("Looked at the list of cases"),
    "clearance.given": _l("Cleared a safety tier"),
    "consent.given": _l("Agreed"),
    "contact.stated": _l("Said how to be reached"),
    "demo.case": _l("Demonstration: a case was laid out"),
    "demo.loaded": _l("Demonstration: everything was laid out"),
    "demo.person": _l("Demonstration: a person was laid out"),
    "demo.stepped_in": _l("Demonstration: somebody stepped in"),
    "disclosures.exported": _l("Took the accounting of disclosures out as a file"),
    "disclosures.viewed": _l("Looked at the accounting of disclosures"),
    "discernment.ended": _l("Ended the discernment sessions"),
    "discernment.outcome": _l("Noted the outcome of discernment"),
    "discernment.session": _l("Noted a discernment session"),
    "export.asked": _l("Asked for a report"),
    "export.downloaded": _l("Fetched a report"),
    "export.cancelled": _l("Cancelled a report"),
    "export.expired": _l("The file of a report was deleted"),
    "export.of_case": _l("Asked for a record of the case or of one person"),
    "export.failed": _l("A report failed"),
    "export.finished": _l("A report was finished"),
    "facts.stated": _l("Stated a fact about a person"),
    "findings.changed": _l("Safety findings changed"),
    "insights.viewed": _l("Looked at the insights"),
    "intake.begun": _l("Began the form"),
    "intake.expired": _l("A form that was never sent was emptied"),
    "intake.sent": _l("Sent the form"),
    "intake.withdrawn": _l("Withdrew"),
    "interview.recorded": _l("Noted an interview"),
    "invitation.held": _l("Asked that the other be invited"),
    "invitation.withheld": _l("Took an invitation back whose mail was still waiting"),
    "invitation.not_now": _l("Answered an invitation: not now"),
    "invitation.sent": _l("Sent an invitation"),
    "keys.kit_made": _l("Made a recovery kit"),
    "keys.rotated": _l("Exchanged the keys"),
    "keys.rotation_begun": _l("Began to exchange the keys"),
    "keys.rotation_resumed": _l("Went on exchanging the keys"),
    "late_text.dropped": _l("Dropped what had arrived late"),
    "late_text.kept": _l("Something arrived late and was kept"),
    "late_text.taken": _l("Took over what had arrived late"),
    "letter.refused": _l("Refused a letter"),
    "letter.released": _l("Released a letter"),
    "letter.viewed": _l("Read a letter"),
    "letter.waits": _l("Wrote a letter that waits for approval"),
    "message.written": _l("Wrote a message"),
    "appointment.answered": _l("Answered a proposed appointment"),
    "partner.choice_stated": _l("Said something about the other partner"),
    "password.changed": _l("Changed the password"),
    "password.reset": _l("Set a new password"),
    "person.erased": _l("Erased a person"),
    "recommendation.made": _l("A recommendation was made"),
    "practice.moved": _l("Moved the practice to another database"),
    "request.sent": _l("Asked for the form again"),
    "request.unexpected_fields": _l("Sent fields that the form does not have"),
    "reset.call_stopped": _l("Took sign-in help back"),
    "reset.call_verified": _l("Gave sign-in help after a call"),
    "reset.link_sent": _l("A link for a new password was sent"),
    "retention.run": _l("What is old was deleted"),
    "review.deferred": _l("Put the decision off"),
    "review.signed": _l("Signed a review"),
    "section.cleared": _l("Cleared a section"),
    "section.left": _l("Left a section"),
    "section.opened": _l("Opened a section"),
    "session.all_ended": _l("Signed out everywhere"),
    "session.ended": _l("Signed out"),
    "settings.changed": _l("Changed the practice's settings"),
    "sign_in.code_denied": _l("A code was refused at sign-in"),
    "sign_in.confirmed": _l("Gave the password once more"),
    "sign_in.denied": _l("A sign-in was refused"),
    "sign_in.done": _l("Signed in"),
    "sign_in.password_given": _l("Gave the password; the code is still to come"),
    "staff.changed": _l("Changed a staff account"),
    "staff.created": _l("Made a staff account"),
    "staff.first_link_made": _l("Made the link of the first admin"),
    "staff.recovery_code_used": _l("Used a recovery code"),
    "staff.recovery_codes_drawn": _l("Drew new recovery codes"),
    "staff.renewal_started": _l("Began a new authenticator for somebody"),
    "staff.renewed": _l("Set up a new authenticator"),
    "staff.reset_started": _l("Began sign-in help for somebody of the staff"),
    "staff.set_up": _l("Set up the account"),
}

#: What the keys of a detail are called; the values are ids, counts and keys.
DETAILS: Final[Mapping[str, LazyString]] = {
    "slot": _l("person"),
    "outcome": _l("outcome"),
    "occasion": _l("whose call"),
    "rows": _l("rows"),
    "reason": _l("reason"),
    "kind": _l("kind"),
    "mailed": _l("with a mail"),
    "channel": _l("channel"),
    "therapist": _l("therapist"),
    "origin": _l("origin"),
    "count": _l("count"),
    "policy": _l("policy"),
    "version": _l("version"),
    "invitation": _l("invitation"),
    "fields": _l("fields"),
    "roles": _l("roles"),
    "round": _l("round"),
    "about": _l("about"),
    "account": _l("account"),
    "case": _l("case"),
    "language": _l("language"),
    "section": _l("section"),
    "tier": _l("tier"),
    "actor": _l("by whom"),
    "before": _l("before event no."),
    "cases": _l("cases"),
    "cases_unassigned": _l("cases without a therapist now"),
    "cause": _l("cause"),
    "complete": _l("complete"),
    "consent": _l("consent"),
    "corrected": _l("corrected"),
    "cover": _l("cover"),
    "decision": _l("decision"),
    "disabled": _l("blocked"),
    "drafts": _l("drafts"),
    "ended": _l("ended"),
    "erased": _l("erased"),
    "format": _l("format"),
    "from": _l("from"),
    "identified": _l("with names"),
    "include": _l("which rows"),
    "into": _l("into case"),
    "kinds": _l("kinds"),
    "latched": _l("kept standing"),
    "letter": _l("letter"),
    "links": _l("links"),
    "made_at": _l("made on"),
    "mails": _l("mails"),
    "new": _l("new"),
    "number": _l("number"),
    "other": _l("other case"),
    "partner": _l("partner"),
    "path": _l("path"),
    "person": _l("person"),
    "on_call": _l("whoever is on call was told"),
    "recommendation": _l("recommendation"),
    "report": _l("report"),
    "ruleset": _l("rules"),
    "set_apart": _l("set apart as"),
    "settings": _l("settings"),
    "since": _l("since"),
    "source": _l("source"),
    "staff": _l("staff account"),
    "unassigned": _l("without a therapist now"),
    "until": _l("until"),
    "verb": _l("what"),
}


def said(event: EventView) -> str:
    """What happened. A kind without words says its key, which a test forbids."""
    return str(WORDS.get(event.verb, event.verb))


def detail(event: EventView, staff: Mapping[str, str]) -> str:
    """What else is known, staff by name; ids shortened."""
    parts = []
    for key, value in event.detail.items():
        if value in (None, "", [], False):
            continue
        values: list[Any] = value if isinstance(value, list) else [value]
        told = ", ".join(_told(str(one), staff) for one in values)
        name = str(DETAILS.get(key, key.replace("_", " ")))
        parts.append(name if value is True else f"{name}: {told}")
    return "; ".join(parts)


def _told(text: str, staff: Mapping[str, str]) -> str:
    """A person of the staff by name, a kind of event in its words, the rest as the key that it is."""
    return staff.get(text) or (str(WORDS[text]) if text in WORDS else _short(text))


def _short(text: str) -> str:
    return text[:8] if len(text) == 36 and text.count("-") == 4 else text.replace("_", " ")
