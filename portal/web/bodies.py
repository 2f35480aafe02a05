"""A posted form as it really arrived: fields in order, and invalid UTF-8 still to be seen.

Flask turns invalid bytes into literal percent signs, or drops the whole form. Here they become lone
surrogates, which every cleaning function refuses by field, so that the rest of the form survives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from urllib.parse import parse_qsl

from flask import Request, abort

from portal.services.errors import BadInput
from portal.web import kit

#: More fields than any form of ours has; a body with more is not ours.
MOST_FIELDS = 2000


def fields() -> Mapping[str, list[str]]:
    """Field name -> its values in order; 400 for more than ``MOST_FIELDS``. Parsed once a request."""
    here = kit.here()
    found: Mapping[str, list[str]] | None = here.get("posted_fields")
    if found is None:
        found = here.posted_fields = _parse(kit.asked())
    return found


def first(name: str) -> str:
    """The first value of a field, "" when it was not sent."""
    return next(iter(values(name) or ()), "")


def values(name: str) -> list[str] | None:
    """Every value of a field, None when it was not sent."""
    ask_for(name)
    return fields().get(name)


def ask_for(*names: str) -> None:
    """A view takes these fields; what nobody asked for is unexpected."""
    asked().update(names)


def asked() -> set[str]:
    """The fields that were asked for in this request."""
    here = kit.here()
    found = here.get("asked_fields")
    if found is None:
        found = here.asked_fields = set()
    return cast("set[str]", found)


def tick(name: str) -> bool:
    """Whether a box is ticked: ``yes`` or absent. Raises BadInput for anything else."""
    given = first(name)
    if given not in ("", "yes"):
        raise BadInput({name: "not_an_option"})
    return given == "yes"


def _parse(request: Request) -> dict[str, list[str]]:
    if request.mimetype != "application/x-www-form-urlencoded":
        return {name: request.form.getlist(name) for name in request.form}
    text = request.get_data().decode("utf-8", "surrogateescape")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MOST_FIELDS)
    except ValueError:
        abort(400)
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def printable(text: str) -> str:
    """What may stand in a page again: NUL and lone surrogates shown as the replacement character."""
    return "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)
