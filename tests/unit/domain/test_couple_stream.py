"""One object, an array, or JSON Lines, read line by line (contract.md, "Commands")."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from couple_files import couple_file
from portal.domain.couple_stream import read_couples
from portal.domain.errors import CoupleFault

SMALL: dict[str, Any] = {"as_of": "2026-11-22", "participation": {"a": "invited", "b": "not_invited"}}
LINE = json.dumps(SMALL)


def lines(text: str | bytes) -> Iterator[bytes]:
    raw = text.encode() if isinstance(text, str) else text
    return iter(raw.splitlines(keepends=True))


def read(text: str | bytes) -> tuple[list[tuple[int, bool]], tuple[int, str, str] | None]:
    """(line, alone) of every couple handed out, then the fault that ended it."""
    seen = []
    try:
        for one in read_couples(lines(text)):
            seen.append((one.number, one.alone))
    except CoupleFault as fault:
        return seen, (fault.line, fault.path, fault.message)
    return seen, None


GOOD: dict[str, tuple[str | bytes, list[tuple[int, bool]]]] = {
    "one line": (LINE, [(1, True)]),
    "one line, ended": (LINE + "\n", [(1, True)]),
    "blank lines around": ("\n  \n" + LINE + "\n\n", [(3, True)]),
    "two lines": (LINE + "\n" + LINE, [(1, False), (2, False)]),
    "a gap, and Windows ends": (LINE + "\r\n\r\n" + LINE + "\r\n", [(1, False), (3, False)]),
    "written out": ("\n" + json.dumps(SMALL, indent=2) + "\n", [(2, True)]),
    "broken after a comma": (LINE.replace(", ", ",\n"), [(1, True)]),
    "an array": (f"[{LINE},{LINE}]", [(1, False), (1, False)]),
    "an array of one": (f"[ {LINE} ]\n", [(1, False)]),
    "an array, a couple a line": (f"[\n{LINE},\n\n{LINE}\n]", [(2, False), (4, False)]),
    "an array written out": (json.dumps([SMALL, SMALL], indent=1), [(2, False), (9, False)]),
    "a byte order mark": (b"\xef\xbb\xbf" + LINE.encode(), [(1, True)]),
}


@pytest.mark.parametrize(("text", "seen"), GOOD.values(), ids=GOOD)
def test_couples_come_with_the_line_they_begin_on(text: str | bytes, seen: list[tuple[int, bool]]) -> None:
    assert read(text) == (seen, None)


BAD_JSON = "is not valid JSON"
NOTHING = "there is nothing to read"
DEEP = "is nested too deeply"
OBJECT = "must be an object"
TWICE = "a field stands twice"
DATE = "must be a date written YYYY-MM-DD"

BAD: dict[str, tuple[str | bytes, list[tuple[int, bool]], tuple[int, str, str]]] = {
    "nothing": ("", [], (1, "", NOTHING)),
    "only blanks": (" \n\t\n", [], (1, "", NOTHING)),
    "an empty array": ("[]", [], (1, "", NOTHING)),
    "a spaced empty array": ("\n[ ]", [], (2, "", NOTHING)),
    "no JSON": ("couple", [], (1, "", BAD_JSON)),
    "cut off": (LINE[:-1], [], (1, "", BAD_JSON)),
    "cut off, written out": ('{\n"as_of":\n', [], (2, "", BAD_JSON)),
    "wrong in the middle": ('{"as_of" 5}\n' + LINE, [], (1, "", BAD_JSON)),
    "a second bad line": (LINE + "\n" + LINE[:-1] + "\n" + LINE, [(1, False)], (2, "", BAD_JSON)),
    "two on a line": (LINE + LINE, [], (1, "", BAD_JSON)),
    "a bad couple later": (
        f'{LINE}\n\n{LINE}\n{{"as_of": 5, "participation": {{}}}}\n{LINE}',
        [(1, False), (3, False)],
        (4, "as_of", DATE),
    ),
    "a number": ("5", [], (1, "", OBJECT)),
    "null": (LINE + "\nnull", [(1, False)], (2, "", OBJECT)),
    "an array in lines": (LINE + "\n[]", [(1, False)], (2, "", OBJECT)),
    "an array of a number": (f"[{LINE},\n5]", [(1, False)], (2, "", OBJECT)),
    "an array without a comma": (f"[{LINE}\n{LINE}]", [(1, False)], (2, "", BAD_JSON)),
    "an array with a comma too many": (f"[{LINE},\n]", [(1, False)], (2, "", BAD_JSON)),
    "an array not ended": (f"[{LINE}", [(1, False)], (1, "", BAD_JSON)),
    "an array not ended, after a comma": (f"[{LINE},", [(1, False)], (1, "", BAD_JSON)),
    "an array with more after it": (f"[{LINE}]\n{LINE}", [(1, False)], (2, "", BAD_JSON)),
    "no UTF-8": (b"\xff", [], (1, "", "is not UTF-8")),
    "no UTF-8 later": (LINE.encode() + b"\n\xff\n", [(1, False)], (2, "", "is not UTF-8")),
    "UTF-16": (LINE.encode("utf-16"), [], (1, "", "is not UTF-8")),
    "a key twice": (
        '{"as_of": "2026-11-22", "as_of": "2026-11-22"}',
        [],
        (1, "as_of", TWICE),
    ),
    "a key twice, deep": (
        LINE + '\n{"partners": {"a": {"lean": 1, "hope": 2, "lean": 1}}}',
        [(1, False)],
        (2, "partners.a.lean", TWICE),
    ),
    "a telling key twice": ('{"Ana left": 1, "Ana left": 1}', [], (1, "", TWICE)),
    "a telling key above one": ('{"partners": {"Ana left": {"x": 1, "x": 1}}}', [], (1, "partners", TWICE)),
    "a key twice in a list": (
        '{"clearances": [{"tier": "A"}, {"on": 1, "on": 1}]}',
        [],
        (1, "clearances.1.on", TWICE),
    ),
    "a key twice, in an array": (
        f'[{LINE},\n{{"participation": {{"a": 1, "a": 1}}}}]',
        [(1, False)],
        (2, "participation.a", TWICE),
    ),
    "a key twice where no object belongs": (
        '{"clearances": [[{"x": 1, "x": 1}]]}',
        [],
        (1, "as_of", "is missing"),
    ),
    "NaN": ('{"as_of": NaN}', [], (1, "as_of", DATE)),
    "an infinity": ('{"as_of": -Infinity}', [], (1, "as_of", DATE)),
    "NaN in an array": ("[NaN]", [], (1, "", OBJECT)),
    "a number too large": ('{"as_of": 1e999}', [], (1, "as_of", DATE)),
    "a number too long": ('{"as_of": ' + "9" * 5000 + "}", [], (1, "as_of", DATE)),
    "nested arrays": ("[" * 100_000, [], (1, "", DEEP)),
    "nested objects": ('{"a":' * 100_000, [], (1, "", DEEP)),
    "nested in a later line": (LINE + "\n" + '{"a":' * 100_000, [(1, False)], (2, "", DEEP)),
    "a NUL": ("\x00", [], (1, "", BAD_JSON)),
    "a surrogate": ('{"as_of": "\\ud800"}', [], (1, "as_of", DATE)),
    "a surrogate as a key": ('{"\\ud800": 1}', [], (1, "", "has a field that does not exist")),
}


@pytest.mark.parametrize(("text", "seen", "fault"), BAD.values(), ids=BAD)
def test_a_bad_stream_ends_at_its_line(
    text: str | bytes, seen: list[tuple[int, bool]], fault: tuple[int, str, str]
) -> None:
    assert read(text) == (seen, fault)


@pytest.mark.parametrize("depth", [100, 900, 960, 990, 1_000, 1_100, 5_000, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]"), ('{"a":[', "]}")])
def test_no_depth_of_nesting_breaks_the_reading(opening: str, closing: str, depth: int) -> None:
    """How deep the decoder goes differs between versions of Python; each answer is a fault with its line."""
    nested = opening * depth + "1" + closing * depth
    inside = LINE[:-1] + ', "partners": {"a": {"lean": ' + nested + "}}}"
    for text in (nested, inside, f"[{nested}]", f"[{inside}]"):
        seen, fault = read(text)
        assert seen == []
        assert fault is not None
        assert fault[0] == 1


def test_json_lines_take_constant_memory() -> None:
    raw = json.dumps(couple_file()).encode() + b"\n"

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in read_couples(raw for _ in range(count)):
            pass
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(1000)  # Whatever Python keeps for reuse is kept by now.
    assert peak(400) < 1.2 * peak(40) + 20_000


def test_a_second_field_is_found_however_the_line_is_written() -> None:
    """The quick way of reading counts colons; where one stands elsewhere, the line is read with care."""
    one = json.dumps(couple_file())
    twice = one.replace('"lean": 1', '"lean": 1, "lean": 1')
    spaced = twice.replace('"hope":', '"hope" :')
    for text in (
        twice,
        spaced,
        twice.replace(":", " :"),
        twice.replace('"lean": 1, "lean"', '"lean": 1, "le\\u0061n"'),
    ):
        assert read(text) == ([], (1, "partners.a.lean", TWICE))
    listed = json.loads(one)
    listed["clearances"] = [{"tier": "A", "on": "2026-11-21"}, 7]
    with pytest.raises(CoupleFault, match="must be an object"):
        list(read_couples([json.dumps(listed).encode()]))
