"""POST /my/form/draft: empty answers, never a redirect; and what a save costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from partner_rooms import Browser, opened_entries, rows_of, statements_of
from portal.models import AuditEvent, Job


def test_204_means_stored_and_raises_the_counter(visitor: Browser) -> None:
    answers = [visitor.draft("start", 0, adult="yes"), visitor.draft("safety", 1, fear="some")]
    assert [(one.status_code, one.data, one.headers.get("Cache-Control")) for one in answers] == [
        (204, b"", "no-store")
    ] * 2
    assert visitor.version() == 2
    assert opened_entries(visitor.store, visitor.tools) == [
        ("safety", {"values": {"fear": "some"}, "clear": False})
    ]


def test_a_part_leaves_the_rest_untouched(visitor: Browser) -> None:
    visitor.draft("start", 0, adult="yes", preference_note="at noon")
    visitor.draft("start", 1, preference_note="")
    text = visitor.get("/my/form").text
    assert "at noon" not in text
    assert text.count(" checked") == 1


def test_202_means_received_and_not_kept(visitor: Browser) -> None:
    visitor.draft("start", 0, private="no")
    answer = visitor.draft("safety", 1, fear="strong")
    assert (answer.status_code, answer.data, visitor.version()) == (202, b"", 1)
    assert opened_entries(visitor.store, visitor.tools) == []
    visitor.draft("start", 1, private="yes")
    assert visitor.draft("safety", 2, fear="strong").status_code == 204


def test_the_same_draft_again_answers_as_before(visitor: Browser) -> None:
    answers = [visitor.draft("safety", 0, fear="some").status_code for _ in range(3)]
    assert answers == [204, 204, 204]
    assert visitor.version() == 1
    assert visitor.draft("safety", 0, fear="none").status_code == 409


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"section": "nowhere", "adult": "yes"}, 400),
        ({"adult": "perhaps"}, 400),
        ({"preference_note": "x" * 1001}, 400),
        ({"preference_note": "\0"}, 400),
        ({"version": "3", "adult": "yes"}, 409),
        ({"version": "", "adult": "yes"}, 409),
    ],
)
def test_refusals_are_empty(visitor: Browser, fields: dict[str, str], status: int) -> None:
    answer = visitor.post("/my/form/draft", **{"section": "start", "version": "0", **fields})
    assert (answer.status_code, answer.data) == (status, b"")
    assert visitor.version() == 0


def test_a_draft_without_its_token_is_400_and_of_nobody_401(app: Flask, visitor: Browser) -> None:
    body = {"section": "start", "version": "0", "adult": "yes"}
    found = [
        visitor.client.post("/my/form/draft", data=body),
        visitor.client.post("/my/form/draft", data={**body, "csrf_token": "x"}),
        app.test_client().post("/my/form/draft", data=body),
        app.test_client().post("/my/form/draft", data=b"x" * (4 * 1024 * 1024 + 1)),
        visitor.client.post("/my/form/draft", data=b"x" * (4 * 1024 * 1024 + 1)),
        visitor.client.get("/my/form/draft"),
    ]
    assert [(one.status_code, one.data) for one in found] == [
        (400, b""), (400, b""), (401, b""), (401, b""), (413, b""), (405, b""),
    ]  # fmt: skip


def test_a_draft_after_sending_is_409(visitor: Browser) -> None:
    visitor.post("/my/form/submit", submit_key=visitor.intake().submit_key)
    answer = visitor.draft("start", 0, adult="yes")
    assert (answer.status_code, answer.data) == (409, b"")


def test_a_session_that_ends_on_the_way_is_401(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed out in another tab between reading and writing."""
    from portal.services import intake_saves, sessions

    def sign_out(tools: Any, desk: Any, posted: Any) -> Any:
        with visitor.store.partner.write() as session:
            sessions.end(session, visitor.tools, visitor.person.viewer)
        return prepare(tools, desk, posted)

    prepare = intake_saves.prepare
    monkeypatch.setattr(intake_saves, "prepare", sign_out)
    assert visitor.draft("start", 0, adult="yes").status_code == 401


def test_a_page_saved_while_its_session_ends_is_401(
    visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.services import intake_saves, sessions

    def sign_out(tools: Any, desk: Any, posted: Any) -> Any:
        with visitor.store.partner.write() as session:
            sessions.end(session, visitor.tools, visitor.person.viewer)
        return prepare(tools, desk, posted)

    prepare = intake_saves.prepare
    monkeypatch.setattr(intake_saves, "prepare", sign_out)
    assert visitor.save("start", 0, adult="yes").status_code == 401


def test_a_readable_draft_costs_three_statements(visitor: Browser) -> None:
    with statements_of(visitor.store) as seen:
        assert visitor.draft("start", 0, adult="yes").status_code == 204
    assert len(seen) == 3, seen
    assert [statement.split()[0] for statement in seen] == ["SELECT", "UPDATE", "UPDATE"]


def test_a_sealed_draft_costs_four_statements(visitor: Browser) -> None:
    with statements_of(visitor.store) as seen:
        assert visitor.draft("safety", 0, fear="some").status_code == 204
    assert [statement.split()[0] for statement in seen] == ["SELECT", "UPDATE", "INSERT", "UPDATE"]


def test_a_draft_after_a_minute_writes_last_seen_once(visitor: Browser, clock: Any) -> None:
    clock.move(minutes=5)
    with statements_of(visitor.store) as seen:
        assert visitor.draft("start", 0, adult="yes").status_code == 204
    assert len(seen) == 3, seen


def test_a_form_page_costs_one_statement(visitor: Browser) -> None:
    visitor.draft("start", 0, adult="yes")
    with statements_of(visitor.store) as seen:
        assert visitor.get("/my/form").status_code == 200
    assert [statement.split()[0] for statement in seen] == ["SELECT"]


def test_the_statements_do_not_depend_on_the_other_partner(visit: Callable[..., Browser]) -> None:
    one = visit()
    with statements_of(one.store) as alone:
        one.draft("start", 0, adult="yes")
        one.get("/my")
        one.get("/my/form")
    other = visit(case_id=one.person.case_id, slot="b")
    other.draft("safety", 0, fear="strong")
    other.post("/my/form/submit", submit_key=other.intake().submit_key)
    with statements_of(one.store) as together:
        one.draft("start", 1, adult="no")
        one.get("/my")
        one.get("/my/form")
    assert together == alone


def test_an_autosave_leaves_no_event_and_no_job(visitor: Browser) -> None:
    before = (rows_of(visitor.store, AuditEvent, "id"), rows_of(visitor.store, Job, "id"))
    visitor.draft("safety", 0, fear="strong")
    assert (rows_of(visitor.store, AuditEvent, "id"), rows_of(visitor.store, Job, "id")) == before
