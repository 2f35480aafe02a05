"""Who asks, behind proxies: a header counts only where a proxy is trusted to write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import request

from portal import create_app
from portal.services.tools import Tools


@pytest.mark.parametrize(
    ("trusted", "seen"), [("0", "127.0.0.1"), ("1", "203.0.113.9"), ("2", "198.51.100.7")]
)
def test_the_address_is_that_seen_by_the_outermost_trusted_proxy(
    tmp_path: Path, tools: Tools, trusted: str, seen: str
) -> None:
    config = {"PORTAL_INSTANCE": str(tmp_path / "instance"), "PORTAL_TRUSTED_PROXIES": trusted}
    app = create_app(config, overrides={"tools": tools})
    addresses: list[str | None] = []
    app.before_request(lambda: addresses.append(request.remote_addr))
    said = {"X-Forwarded-For": "192.0.2.1, 198.51.100.7, 203.0.113.9", "X-Forwarded-Host": "evil.example"}
    assert app.test_client().get("/healthz", headers=said).status_code == 200
    app.extensions["portal.house"].close()
    assert addresses == [seen]
