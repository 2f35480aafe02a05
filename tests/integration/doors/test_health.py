"""For machines: alive says nothing but that; ready says yes or no, and why to nobody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.store import Store


def said(client: FlaskClient, path: str) -> tuple[int, str, str]:
    answer = client.get(path)
    return answer.status_code, answer.get_data(as_text=True), answer.mimetype


ALIVE = (200, "ok\n", "text/plain")
READY, NOT_READY = (200, "ready\n", "text/plain"), (503, "not ready\n", "text/plain")


def test_being_alive_touches_nothing(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    app = create_app({"PORTAL_INSTANCE": str(instance)})
    assert said(app.test_client(), "/healthz") == ALIVE
    assert not instance.exists()


def test_a_database_of_another_revision_is_not_ready_and_it_is_alive(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    assert said(client, "/readyz") == READY
    with app.extensions["portal.house"].store.staff.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert [said(client, path) for path in ("/readyz", "/healthz")] == [NOT_READY, ALIVE]


def test_without_keys_it_is_not_ready_and_says_no_more(tmp_path: Path) -> None:
    app = create_app({
        "PORTAL_ENV": "production", "SECRET_KEY": "k" * 32, "PORTAL_INSTANCE": str(tmp_path / "instance"),
        "PORTAL_KEYS": str(tmp_path / "keys.json"), "PORTAL_PRIVATE_KEY": str(tmp_path / "private.key"),
        "PORTAL_BASE_URL": "https://localhost", "PORTAL_TRUSTED_HOSTS": "localhost",
    })  # fmt: skip
    client = app.test_client()
    client.set_cookie("__Host-portal", "somebody")
    assert said(client, "/readyz") == NOT_READY
    app.extensions["portal.house"].close()


def test_a_database_that_is_gone_is_not_ready_whoever_asks(tmp_path: Path) -> None:
    folder = tmp_path / "no-database"
    folder.mkdir()
    app = create_app({"PORTAL_INSTANCE": str(tmp_path / "i"), "DATABASE_URL": f"sqlite:///{folder}"})
    client = app.test_client()
    client.set_cookie("portal", "somebody")
    assert said(client, "/readyz") == NOT_READY
    app.extensions["portal.house"].close()


def test_loading_the_application_opens_neither_keys_nor_connections(tmp_path: Path) -> None:
    app = create_app({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    house = app.extensions["portal.house"]
    pools = [door.engine.pool for door in (house._store.staff, house._store.partner)]
    assert (house._tools, [pool.checkedin() + pool.checkedout() for pool in pools]) == (None, [0, 0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_takes_connections_of_its_own(app: Flask, tmp_path: Path) -> None:
    store: Store = app.extensions["portal.house"].store
    doors = (store.staff, store.partner)
    for door in doors:
        with door.read() as session:
            session.connection().exec_driver_sql("SELECT 1")
    before = [door.engine.pool for door in doors]
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        is_fresh = all(door.engine.pool is not pool for door, pool in zip(doors, before, strict=True))
        os.write(tell, b"fresh" if is_fresh else b"shared")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(tell)
    with os.fdopen(told, "rb") as answer:
        assert answer.read() == b"fresh"
    assert [door.engine.pool for door in doors] == before
