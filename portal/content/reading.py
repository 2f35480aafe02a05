"""Reads content files (YAML) and finds every fault at once, each with its file and line.

YAML 1.1 turns `no` into false, `2026-01-01` into a date and lets a doubled key win in silence. Here a
scalar is a whole number or true / false only when written plainly so; everything else stays text, and a
doubled key is a fault (stack.md §11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from portal.content.faults import ContentError, Fault
from portal.domain.questionnaire import Wording

_INT_TAG = "tag:yaml.org,2002:int"
_BOOL_TAG = "tag:yaml.org,2002:bool"


class PlainLoader(yaml.CSafeLoader):
    """The C loader with two plain kinds beside text: whole numbers and true / false."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


PlainLoader.add_implicit_resolver(_INT_TAG, re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
PlainLoader.add_implicit_resolver(_BOOL_TAG, re.compile(r"^(?:true|false)$"), list("tf"))


class Strict(BaseModel):
    """Base of every content model: unknown fields refused, values frozen, nothing coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Texts(Strict):
    """A text that stands in both languages."""

    en: Text
    es: Text

    def wording(self) -> Wording:
        """As a value of the domain."""
        return Wording(self.en, self.es)


Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """One YAML file: its plain data, its nodes to find lines by, and its doubled keys as faults."""

    name: str
    node: yaml.Node
    data: Any
    doubled: tuple[Fault, ...] = ()

    def line(self, *place: str | int) -> int:
        """Line of the deepest part of a place (keys and indexes) that the file has."""
        node = self.node
        line = node.start_mark.line
        for step in place:
            found = _child(node, step)
            if found is None:
                break
            node, line = found
        return line + 1

    def fault(self, message: str, *place: str | int) -> Fault:
        """A fault at a place of this file."""
        return Fault(self.name, self.line(*place), message)

    def as_model(self, model: type[Model]) -> Model:
        """The data as a model; ContentError with every fault, doubled keys included."""
        try:
            made = model.model_validate(self.data)
        except ValidationError as error:
            raise ContentError([*self.doubled, *self._faults(error)]) from None
        if self.doubled:
            raise ContentError(self.doubled)
        return made

    def _faults(self, error: ValidationError) -> Iterator[Fault]:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            place = one["loc"]
            yield self.fault(f"{'.'.join(str(step) for step in place) or 'file'}: {one['msg']}", *place)


def read(path: Path) -> Document:
    """One YAML file as a document; ContentError for a missing file and for what is not YAML."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=PlainLoader)
    except FileNotFoundError:
        raise ContentError([Fault(path.name, 1, "the file is missing")]) from None
    except UnicodeDecodeError:
        raise ContentError([Fault(path.name, 1, "not UTF-8")]) from None
    except yaml.YAMLError as error:
        raise ContentError([_yaml_fault(path.name, error)]) from None
    if node is None:
        raise ContentError([Fault(path.name, 1, "the file is empty")])
    doubled = tuple(
        Fault(path.name, line + 1, f"the key {key!r} stands twice") for key, line in _doubled(node)
    )
    return Document(path.name, node, _plain(node), doubled)


def read_checked(
    path: Path, model: type[Model], faults_of: Callable[[Document, Model], Iterable[Fault]]
) -> Model:
    """One file as a model in which ``faults_of`` finds nothing; ContentError with every fault it finds."""
    document = read(path)
    made = document.as_model(model)
    faults = list(faults_of(document, made))
    if faults:
        raise ContentError(faults)
    return made


def read_models(
    paths: Iterable[Path], model: type[Model]
) -> tuple[list[tuple[Document, Model]], list[Fault]]:
    """Each file that can be used with its model, and the faults of all others."""
    made: list[tuple[Document, Model]] = []
    faults: list[Fault] = []
    for path in paths:
        try:
            document = read(path)
            made.append((document, document.as_model(model)))
        except ContentError as error:
            faults.extend(error.faults)
    return made, faults


def _yaml_fault(name: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    message = getattr(error, "problem", None) or "characters that YAML does not allow"
    return Fault(name, mark.line + 1 if mark else 1, f"not YAML: {message}")


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, child.start_mark.line
    return None


def _doubled(node: yaml.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line
            seen.add(key.value)
            yield from _doubled(value)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _doubled(child)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child) for child in node.value]
    if node.tag == _INT_TAG:
        return int(node.value)
    if node.tag == _BOOL_TAG:
        return node.value == "true"
    return node.value
