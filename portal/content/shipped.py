"""Everything a practice decides, read once, so that bad content stops the start and not a partner.

The files are read with pydantic and YAML (``files``), which is a tenth of the memory of a process that serves
and of no use afterwards. Such a process has another one read, and takes over what it found
(``portal/content_reader.py``); any other reads each part when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from portal.content.faults import ContentError, Fault

PARTS: Final = ("questionnaires", "rules", "letters", "consents", "resources", "calls", "papers")
_HELD: Final[dict[str, Any]] = {}


def part(name: str) -> Any:
    """What one of PARTS says, read now unless it is held. ContentError with every fault of its files."""
    if name not in _HELD:
        from portal.content import files  # noqa: PLC0415 - late: who was handed the parts never loads it

        _HELD[name] = files.READERS[name]()
    return _HELD[name]


LOADERS: Final[tuple[Callable[[], object], ...]] = tuple(partial(part, name) for name in PARTS)


def require_sound(loaders: Iterable[Callable[[], object]] = LOADERS) -> None:
    """Load every part; one ContentError with every fault of all of them."""
    faults: list[Fault] = []
    for load in loaders:
        try:
            load()
        except ContentError as error:
            faults.extend(error.faults)
    if faults:
        raise ContentError(faults)


def whole() -> dict[str, Any]:
    """Every part, to be handed over. ContentError as ``require_sound``."""
    require_sound()
    return dict(_HELD)


def hold(parts: Mapping[str, Any]) -> None:
    """Take over what another process of the same program has read and checked."""
    _HELD.update(parts)
