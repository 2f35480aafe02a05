"""The shape of the questionnaire's files; what the values must be is checked in `checks`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from portal.content.reading import Strict, Text, Texts
from portal.domain.questionnaire import Option, Wording

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z_]+)?$")]
Value = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    StringConstraints(pattern=r"^[a-z0-9_]+$"),
]


class When(Strict):
    """Which practices see this: all that match every named setting (never a partner's answer)."""

    policy: list[Literal["a", "b", "c"]] | None = None
    on_call: bool | None = None

    def holds(self, policy: str, *, on_call: bool) -> bool:
        """Whether it applies to a practice with these settings."""
        return (self.policy is None or policy in self.policy) and self.on_call in (None, on_call)


class OptionIn(Texts):
    """One option, both languages beside its value."""

    value: Value

    def option(self) -> Option:
        """As a value of the domain."""
        return Option(self.value, Wording(self.en, self.es))


class Ends(Strict):
    """What the lowest and the highest number mean."""

    low: Texts
    high: Texts


class ItemIn(Strict):
    """One item; `option_set` names a shared set, `options` lists its own."""

    key: Key
    kind: Literal["choice", "scale", "number", "multi", "text"]
    text: Texts
    help: Texts | None = None
    option_set: Text | None = None
    options: list[OptionIn] = Field(default=[], min_length=2)
    ends: Ends | None = None
    sensitive: bool = False
    part2: bool = False
    routing: bool = False
    optional: bool = False
    group: Key | None = None
    limit: Annotated[int, Field(ge=0, le=20_000)] = 0
    when: When = When()


class GroupIn(Strict):
    """The question above a table of items."""

    key: Key
    text: Texts
    help: Texts | None = None


class NoticeIn(Strict):
    """A text at the top of a section, for the practices it applies to."""

    text: Texts
    when: When = When()


class SectionIn(Strict):
    """One file."""

    key: Key
    title: Texts
    lead: Texts
    why: Texts
    minutes: Annotated[int, Field(ge=1, le=15)]
    draft: Literal["readable", "sealed"]
    silent: bool = False
    lifelines: bool = False
    notices: list[NoticeIn] = []
    groups: list[GroupIn] = []
    items: list[ItemIn] = Field(min_length=1)


class SharedIn(Strict):
    """The file of what sections share: option sets by name, and the words for declining."""

    declined: Texts
    option_sets: dict[str, Annotated[list[OptionIn], Field(min_length=2)]]
