"""What may happen on the other side: B's lives and the staff's acts, by the phase of A they come after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, or_, select

from evening.answer_sheets import Sheet, sheet
from noninterference.stage import PASSWORD, Person, Stage
from portal.models import Base
from portal.services import (
    appointments,
    break_glass,
    call_attempts,
    case_merges,
    case_views,
    clearances,
    closings,
    facts,
    interviews,
    invitations,
    releases,
    requests,
    reviews,
)
from portal.services.appointments import Proposal
from portal.services.call_attempts import Told
from portal.services.errors import Conflict
from portal.services.releases import Draft

Act = Callable[[Stage], None]
DANGER: Sheet = sheet(
    harm_received__strangled="past_year",
    harm_received__threat_to_kill="past_year",
    fear="strong",
    control_received=["money", "phone", "movement"],
    order_of_protection="current",
    child_danger="now",
    free_to_leave="not_safe",
)
SUICIDAL: Sheet = sheet(suicide_level="4", suicidal_behavior="past_3_months", harm_other="intent")
LEAVING: Sheet = sheet(
    lean="5", decision_firmness="10", commit_months="no", legal_steps="filed",
    affair="current_secret", doubts_told="no", first_step="no",
)  # fmt: skip
SAFE: Sheet = sheet(lean="4", commit_months="unsure")
#: What the rules read first; the rest of an evening tells A no more and takes its time.
_TELLING = ("start", "direction", "pressure", "safety", "health", "affair")


@dataclass(frozen=True)
class World:
    """``acts`` by phase of A; ``releases``: whether the therapist may write to A at the end."""

    name: str
    acts: Mapping[str, tuple[Act, ...]] = field(default_factory=dict)
    releases: bool = True
    #: How many mails about B reach an inbox that both share.
    shared_mails: int = 1
    #: B went away without leaving: A's browser still holds the cookie of B's session when A sits down.
    is_left_open: bool = False

    def __str__(self) -> str:
        return self.name


# B
def invited(stage: Stage) -> None:
    slot = "b" if stage.a.record["slot"] == "a" else "a"
    stage.staff(
        invitations.send, target="B", case_id=stage.case_id, slot=slot, channel="email", address=stage.b.mail
    )


def bounced(stage: Stage) -> None:
    stage.office.bounces = stage.b.mail
    invited(stage)


def opened(stage: Stage) -> None:
    token = stage.b.newest_token()
    stage.b.get(f"/join/{token}")
    stage.b.send("HEAD", f"/join/{token}")


def joined(stage: Stage) -> None:
    stage.b.joins(stage.b.newest_token())


def came(stage: Stage) -> None:
    stage.b.comes(stage.b.newest_token())


def half_done(stage: Stage) -> None:
    for section in ("start", "patterns", "safety"):
        stage.b.saves(section, SAFE[section])


def sent(answers: Sheet, *, whole: bool = False) -> Act:
    def act(stage: Stage) -> None:
        stage.b.fills({key: items for key, items in answers.items() if whole or key in _TELLING})
        stage.b.sends()

    return act


def drafted_danger(stage: Stage) -> None:
    stage.b.drafts("safety", DANGER["safety"])


def not_private(stage: Stage) -> None:
    stage.b.saves("start", {"private": "no"})
    assert stage.b.drafts("safety", DANGER["safety"]) == 202


def edited(stage: Stage) -> None:
    for turn in range(12):
        stage.b.drafts("safety", DANGER["safety"] if turn % 2 else SAFE["safety"])
        stage.b.saves("direction", {"lean": str(turn % 5 + 1)}, go="save")
    stage.b.saves("safety", {}, go="clear")


def exited(stage: Stage) -> None:
    stage.b.drafts("safety", DANGER["safety"])
    stage.b.leaves()


def guessed_at(stage: Stage) -> None:
    """Somebody at home tries B's password until no more tries count."""
    stage.c.get("/sign-in")
    for turn in range(31):
        stage.c.post("/sign-in", {"name": stage.b.sign_in_name, "password": f"number {turn} of many tries"})


