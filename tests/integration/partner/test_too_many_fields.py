"""A body with more fields than any form of ours: 400, and what somebody typed comes back (contract.md)."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest

from partner_rooms import Browser, opened_entries, opened_statements

OWN = "What I would rather say in my own words,\nover two lines."
FLOOD = [(f"k{number}", "v") for number in range(5_000)]


def send(
    visitor: Browser, path: str, pairs: list[tuple[str, str]], *, token: str | None = None
) -> tuple[int, str]:
    token = visitor.csrf() if token is None else token
    body = urlencode([*pairs, ("csrf_token", token)])
    answer = visitor.client.post(path, data=body, content_type="application/x-www-form-urlencoded")
    return answer.status_code, answer.text


def kept(page: str) -> dict[str, str]:
    """What the page would send again."""
    form = page.partition("data-kept")[2].partition("</form>")[0]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    texts = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    return {name: html.unescape(value) for name, value in (*hidden, *texts)}


@pytest.mark.parametrize("is_last", [False, True])
def test_a_section_comes_back_and_can_be_sent_again(visitor: Browser, is_last: bool) -> None:
    mine = [("section", "words"), ("version", "0"), ("go", "save"), ("own_words", OWN)]
    status, page = send(visitor, "/my/form", [*mine, *FLOOD] if is_last else [*FLOOD, *mine])
    again = kept(page)
    assert (status, again.pop("csrf_token")) == (400, visitor.csrf())
    assert again == dict(mine)
    assert opened_entries(visitor.store, visitor.tools) == []
    assert send(visitor, "/my/form", list(again.items()))[0] == 303
    ((section, body),) = opened_entries(visitor.store, visitor.tools)
    assert (section, body["values"]) == ("words", {"own_words": OWN})


def test_so_does_a_message(visitor: Browser) -> None:
    status, page = send(visitor, "/my/message", [*FLOOD, ("text", OWN)])
    assert (status, kept(page)["text"]) == (400, OWN)
    assert [kind for kind, _ in opened_statements(visitor.store, visitor.tools)] == ["contact"]


def test_an_autosave_is_refused_without_a_word(visitor: Browser) -> None:
    mine = [("section", "words"), ("version", "0"), ("own_words", OWN)]
    assert send(visitor, "/my/form/draft", [*mine, *FLOOD]) == (400, "")
    assert opened_entries(visitor.store, visitor.tools) == []


def test_a_wrong_token_keeps_as_much_and_no_password_comes_back(visitor: Browser) -> None:
    mine = [("section", "words"), ("own_words", OWN), ("current_password", "a quiet green morning")]
    for token in ("wrong", None):
        status, page = send(visitor, "/my/form", [*FLOOD, *mine], token=token)
        found = kept(page)
        del found["csrf_token"]
        assert (status, found) == (400, dict(mine[:2]))
        assert "quiet green" not in page


def test_of_a_body_without_an_end_only_the_beginning_is_looked_through(visitor: Browser) -> None:
    far = [("a", "")] * 25_000 + [("text", OWN)]
    status, page = send(visitor, "/my/message", [("csrf_token", visitor.csrf()), *far])
    assert (status, "text" in kept(page)) == (400, False)
    many = [("csrf_token", visitor.csrf()), *([("text", "x")] * 25_000)]
    status, page = send(visitor, "/my/message", many)
    assert (status, page.count('name="text"')) == (400, 999)
