"""A browser without script: fetches a page, fills its form in, posts it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """One cookie jar. ``post`` sends the token of the page that was last fetched."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page = ""

    def get(self, path: str) -> TestResponse:
        answer = self.client.get(path)
        self.page = answer.text if answer.mimetype == "text/html" else ""
        return answer

    def post(self, path: str, _at: str | None = None, **fields: Any) -> TestResponse:
        """Post to ``path`` from the page at ``_at`` (default: the same address)."""
        self.get(_at or path)
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        self.page = answer.text
        return answer

    @property
    def token(self) -> str:
        found = _TOKEN.search(self.page)
        return found.group(1) if found else ""

    def text_of(self, element_id: str) -> str | None:
        """The text of the element with this id, or None."""
        found = re.search(rf'id="{element_id}"[^>]*>([^<]*)<', self.page)
        return unescape(found.group(1)).strip() if found else None

    def cookie(self, name: str) -> str | None:
        held = self.client.get_cookie(name)
        return None if held is None else held.value


def led(answer: TestResponse) -> tuple[int, str | None]:
    """Status and where to."""
    return answer.status_code, answer.headers.get("Location")
