"""Build `.venv` from the hashed lock with nothing but Python's standard library.

`make` calls this before everything else. The stamp inside `.venv` names the lock, the Python version and the
folder the environment was built for; while it fits, a later start only reads two small files.
The user's own pip settings (a company mirror, a proxy) stay in force: no index is named here or in the lock.
"""

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
STAMP = VENV / "built-for"
OLDEST_PYTHON = (3, 11)


def python() -> Path:
    """The environment's interpreter, as a path."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure() -> None:
    """Make `.venv` fit the lock; return at once when it does already. Exits with a message when it cannot."""
    if _stamp_fits():
        return
    _require_python()
    _leave_the_environment()
    _require_venv()
    _build()


def _expected_stamp() -> str:
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return f"lock {lock}\npython {_version()}\nfolder {VENV}\n"


def _stamp_fits() -> bool:
    try:
        return STAMP.read_text(encoding="utf-8") == _expected_stamp() and python().exists()
    except OSError:
        return False


def _version() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def _require_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(str(part) for part in OLDEST_PYTHON)
        sys.exit(
            f"Python {oldest} or newer is needed; {sys.executable} is {_version()}.\n"
            "Name another one like this: make PYTHON=python3.12 ..."
        )


def _leave_the_environment() -> None:
    """Run again outside `.venv`: an interpreter must not rebuild the folder it lives in."""
    if Path(sys.prefix).resolve() == VENV and sys.base_prefix != sys.prefix:
        outside: str = getattr(sys, "_base_executable", sys.executable)
        os.execv(outside, [outside, *sys.argv])


def _require_venv() -> None:
    from importlib.util import find_spec

    if find_spec("venv") is None or find_spec("ensurepip") is None:
        sys.exit(
            "This Python cannot make virtual environments. On Debian and Ubuntu one command adds that:\n"
            "    apt install python3-venv\n"
            "(with sudo when you are not root), then run make again."
        )


def _build() -> None:
    import subprocess
    import venv

    STAMP.unlink(missing_ok=True)
    if not _reusable():
        _say("Building .venv ...")
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(VENV)
    _say("Installing the locked packages into .venv (once, about half a minute) ...")
    pip = [str(python()), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    locked = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(LOCK)]
    # A user's "install for me alone" setting cannot hold inside an environment; all others do.
    settings = {**os.environ, "PIP_USER": "0"}
    command = [*pip, "install", *locked]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL, env=settings).returncode:
        sys.exit(
            "The packages could not be installed; pip says why above. Put that right and run make again."
        )
    STAMP.write_text(_expected_stamp(), encoding="utf-8")


def _reusable() -> bool:
    """Whether this very Python made `.venv` in this folder, so that pip can bring it up to date in place."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    settings = dict(line.partition(" = ")[::2] for line in lines)
    made_here = settings.get("command", "").endswith(f" {VENV}") or "command" not in settings
    has_pip = any(VENV.glob("lib/python*/site-packages/pip/__main__.py"))
    return settings.get("version") == _version() and made_here and has_pip and python().exists()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    ensure()