def reset_asked(stage: Stage) -> None:
    for _ in range(2):
        stage.b.submit("/password/forgot", {"name": stage.b.sign_in_name}, then="/password/asked")


def reset_done(stage: Stage) -> None:
    token = stage.b.newest_token("password/reset")
    given = {"password": PASSWORD, "recovery_code": stage.b.recovery_code}
    stage.b.submit(f"/password/reset/{token}", given, then="/my/account")


def withdrew(stage: Stage) -> None:
    stage.b.submit("/my/withdraw", {"confirm": "yes", "reason": "I am afraid."}, then="/my/withdraw")


def deleted(stage: Stage) -> None:
    """Everything of B is erased from the tables, as retention does it; the trail of events stays."""
    gone = {"partner": {stage.b.record["partner"]}}
    tables = [table for table in Base.metadata.sorted_tables if table.name != "audit_event"]
    with stage.house.store.staff.write() as session:
        for table in tables:
            points = [key for key in table.foreign_keys if key.column.table.name in gone]
            which = [key.parent.in_(gone[key.column.table.name]) for key in points]
            if which and "id" in table.c:
                gone[table.name] = set(session.scalars(select(table.c.id).where(or_(*which))))
        for table in reversed(tables):
            points = [key for key in table.foreign_keys if key.column.table.name in gone]
            which = [key.parent.in_(gone[key.column.table.name]) for key in points]
            which += [table.c.id.in_(gone[table.name])] if table.name in gone else []
            if which:
                session.execute(delete(table).where(or_(*which)))
    stage.b.sign_in_name = ""


def not_now(stage: Stage) -> None:
    given = {"choice": "not_now", "reason": "Not with you."}
    stage.b.submit(f"/join/{stage.b.newest_token()}", given, then="/join/not-now")


def chose(choice: str, **more: str) -> Act:
    def act(stage: Stage) -> None:
        stage.b.submit("/my/partner", {"choice": choice, **more}, then="/my/partner")

    return act


def wrote(stage: Stage) -> None:
    stage.b.submit("/my/message", {"text": "Please do not tell my partner."}, then="/my/message")


def speaks_spanish(stage: Stage) -> None:
    stage.b.submit("/my/account", {"language": "es"}, then="/my/account")


def came_alone(stage: Stage) -> None:
    stage.b.comes()


def same_browser(act: Act) -> Act:
    """B sits at A's own device, after A left."""

    def on_it(stage: Stage) -> None:
        stage.b.client = stage.a.client
        act(stage)

    return on_it


def left(stage: Stage) -> None:
    stage.b.leaves()


def switched_language(stage: Stage) -> None:
    stage.b.post("/language", {"language": "es", "page": "my"})


# C, who opens B's link
def claimed(stage: Stage) -> None:
    stage.c.comes(stage.b.newest_token())


def claimed_with_danger(stage: Stage) -> None:
    claimed(stage)
    stage.c.fills(DANGER)
    stage.c.sends()


# staff
def staff(verb: Callable[..., Any], **given: Any) -> Act:
    def act(stage: Stage) -> None:
        stage.staff(verb, target="B", case_id=stage.case_id, **given)

    return act


def slot_of(person: Person) -> str:
    return person.record["slot"]


def merged(stage: Stage) -> None:
    stage.staff(
        case_merges.merge, target="B", case_id=stage.case_id, other=stage.b.record["case"], slot="b",
        by=stage.boss,
    )  # fmt: skip


def read(stage: Stage) -> None:
    with stage.house.store.staff.write() as session:
        case_views.opened(session, stage.house.tools, case_id=stage.case_id, by=stage.thea)


def interviewed(stage: Stage) -> None:
    for slot in "ab":
        stage.staff(
            interviews.record, target="B", case_id=stage.case_id, slot=slot, ticks=(True, True, True),
            note="Calm.",
        )  # fmt: skip


