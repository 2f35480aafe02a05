"""``accounts create`` and ``accounts first-link``."""

from __future__ import annotations

import re

import pytest
from arrivals import rows
from flask import Flask

LINK = r"http://127\.0\.0\.1:8000/set-up/[A-Za-z0-9_-]{43}\n"


def run(app: Flask, *words: str) -> tuple[int, str, str]:
    result = app.test_cli_runner().invoke(args=["accounts", *words])
    return result.exit_code, result.stdout, result.stderr


def test_an_account_is_made_and_its_link_printed(app: Flask) -> None:
    code, out, err = run(
        app, "create", "--role", "therapist", "--role", "admin", "--email", "a@b.org", "--name", "A"
    )
    assert (code, bool(re.fullmatch(LINK, out)), err) == (0, True, "")
    store = app.extensions["portal.house"].store
    assert [row["roles"] for row in rows(store, "staff_account")] == ["admin,therapist"]
    assert [row["number"] for row in rows(store, "audit_event")] == [1]


def test_the_first_link_is_for_a_practice_without_staff(app: Flask) -> None:
    links = [run(app, "first-link")[1] for _ in range(2)]
    assert [bool(re.fullmatch(LINK, link)) for link in links] == [True, True]
    assert links[0] != links[1]
    assert run(app, "create", "--role", "admin", "--email", "a@b.org", "--name", "A")[0] == 0
    assert run(app, "first-link") == (0, "", "")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--role", "admin", "--email", "nobody", "--name", "A"), "--email: not an e-mail address\n"),
        (
            ("--role", "admin", "--email", "a@b.org", "--name", " "),
            "--name: a name in one line, at most 200 characters\n",
        ),
    ],
)
def test_bad_input_is_refused_with_2(app: Flask, words: tuple[str, ...], fault: str) -> None:
    assert run(app, "create", *words) == (2, "", fault)


def test_unknown_roles_and_taken_addresses_are_refused_with_2(app: Flask) -> None:
    words = ("create", "--email", "a@b.org", "--name", "A", "--role")
    assert run(app, *words, "owner")[:2] == (2, "")
    assert run(app, *words, "admin")[0] == 0
    assert run(app, *words, "admin") == (2, "", "--email: there is an account with this address\n")
