"""The verbs of the stories: each lets one thing happen through the portal's own services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.content import questionnaire as bank
from portal.demo import desk_work, sittings
from portal.demo.answers import filled_in
from portal.demo.cast import ADMIN, Step
from portal.demo.plays import Play, Verb, Words
from portal.domain.answers import Answer
from portal.services import admin_cases, happenings, invitations, joining, statements

#: What somebody writes who says something outside the form, by language.
_SAID: Final = {
    "adds": {
        "en": "Something has changed: my mother moved in with us last week. I thought you should know.",
        "es": "Algo cambió: mi madre se mudó con nosotros la semana pasada. Pensé que debían saberlo.",
    },
    "writes_in": {
        "en": "Could the first appointment start a little later? I have to bring my son to practice.",
        "es": "¿Podría empezar la primera cita un poco más tarde? Tengo que llevar a mi hijo a clase.",
    },
    "withdraws": {
        "en": "I would rather not go on with this for now.",
        "es": "Por ahora prefiero no seguir con esto.",
    },
    "not_now": {
        "en": "This is not the right time for me.",
        "es": "No es buen momento para mí.",
    },
}


def tell(play: Play, step: Step) -> None:
    """Let one step happen, at the time the clock shows."""
    _VERBS[step.verb](play, step.words)


def _opens(play: Play, slots: Words) -> None:
    stage, couple = play.stage, play.couple
    with stage.store.staff.write() as session:
        play.case_id = admin_cases.open_case(
            session,
            stage.tools,
            email_a=play.address("a"),
            email_b=play.address("b") if "b" in slots else "",
            therapist=play.therapist_email,
            language=couple.a.language,
            by=stage.staff[ADMIN.key],
        )


def _opens_again(play: Play, slots: Words) -> None:
    stage = play.stage
    with stage.store.staff.write() as session:
        invitations.send(
            session, stage.tools, case_id=play.case_id, slot=slots[0], channel="email",
            address=play.address(slots[0]), language=play.couple.person(slots[0]).language,
            by=play.therapist,
        )  # fmt: skip


def _device(play: Play, words: Words) -> str | None:
    """One browser for both, where the story says so; else nothing is known of devices."""
    return (
        play.stage.tools.vault.digest("partner", "device", play.couple.key)
        if "shared_device" in words
        else None
    )


def _joins(play: Play, words: Words) -> None:
    stage, slot = play.stage, words[0]
    person = play.couple.person(slot)
    brought = sittings.newcomer(stage, person, play.couple.key, device=_device(play, words))
    token = stage.postbox.tokens[play.address(slot)]
    with stage.store.partner.write() as session:
        joined = joining.join(session, stage.tools, token=token, newcomer=brought)
        play.known[slot] = sittings.first_time(session, stage, joined)


def _begins(play: Play, words: Words) -> None:
    stage, slot = play.stage, words[0]
    brought = sittings.newcomer(stage, play.couple.person(slot), play.couple.key, device=None)
    with stage.store.partner.write() as session:
        joined = joining.begin(session, stage.tools, newcomer=brought, talk_first="talk_first" in words)
        play.known[slot] = sittings.first_time(session, stage, joined)
    with stage.store.staff.read() as session:
        play.case_id = happenings.case_of_account(session, joined.account_id)
    if play.couple.therapist:
        with stage.store.staff.write() as session:
            admin_cases.assign(
                session, stage.tools, case_id=play.case_id,
                therapist=play.therapist_email, by=stage.staff[ADMIN.key],
            )  # fmt: skip


def _fills(play: Play, words: Words) -> None:
    slot, *sections = words
    _come(play, slot, ())
    with sittings.sitting(play.stage, play.couple, slot, play.known[slot]) as sitting:
        sitting.reach_the_form()
        sitting.fill(_answers(play, slot), sections=sections)


def _sends(play: Play, words: Words, *, later: bool = False) -> None:
    slot = words[0]
    # The step says when the form was sent; it took a while to fill in.
    play.stage.clock.move(minutes=-45)
    _come(play, slot, words)
    with sittings.sitting(
        play.stage, play.couple, slot, play.known[slot], device=_device(play, words)
    ) as sitting:
        sitting.reach_the_form()
        sitting.fill(_answers(play, slot, later=later))
        sitting.send()


def _sends_again(play: Play, words: Words) -> None:
    _sends(play, words, later=True)


def _come(play: Play, slot: str, words: Words) -> None:
    if slot not in play.known:
        _joins(play, (slot, *words))
        play.stage.clock.move(minutes=4)


def _answers(play: Play, slot: str, *, later: bool = False) -> dict[str, Answer]:
    return filled_in(bank.load(), play.couple, slot, later=later)


def _claims(play: Play, words: Words) -> None:
    """Somebody uses an invitation that was used before: a record of its own, which only staff see."""
    stage, slot = play.stage, words[0]
    token = stage.postbox.tokens[play.address(slot)]
    brought = sittings.newcomer(stage, play.couple.person(slot), play.couple.key, device=None)
    with stage.store.partner.write() as session:
        joined = joining.join(session, stage.tools, token=token, newcomer=brought)
        known = sittings.first_time(session, stage, joined)
    play.known["second"] = known
    with sittings.sitting(stage, play.couple, slot, known) as sitting:
        sitting.reach_the_form()


def _says(kind: statements.Kind, field_name: str) -> Verb:
    texts = {"addition": "adds", "message": "writes_in", "withdrawal": "withdraws"}

    def say(play: Play, words: Words) -> None:
        slot = words[0]
        text = _SAID[texts[kind]][play.couple.person(slot).language]
        with sittings.sitting(play.stage, play.couple, slot, play.known[slot]) as sitting:
            sitting.say(kind, {field_name: text})

    return say


def _not_now(play: Play, words: Words) -> None:
    stage, slot = play.stage, words[0]
    reason = _SAID["not_now"][play.couple.person(slot).language]
    with stage.store.partner.write() as session:
        joining.decline(session, stage.tools, token=stage.postbox.tokens[play.address(slot)], reason=reason)


def _chooses(choice: str) -> Verb:
    def choose(play: Play, words: Words) -> None:
        slot, by_telephone = words[0], "phone" in words
        body: dict[str, str | bool] = {"choice": choice}
        if choice == "invite":
            other = play.address("b" if slot == "a" else "a")
            body |= (
                {"channel": "phone", "address": "+1 555 0177"}
                if by_telephone
                else {"channel": "email", "address": other}
            )
        with sittings.sitting(play.stage, play.couple, slot, play.known[slot]) as sitting:
            sitting.reach_the_form()
            sitting.say("partner_choice", body)

    return choose


def is_by_a_partner(verb: str) -> bool:
    """Whether a partner does it, and not somebody at work."""
    return verb in _BY_PARTNERS


_BY_PARTNERS: Final[Mapping[str, Verb]] = {
    "joins": _joins,
    "begins": _begins,
    "fills": _fills,
    "sends": _sends,
    "sends_again": _sends_again,
    "claims": _claims,
    "adds": _says("addition", "text"),
    "writes_in": _says("message", "text"),
    "withdraws": _says("withdrawal", "reason"),
    "not_now": _not_now,
    "invites": _chooses("invite"),
    "do_not_contact": _chooses("do_not_contact"),
    "wont_join": _chooses("will_not_join"),
}

_VERBS: Final[Mapping[str, Verb]] = {
    "opens": _opens,
    "opens_again": _opens_again,
    **_BY_PARTNERS,
    **desk_work.VERBS,
}
