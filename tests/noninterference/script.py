"""What A does in every world, step by step, curious throughout; between the steps the world happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import select

from evening.answer_sheets import sheet
from noninterference.observe import Seen
from noninterference.stage import PASSWORD, House, Person, Stage
from noninterference.worlds import World
from portal.models import Intake, Letter, table_of
from portal.services import invitations, releases, reviews
from portal.services.releases import Draft

PHASES = ("new", "drafting", "sent", "reset", "released", "leaving")
LETTER = "Hello Ana, we will call you on Thursday at noon, as you asked."
NOBODY = "11111111-1111-4111-8111-111111111111"
#: Ends A's own session, so the script does it itself.
_ENDS = frozenset({"public.leave", "accounts.sign_out", "static"})
SHEET = sheet()
_FIRST_EVENING = ("start", "direction", "safety")
_SECOND_EVENING = ("satisfaction", "pressure", "health", "affair")


@dataclass(frozen=True)
class MailSeen:
    """One mail in A's inbox, as the server would hand it over."""

    label: str
    whole: bytes


@dataclass
class Known:
    """Ids of somebody, under the names that addresses give them."""

    values: Mapping[str, str] = field(default_factory=dict)

    def of(self, argument: str) -> str:
        return self.values.get(argument, self.values.get("account", NOBODY))


@dataclass
class Run:
    """What A saw, by phase, and what a curious A may know of B beforehand."""

    seen: dict[str, list[Seen | MailSeen]] = field(default_factory=dict)
    theirs: Known = field(default_factory=Known)
    b_name: str = ""


def play(
    house: House,
    world: World,
    *,
    knows: Run | None = None,
    phases: tuple[str, ...] = ("drafting", "released"),
    glances: tuple[str, ...] = PHASES,
    full: tuple[str, ...] | None = ("released",),
    swapped: bool = False,
    shared: bool = False,
    last: str = PHASES[-1],
) -> Run:
    """Play a world.

    ``knows``: a run whose B's ids and name A tries. ``phases``: those with a sweep; ``full``: those where it
    also goes through every page of the staff, with every kind of id (None: all). ``glances``: those where A
    at least opens every page a partner may open, with B's ids. ``last``: the phase after which the world
    ends.
    """
    stage, run = Stage(house, shared=shared), Run()
    a, known = stage.a, knows or Run()
    for at, phase in enumerate(PHASES[: PHASES.index(last) + 1]):
        stage.at(2 * at)
        a.seen.clear()
        if phase == "new":
            _begin(stage, swapped=swapped)
        else:
            a.signs_in()
        _PLAY[phase](stage, world)
        if phase in phases:
            sweep(a, known, is_full=full is None or phase in full, is_short=full is not None)
        elif phase in glances:
            glance(a, known)
        a.leaves()
        stage.works("A")
        mails = [MailSeen(f"mail {n}", mail.as_bytes()) for n, mail in enumerate(a.inbox)]
        run.seen[phase] = [*a.seen, *mails]
        stage.at(2 * at + 1)
        acts = world.acts.get(phase, ())
        if acts and stage.b.sign_in_name:
            stage.b.signs_in()
        for act in acts:
            act(stage)
            stage.works("B")
    if stage.b.sign_in_name:
        run.theirs, run.b_name = ids_of(stage, stage.b), stage.b.sign_in_name
    return run


def _begin(stage: Stage, *, swapped: bool) -> None:
    """A comes alone into slot a; swapped, B came first and A is invited into slot b."""
    if not swapped:
        stage.a.begins()
        stage.works("A")
        stage.case_id = stage.a.record["case"]
        return
    stage.b.begins()
    stage.works("B")
    stage.case_id = stage.b.record["case"]
    stage.staff(
        invitations.send, target="A", case_id=stage.case_id, slot="b", channel="email", address=stage.a.mail
    )
    stage.a.joins(stage.a.newest_token())
    stage.works("A")


def _new(stage: Stage, _world: World) -> None:
    stage.a.keeps_card()


def _drafting(stage: Stage, _world: World) -> None:
    stage.a.walks_in()
    for section in _FIRST_EVENING:
        stage.a.saves(section, SHEET[section])
    assert stage.a.drafts("goals", {"goals_own": "To laugh again at the table."}) == 204


def _sent(stage: Stage, _world: World) -> None:
    stage.a.fills({key: SHEET[key] for key in _SECOND_EVENING})
    stage.a.sends()
    stage.a.get("/my")


def _reset(stage: Stage, _world: World) -> None:
    """The password is forgotten; without an e-mail of their own A keeps the old one."""
    a = stage.a
    a.submit("/password/forgot", {"name": a.sign_in_name}, then="/password/asked")
    stage.works("A")
    token = a.newest_token("password/reset")
    if token:
        given = {"password": PASSWORD, "recovery_code": a.recovery_code}
        a.submit(f"/password/reset/{token}", given, then="/my/account")
        a.reads_card()
        a.keeps_card("/my")


