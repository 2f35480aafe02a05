"""The pages that are the same for everybody, and the help lines that stand on every page."""

from __future__ import annotations

from flask import render_template

from portal.content.help_lines import ShownLine
from portal.services.sessions import IDLE
from portal.web import context, guards
from portal.web.public import bp
from portal.web.public.leaving import NEUTRAL_SITE


@bp.app_context_processor
def everywhere() -> dict[str, object]:
    """Help lines, the neutral site, and after how many idle seconds the script hides the page."""
    return {
        "help_lines": _help_lines,
        "last_help_lines": _last_help_lines,
        "neutral_site": NEUTRAL_SITE,
        "idle_seconds": int(IDLE.total_seconds()),
    }


def _help_lines() -> tuple[ShownLine, ...]:
    return context.practice().help_lines(context.locale())


def _last_help_lines() -> tuple[ShownLine, ...]:
    """For pages of refusal, which ask no database."""
    return context.last_practice().help_lines(context.locale())


@bp.get("/")
@guards.public
def landing() -> str:
    """The calm first page."""
    return render_template("public/landing.html")


@bp.get("/help")
@guards.public
def help_page() -> str:
    """Help lines, safety, words."""
    return render_template("public/help.html")


@bp.get("/if-your-partner-does-not")
@guards.public
def if_your_partner_does_not() -> str:
    """For the one who hopes (clinical.md §7)."""
    return render_template("public/if_your_partner_does_not.html")


@bp.get("/if-you-are-not-sure")
@guards.public
def if_you_are_not_sure() -> str:
    """For the one who doubts (clinical.md §7)."""
    return render_template("public/if_you_are_not_sure.html")


@bp.get("/help/ways")
@guards.public
def ways() -> str:
    """What the ways of working are, in plain words; the same for everybody."""
    return render_template("public/ways.html")
