"""Find the Chromium that the browser tests drive, or have the system's package manager install one.

`find()` is also what the tests use. Called as a script it installs one when none is found and it can; else it
names the one command to run, and `require` ends with status 1.
"""

import os
import shutil
import sys
from collections.abc import Sequence

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chromium-headless-shell")
PLACES = (
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
MANAGERS = {
    "apt-get": ("apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-liberation"),
    "dnf": ("dnf", "install", "--assumeyes", "chromium"),
    "zypper": ("zypper", "--non-interactive", "install", "chromium"),
    "apk": ("apk", "add", "chromium"),
    "pacman": ("pacman", "-S", "--noconfirm", "chromium"),
}


def find() -> str | None:
    """The path of a Chromium or Chrome, or None. `PORTAL_CHROMIUM` names one that lies elsewhere."""
    named = os.environ.get("PORTAL_CHROMIUM")
    if named:
        return shutil.which(named)
    found = (shutil.which(name) for name in (*NAMES, *PLACES))
    return next((path for path in found if path), None)


def advice() -> str:
    """What to tell somebody who has no Chromium: one command."""
    named = os.environ.get("PORTAL_CHROMIUM")
    command = _install_command()
    if named:
        how = f"PORTAL_CHROMIUM names {named}, which cannot be run."
    elif command is None:
        how = "Install Chromium or Chrome, or name one: PORTAL_CHROMIUM=/path/to/chromium make test"
    else:
        how = "One command installs it:\n    " + " ".join(("sudo", *command) if _needs_sudo() else command)
    return f"The browser tests need a Chromium and none was found. {how}"


def install() -> None:
    """Install a Chromium when none is there and the package manager asks nothing. Never fails."""
    command = _install_command()
    if find() or command is None or "PORTAL_CHROMIUM" in os.environ:
        return
    if _needs_sudo():
        if not _succeeds(["sudo", "-n", "true"], quiet=True):
            return
        command = ("sudo", "-n", *command)
    print(f"Installing Chromium for the browser tests: {' '.join(command)}", file=sys.stderr, flush=True)
    if not _succeeds(command) and "apt-get" in command:
        # A fresh machine has no package lists yet.
        _succeeds([*command[: command.index("install")], "update"])
        _succeeds(command)


def _install_command() -> tuple[str, ...] | None:
    return next((command for program, command in MANAGERS.items() if shutil.which(program)), None)


def _needs_sudo() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() != 0


def _succeeds(command: Sequence[str], *, quiet: bool = False) -> bool:
    import subprocess

    if shutil.which(command[0]) is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    output = subprocess.DEVNULL if quiet else sys.stderr
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
    )
    return done.returncode == 0


def main(task: str) -> None:
    """Do what the Makefile asks: `install` (as far as possible) or `require` (or fail)."""
    install()
    if find() is None:
        print(advice(), file=sys.stderr)
        sys.exit(1 if task == "require" else 0)


if __name__ == "__main__":
    main(sys.argv[1])
