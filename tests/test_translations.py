"""The interface in every language: complete, compiled, true to its placeholders; no text outside of it."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog, Message

import translations
import untranslated

if TYPE_CHECKING:
    from flask.testing import FlaskClient

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = translations.languages()
TEXTS = translations.template()
MENDED_BY = "put right by: make translations"


def _texts(catalog: Catalog) -> Iterator[Message]:
    return (text for text in catalog if text.id)


def _sources(pattern: str, check: Callable[[str, str], list[str]]) -> list[str]:
    paths = sorted(ROOT.glob(pattern))
    return [fault for path in paths for fault in check(str(path.relative_to(ROOT)), path.read_text("utf-8"))]


def test_the_catalogues_are_those_of_the_languages_offered() -> None:
    from portal.web.context import LANGUAGES as OFFERED

    assert ["en", *LANGUAGES] == list(OFFERED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_whole_and_compiled(language: str) -> None:
    assert translations.faults(language, TEXTS) == [], MENDED_BY


WHOLE = 'msgid "Yes"\nmsgstr "Sí"\n'
PLANTED_CATALOGUES = {
    "whole": (WHOLE, []),
    "missing": ("", ["missing: Yes"]),
    "left over": (WHOLE + '\nmsgid "No"\nmsgstr "No"\n', ["left over: No"]),
    "kept as obsolete": (WHOLE + '\n#~ msgid "No"\n#~ msgstr "No"\n', ["left over: No"]),
    "empty": ('msgid "Yes"\nmsgstr ""\n', ["empty: Yes"]),
    "guessed": (f"#, fuzzy\n{WHOLE}", ["guessed: Yes"]),
}


@pytest.mark.parametrize("what", PLANTED_CATALOGUES)
def test_a_catalogue_that_lags_behind_is_seen(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    texts = Catalog()
    texts.add("Yes")
    written, faults = PLANTED_CATALOGUES[what]
    place = translations.place("es", "po")
    place.parent.mkdir(parents=True)
    place.write_text(written, encoding="utf-8")
    compiled = translations.compiled(translations.updated("es", translations.read("es")))
    translations.place("es", "mo").write_bytes(compiled)
    assert translations.faults("es", texts) == faults
    translations.place("es", "mo").write_bytes(b"")
    assert translations.faults("es", texts) == [*faults, "stale: messages.mo"]


def test_a_new_language_begins_with_every_text_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "babel.cfg").write_bytes((translations.FOLDER / "babel.cfg").read_bytes())
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    count = len(TEXTS)
    assert (translations.main(["pt"]), translations.languages()) == (0, ["pt"])
    assert translations.faults("pt", TEXTS) == [
        f"empty: {text.id}" for text in _texts(translations.read("pt"))
    ]
    before = translations.place("pt", "po").read_bytes()
    assert (translations.main([]), translations.main(["xx-none"])) == (1, 2)
    assert translations.place("pt", "po").read_bytes() == before
    assert capsys.readouterr().out.splitlines() == [
        *2 * [f"pt: {count} texts, {count} without translation, in {translations.place('pt', 'po')}"],
        "xx-none: not a language code, such as pt or fr",
    ]


def test_a_catalogue_holds_nothing_that_changes_by_itself() -> None:
    for language in LANGUAGES:
        written = translations.place(language, "po").read_text("utf-8")
        assert (
            re.findall(r"(?m)^#: .*:\d+|POT-Creation-Date|Revision-Date|Generated-By|Translator", written)
            == []
        )


# --- true to the original --------------------------------------------------------------------------------

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|\[…\]|[<>]")


def _shape(text: str) -> tuple[object, ...]:
    """What a translation keeps: placeholders, numbers, blanks around it, an ending in : or ?."""
    numbers = re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d)", "", text))
    ending = text.rstrip()[-1:]
    around = (text[:1].isspace(), text[-1:].isspace())
    return Counter(PLACEHOLDER.findall(text)), Counter(numbers), around, ending if ending in "?:…" else ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_numbers_and_endings_are_kept(language: str) -> None:
    texts = _texts(translations.read(language))
    assert [text.id for text in texts if _shape(text.id) != _shape(text.string)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_can_be_filled_in(language: str) -> None:
    for text in _texts(translations.read(language)):
        names = dict.fromkeys(re.findall(r"%\((\w+)\)", text.id), "1")
        assert (text.string % names) if names else text.string.replace("%%", "") is not None


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("Part %(current)s of %(total)s", "Sección %(current)s de %(totl)s"),
        ("works for 30 minutes", "funciona durante 20 minutos"),
        (" and ", "y"),
        ("Our number:", "Nuestro número"),
        ("Is it still you?", "Sigue siendo usted"),
    ],
)
def test_a_changed_shape_is_seen(english: str, spanish: str) -> None:
    assert _shape(english) != _shape(spanish)


# --- Spanish ---------------------------------------------------------------------------------------------

NOT_IN_SPANISH = re.compile(
    r"\b(matrimonio|casad[oa]s?|divorci\w*|esposo|esposa|marido|tú|te|ti|contigo|tienes|puedes|quieres|eres|estás|"
    r"víctima|agresor\w*|infidelidad|infiel|culpable|bienvenid[oa]|vosotros|os|\w+[oa]/[oa]s?|\w*[a-záéíóú]@\w*|\w+x)\b",
    re.IGNORECASE,
)
BORROWED = re.compile(r"“[^”]*”")  # sentences to say to one's partner, who is not addressed as usted
NAMES = re.compile(r"nombre@example\.org|\bprefix\b")


def test_spanish_says_usted_and_is_neutral() -> None:
    texts = [
        (text.id, NAMES.sub("", BORROWED.sub("", text.string))) for text in _texts(translations.read("es"))
    ]
    assert [(english, spanish) for english, spanish in texts if NOT_IN_SPANISH.search(spanish)] == []


def test_spanish_has_its_own_question_marks() -> None:
    texts = list(_texts(translations.read("es")))
    assert [text.id for text in texts if text.string.count("¿") != text.string.count("?")] == []
    assert [text.id for text in texts if text.string.count("¡") != text.string.count("!")] == []


# --- nothing outside the catalogues ----------------------------------------------------------------------


def test_no_template_holds_a_text_of_its_own() -> None:
    assert _sources("templates/**/*.html", untranslated.template_faults) == []


def test_no_view_holds_a_text_of_its_own() -> None:
    assert _sources("portal/web/**/*.py", untranslated.python_faults) == []


PLANTED_TEMPLATES = {
    "between tags": ("<p>Your letter</p>", ["1: not marked: 'Your letter'"]),
    "beside an expression": ("\n<p>{{ _('Yes') }} or\n no</p>", ["2: not marked: 'or\\n no'"]),
    "read out": ('<nav aria-label="Pages">{{ x }}</nav>', ["1: not marked: 'Pages'"]),
    "handed to a macro": ('{{ button("Go on") }}', ["1: not marked: 'Go on'"]),
    "one word handed to a macro": ('{{ button("Save") }}', ["1: not marked: 'Save'"]),
    "not a literal": ("{{ _(title) }}", ["1: a marked text must be a literal"]),
    "in a part that is drawn": (
        "{% block content %}Hello{% endblock %}",
        ["1: not marked: 'Hello'"],
    ),
    "fine": (
        '{% block look %}staff{% endblock %}{% set a %} id="x"{% endset %}<p class="lead">'
        '{{ _("Your letter") }} · <a href="/my">{{ word }}</a> {{ field("name", _("Name"), kind="text") }}',
        [],
    ),
}


@pytest.mark.parametrize("what", PLANTED_TEMPLATES)
def test_a_text_written_into_a_template_is_found(what: str) -> None:
    text, faults = PLANTED_TEMPLATES[what]
    assert untranslated.template_faults("a.html", text) == [f"a.html:{fault}" for fault in faults]


PLANTED_VIEWS = {
    "a message": ('x = "Please try again."', ["1: not marked: 'Please try again.'"]),
    "a label": ('x = {"a": "Next step"}', ["1: not marked: 'Next step'"]),
    "not a literal": ("x = _(text)", ["1: a marked text must be a literal"]),
    "fine": ('"""A page."""\nx = _("Next step")\ny = "no-store"\nraise ValueError("Bad thing here.")', []),
}


@pytest.mark.parametrize("what", PLANTED_VIEWS)
def test_a_text_written_into_a_view_is_found(what: str) -> None:
    text, faults = PLANTED_VIEWS[what]
    assert untranslated.python_faults("a.py", text) == [f"a.py:{fault}" for fault in faults]


# --- on the page -----------------------------------------------------------------------------------------

PUBLIC = (
    "/",
    "/help",
    "/if-your-partner-does-not",
    "/if-you-are-not-sure",
    "/sign-in",
    "/password/forgot",
    "/nowhere",
)


def _words_of(page: str) -> set[str]:
    """The texts between tags, as one reads them."""
    bare = re.sub(r"(?s)<(script|style|svg).*?</\1>", "", page)
    return {" ".join(part.split()) for part in re.split(r"<[^>]*>", bare)} - {""}


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_speaks_the_readers_language_alone(client: FlaskClient, path: str) -> None:
    from markupsafe import Markup

    spanish = client.get(path, headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}).get_data(as_text=True)
    english = client.get(path, headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert ('<html lang="es"' in spanish, '<html lang="en"' in english) == (True, True)
    words = {Markup(word).unescape() for word in _words_of(spanish)}
    differs = {text.id for text in _texts(translations.read("es")) if text.id != text.string}
    assert sorted(words & differs - set(string.ascii_letters)) == []
    assert len(words & {text.string for text in _texts(translations.read("es"))}) >= 5
