"""Who reads each part of the content from its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from portal.content import calls_file, consent_file, letters_file, papers_file, resources_file, rules_file
from portal.content.questionnaire import building

READERS: Final[Mapping[str, Callable[[], object]]] = {
    "questionnaires": building.shipped,
    "rules": rules_file.shipped,
    "letters": letters_file.shipped,
    "consents": consent_file.shipped,
    "resources": resources_file.shipped,
    "calls": calls_file.shipped,
    "papers": papers_file.shipped,
}
