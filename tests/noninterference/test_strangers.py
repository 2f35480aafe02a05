"""Whether an account exists, is closed, or shares an address: nobody can tell (security.md §3.5, layer 5).

The secret is one bit about a name or an address; a stranger with a clean browser tries all that takes one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from sqlalchemy import update

from noninterference.observe import Seen, differences
from noninterference.stage import PASSWORD, House, Person, Stage
from portal.models import Account, StaffAccount, table_of

Before = Callable[[Stage], object]


def nobody(_stage: Stage) -> None:
    """The name and the address are nobody's."""


def known(stage: Stage) -> None:
    stage.b.begins()
    stage.b.keeps_card()


def disabled(stage: Stage) -> None:
    known(stage)
    account = table_of(Account)
    closed = update(account).where(account.c.id == stage.b.record["account"])
    with stage.house.store.staff.write() as session:
        session.execute(closed.values(disabled_at=stage.house.clock()))


def shared(stage: Stage) -> None:
    """Two accounts with one address."""
    known(stage)
    other = Person(stage, "another", stage.house.app.test_client(), stage.b.mail)
    other.begins()


def without_mail(stage: Stage) -> None:
    stage.b.begins(with_mail=False)


@cache
def name_of_b(house: House) -> str:
    """What the portal draws for B, whenever B comes."""
    stage = Stage(house)
    known(stage)
    return stage.b.sign_in_name


def tried(house: House, before: Before, name: str) -> tuple[list[Seen], list[bytes]]:
    """What a stranger sees, and what lies in a mailbox of theirs afterwards."""
    stage = Stage(house)
    before(stage)
    stage.works("B")
    stage.at(1)
    stranger = Person(stage, "stranger", house.app.test_client(), "stranger@example.org", "10.9.9.9")
    for turn in range(3):
        stranger.submit("/sign-in", {"name": name, "password": f"is it this one, perhaps {turn}"})
    stranger.submit("/password/forgot", {"name": name}, then="/password/asked")
    stranger.get("/password/asked")
    stranger.submit("/password/reset/" + "r" * 43, {"password": PASSWORD, "recovery_code": "0000-1111"})
    stranger.submit("/password/reset/call-" + "r" * 43, {"password": PASSWORD})
    stranger.submit("/join/" + "j" * 43, {"choice": "join", "password": PASSWORD})
    stranger.submit("/begin", {"password": PASSWORD, "email": stage.b.mail}, then="/my/account")
    stranger.get("/my/account")
    stage.works("stranger")
    return stranger.seen, [mail.as_bytes() for mail in stranger.inbox]


@cache
def _unknown(house: House) -> tuple[list[Seen], list[bytes]]:
    return tried(house, nobody, name_of_b(house))


@pytest.mark.parametrize("before", [known, disabled, shared, without_mail])
def test_no_account_can_be_told_from_none(house: House, before: Before) -> None:
    """Status, headers, bytes, cookies, statements with their rows, mails."""
    seen, mails = tried(house, before, name_of_b(house))
    assert differences(_unknown(house)[0], seen) == []
    assert mails == _unknown(house)[1] == []


def _leaves(stage: Stage) -> None:
    staff = table_of(StaffAccount)
    with stage.house.store.staff.write() as session:
        session.execute(update(staff).values(disabled_at=stage.house.clock()))


@pytest.mark.parametrize("name", ["thea@example.org", "nobody@example.org"])
def test_nor_can_staff(house: House, name: str) -> None:
    at_work, _ = tried(house, nobody, name)
    gone, _ = tried(house, _leaves, name)
    assert differences(at_work, gone) == []


def test_a_live_reset_link_costs_what_one_costs_that_was_never_given(house: House) -> None:
    """With a wrong code: the same statements over as many rows (only the token stands in the bytes)."""
    stage = Stage(house)
    known(stage)
    stage.b.submit("/password/forgot", {"name": stage.b.sign_in_name})
    stage.works("B")
    token = stage.b.newest_token("password/reset")
    assert token != ""
    stranger = Person(stage, "stranger", house.app.test_client(), "stranger@example.org", "10.9.9.9")
    for one in ("r" * len(token), token):
        stranger.submit(f"/password/reset/{one}", {"password": PASSWORD, "recovery_code": "0000-1111"})
    never, live = stranger.seen[1::2]
    assert never.status == live.status == 400
    assert never.statements == live.statements


def test_a_telling_answer_would_be_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of this test: a name nobody has costs no hash and no event."""
    from portal.services import sign_ins

    real = sign_ins.deny

    def planted(session, tools, *, claim) -> None:  # type: ignore[no-untyped-def]
        if claim.id:
            real(session, tools, claim=claim)

    monkeypatch.setattr(sign_ins, "deny", planted)
    name = name_of_b(house)
    assert differences(tried(house, nobody, name)[0], tried(house, known, name)[0]) != []
