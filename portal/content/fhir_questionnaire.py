"""The questionnaire as a FHIR R4 (4.0.1) Questionnaire: the few fields we use, as frozen models.

Only the shape that everybody sees is told: no enableWhen, nothing required, because the form has no skip
logic and no item must be answered. The policy-dependent option set is that of policy b, with an on-call
contact.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from portal.content import questionnaire as bank
from portal.domain.questionnaire import Item, Kind, Option, Questionnaire, Section, Wording

_SYSTEM: Final = "urn:intake-portal:option-set:"
_ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_CONTROL: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
_CONTROLS: Final = "http://hl7.org/fhir/questionnaire-item-control"
#: Items ``<prefix>_<number>`` whose option values are the points they add.
_SCORED: Final = ("alcohol", "mood", "satisfaction", "gottman", "eft", "developmental")
_TITLE: Final = Wording(
    "Intake for couples, each partner in private",
    "Cuestionario inicial para parejas, cada persona en privado",
)


class _Fhir(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Coding(_Fhir):
    """A code of one of our option sets, or of a FHIR code system."""

    extension: tuple[Extension, ...] | None = None
    system: str
    code: str
    display: str | None = None


class CodeableConcept(_Fhir):
    """A concept with one coding."""

    coding: tuple[Coding, ...]


class Extension(_Fhir):
    """One of the two extensions we use: points of an option, role of a display text."""

    url: Literal[
        "http://hl7.org/fhir/StructureDefinition/ordinalValue",
        "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl",
    ]
    valueDecimal: int | None = None  # noqa: N815  (FHIR's own name)
    valueCodeableConcept: CodeableConcept | None = None  # noqa: N815


class AnswerOption(_Fhir):
    """One answer that may be chosen."""

    valueCoding: Coding  # noqa: N815


class QuestionnaireItem(_Fhir):
    """A section, a question or a text between them."""

    extension: tuple[Extension, ...] | None = None
    linkId: str  # noqa: N815
    text: str
    type: Literal["group", "display", "choice", "text"]
    repeats: bool | None = None
    maxLength: int | None = None  # noqa: N815
    answerOption: tuple[AnswerOption, ...] | None = None  # noqa: N815
    item: tuple[QuestionnaireItem, ...] | None = None


class FhirQuestionnaire(_Fhir):
    """The resource."""

    resourceType: Literal["Questionnaire"] = "Questionnaire"  # noqa: N815
    language: Literal["en", "es"]
    version: str
    name: str = "CouplesIntake"
    title: str
    status: Literal["active"] = "active"
    subjectType: tuple[Literal["Patient"], ...] = ("Patient",)  # noqa: N815
    item: tuple[QuestionnaireItem, ...]


def export(locale: Literal["en", "es"] = "en", *, version: str = bank.CURRENT) -> dict[str, Any]:
    """One version in one language as FHIR JSON, absent elements left out. KeyError: unknown version."""
    questionnaire = bank.load(version)
    resource = FhirQuestionnaire(
        language=locale,
        version=version,
        title=_TITLE.in_locale(locale),
        item=_Writer(locale).sections(questionnaire),
    )
    return resource.model_dump(mode="json", exclude_none=True)


class _Writer:
    """Writes items in one language."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def sections(self, questionnaire: Questionnaire) -> tuple[QuestionnaireItem, ...]:
        return tuple(self.section(section) for section in questionnaire.sections)

    def section(self, section: Section) -> QuestionnaireItem:
        texts = (section.lead, *section.notices)
        leads = [self.display(f"section:{section.key}:{n}", text) for n, text in enumerate(texts, 1)]
        rows = []
        for group, items in section.rows():
            questions = [self.question(item) for item in items]
            if group is None:
                rows += questions
                continue
            helps = (
                [self.display(f"{section.key}:{group.key}:help", group.help, "help")] if group.help else []
            )
            rows.append(self.group(f"{section.key}:{group.key}", group.text, (*helps, *questions)))
        return self.group(f"section:{section.key}", section.title, (*leads, *rows))

    def group(self, link: str, text: Wording, items: tuple[QuestionnaireItem, ...]) -> QuestionnaireItem:
        return QuestionnaireItem(linkId=link, text=text.in_locale(self.locale), type="group", item=items)

    def display(self, link: str, text: Wording, control: str = "") -> QuestionnaireItem:
        role = Coding(system=_CONTROLS, code=control) if control else None
        concept = role and CodeableConcept(coding=(role,))
        return QuestionnaireItem(
            extension=(Extension(url=_CONTROL, valueCodeableConcept=concept),) if concept else None,
            linkId=link,
            text=text.in_locale(self.locale),
            type="display",
        )

    def question(self, item: Item) -> QuestionnaireItem:
        is_text = item.kind is Kind.TEXT
        return QuestionnaireItem(
            linkId=item.key,
            text=item.text.in_locale(self.locale),
            type="text" if is_text else "choice",
            repeats=True if item.kind is Kind.MULTI else None,
            maxLength=item.limit if is_text else None,
            answerOption=None if is_text else tuple(self.option(item, option) for option in item.options),
            item=(self.display(f"{item.key}:help", item.help, "help"),) if item.help else None,
        )

    def option(self, item: Item, option: Option) -> AnswerOption:
        points = _points(item, option)
        set_key = item.option_set.key if item.option_set else item.key
        return AnswerOption(
            valueCoding=Coding(
                extension=None if points is None else (Extension(url=_ORDINAL, valueDecimal=points),),
                system=f"{_SYSTEM}{set_key}",
                code=option.value,
                display=option.text.in_locale(self.locale),
            )
        )


def _points(item: Item, option: Option) -> int | None:
    """What a scored part adds; None for anything that is not summed, declining included."""
    is_part = item.key.rpartition("_")[0] in _SCORED and option.value.isdigit()
    return int(option.value) if is_part else None
