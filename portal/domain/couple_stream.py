"""Reads a stream of couples: one JSON object, an array, or JSON Lines (contract.md, "Couple file").

JSON Lines take constant memory: one line is held at a time, and the next to know whether there is one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import Any, Final, NamedTuple

from portal.domain.couple import Couple
from portal.domain.couple_fields import is_plain_name
from portal.domain.couple_file import parse_couple
from portal.domain.errors import CoupleFault

_BYTE_ORDER_MARK: Final = "\ufeff"
_SPACE: Final = " \t\r\n"


class CoupleLine(NamedTuple):
    """One couple of a stream: the line it begins on, and whether the stream is this one object alone."""

    number: int
    couple: Couple
    alone: bool


def read_couples(stream: Iterable[bytes]) -> Iterator[CoupleLine]:
    """The couples of a stream of lines in order; raises CoupleFault, with its line, at the first bad one.

    Everything before a bad couple has been handed out by then. No message repeats a value.
    """
    lines = _filled_lines(stream)
    first = next(lines, None)
    if first is None:
        raise _nothing(1)
    number, text = first
    if text.startswith("["):
        yield from _array(number, _rest(text, number, lines))
    elif _is_unfinished(text):
        yield CoupleLine(number, _couple(number, _rest(text, number, lines)), alone=True)
    else:
        yield from _json_lines(number, text, lines)


def is_lines(beginning: Iterable[bytes]) -> bool:
    """Whether a stream that begins like this is JSON Lines, so that it may be read in pieces."""
    try:
        text = next((text for _, text in _filled_lines(beginning)), "[")
    except CoupleFault:
        return False
    return not text.startswith("[") and not _is_unfinished(text)


def read_piece(lines: Iterable[bytes], first: int) -> Iterator[CoupleLine]:
    """The couples of a piece of JSON Lines that begins at line ``first``; else like ``read_couples``."""
    for number, text in _filled_lines(lines, first):
        yield CoupleLine(number, _couple(number, text), alone=False)


def _filled_lines(stream: Iterable[bytes], first: int = 1) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(stream, first):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise CoupleFault("", "is not UTF-8", number) from None
        text = text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text
        text = text.strip(_SPACE)
        if text:
            yield number, text


def _json_lines(number: int, text: str, lines: Iterator[tuple[int, str]]) -> Iterator[CoupleLine]:
    following = _peek(lines)
    yield CoupleLine(number, _couple(number, text), alone=following is None)
    while following is not None:
        if isinstance(following, CoupleFault):
            raise following
        yield CoupleLine(following[0], _couple(*following), alone=False)
        following = _peek(lines)


def _peek(lines: Iterator[tuple[int, str]]) -> tuple[int, str] | CoupleFault | None:
    """The next filled line; a fault in it waits until the couple before it has been handed out."""
    try:
        return next(lines, None)
    except CoupleFault as fault:
        return fault


def _rest(text: str, number: int, lines: Iterator[tuple[int, str]]) -> str:
    """The whole document from its first filled line on, with its line breaks where they were."""
    parts = [text]
    for place, line in lines:
        parts.append("\n" * (place - number) + line)
        number = place
    return "".join(parts)


def _is_unfinished(text: str) -> bool:
    """Whether a line ends inside a JSON object, as the first line of a written-out object does."""
    if not text.startswith("{"):
        return False
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text)
    except RecursionError:
        return False
    return False


def _array(number: int, text: str) -> Iterator[CoupleLine]:
    """Each element of an array, read one after the other; its line is the one it begins on."""
    place = _skip(text, 1)
    if text.startswith("]", place):
        raise _nothing(number)
    closing = ","
    while closing == ",":
        here = number + text.count("\n", 0, place)
        start = place
        value, end = _decoded(number, lambda: _DECODER.raw_decode(text, start))  # noqa: B023 - called at once
        yield CoupleLine(here, _parsed(here, value), alone=False)
        place = _skip(text, end)
        closing = text[place : place + 1]
        place = _skip(text, place + 1)
    if closing != "]" or place < len(text):
        raise CoupleFault("", "is not valid JSON", number + text.count("\n", 0, place))


def _skip(text: str, place: int) -> int:
    while text[place : place + 1] and text[place] in _SPACE:
        place += 1
    return place


def _couple(number: int, text: str) -> Couple:
    try:
        value = _PLAIN_DECODER.decode(text)
    except (ValueError, RecursionError):
        # Whatever it is, it is told of with care: where it stands, or which field stands twice.
        value = _decoded(number, lambda: _DECODER.decode(text))
    return _parsed(number, value)


class _TwiceError(ValueError):
    """A field stands twice."""


def _plain_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _parsed(number: int, value: Any) -> Couple:
    if type(value) is _Doubled:
        raise CoupleFault(value.path, "a field stands twice", number)
    try:
        return parse_couple(value)
    except CoupleFault as fault:
        raise fault.at_line(number) from None


def _decoded(number: int, decode: Callable[[], Any]) -> Any:
    try:
        return decode()
    except json.JSONDecodeError as error:
        raise CoupleFault("", "is not valid JSON", number + error.lineno - 1) from None
    except RecursionError:
        raise CoupleFault("", "is nested too deeply", number) from None


class _Doubled:
    """Stands for an object in which, or somewhere within which, a field stands twice; ``path`` says where."""

    def __init__(self, path: str) -> None:
        self.path = path


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Doubled:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        return _Doubled(_below(next(name for name in names if names.count(name) > 1), ""))
    for name, value in pairs:
        if type(value) is _Doubled:
            return _Doubled(_below(name, value.path))
        if type(value) is list:
            for place, entry in enumerate(value):
                if type(entry) is _Doubled:
                    return _Doubled(_below(name, _joined(str(place), entry.path)))
    return found


def _below(name: str, path: str) -> str:
    """The path below a field; a name that is no plain word is not repeated, nor is anything below it."""
    return _joined(name, path) if is_plain_name(name) else ""


def _joined(name: str, path: str) -> str:
    return f"{name}.{path}" if path else name


def _whole(digits: str) -> int | float:
    """A whole number; one of more digits than Python reads fits no field, and its field says so."""
    try:
        return int(digits)
    except ValueError:
        return inf


def _nothing(number: int) -> CoupleFault:
    return CoupleFault("", "there is nothing to read", number)


# NaN and the infinities pass the decoders and no field: so they are told of with the field they stand in.
_PLAIN_DECODER: Final = json.JSONDecoder(object_pairs_hook=_plain_object)
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole)