def _released(stage: Stage, world: World) -> None:
    """The therapist signs and writes to A; where a letter waits, a colleague approves it."""
    if not world.releases:
        return
    slot = stage.a.record["slot"]
    stage.staff(reviews.make, target="A", case_id=stage.case_id, choice=reviews.Choice(decision="accept"))
    draft = Draft(slot=slot, letter="free", body=LETTER, notify=True)  # type: ignore[arg-type]
    letter = stage.staff(releases.write, target="A", case_id=stage.case_id, draft=draft)
    with stage.house.store.staff.read() as session:
        c = table_of(Letter).c
        waits = session.scalar(select(c.state).where(c.id == letter)) == "waiting"
    if waits:
        stage.staff(releases.decide, target="A", letter_id=letter, approve=True, by=stage.theo)


def _leaving(stage: Stage, _world: World) -> None:
    a = stage.a
    a.submit("/my/add", {"text": "One more thing."}, then="/my/add")
    a.submit("/my/message", {"text": "Please call me."}, then="/my/message")
    a.submit("/my/partner", {"choice": "invite", "email": stage.b.mail}, then="/my/partner")
    stage.works("A")
    a.submit("/my/withdraw", {"confirm": "yes", "reason": "Enough."}, then="/my/withdraw")


def take_link(house: House, world: World) -> list[Seen]:
    """What A sees who opens B's link from a clean browser, says not now, then joins and looks around."""
    stage = Stage(house)
    stage.a.begins()
    stage.works("A")
    stage.case_id = stage.a.record["case"]
    stage.at(1)
    for act in world.acts["new"]:
        act(stage)
        stage.works("B")
    stage.at(2)
    token = stage.b.newest_token()
    thief = Person(stage, "thief", house.app.test_client(), stage.a.mail)
    thief.submit(f"/join/{token}", {"choice": "not_now", "reason": "Curious."}, then="/join/not-now")
    stage.works("thief")
    thief.comes(token)
    stage.works("thief")
    for path in ("/my", "/my/account", "/my/form", "/my/form/check", "/my/partner", "/my/contact"):
        thief.get(path)
    thief.fills(SHEET)
    thief.sends()
    stage.works("thief")
    thief.get("/my")
    return thief.seen


_PLAY = {
    "new": _new,
    "drafting": _drafting,
    "sent": _sent,
    "reset": _reset,
    "released": _released,
    "leaving": _leaving,
}


def ids_of(stage: Stage, person: Person) -> Known:
    """Everything an address could name somebody by."""
    record = person.record
    intake = table_of(Intake).c
    with stage.house.store.staff.read() as session:
        held = session.scalar(select(intake.id).where(intake.partner_id == record["partner"]))
    return Known(
        {
            **record,
            "case_id": record["case"],
            "token": person.token or "t" * 43,
            "subject": record["case"],
            "kind": "case",
            "letter_id": held or NOBODY,
            "export": record["partner"],
            "staff_id": stage.thea.id,
        }
    )


def _argument_sets(a: Person, known: Run) -> Iterator[tuple[str, Known]]:
    """(kind, ids): one's own, the partner's real ones, counted ones, made-up ones."""
    yield "own", ids_of(a.stage, a)
    yield "theirs", known.theirs
    yield "counted", Known({"account": "1", "slot": "a", "kind": "case"})
    yield "made up", Known({"slot": "b", "kind": "account"})


def _addresses(
    a: Person, known: Run, method: str, *, is_full: bool, is_short: bool
) -> Iterator[tuple[str, str]]:
    """(label, path) of every rule of the portal that takes the method, with every kind of id.

    Not ``is_full``: what a partner may open, with the partner's real ids alone. ``is_short``: the pages of
    the staff, which no partner may open, with the partner's real ids and made-up ones.
    """
    app = a.stage.house.app
    sets = list(_argument_sets(a, known))
    sets = sets if is_full else sets[1:2]
    adapter = app.url_map.bind("localhost")
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if method not in (rule.methods or ()) or rule.endpoint in _ENDS:
            continue
        if not is_full and _is_for_staff(app, rule.endpoint):
            continue
        tried = sets[1::2] if is_short and _is_for_staff(app, rule.endpoint) else sets
        for kind, ids in tried if rule.arguments else sets[:1]:
            values: dict[str, Any] = {name: ids.of(name) for name in rule.arguments}
            yield f"{rule.rule} ({kind})", adapter.build(rule.endpoint, values, method=method)


def _is_for_staff(app: Flask, endpoint: str) -> bool:
    return app.view_functions[endpoint].access.name in ("therapist", "admin", "staff")  # type: ignore[attr-defined]


def glance(a: Person, known: Run) -> None:
    """Every page a partner may open, with B's real ids."""
    for label, path in _addresses(a, known, "GET", is_full=False, is_short=True):
        a.get(path, label=label)


def sweep(a: Person, known: Run, *, is_full: bool, is_short: bool) -> None:
    """Every address there is, with every kind of id; then the guesses of somebody who is curious."""
    for label, path in _addresses(a, known, "GET", is_full=is_full, is_short=is_short):
        a.get(path, label=label)
    a.get("/my")
    for label, path in _addresses(a, known, "POST", is_full=is_full, is_short=is_short):
        a.post(path, label=label)
    name = known.b_name or "walnut-river-stone"
    a.post("/sign-in", {"name": name, "password": "is it this one, perhaps"}, label="guess a password")
    a.post("/sign-in", {"name": a.mail, "password": "is it this one, perhaps"}, label="guess as staff")
    a.post("/password/forgot", {"name": name}, label="ask a link for B")
    a.post("/my/form/draft", {"section": "safety", "version": "999", "fear": "some"}, label="an old tab")
    a.get("/my")
