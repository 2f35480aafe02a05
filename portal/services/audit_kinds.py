"""Every kind of event there is: who may read its name, and which ones say that a case was looked at."""

from __future__ import annotations

from typing import Final

#: What an admin may know by name. Anything else only as "clinical": a new kind stays hidden until it is
#: written here.
OPEN: Final = frozenset(
    """
    insights.viewed
    absence.ended absence.set case.conflict_lifted case.conflict_set case.recused case.suggestions_viewed
    entry.begun staff.profile_changed account.joined account.kept
    account.language_set account.leaving_seen addition.written admin.viewed
    answers.found answers.lost answers.viewed appointment.answered appointment.proposed audit.exported
    audit.viewed backup.created backup.restored
    brief.made call.logged calls.viewed case.assigned case.calls_viewed case.closed case.erased case.held
    case.hold_lifted case.merged case.merged_away case.opened case.reopened case.scheduling_viewed
    case.trail_viewed case.unassigned case.viewed caseload.searched caseload.viewed cases.listed
    consent.given contact.stated demo.case demo.loaded demo.person demo.stepped_in disclosures.exported
    disclosures.viewed export.asked export.cancelled export.downloaded
    export.expired export.failed export.finished export.of_case intake.begun
    intake.expired intake.sent intake.withdrawn invitation.held invitation.sent keys.kit_made keys.rotated
    keys.rotation_begun keys.rotation_resumed late_text.dropped late_text.kept late_text.taken
    letter.released letter.viewed message.written partner.choice_stated password.changed password.reset
    person.erased practice.moved request.sent request.unexpected_fields reset.call_stopped reset.call_verified
    reset.link_sent retention.run session.all_ended session.ended settings.changed sign_in.code_denied
    sign_in.confirmed sign_in.denied sign_in.done sign_in.password_given staff.changed staff.created
    staff.first_link_made staff.recovery_code_used staff.recovery_codes_drawn staff.renewal_started
    staff.renewed staff.reset_started staff.set_up
    """.split()
)
#: What would tell a finding, a route or what a therapist thinks: therapists of the case read it by name.
CLINICAL: Final = frozenset(
    """
    break_glass.opened clearance.given discernment.ended discernment.outcome discernment.session
    facts.stated findings.changed interview.recorded invitation.not_now invitation.withheld letter.refused
    letter.waits
    recommendation.made review.deferred review.signed section.cleared section.left section.opened
    """.split()
)
#: Somebody of the staff has seen something of a case.
SEEN: Final = (
    *("case.viewed", "answers.viewed", "brief.made", "case.calls_viewed", "letter.viewed"),
    *("case.scheduling_viewed", "case.trail_viewed", "disclosures.viewed"),
)
HIDDEN: Final = "clinical"
