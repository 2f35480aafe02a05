"""Beginning, joining by an invitation, and saying not now, through the partner door."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from arrivals import PASSWORD, begun, card_of, events, invited, jobs, rows, verbs

from portal.content import words
from portal.services import joining, recovery
from portal.services.errors import Refused
from portal.services.joining import Joined
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place

TOKEN = "t" * 43


def join(store: Store, tools: Tools, token: str = TOKEN) -> Joined:
    newcomer = joining.prepare(tools, password=PASSWORD, language="es", device_hash="d" * 64)
    with store.partner.write() as session:
        return joining.join(session, tools, token=token, newcomer=newcomer)


def decline(store: Store, tools: Tools, token: str = TOKEN) -> None:
    with store.partner.write() as session:
        joining.decline(session, tools, token=token, reason="Not this year. ñ")


def test_beginning_makes_a_case_of_its_own_with_an_account_in_slot_a(store: Store, tools: Tools) -> None:
    joined = begun(store, tools, email="p@example.org")
    account = rows(store, "account")[0]
    card = card_of(store, tools, joined)
    assert [(row["origin"], row["claims_invitation_id"]) for row in rows(store, "case_file")] == [
        ("self_referral", None)
    ]
    assert [(row["id"], row["slot"]) for row in rows(store, "partner")] == [(joined.partner_id, "a")]
    opened = {
        column: tools.vault.open(Place("account", column, account["id"]), account[column])
        for column in ("name_sealed", "email_sealed")
    }
    assert opened == {"name_sealed": card["sign_in_name"], "email_sealed": "p@example.org"}
    assert tools.passwords.is_match(account["password_hash"], PASSWORD)
    assert tools.passwords.is_match(account["recovery_hash"], recovery.canonical(card["recovery_code"]))
    assert (account["kept_at"], account["language"]) == (None, "en")
    assert jobs(store) == [("joined", joined.account_id)]
    case_id = rows(store, "case_file")[0]["id"]
    assert events(store) == [
        ("case.opened", "anonymous", "case", case_id),
        ("account.joined", "partner", "account", joined.account_id),
    ]


def test_the_name_is_three_words_and_the_e_mail_is_optional(store: Store, tools: Tools) -> None:
    name = card_of(store, tools, begun(store, tools, email=""))["sign_in_name"]
    assert (len(name.split("-")), set(name.split("-")) <= set(words.WORDS)) == (3, True)
    assert rows(store, "account")[0]["email_sealed"] is None


def test_two_people_may_give_the_same_e_mail(store: Store, tools: Tools) -> None:
    for _ in range(2):
        begun(store, tools, email="shared@example.org")
    assert len(rows(store, "account")) == 2


def test_a_taken_name_is_drawn_again(store: Store, tools: Tools) -> None:
    drawn = iter([b"\0" * 16] * 6 + [b"\1" * 16] * 3)
    # Ids and tokens stay random; only the words are fixed, and the second person first draws the same ones.
    fixed = FixedPicks(tools, drawn)
    names = [card_of(store, tools, begun(store, fixed))["sign_in_name"] for _ in range(2)]  # type: ignore[arg-type]
    assert names[0] == "-".join(words.WORDS[:3])
    assert names[1] != names[0]


class FixedPicks:
    """Tools whose words are foreseeable."""

    def __init__(self, tools: Tools, drawn: object) -> None:
        self._tools = tools
        self._picker = replace(tools, draw=lambda _size: next(drawn))  # type: ignore[call-overload]

    def __getattr__(self, name: str) -> object:
        return getattr(self._picker if name == "pick" else self._tools, name)


def test_wanting_to_talk_first_is_an_answer_in_a_form_laid_out_at_once(store: Store, tools: Tools) -> None:
    newcomer = joining.prepare(tools, password=PASSWORD, language="en")
    with store.partner.write() as session:
        joined = joining.begin(session, tools, newcomer=newcomer, talk_first=True)
    intake = rows(store, "intake", partner_id=joined.partner_id)[0]
    start = rows(store, "section_state", intake_id=intake["id"], section="start")[0]
    place = Place("section_state", "draft_box", f"{intake['id']}/start")
    assert json.loads(tools.vault.unbox("partner", place, start["draft_box"])) == {"call_first": "yes"}


def test_the_first_to_join_takes_the_invitation(store: Store, tools: Tools) -> None:
    invitation = invited(store, tools)
    joined = join(store, tools)
    assert joined.partner_id == invitation["partner_id"]
    assert rows(store, "invitation")[0]["used_at"] == tools.now()
    account, seat = rows(store, "account")[0], rows(store, "partner_session")[0]
    assert (account["language"], seat["device_hash"], len(rows(store, "case_file"))) == ("es", "d" * 64, 1)
    assert jobs(store) == [("joined", joined.account_id)]


def test_who_comes_second_gets_a_record_that_only_staff_can_link(store: Store, tools: Tools) -> None:
    invitation = invited(store, tools)
    first, second = join(store, tools), join(store, tools)
    claim = rows(store, "case_file", origin="second_claim")[0]
    assert claim["claims_invitation_id"] == invitation["id"]
    assert rows(store, "partner", id=second.partner_id)[0]["case_id"] == claim["id"]
    assert jobs(store) == sorted(
        [("joined", first.account_id), ("joined", second.account_id), ("second_claim", claim["id"])]
    )


def test_a_second_invitation_to_somebody_who_joined_is_a_second_claim(store: Store, tools: Tools) -> None:
    first = invited(store, tools)
    join(store, tools)
    invited_again(store, tools, first)
    join(store, tools, "u" * 43)
    claims = [row["claims_invitation_id"] for row in rows(store, "case_file", origin="second_claim")]
    assert claims == [rows(store, "invitation", token_hash=hash_of("u"))[0]["id"]]


def test_a_second_invitation_cannot_decline_for_somebody_who_joined(store: Store, tools: Tools) -> None:
    first = invited(store, tools)
    join(store, tools)
    invited_again(store, tools, first)
    decline(store, tools, "u" * 43)
    assert [row["kind"] for row in rows(store, "statement")] == ["second_not_now"]


def invited_again(store: Store, tools: Tools, first: dict[str, object]) -> None:
    from sqlalchemy import insert

    from portal.models import Invitation, table_of

    row = {**first, "id": tools.new_id(), "token_hash": hash_of("u")}
    with store.staff.write() as session:
        session.execute(insert(table_of(Invitation)), [row])


def hash_of(letter: str) -> str:
    from portal.services.tools import token_hash

    return token_hash(letter * 43)


def test_of_many_at_once_exactly_one_takes_it(store: Store, tools: Tools) -> None:
    invitation = invited(store, tools)
    together, joined = Barrier(4), []

    def come() -> None:
        together.wait()
        joined.append(join(store, tools))

    threads = [Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owners = [one.partner_id == invitation["partner_id"] for one in joined]
    assert sorted(owners) == [False, False, False, True]


@pytest.mark.parametrize("act", [join, decline])
def test_an_unknown_or_expired_link_is_refused_and_leaves_nothing(
    store: Store, tools: Tools, act: object
) -> None:
    invited(store, tools, expires_at=tools.now() - timedelta(seconds=1))
    for token in (TOKEN, "x" * 43):
        with pytest.raises(Refused, match="unknown_link"):
            act(store, tools, token)  # type: ignore[operator]
    left = {name: rows(store, name) for name in ("account", "statement", "job", "audit_event")}
    assert left == {"account": [], "statement": [], "job": [], "audit_event": []}
    assert rows(store, "invitation")[0]["used_at"] is None


def test_not_now_is_sealed_and_leaves_the_link_open(store: Store, tools: Tools) -> None:
    invitation = invited(store, tools)
    decline(store, tools)
    said = rows(store, "statement")[0]
    body = tools.vault.open(Place("statement", "body_sealed", said["id"]), said["body_sealed"])
    assert (said["partner_id"], said["kind"], json.loads(body)) == (
        invitation["partner_id"],
        "not_now",
        {"reason": "Not this year. ñ"},
    )
    assert jobs(store) == [("statement", said["id"])]
    assert events(store) == [("invitation.not_now", "anonymous", "invitation", invitation["id"])]
    assert join(store, tools).partner_id == invitation["partner_id"]


def test_not_now_after_somebody_joined_is_a_note_to_staff(store: Store, tools: Tools) -> None:
    invited(store, tools)
    join(store, tools)
    decline(store, tools)
    assert [row["kind"] for row in rows(store, "statement")] == ["second_not_now"]
    assert verbs(store) == ["account.joined", "invitation.not_now"]
