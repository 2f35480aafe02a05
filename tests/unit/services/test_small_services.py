"""Tools and refusals."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from portal.services.errors import BadInput, Conflict, NotFound, NotFresh, OutOfOrder, Refused
from portal.services.tools import Passwords, Tools, token_hash, utc_now


def test_refusals_carry_a_key_and_no_more() -> None:
    refused = [NotFound(), NotFresh(), BadInput({"text": "too_long"}), OutOfOrder("sent"), Conflict("newer")]
    assert [(type(one).__name__, one.reason) for one in refused] == [
        ("NotFound", "not_found"),
        ("NotFresh", "not_fresh"),
        ("BadInput", "bad_input"),
        ("OutOfOrder", "sent"),
        ("Conflict", "newer"),
    ]
    assert all(isinstance(one, Refused) for one in refused)
    assert BadInput({"text": "too_long"}).faults == {"text": "too_long"}


def test_the_clock_is_aware_and_in_utc() -> None:
    now = utc_now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_token_is_kept_as_its_hash() -> None:
    assert token_hash("abc") == hashlib.sha256(b"abc").hexdigest()


def test_a_name_that_nobody_has_costs_a_whole_hash() -> None:
    """Its dummy is drawn: were it no hash of these costs, the answer would come at once."""
    hasher = PasswordHasher(time_cost=2, memory_cost=16, parallelism=2, hash_len=20, salt_len=8)
    dummy = Passwords(hasher)._dummy
    assert hasher.check_needs_rehash(dummy) is False
    with pytest.raises(VerifyMismatchError):
        hasher.verify(dummy, "nobody has this password")


def test_a_password_fits_its_own_hash_and_nothing_else(passwords: Passwords) -> None:
    stored = passwords.hash("harvest moon")
    assert [
        passwords.is_match(stored, "harvest moon"),
        passwords.is_match(stored, "harvest sun"),
        passwords.is_match(None, "nobody has this password"),
        passwords.is_match("no hash at all", "harvest moon"),
    ] == [True, False, False, False]


def test_what_is_drawn_comes_from_the_source_handed_in(tools: Tools) -> None:
    still = Tools(tools.vault, tools.passwords, "", draw=lambda count: b"\x07" * count)
    assert (still.new_id(), still.new_token(), still.pick(10)) == (
        "07070707-0707-4707-8707-070707070707",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
        int.from_bytes(b"\x07" * 16, "big") % 10,
    )


@pytest.mark.parametrize("drawn", [bytes(16), bytes(range(240, 256)), b"\xff" * 16, b"\x0b\xad" * 8])
def test_an_id_is_a_uuid_of_the_fourth_kind(tools: Tools, drawn: bytes) -> None:
    still = Tools(tools.vault, tools.passwords, "", draw=lambda _count: drawn)
    assert still.new_id() == str(UUID(bytes=drawn, version=4))
