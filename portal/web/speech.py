"""Texts in the language of the page, looked up quickly: a page asks for hundreds.

Flask-Babel finds catalogue and language anew for every text. Here they are found once a request, and a
template asks without the detours of Jinja's own wrapper (docs/performance.md).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask import g
from flask_babel import Babel, Domain, get_locale, get_translations
from jinja2 import Environment, Template, pass_eval_context
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup


class Catalogue(Domain):
    """The texts of one language."""

    def __init__(self, directory: str, language: str) -> None:
        super().__init__(translation_directories=directory)
        self._texts = Translations.load(directory, [language], "messages")

    def get_translations(self) -> NullTranslations:
        """What Flask-Babel's functions look into."""
        return self._texts


class Speech(Babel):
    """Flask-Babel with one catalogue a language."""

    @property
    def domain_instance(self) -> Catalogue:
        """The catalogue of this request; Flask-Babel asks once and keeps it with the request."""
        from flask_babel import get_babel  # noqa: PLC0415  (not among its public names)

        return _catalogue(get_babel().translation_directories[0], str(get_locale()))


@lru_cache(maxsize=8)
def _catalogue(directory: str, language: str) -> Catalogue:
    return Catalogue(directory, language)


def install(environment: Environment) -> None:
    """Have templates ask here, and import their parts quickly."""
    environment.template_class = Part
    environment.globals.update({"_": _spoken, "gettext": _spoken})


@pass_eval_context
def _spoken(context: EvalContext, text: str, /, **values: Any) -> str:
    """A text; in HTML, values are escaped and the text itself is not. ``%%`` is a percent sign, always."""
    found = _texts().ugettext(text)
    wording = _marked(found) if context.autoescape else found
    return wording % values if "%" in found else wording


def _texts() -> NullTranslations:
    """The texts of this request, found once: Flask-Babel asks its way through three proxies each time."""
    held = g._get_current_object()
    found: NullTranslations | None = held.get("texts")
    if found is None:
        found = held.texts = get_translations()
    return found


class Part(Template):
    """A template as others import it.

    Jinja draws what is imported anew where a page was given globals of its own, and compares the names of all
    globals to see it: on every import of every part. Ours have none but those of the environment.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        is_plain = ctx is None or self.environment.globals.keys() >= ctx.globals_keys
        return super()._get_default_module(None if is_plain else ctx)


@lru_cache(maxsize=4096)
def _marked(text: str) -> Markup:
    return Markup(text)  # noqa: S704  (a text of ours)
