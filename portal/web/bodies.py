"""A posted form as it really arrived: fields in order, and invalid UTF-8 still to be seen.

Flask turns invalid bytes into literal percent signs, or drops the whole form. Here they become lone
surrogates, which every cleaning function refuses by field, so that the rest of the form survives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from flask import Request

from portal.services import questionnaires
from portal.services.errors import BadInput
from portal.web import kit

#: More fields than any form of ours has; a body with more is not ours.
MOST_FIELDS = 2000
#: Of such a body so many are looked through for what a form of ours has, and so many are kept.
_LOOKED_AT: Final = 20_000
_KEPT: Final = 1000
#: Fields of our forms, beside the questions.
_KNOWN: Final = {"csrf_token", "section", "version", "go", "to"}


class TooMany(Exception):
    """The body holds more than ``MOST_FIELDS``: 400, with those kept that a form of ours has."""


def know(names: Iterable[str]) -> None:
    """A form of ours has these fields."""
    _KNOWN.update(names)


def require_few() -> None:
    """Raise TooMany for a body that is no form of ours."""
    here = kit.here()
    if _fields(here) and here.get("has_too_many"):
        raise TooMany


def kept() -> list[tuple[str, str]]:
    """The fields of a body, as they may stand in a page; of too many those of our forms alone."""
    if not (_fields(kit.here()) and kit.here().get("has_too_many")):
        return list(kit.asked().form.items(multi=True))
    return [(name, printable(value)) for name, given in fields().items() for value in given]


def fields() -> Mapping[str, list[str]]:
    """Field name -> its values in order; of more than ``MOST_FIELDS`` a few. Parsed once a request."""
    return _fields(kit.here())


def first(name: str) -> str:
    """The first value of a field, "" when it was not sent."""
    return next(iter(values(name) or ()), "")


def values(name: str) -> list[str] | None:
    """Every value of a field, None when it was not sent."""
    here = kit.here()
    _asked(here).add(name)
    return _fields(here).get(name)


def ask_for(*names: str) -> None:
    """A view takes these fields; what nobody asked for is unexpected."""
    asked().update(names)


def asked() -> set[str]:
    """The fields that were asked for in this request."""
    return _asked(kit.here())


def tick(name: str) -> bool:
    """Whether a box is ticked: ``yes`` or absent. Raises BadInput for anything else."""
    given = first(name)
    if given not in ("", "yes"):
        raise BadInput({name: "not_an_option"})
    return given == "yes"


def _fields(here: Any) -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] | None = here.get("posted_fields")
    if found is None:
        found = here.posted_fields = _parse(kit.asked())
    return found


def _asked(here: Any) -> set[str]:
    found: set[str] | None = here.get("asked_fields")
    if found is None:
        found = here.asked_fields = set()
    return found


def _parse(request: Request) -> Mapping[str, list[str]]:
    if request.mimetype != "application/x-www-form-urlencoded":
        return {name: request.form.getlist(name) for name in request.form}
    text = request.get_data().decode("utf-8", "surrogateescape")
    if text.count("&") < MOST_FIELDS:
        return _told(text)
    kit.here().has_too_many = True
    known = _KNOWN.union(questionnaires.item_keys())
    pairs = text.split("&", _LOOKED_AT)[:_LOOKED_AT]
    return _told("&".join(islice((pair for pair in pairs if _plain(pair.partition("=")[0]) in known), _KEPT)))


def _told(text: str) -> dict[str, list[str]]:
    """As ``parse_qsl`` reads a body, blank values kept; it takes three times as long over plain answers."""
    found: dict[str, list[str]] = {}
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        name, value = _plain(name), _plain(value)
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    return found


def _plain(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    return unquote(text.replace("+", " "), errors="surrogateescape")


def printable(text: str) -> str:
    """What may stand in a page again: NUL and lone surrogates shown as the replacement character."""
    return "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)
