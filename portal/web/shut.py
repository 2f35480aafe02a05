"""The rooms of staff in a process that serves partners alone: their addresses are there, and shut.

Nobody is staff in such a process (``guards.load_seat``), so that no view behind them could ever run: whoever
asks is sent to sign in, or finds nothing, as everywhere. The rooms themselves, and all they use, are
not loaded: half of what there is. Which addresses they have is read off their files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from flask import Blueprint

from portal.services.errors import NotFound
from portal.web import guards

_WEB: Final = Path(__file__).parent
#: As every view of these rooms begins: its method, its address, and its name after the other decorators.
_VIEW: Final = re.compile(r'^@bp\.(get|post)\("([^"]+)"\)$.*?^def (\w+)\(', re.MULTILINE | re.DOTALL)


@guards.staff_only()
def _shut(**_values: str) -> str:
    raise NotFound


def room(audience: str) -> Blueprint:
    """The blueprint of these pages, with a shut door at each of its addresses."""
    bp = Blueprint(audience, __name__)
    for path in sorted((_WEB / audience).glob("*.py")):
        for method, address, name in _VIEW.findall(path.read_text(encoding="utf-8")):
            bp.add_url_rule(address, name, _shut, methods=[method.upper()])
    return bp
