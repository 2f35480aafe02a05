"""The whole demonstration, loaded once and copied by whoever needs it."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from portal.services.tools import Passwords, Tools

Portal = Callable[[Path], "Flask"]


def tools_in(instance: Path, passwords: Passwords) -> Tools:
    """Tools with the keys of this instance folder and a clock that stands on a Tuesday at noon there."""
    from datetime import UTC, datetime

    from portal import keyfiles
    from portal.services.tools import Tools

    keys, private = instance / "portal-keys.json", instance / "private.key"
    keyfiles.make_missing(keys=keys, private=private, secret=instance / "secret.key")
    vault = keyfiles.load_vault(keys=keys, private=private, role="all")
    now = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    return Tools(vault=vault, passwords=passwords, base_url="http://127.0.0.1:8000", clock=lambda: now)


@pytest.fixture
def portal(passwords: Passwords) -> Iterator[Portal]:
    """Makes a portal over an instance folder, closed again at the end."""
    from portal import create_app

    made = []

    def make(instance: Path) -> Flask:
        config = {"PORTAL_INSTANCE": str(instance), "PORTAL_THROTTLE": "off"}
        made.append(create_app(config, overrides={"tools": tools_in(instance, passwords)}))
        return made[-1]

    yield make
    for app in made:
        app.extensions["portal.house"].close()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One test process at a time."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def loaded_once(tmp_path_factory: pytest.TempPathFactory, migrated: Path, passwords: Passwords) -> Path:
    """An instance folder with the loaded demonstration, and what the command printed; shared by processes."""
    from portal import create_app

    base = tmp_path_factory.getbasetemp()
    root = base.parent if base.name.startswith("popen-") else base
    folder = root / "demonstration"
    with _alone(root / "demonstration.lock"):
        if (folder / "printed.tsv").exists():
            return folder
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(migrated, folder / "portal.sqlite3")
        app = create_app({"PORTAL_INSTANCE": str(folder)}, overrides={"tools": tools_in(folder, passwords)})
        result = app.test_cli_runner().invoke(args=["demo", "load"])
        app.extensions["portal.house"].close()
        assert (result.exit_code, result.exception) == (0, None)
        (folder / "printed.tsv").write_text(result.stdout)
    return folder


@pytest.fixture
def instance(tmp_path: Path, loaded_once: Path) -> Path:
    """A copy of the loaded demonstration."""
    return Path(shutil.copytree(loaded_once, tmp_path / "demonstration"))


@pytest.fixture
def demo(instance: Path, portal: Portal) -> Flask:
    """The portal over the demonstration."""
    return portal(instance)


@pytest.fixture
def empty(tmp_path: Path, migrated: Path, portal: Portal) -> Flask:
    """The portal over a migrated, empty database."""
    folder = tmp_path / "empty"
    folder.mkdir(mode=0o700)
    shutil.copy(migrated, folder / "portal.sqlite3")
    return portal(folder)
