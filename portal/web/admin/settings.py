"""The practice's settings."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.content import help_lines
from portal.domain import staffing
from portal.services import practice_settings, practices
from portal.services.errors import BadInput, NotFresh
from portal.web import bodies, context, freshness, guards, kit
from portal.web.admin import bp, staff_words, words

Answer = str | tuple[str, int] | Response


@bp.get("/admin/settings")
@guards.admin_only()
def settings() -> str:
    """All of them, as they are."""
    return _page({}, {})


@bp.post("/admin/settings")
@guards.admin_only()
def settings_posted() -> Answer:
    """Changes what was posted; a missing setting stays."""
    given = {name: _joined(name, held) for name in practice_settings.FIELDS if (held := bodies.values(name))}
    try:
        practice_settings.checked(given)
        freshness.prove()
        with kit.writing(as_partner=False) as session:
            practice_settings.change(session, kit.tools(), given=given, by=kit.viewer())
    except BadInput as refused:
        return _page(words.faults(refused.faults), given), 400
    except NotFresh as refused:
        return _page(words.password_fault(refused), given), 400
    return redirect("/admin/settings", 303)


def _page(faults: dict[str, str], given: dict[str, str]) -> str:
    with kit.store().staff.read() as session:
        kept = practice_settings.view(session, kit.tools())
        lines = practices.view(session).help_lines
    shown = {name: _text(kept.value(name)) for name in practice_settings.FIELDS}
    in_use = {f"help_lines_{key}": help_lines.as_text(lines(key)) for key in context.LANGUAGES}
    typed = {name: bodies.printable(text) for name, text in given.items()}
    return render_template(
        "admin/settings.html",
        shown={**shown, **in_use, **typed},
        faults=faults,
        summary=words.summary(faults),
        asks_password=freshness.is_due() or "password" in faults,
        policies=list(words.POLICIES.items()),
        zones=[(zone, zone.replace("_", " ")) for zone in practice_settings.time_zones()],
        ranges=practice_settings.RANGES,
        languages=[(key, staff_words.language_name(key)) for key in staffing.LANGUAGES],
        days=list(zip(practice_settings.DAYS, staff_words.DAYS.values(), strict=True)),
        topics=words.TOPICS,
    )


def _joined(name: str, held: list[str]) -> str:
    """One text of a field in which several may be chosen; the first value of any other."""
    return ",".join(text for text in held if text) if name in practice_settings.CHOSEN else held[0]


def _text(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
