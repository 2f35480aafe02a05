"""The scripts that turn a fresh clone into a running portal."""

from __future__ import annotations

import socket
import stat
import sys
from pathlib import Path

import pytest

import browser
import environment
import start


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a lock, and an environment whose stamp fits."""
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "LOCK", tmp_path / "requirements.txt")
    monkeypatch.setattr(environment, "STAMP", tmp_path / ".venv" / "built-for")
    environment.LOCK.write_text("flask==3.1.3\n")
    environment.python().parent.mkdir(parents=True)
    environment.python().touch()
    environment.STAMP.write_text(environment._expected_stamp())
    return tmp_path


def test_an_environment_that_fits_is_left_alone(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_build", lambda: pytest.fail("built again"))
    environment.ensure()


@pytest.mark.parametrize("change", ["lock", "python", "folder", "interpreter", "stamp"])
def test_whatever_changes_is_noticed(clone: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    match change:
        case "lock":
            environment.LOCK.write_text("flask==3.1.4\n")
        case "python":
            monkeypatch.setattr(environment, "_version", lambda: "3.99.0")
        case "folder":
            monkeypatch.setattr(environment, "VENV", clone.rename(clone.with_name("moved")) / ".venv")
        case "interpreter":
            environment.python().unlink()
        case _:
            environment.STAMP.unlink()
    assert environment._stamp_fits() is False


def test_an_old_python_is_told_so(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment.STAMP.unlink()
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(SystemExit) as refused:
        environment.ensure()
    assert str(refused.value) == (
        f"Python 3.11 or newer is needed; {sys.executable} is 3.10.4.\n"
        "Name another one like this: make PYTHON=python3.12 ..."
    )


def test_a_python_without_venv_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        environment._require_venv()


def test_only_an_environment_of_this_python_in_this_folder_is_reused(clone: Path) -> None:
    settings = environment.VENV / "pyvenv.cfg"
    pip = environment.VENV / "lib" / "python3.11" / "site-packages" / "pip"
    pip.mkdir(parents=True)
    (pip / "__main__.py").touch()
    verdicts = []
    for version, folder in [
        (environment._version(), environment.VENV),
        ("3.0.0", environment.VENV),
        (environment._version(), clone / "elsewhere" / ".venv"),
    ]:
        settings.write_text(f"version = {version}\ncommand = python3 -m venv {folder}\n")
        verdicts.append(environment._reusable())
    settings.unlink()
    assert [*verdicts, environment._reusable()] == [True, False, False, False]


def test_a_named_chromium_is_taken_and_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_CHROMIUM", sys.executable)
    assert browser.find() == sys.executable
    monkeypatch.setenv("PORTAL_CHROMIUM", "/no/such/browser")
    assert browser.find() is None
    assert browser.advice() == (
        "The browser tests need a Chromium and none was found. "
        "PORTAL_CHROMIUM names /no/such/browser, which cannot be run."
    )


@pytest.mark.parametrize(("root", "command"), [(True, "apt-get"), (False, "sudo apt-get")])
def test_without_a_chromium_one_command_is_named(
    monkeypatch: pytest.MonkeyPatch, root: bool, command: str
) -> None:
    monkeypatch.delenv("PORTAL_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "_needs_sudo", lambda: not root)
    monkeypatch.setattr(browser.shutil, "which", lambda name: name if name == "apt-get" else None)
    assert browser.advice() == (
        "The browser tests need a Chromium and none was found. One command installs it:\n"
        f"    {command} install --yes --no-install-recommends chromium fonts-liberation"
    )
    monkeypatch.setattr(browser, "install", lambda: None)
    with pytest.raises(SystemExit) as refused:
        browser.main("require")
    assert refused.value.code == 1


def test_the_demonstrations_sign_ins_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "sign-ins.tsv"
    path.with_suffix(".part").write_text("left over")
    start._keep(path, "admin\ta\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("admin\ta\n", 0o600)


def test_a_taken_port_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("PORTAL_PORT", str(port))
        monkeypatch.setattr(sys, "argv", ["start.py", "demo"])
        with pytest.raises(SystemExit) as refused:
            start._require_port()
    assert str(refused.value) == (
        f"Port {port} is in use, perhaps by another copy of the portal. Stop that one,\n"
        f"or choose another port: PORTAL_PORT={port + 1} make demo"
    )
    start._require_port()


@pytest.mark.parametrize("link", ["http://127.0.0.1:8000/set-up/x\n", ""])
def test_a_real_practice_is_told_of_the_recovery_kit(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], link: str
) -> None:
    monkeypatch.setattr(environment, "ROOT", clone)
    monkeypatch.setenv("PORTAL_INSTANCE", str(clone / "instance"))
    monkeypatch.setattr(start, "_flask", lambda *words: link)
    monkeypatch.setattr(start, "_require_port", lambda: None)
    monkeypatch.setattr(start, "_serve", lambda: None)
    start.run()
    said = capsys.readouterr().out
    assert ("/set-up/x" in said, "python -m flask --app wsgi keys kit FILE" in said) == (bool(link), True)


def test_the_demonstration_forgets_every_setting_of_a_real_practice(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, str | None, str | None]] = []

    def note(*words: str) -> str:
        commands.append(
            (" ".join(words), start.os.environ["PORTAL_INSTANCE"], start.os.environ.get("DATABASE_URL"))
        )
        return "admin\ta\n"

    instance = clone / "instance" / "demo"
    monkeypatch.setattr(environment, "ROOT", clone)
    monkeypatch.setattr(start, "_flask", note)
    monkeypatch.setattr(start, "_require_port", lambda: None)
    monkeypatch.setattr(start, "_serve", lambda: note("serve"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://practice")
    monkeypatch.setenv("PORTAL_INSTANCE", "real")
    instance.mkdir(parents=True)
    (instance / "portal.sqlite3").touch()
    start.demo()
    start.demo()
    assert commands == [(words, str(instance), None) for words in ("demo load", "serve", "serve")]
