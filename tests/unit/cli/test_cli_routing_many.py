"""Many lines on many processes: the same lines in the same order as one process prints."""

from __future__ import annotations

import json
import multiprocessing
from io import BytesIO, StringIO

import pytest

from couple_files import couple_file
from portal.commands import routing, routing_many
from portal.commands.routing_many import Done, printed, printed_by_many, workers
from portal.domain.couple_stream import is_lines, read_couples
from portal.domain.errors import CoupleFault

COUPLES = [couple_file({"lean": 1 + n % 5}, {"own_change": n % 11}) for n in range(30)]
LINES = [json.dumps(couple).encode() + b"\n" for couple in COUPLES]

needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="one process does it all here"
)


def alone(lines: list[bytes]) -> list[str]:
    return list(printed(read_couples(lines), would_change=False))


@needs_fork
def test_they_print_what_one_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_many, "PIECE", 4)
    for lines in (LINES, [*LINES[:9], b"\n", b"  \n", *[b"\n"] * 8, *LINES[9:]]):
        text = "".join(printed_by_many(iter(lines), would_change=False, count=3))
        assert text.splitlines(keepends=True) == alone(LINES)


@needs_fork
def test_a_bad_line_ends_it_with_its_number_and_what_came_before_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routing_many, "PIECE", 4)
    lines = [*LINES[:10], b"{}\n", *LINES[10:]]
    out = StringIO()
    with pytest.raises(CoupleFault, match="as_of: is missing") as raised:
        out.writelines(printed_by_many(iter(lines), would_change=False, count=2))
    assert raised.value.line == 11
    assert out.getvalue().splitlines(keepends=True) == alone(LINES[:10])


def test_a_piece_says_what_became_of_it() -> None:
    done = routing_many._done([LINES[0], b"[]\n", LINES[1]], 7, False)
    assert done == Done(alone(LINES)[0], ("", "must be an object", 8))
    assert routing_many._done(LINES[:2], 1, False) == Done("".join(alone(LINES)[:2]), None)


def test_only_many_lines_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    shared: list[int] = []
    monkeypatch.setattr(routing, "_FEW", 20)
    monkeypatch.setattr(
        routing, "printed_by_many", lambda _stream, *, would_change, count: shared.append(count) or []
    )

    def is_shared(text: bytes, processors: int) -> bool:
        shared.clear()
        monkeypatch.setattr(routing, "workers", lambda: processors)
        list(routing._printed(BytesIO(text), would_change=False))
        return shared == [processors]

    assert is_shared(b"".join(LINES), 2)
    assert not is_shared(b"".join(LINES), 1)
    assert not is_shared(b"".join(LINES[:19]), 2)
    assert not is_shared(json.dumps(COUPLES, indent=0).encode(), 2)
    assert not is_shared(json.dumps(COUPLES[0], indent=0).encode(), 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"{}\n{}", True), (b"\n{}", True), (b"[", False), (b"{", False), (b"\xff", False), (b"", False)],
)
def test_what_is_read_in_pieces(text: bytes, said: bool) -> None:
    assert is_lines(text.splitlines(keepends=True)) is said


def test_one_process_where_forking_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= workers() <= 4
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert workers() == 1
