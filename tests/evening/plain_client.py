"""A plain HTTP client: sockets, cookies and forms. It knows nothing of the portal but its contract."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

Fields = Mapping[str, str | list[str]]


@dataclass
class Element:
    """One element with its attributes and the text inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


class _Page(HTMLParser):
    """Collects elements that have an id, form fields, and titles."""

    VOID = frozenset({"input", "br", "img", "meta", "link", "hr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def location(self) -> str:
        """Path of a redirect."""
        return urlsplit(self.header("Location") or "").path

    @property
    def elements(self) -> list[Element]:
        """All elements of the page."""
        page = _Page()
        page.feed(self.text)
        return page.elements

    def by_id(self, wanted: str) -> Element | None:
        """The element with an id."""
        return next((element for element in self.elements if element.attributes.get("id") == wanted), None)

    def text_of(self, wanted: str) -> str:
        """The text of the element with an id; fails if it is missing."""
        element = self.by_id(wanted)
        assert element is not None, f"no element #{wanted}"
        return element.text.strip()

    def field(self, name: str) -> str:
        """The value of the first input of that name; fails if it is missing."""
        found = [
            e for e in self.elements if e.tag in ("input", "button") and e.attributes.get("name") == name
        ]
        assert found, f"no field {name}"
        return found[0].attributes.get("value", "")

    def fields(self) -> set[str]:
        """Names of all fields."""
        tags = ("input", "select", "textarea", "button")
        return {e.attributes["name"] for e in self.elements if e.tag in tags and "name" in e.attributes}

    def title(self) -> str:
        """The page's title."""
        return next(element.text for element in self.elements if element.tag == "title").strip()


@dataclass
class Browser:
    """One person's cookie jar and the portal's address."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """One request; cookies are sent and kept, redirects are not followed."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        sent = dict(headers)
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            answer = Answer(response.status, tuple(response.getheaders()), response.read())
        finally:
            connection.close()
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self._keep(value)
        return answer

    def _keep(self, header: str) -> None:
        pair, *attributes = [part.strip() for part in header.split(";")]
        name, _, value = pair.partition("=")
        if any(part.lower() in ("max-age=0", "max-age=-1") for part in attributes) or not value:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value.strip('"')

    def get(self, path: str) -> Answer:
        """GET."""
        return self.request("GET", path)

    def post(self, path: str, fields: Fields, *, token: str | None = None) -> Answer:
        """POST as a form. ``token`` None: none is sent."""
        pairs = [(name, item) for name, value in fields.items() for item in _listed(value)]
        if token is not None:
            pairs.insert(0, ("csrf_token", token))
        body = urlencode(pairs).encode()
        return self.request("POST", path, body, [("Content-Type", "application/x-www-form-urlencoded")])

    def submit(self, page: str, fields: Fields, *, to: str | None = None) -> Answer:
        """Open ``page``, take its token, and post ``fields`` to ``to`` (default: the same address)."""
        shown = self.get(page)
        assert shown.status == 200, f"GET {page}: {shown.status} {shown.header('Location')}"
        return self.post(to or page, fields, token=shown.field("csrf_token"))


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def totp(secret: str, at: float) -> str:
    """RFC 6238: SHA-1, six digits, 30 seconds."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
