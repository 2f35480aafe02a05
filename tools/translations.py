"""Bring the catalogues of the interface up to date with the code and the templates, and compile them.

`make translations` adds new texts to every portal/translations/<language>/LC_MESSAGES/messages.po with an
empty translation, drops the ones no longer used, and writes messages.mo beside it. Texts are never guessed
("fuzzy"), and nothing that changes by itself (dates, line numbers, names of programs or people) is written.

`make translations NEW=pt` begins a catalogue for another language; docs/languages.md says what else it takes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "portal" / "translations"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


class Book(Catalog):
    """A catalogue whose header holds what gettext needs and nothing that changes by itself."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Language, plural rule, encoding."""
        headers = [("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8")]
        if self.locale is not None:
            headers = [("Language", str(self.locale)), ("Plural-Forms", self.plural_forms), *headers]
        return headers


def template() -> Catalog:
    """Every text of the interface, in English, with the folders it stands in."""
    mapping = io.StringIO((FOLDER / "babel.cfg").read_text("utf-8"))
    methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    catalog = Book(fuzzy=False)
    for file, _line, message, comments, context in extract_from_dir(
        str(ROOT), method_map=methods, options_map=options, keywords=KEYWORDS
    ):
        folder = Path(file).parent.as_posix()
        catalog.add(message, None, [(folder, 0)], auto_comments=comments, context=context)
    return catalog


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/messages.po"))


def place(language: str, ending: str) -> Path:
    """The catalogue of a language: ending "po" to be read and written, "mo" for the program."""
    return FOLDER / language / "LC_MESSAGES" / f"messages.{ending}"


def read(language: str) -> Catalog:
    """A language's catalogue as it stands."""
    with place(language, "po").open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str, texts: Catalog) -> Book:
    """The catalogue with every text of ``texts`` and nothing else; translations that exist are kept."""
    kept = read(language) if place(language, "po").exists() else Catalog()
    book = Book(locale=language, fuzzy=False, header_comment=f"# The interface in {_name(language)}.")
    for text in texts:
        if text.id:
            found = kept.get(text.id, text.context)
            translation = found.string if found is not None else None
            flags = set(text.flags) | (set(found.flags) & {"fuzzy"} if found is not None else set())
            locations = sorted(set(text.locations))
            book.add(text.id, translation, locations, flags, context=text.context)
    return book


def printed(book: Book) -> bytes:
    """The catalogue as a .po file: folder by folder, in the order of the pages."""
    out = io.BytesIO()
    write_po(out, book, width=0, sort_by_file=True, include_lineno=False)
    return out.getvalue()


def compiled(book: Book) -> bytes:
    """The catalogue as a .mo file. A text without a translation is left out: it is then shown in English."""
    out = io.BytesIO()
    write_mo(out, book)
    return out.getvalue()


def write(language: str, texts: Catalog) -> tuple[int, int]:
    """Write both files of a language; answers how many texts there are and how many lack a translation."""
    book = updated(language, texts)
    place(language, "po").parent.mkdir(parents=True, exist_ok=True)
    place(language, "po").write_bytes(printed(book))
    place(language, "mo").write_bytes(compiled(book))
    return len(book), len(lacking(book))


def lacking(catalog: Catalog) -> list[str]:
    """The texts without a (whole) translation."""
    texts = [text for text in catalog if text.id]
    return [str(text.id) for text in texts if not text.string or (text.pluralizable and not all(text.string))]


def faults(language: str, texts: Catalog) -> list[str]:
    """What keeps a language from being whole: texts missing, empty, guessed or left over; a stale .mo."""
    kept, used = read(language), {str(text.id) for text in texts if text.id}
    known = {str(text.id) for text in kept if text.id}
    found = [f"missing: {text}" for text in sorted(used - known)]
    found += [f"left over: {text}" for text in sorted((known - used) | set(map(str, kept.obsolete)))]
    found += [f"empty: {text}" for text in lacking(kept)]
    found += [f"guessed: {text.id}" for text in kept if text.id and text.fuzzy]
    is_fresh = place(language, "mo").read_bytes() == compiled(updated(language, kept))
    return found if is_fresh else [*found, "stale: messages.mo"]


def _name(language: str) -> str:
    return Locale.parse(language).english_name or language


def main(arguments: list[str]) -> int:
    """Update all catalogues, or begin those named."""
    texts, open_texts = template(), 0
    for language in arguments or languages():
        try:
            count, missing = write(language, texts)
        except (UnknownLocaleError, ValueError):
            print(f"{language}: not a language code, such as pt or fr")
            return 2
        print(f"{language}: {count} texts, {missing} without translation, in {place(language, 'po')}")
        open_texts += missing
    return 1 if open_texts and not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
