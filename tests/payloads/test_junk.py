"""Whatever is posted anywhere, by whoever may post there: an answer, and never a fault (security.md §5.3).

Which fields a form takes is found by watching what its view asks for: a form of tomorrow is tried too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from access import cells, table
from access.cells import Entrance
from access.practice import House, build
from portal.services.tools import Passwords
from portal.web import bodies

ROWS = table.rows()
PARTS = ("accounts", "partner", "therapist", "admin", "public")
#: Whoever comes first of these may post there.
_ROLES = ("thea", "ada", "a", "half", "anonymous")
VALUES = (
    *("", "\0", "\ud800", "x" * 70_000, "9" * 400, "-1", "\u202e=1+1' OR 1=1--\r\nX-Evil: 1"),
    *("9999-12-31T23:59+00:00", "0001-01-01T00:00+23:59", "00000000-0000-4000-8000-000000000000"),
)
#: (content type, body) that are no form of ours.
STRANGE = (
    ("application/json", b'{"note": "\\ud800"}'),
    ("multipart/form-data", b"garbage"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="note"; filename="a"\r\n',
    ),
    ("application/x-www-form-urlencoded", b"\xff\xfe=%00&" + b"&".join(b"f%d=1" % n for n in range(3000))),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated: Path, passwords: Passwords) -> House:
    """The practice of the access table."""
    return build(tmp_path_factory.mktemp("junk") / "instance", migrated, passwords)


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of the fields that are asked for meanwhile."""
    names: set[str] = set()
    real = bodies.ask_for

    def note(*asked: str) -> None:
        names.update(asked)
        real(*asked)

    with monkeypatch.context() as patch:
        patch.setattr(bodies, "ask_for", note)
        yield names


def role_of(entrance: Entrance) -> str | None:
    """Somebody who may post there."""
    answers = ROWS[entrance.endpoint, entrance.method]
    return next((role for role in _ROLES if answers.get((role, "own")) in (200, 303, 400, 409)), None)


def post(house: House, role: str, entrance: Entrance, body: bytes, kind: str) -> int:
    """The status; the practice is put back where something was done."""
    client, csrf = house.browser(role)
    path = cells.address(house, entrance.rule, "own")
    token = b"csrf_token=" + csrf.encode() + b"&" if "urlencoded" in kind else b""
    answer = client.post(path, data=token + body, content_type=kind, buffered=True)
    if answer.status_code < 400:
        house.restore()
    return answer.status_code


def form(names: set[str], value: str) -> bytes:
    """Every field with this value, the last of them twice, and one that nobody asked for."""
    worth = quote(value.encode("utf-8", "surrogatepass"), safe="")
    pairs = [f"{quote(name)}={worth}" for name in sorted(names)]
    return "&".join([*pairs, *pairs[-1:], f"is_admin={worth}"]).encode()


@pytest.mark.parametrize("part", PARTS)
def test_junk_is_answered_and_never_a_fault(house: House, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.app.config, "PROPAGATE_EXCEPTIONS", False)
    wrong, kind = [], "application/x-www-form-urlencoded"
    for entrance in cells.entrances(house):
        role = role_of(entrance) if entrance.method == "POST" else None
        if role is None or not entrance.endpoint.startswith(f"{part}."):
            continue
        with watched(monkeypatch) as names:
            for _ in range(2):  # some are asked for once others are there
                post(house, role, entrance, form(names - {"csrf_token"}, "yes"), kind)
        tried = [(kind, form(names - {"csrf_token"}, value)) for value in VALUES]
        for content_type, body in (*tried, *STRANGE):
            status = post(house, role, entrance, body, content_type)
            if status >= 500:
                wrong.append((entrance.endpoint, role, content_type, body[:60], status))
    assert wrong == []