def called(stage: Stage) -> None:
    """Both are called, one after the other: nothing of it shows."""
    for slot, outcome in (("a", "asked_to_call_back"), ("b", "reached")):
        told = Told(outcome, occasion="theirs", note="Calm.")
        stage.staff(call_attempts.log, target="B", case_id=stage.case_id, slot=slot, told=told)


def cleared(stage: Stage) -> None:
    for tier in ("A", "B", "H", "crisis"):
        stage.staff(clearances.give, target="B", case_id=stage.case_id, tier=tier, note="Seen.")


def wrote_to_b(stage: Stage) -> None:
    draft = Draft(slot=slot_of(stage.b), letter="free", body="Hello Ben, come on Monday.", notify=True)  # type: ignore[arg-type]
    letter = stage.staff(releases.write, target="B", case_id=stage.case_id, draft=draft)
    with suppress(Conflict):  # where it did not have to wait, it was released at once
        stage.staff(releases.decide, target="B", letter_id=letter, approve=True, by=stage.theo)


def appointed_b(stage: Stage) -> None:
    proposal = Proposal(slot_of(stage.b), stage.house.clock(), 50, "Room 2")  # type: ignore[arg-type]
    stage.staff(appointments.propose, target="B", case_id=stage.case_id, proposal=proposal)


def asked_b_again(stage: Stage) -> None:
    stage.staff(requests.send, target="B", case_id=stage.case_id, slot=slot_of(stage.b), kind="missing")


def closed(stage: Stage) -> None:
    stage.staff(
        closings.close, target="B", case_id=stage.case_id, reason="withdrawn", note="Seen.", is_blind=False
    )


def opened_again(stage: Stage) -> None:
    stage.staff(closings.reopen, target="B", case_id=stage.case_id, note="They called.")


ACCEPTED = staff(reviews.make, choice=reviews.Choice(decision="accept"))
DEFERRED = staff(reviews.make, choice=reviews.Choice(decision="defer", reason_code="needs_contact"))
DOUBTED = staff(facts.state, slot="b", said={"validity_concern": "yes", "shared_account": "yes"}, note="Hm.")
BROKE_GLASS = staff(break_glass.open_case, reason="Covering for Thea tonight.")

NEVER = World("never", shared_mails=0)
#: Everything B ever gets: A's curiosity tries these ids in every world.
FULL = World("sent first", {"new": (invited, came, sent(SAFE, whole=True))})

