"""One cell of the access table, requested: the answer's status, and what must be equal to a random id's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from access.practice import NOWHERE, OBJECTS, House


@dataclass(frozen=True)
class Entrance:
    """One endpoint by one method."""

    endpoint: str
    method: str
    rule: Rule

    @property
    def objects(self) -> tuple[str, ...]:
        """Which objects its address can name."""
        return OBJECTS if self.rule.arguments - {"kind", "filename"} else OBJECTS[:1]


def entrances(house: House) -> Iterator[Entrance]:
    """Every endpoint by GET and POST, as far as it has them."""
    for rule in sorted(house.app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for method in ("GET", "POST"):
            if method in (rule.methods or ()):
                yield Entrance(rule.endpoint, method, rule)


def address(house: House, rule: Rule, which: str) -> str:
    """The address that names this object."""
    kind = rule.endpoint.removesuffix("_posted")
    named = {name: house.values[kind if name == "token" else name] for name in rule.arguments}
    values = {name: known.get(which, NOWHERE) for name, known in named.items()}
    if which == "random":
        values |= dict.fromkeys(rule.arguments & {"slot"}, "a")
    adapter = house.app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, values, method=next(iter(rule.methods or ())))


def methods_of(house: House, entrance: Entrance) -> set[str]:
    """The methods that the entrance's address has, by whatever endpoints."""
    path = address(house, entrance.rule, "own")
    return set(house.app.url_map.bind("localhost").allowed_methods(path))


def ask(
    house: House, role: str, entrance: Entrance, which: str, *, method: str = "", with_token: bool = True
) -> TestResponse:
    """The cell's answer; a POST carries an empty body, so that whoever may enter is told so by it."""
    client, csrf = house.browser(role)
    method = method or entrance.method
    fields = {"csrf_token": csrf} if method == "POST" and with_token else None
    path = address(house, entrance.rule, which)
    return client.open(path, method=method, data=fields, buffered=True)
