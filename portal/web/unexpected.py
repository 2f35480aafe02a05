"""Fields that no view asked for: ignored, and that they came is kept, without their names (security.md T13).

The partners' rooms note theirs in the transaction of what they save; here are all the others. A visitor
without a session leaves no event: anybody could fill the trail with them.
"""

from __future__ import annotations

from typing import Final

from flask import Response, current_app, request
from sqlalchemy.exc import OperationalError

from portal.services import audit
from portal.services.errors import told
from portal.web import bodies, kit

#: Taken by many forms, and only looked at when they are needed.
_ALWAYS: Final = frozenset({"csrf_token", "password", "current_password", "code"})


def note(response: Response) -> Response:
    """Write the event, after a post that was taken."""
    viewer, asked = kit.viewer(), kit.asked()
    if asked.method != "POST" or asked.blueprint == "partner" or viewer.kind == "anonymous":
        return response
    count = len(set(bodies.fields()) - bodies.asked() - _ALWAYS) if response.status_code < 400 else 0
    if not count:
        return response
    door = kit.store().partner if viewer.kind == "partner" else kit.store().staff
    try:
        with door.write() as session:
            audit.unexpected_fields(session, kit.tools(), count=count, by=viewer)
    except OperationalError as error:  # what was posted is done all the same
        current_app.logger.error("%s could not note fields: %s", request.endpoint, told(error))
    return response