WORLDS = (
    World("invited", {"new": (invited,)}),
    World("bounced", {"new": (bounced,)}, shared_mails=0),
    World("opened", {"new": (invited,), "drafting": (opened,)}),
    World("joined", {"new": (invited, joined)}),
    World("draft", {"new": (invited, came), "drafting": (half_done,)}),
    FULL,
    World("sent last", {"new": (invited,), "sent": (came, sent(SAFE))}),
    World("unsafe", {"new": (invited, came, sent(DANGER))}),
    World("suicidal", {"new": (invited, came, sent(SUICIDAL))}),
    World("one foot out", {"new": (invited, came, sent(LEAVING))}),
    World("danger in a draft", {"new": (invited, came, drafted_danger)}),
    World("not private", {"new": (invited, came, not_private)}),
    World("late unsafe", {"new": (invited,), "sent": (came, sent(DANGER), wrote)}),
    World("edits many", {"new": (invited, came, edited), "drafting": (edited,)}),
    World("throttled", {"new": (invited, joined, guessed_at)}),
    World("reset asked", {"new": (came_alone, merged), "drafting": (reset_asked,)}, shared_mails=2),
    World("reset", {"new": (came_alone, merged, reset_asked, reset_done)}, shared_mails=2),
    World("quick exit", {"new": (invited, came, exited)}),
    World("withdrew", {"new": (invited, came, sent(DANGER), withdrew)}),
    World("withdrew early", {"new": (invited, joined, withdrew)}),
    World("deleted", {"new": (invited, came, sent(DANGER)), "drafting": (deleted,)}),
    World("deleted late", {"new": (invited, came, half_done), "sent": (deleted,)}),
    World("all safe", {"new": (invited, came, sent(sheet(), whole=True))}),
    World("not now", {"new": (invited, not_now)}),
    World("not now, then sent", {"new": (invited, not_now), "drafting": (came, sent(SAFE))}),
    World("will not join", {"new": (invited, came, chose("will_not_join"))}),
    World("do not contact", {"new": (invited, came, chose("do_not_contact"))}, releases=False),
    World("message", {"new": (invited, joined, wrote)}),
    World("speaks Spanish", {"new": (invited, joined, speaks_spanish)}),
    World("impostor", {"new": (invited, came, claimed_with_danger)}),
    World("impostor first", {"new": (invited, claimed), "drafting": (came, sent(SAFE))}),
    World("came alone, merged", {"new": (came_alone, sent(DANGER)), "drafting": (merged,)}, shared_mails=0),
    World("same browser, left", {"new": (invited, same_browser(came), exited)}),
    World(
        "same browser, stayed",
        {"new": (invited, same_browser(came), drafted_danger)},
        is_left_open=True,
    ),
    World(
        "same browser, Spanish",
        {"new": (invited, same_browser(came), switched_language, left)},
    ),
    World("reviewed", {"new": (invited, came, sent(DANGER)), "sent": (read, called, interviewed, cleared)}),
    World(
        "signed", {"new": (invited, came, sent(SAFE, whole=True)), "sent": (ACCEPTED,), "reset": (DEFERRED,)}
    ),
    World(
        "closed",
        {
            "new": (invited, came, sent(DANGER)),
            "drafting": (closed,),
            "sent": (read, closed, opened_again, closed),
        },
    ),
    World("doubted", {"new": (invited, came, sent(SAFE), DOUBTED), "sent": (BROKE_GLASS,)}),
    World(
        "letter to B",
        {"new": (invited, came, sent(SAFE)), "sent": (ACCEPTED, wrote_to_b, appointed_b, asked_b_again)},
        shared_mails=2,
    ),
)  # fmt: skip


# B opened the case alone and A was invited: B's acts without the way in, which is behind B
def walked_in(stage: Stage) -> None:
    stage.b.keeps_card()
    stage.b.walks_in()


SWAPPED = (
    World("half done", {"new": (walked_in, half_done)}),
    World("sent safe", {"new": (walked_in, sent(SAFE))}),
    World("sent danger", {"new": (walked_in, sent(DANGER))}),
    World("sent crisis, later", {"new": (walked_in,), "sent": (sent(SUICIDAL),)}),
    World("withdrew", {"new": (walked_in, sent(LEAVING), withdrew)}),
    World("do not contact", {"new": (walked_in, chose("do_not_contact"))}, releases=False),
    World("reset asked", {"new": (reset_asked,)}),
    World("reset", {"new": (reset_asked, reset_done)}),
    World("throttled", {"new": (guessed_at,)}),
    World("edits many", {"new": (walked_in, edited), "drafting": (edited,)}),
    World("quick exit", {"new": (walked_in, exited)}),
    World("signed", {"new": (walked_in, sent(DANGER)), "sent": (read, interviewed, cleared, ACCEPTED)}),
)

#: What B may have done with the invitation before A tries it.
USED_LINKS = (
    World("live", {"new": (invited,)}),
    World("deleted", {"new": (invited, came, sent(DANGER)), "drafting": (deleted,)}),
    World("deleted late", {"new": (invited, came, half_done), "sent": (deleted,)}),
    World("all safe", {"new": (invited, came, sent(sheet(), whole=True))}),
    World("not now", {"new": (invited, not_now)}),
    World("joined", {"new": (invited, joined)}),
    World("sent danger", {"new": (invited, came, sent(DANGER))}),
    World("withdrew", {"new": (invited, joined, withdrew)}),
)
