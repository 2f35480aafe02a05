"""Start the portal from a fresh clone: `demo` (the demonstration practice) or `run` (a real, empty one).

Runs on the system's Python, builds the environment when it has to, and then becomes the server process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import environment

# The demonstration stands alone: it must never load into a real database, use real keys or send real mail.
NOT_FOR_THE_DEMO = (
    *("DATABASE_URL", "PARTNER_DATABASE_URL", "REDIS_URL", "SMTP_URL"),
    *("PORTAL_KEYS", "PORTAL_PRIVATE_KEY", "SECRET_KEY", "PORTAL_ANCHOR", "PORTAL_ENV", "PORTAL_ROLE"),
)


def demo() -> None:
    """Load the demonstration practice when it is not there yet, print its sign-ins, serve it."""
    instance = environment.ROOT / "instance" / "demo"
    for name in NOT_FOR_THE_DEMO:
        os.environ.pop(name, None)
    os.environ["PORTAL_INSTANCE"] = str(instance)
    _require_port()
    sign_ins = instance / "sign-ins.tsv"
    if not (sign_ins.exists() and (instance / "portal.sqlite3").exists()):
        print("Loading the demonstration practice (once) ...", file=sys.stderr, flush=True)
        _keep(sign_ins, _flask("demo", "load"))
    print("Sign-ins of the demonstration: role, name, password, TOTP secret")
    print(sign_ins.read_text(encoding="utf-8"), end="")
    port = os.environ.get("PORTAL_PORT") or "8000"
    print(f"Open http://127.0.0.1:{port}/demo to step into a role without a password.", flush=True)
    _serve()


def run() -> None:
    """Serve a real practice; while it has no admin, print a one-time link that makes the first one."""
    os.environ.setdefault("PORTAL_INSTANCE", str(environment.ROOT / "instance"))
    _require_port()
    link = _flask("accounts", "first-link").strip()
    if link:
        print(f"This practice has no admin yet. This link makes the first one, once:\n    {link}", flush=True)
    print(
        "Without a recovery kit a lost disk makes every backup unreadable. Make one, and keep it elsewhere:\n"
        f"    {Path(environment.python()).relative_to(environment.ROOT)} -m flask --app wsgi keys kit FILE",
        flush=True,
    )
    _serve()


def _require_port() -> None:
    """Say at once when the address is taken: a later failure would be lost below the sign-ins."""
    import errno
    import socket

    host = os.environ.get("PORTAL_HOST") or "127.0.0.1"
    port = os.environ.get("PORTAL_PORT") or "8000"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
        except (ValueError, OverflowError, OSError) as error:
            # Anything but a taken port is for the portal itself to name.
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                sys.exit(
                    f"Port {port} is in use, perhaps by another copy of the portal. Stop that one,\n"
                    f"or choose another port: PORTAL_PORT={int(port) + 1} make {sys.argv[1]}"
                )


def _flask(*words: str) -> str:
    """Run one command of the portal and return its stdout. Its failure ends us too; it has said why."""
    import subprocess

    command = _command(*words)
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, encoding="utf-8", cwd=environment.ROOT
    )
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def _serve() -> None:
    os.chdir(environment.ROOT)
    command = _command("serve")
    os.execv(command[0], command)


def _command(*words: str) -> list[str]:
    return [str(environment.python()), "-m", "flask", "--app", "wsgi", *words]


def _keep(path: Path, text: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    part.write_text(text, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    environment.ensure()
    {"demo": demo, "run": run}[sys.argv[1]]()
